-- row: one therapist on one local day with at least one attended session (a worked day)

WITH days AS (
    SELECT
        therapist_key,
        local_date,
        count(*) FILTER (is_load) AS attended_sessions,
        list(DISTINCT client_key) AS client_keys,
        -- the places in the day at which a run of sessions begins: a gap of half an hour or more ends the one before
        list_sort(
            [1] || coalesce(list(session_of_day) FILTER (gap_minutes >= 30), []) || [attended_sessions + 1]
        ) AS run_starts
    FROM core.sessions
    WHERE status = 'attended'
    GROUP BY therapist_key, local_date
)

SELECT
    days.therapist_key,
    days.local_date,
    days.attended_sessions::INTEGER AS attended_sessions,
    days.client_keys,
    list_max(
        list_transform(run_starts[2:], lambda start, number: start - run_starts[number]) -- noqa: PRS,LT01
    )::INTEGER AS longest_run,
    thresholds.daily_sessions,
    thresholds.min_break_minutes,
    thresholds.day_starts,
    thresholds.day_ends,
    days.attended_sessions > thresholds.daily_sessions AS is_over_threshold
FROM days
LEFT JOIN core.thresholds AS thresholds
    ON
        days.therapist_key = thresholds.therapist_key
        AND days.local_date >= thresholds.valid_from
        AND days.local_date < thresholds.valid_until
WHERE days.attended_sessions > 0
