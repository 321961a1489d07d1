-- row: one pairing
-- part: the client made it, and the therapist's profile was visible to clients on that day

SELECT
    therapist_key,
    [client_key] AS client_keys,
    coalesce(paired_by = 'client' AND was_profile_visible, FALSE) AS is_part
FROM core.pairings
WHERE outcome = 'paired'
