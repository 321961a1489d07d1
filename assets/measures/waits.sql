-- row: one client who had asked for a therapist and was seen for the first time in the period; with the therapist who saw them
-- part: within 14 days of asking

SELECT
    therapist_key,
    [client_key] AS client_keys,
    wait_days <= 14 AS is_part,
    wait_days
FROM core.first_sessions
WHERE session_number = 1
