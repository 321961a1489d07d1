-- row: one ending of a client's work with a therapist, after at least one attended session
-- part: it is known to have come earlier than the client wanted

SELECT
    therapist_key,
    [client_key] AS client_keys,
    coalesce(earlier_than_client_wanted, FALSE) AS is_part
FROM core.endings
WHERE attended_sessions > 0
