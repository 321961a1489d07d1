-- row: one pair of neighbouring attended sessions of a therapist on one local day
-- part: the gap between them is shorter than the therapist's own minimum break
--       (10 minutes where none is declared: a convention, not evidence)

WITH neighbouring_sessions AS (
    SELECT
        sessions.therapist_key,
        list_distinct([sessions.previous_client_key, sessions.client_key]) AS client_keys,
        sessions.gap_minutes,
        coalesce(days.min_break_minutes, 10) AS min_break_minutes
    FROM core.sessions AS sessions
    INNER JOIN core.therapist_days AS days USING (therapist_key, local_date)
    WHERE sessions.is_load AND sessions.gap_minutes IS NOT NULL
)

SELECT
    therapist_key,
    client_keys,
    gap_minutes < min_break_minutes AS is_part
FROM neighbouring_sessions
