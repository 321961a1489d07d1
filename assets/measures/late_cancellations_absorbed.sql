-- row: one booked session: attended, missed, or cancelled with less than 24 hours' notice
-- part: the client did not come, or cancelled with less than 24 hours' notice

-- A client's cancellation with unknown notice may have been early, so it is left out. Cancellations by therapist or
-- platform with unknown notice stay in: they can never be in the part. Each row of a group session counts.
WITH ended_sessions AS (
    SELECT
        therapist_key,
        client_key,
        local_date,
        starts_local,
        modality,
        status,
        status LIKE 'cancelled_by_%' AND coalesce(cancellation_notice_hours >= 24, FALSE) AS is_cancelled_early,
        status = 'cancelled_by_client' AND cancellation_notice_hours IS NULL AS is_notice_unknown
    FROM core.sessions
    WHERE status != 'scheduled'
)

SELECT
    therapist_key,
    [client_key] AS client_keys,
    status IN ('no_show', 'cancelled_by_client') AS is_part,
    local_date,
    starts_local,
    modality
FROM ended_sessions
WHERE NOT is_cancelled_early AND NOT is_notice_unknown
