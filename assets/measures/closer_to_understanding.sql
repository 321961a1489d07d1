-- row: one response to the question whether an attended session brought the client closer to understanding themselves
-- part: the answer is 3 or 4, of 0 to 4

SELECT
    therapist_key,
    [client_key] AS client_keys,
    closer_to_understanding >= 3 AS is_part,
    is_over_threshold
FROM core.feedback
WHERE is_individual AND closer_to_understanding IS NOT NULL
