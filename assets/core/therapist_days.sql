-- row: one therapist on one local day with at least one attended session (a worked day)

WITH attended AS (
    SELECT
        therapist_key,
        local_date,
        client_key,
        is_load,
        -- a gap of half an hour or more ends a run of sessions; the day's first session has no gap
        count(*) FILTER (gap_minutes >= 30) OVER (
            PARTITION BY therapist_key, local_date, is_load ORDER BY session_of_day
        ) AS run_number
    FROM core.sessions
    WHERE status = 'attended'
),

runs AS (
    SELECT
        therapist_key,
        local_date,
        count(*) AS run_length
    FROM attended
    WHERE is_load
    GROUP BY therapist_key, local_date, run_number
),

longest_runs AS (
    SELECT
        therapist_key,
        local_date,
        max(run_length) AS longest_run
    FROM runs
    GROUP BY therapist_key, local_date
),

days AS (
    SELECT
        therapist_key,
        local_date,
        count(*) FILTER (is_load) AS attended_sessions,
        list(DISTINCT client_key) AS client_keys
    FROM attended
    GROUP BY therapist_key, local_date
)

SELECT
    days.therapist_key,
    days.local_date,
    days.attended_sessions::INTEGER AS attended_sessions,
    days.client_keys,
    longest_runs.longest_run::INTEGER AS longest_run,
    thresholds.daily_sessions,
    thresholds.min_break_minutes,
    thresholds.day_starts,
    thresholds.day_ends,
    days.attended_sessions > thresholds.daily_sessions AS is_over_threshold
FROM days
INNER JOIN longest_runs USING (therapist_key, local_date)
LEFT JOIN core.thresholds AS thresholds
    ON
        days.therapist_key = thresholds.therapist_key
        AND days.local_date >= thresholds.valid_from
        AND days.local_date < thresholds.valid_until
