-- row: one declaration of a therapist, from a day until the day before their next one
-- partition: none

SELECT
    therapist_key,
    daily_sessions,
    min_break_minutes,
    day_starts,
    day_ends,
    coalesce(valid_from, DATE '1900-01-01') AS valid_from,
    coalesce(
        lead(valid_from) OVER (PARTITION BY therapist_key ORDER BY valid_from NULLS FIRST), DATE '2200-01-01'
    ) AS valid_until
FROM raw.thresholds
