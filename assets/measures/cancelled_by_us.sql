-- row: one session that was booked, whatever became of it, once its time has come
-- part: the therapist or the platform cancelled it

SELECT
    therapist_key,
    [client_key] AS client_keys,
    status IN ('cancelled_by_therapist', 'cancelled_by_platform') AS is_part
FROM core.sessions
WHERE status != 'scheduled'
