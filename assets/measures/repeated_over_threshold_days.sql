-- row: one over-threshold day of the month
-- part: the day belongs to three or more worked days in succession, all over the threshold
-- months: core.therapist_days -1..+1

-- A day without a declared threshold ends a run as a day within the threshold does; a day off is no worked day,
-- has no row, and ends nothing. Runs are followed into both neighbouring months.
WITH worked_days AS (
    SELECT
        therapist_key,
        local_date,
        client_keys,
        coalesce(is_over_threshold, FALSE) AS is_over_threshold
    FROM core.therapist_days
),

days_in_runs AS (
    SELECT
        *,
        count(*) FILTER (WHERE NOT is_over_threshold)
            OVER (PARTITION BY therapist_key ORDER BY local_date) AS run_number
    FROM worked_days
),

days_with_run_length AS (
    SELECT
        *,
        count(*) FILTER (WHERE is_over_threshold)
            OVER (PARTITION BY therapist_key, run_number) AS run_days
    FROM days_in_runs
)

SELECT
    therapist_key,
    client_keys,
    run_days >= 3 AS is_part
FROM days_with_run_length
WHERE is_over_threshold AND local_date BETWEEN $month_start AND $month_end
