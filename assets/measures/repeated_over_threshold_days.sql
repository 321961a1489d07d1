-- row: one week (Monday to Sunday) in which a therapist worked on a day with a declared threshold
-- part: three or more of the week's days were over the threshold (three is a convention, not evidence)
-- months: core.therapist_days 0..+1

-- A week belongs to the period of its Monday, and is followed over the border: its last days may lie in the next month.
WITH days_with_threshold AS (
    SELECT
        therapist_key,
        date_trunc('week', local_date)::DATE AS monday,
        client_keys,
        is_over_threshold
    FROM core.therapist_days
    WHERE daily_sessions IS NOT NULL
)

SELECT
    therapist_key,
    list_distinct(flatten(list(client_keys))) AS client_keys,
    count(*) FILTER (WHERE is_over_threshold) >= 3 AS is_part
FROM days_with_threshold
WHERE monday BETWEEN $period_start AND $period_end
GROUP BY therapist_key, monday
