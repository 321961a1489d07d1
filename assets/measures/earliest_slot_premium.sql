-- row: one pairing
-- part: somebody who fitted better had room within the tolerated wait, and the therapist who was paired had room no later

SELECT
    therapist_key,
    [client_key] AS client_keys,
    coalesce(better_fit_in_days >= room_in_days, FALSE) AS is_part
FROM core.pairings
WHERE outcome = 'paired'
