-- row: one need that a request of the period states
-- part: nobody in reach who declares it had room within the tolerated wait

WITH stated AS (
    SELECT
        request_key,
        client_key,
        uncovered_needs,
        unnest(needs) AS need
    FROM core.pairings
)

SELECT
    few.therapist_keys,
    [stated.client_key] AS client_keys,
    coalesce(list_contains(stated.uncovered_needs, stated.need), FALSE) AS is_part,
    stated.need
FROM stated
LEFT JOIN core.few_in_reach AS few USING (request_key, need)
