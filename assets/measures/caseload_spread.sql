-- row: one attended session that is not a group session
-- part: the first session of that therapist with that client in the month

WITH individual_sessions AS (
    SELECT
        therapist_key,
        client_key,
        lag(session_key) OVER (
            PARTITION BY therapist_key, client_key ORDER BY starts_at, session_key
        ) AS earlier_session_key
    FROM core.sessions
    WHERE is_load AND group_session_key IS NULL
)

SELECT
    therapist_key,
    [client_key] AS client_keys,
    earlier_session_key IS NULL AS is_part
FROM individual_sessions
