-- row: one client who had asked for a therapist and came a third time in the period; with the therapist of that session
-- part: the first three sessions were not all with the same therapist (three is a convention, not evidence)

SELECT
    therapist_key,
    [client_key] AS client_keys,
    is_early_rematch AS is_part
FROM core.first_sessions
WHERE session_number = 3
