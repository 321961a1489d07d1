-- row: one attended session on a day with a declared threshold
-- part: the session came after the threshold of that day was reached

WITH sessions_on_days_with_threshold AS (
    SELECT
        sessions.therapist_key,
        sessions.client_key,
        sessions.local_date,
        sessions.starts_local,
        sessions.modality,
        sessions.kind,
        sessions.session_of_day,
        days.daily_sessions
    FROM core.sessions AS sessions
    INNER JOIN core.therapist_days AS days USING (therapist_key, local_date)
    WHERE sessions.is_load AND days.daily_sessions IS NOT NULL
)

SELECT
    therapist_key,
    [client_key] AS client_keys,
    session_of_day > daily_sessions AS is_part,
    local_date,
    starts_local,
    modality,
    kind
FROM sessions_on_days_with_threshold
