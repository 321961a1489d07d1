-- row: one need that a client stated, of a request that was paired to a therapist whose specialties are known
-- part: the therapist declares it

WITH stated_needs AS (
    SELECT
        therapist_key,
        client_key,
        covered_needs,
        unnest(needs) AS need
    FROM core.pairings
    WHERE outcome = 'paired' AND covered_needs IS NOT NULL
)

SELECT
    therapist_key,
    [client_key] AS client_keys,
    list_contains(covered_needs, need) AS is_part
FROM stated_needs
