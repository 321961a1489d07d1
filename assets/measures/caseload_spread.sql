-- row: one attended session that is not a group session
-- part: the first session of that therapist with that client in the month

WITH individual_sessions AS (
    SELECT
        therapist_key,
        client_key,
        count(*) AS sessions
    FROM core.sessions
    WHERE is_load AND group_session_key IS NULL
    GROUP BY therapist_key, client_key
)

-- whichever of them was the first, it is one
SELECT
    therapist_key,
    [client_key] AS client_keys,
    unnest(range(sessions)) = 0 AS is_part
FROM individual_sessions
