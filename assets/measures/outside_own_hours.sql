-- row: one attended session on a day for which the therapist had declared both hours
-- part: the session began before the first of these hours or ended after the last

WITH sessions_with_declared_hours AS (
    SELECT
        sessions.therapist_key,
        sessions.client_key,
        sessions.starts_local,
        sessions.ends_local,
        sessions.local_date + days.day_starts AS day_starts_local,
        sessions.local_date + days.day_ends AS day_ends_local
    FROM core.sessions AS sessions
    INNER JOIN core.therapist_days AS days USING (therapist_key, local_date)
    WHERE sessions.is_load AND days.day_starts IS NOT NULL AND days.day_ends IS NOT NULL
)

SELECT
    therapist_key,
    [client_key] AS client_keys,
    starts_local < day_starts_local OR ends_local > day_ends_local AS is_part
FROM sessions_with_declared_hours
