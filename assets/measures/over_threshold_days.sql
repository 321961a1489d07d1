-- row: one worked day of a therapist who had declared a threshold for it
-- part: the day held more attended sessions than that threshold

SELECT
    therapist_key,
    client_keys,
    is_over_threshold AS is_part,
    local_date
FROM core.therapist_days
WHERE daily_sessions IS NOT NULL
