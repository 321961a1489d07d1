-- row: one ending of a client's work with a therapist, after at least one attended session
-- part: it was planned

SELECT
    therapist_key,
    [client_key] AS client_keys,
    ending = 'planned' AS is_part
FROM core.endings
WHERE attended_sessions > 0
