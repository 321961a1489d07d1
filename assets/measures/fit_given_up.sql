-- row: one pairing
-- part: somebody feasible declares more of the stated needs, by a quarter of them or more (a quarter is a convention)

SELECT
    therapist_key,
    [client_key] AS client_keys,
    coalesce(best_feasible_fit - fit >= 0.25, FALSE) AS is_part
FROM core.pairings
WHERE outcome = 'paired'
