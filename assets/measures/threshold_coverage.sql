-- row: one worked day of a therapist
-- part: the therapist had declared a threshold for that day

SELECT
    therapist_key,
    client_keys,
    daily_sessions IS NOT NULL AS is_part
FROM core.therapist_days
