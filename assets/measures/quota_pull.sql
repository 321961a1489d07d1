-- row: one worked day of a therapist who had declared a threshold for it
-- part: the day's count is nearer to the unit's most usual count of sessions in a day than to the therapist's own threshold
--       (a day that is as near to the one as to the other is not in the part)

WITH days_with_threshold AS (
    SELECT
        rosters.reporting_unit,
        days.therapist_key,
        days.client_keys,
        days.attended_sessions,
        days.daily_sessions
    FROM core.therapist_days AS days
    INNER JOIN core.rosters AS rosters USING (therapist_key)
    WHERE days.daily_sessions IS NOT NULL
),

days_of_each_count AS (
    SELECT
        reporting_unit,
        attended_sessions,
        count(*) AS days
    FROM days_with_threshold
    GROUP BY reporting_unit, attended_sessions
),

most_usual_counts AS (
    -- the smaller of two counts that are equally usual
    SELECT
        reporting_unit,
        arg_max(attended_sessions, (days, -attended_sessions)) AS usual_sessions
    FROM days_of_each_count
    GROUP BY reporting_unit
)

SELECT
    days.therapist_key,
    days.client_keys,
    abs(days.attended_sessions - counts.usual_sessions) < abs(days.attended_sessions - days.daily_sessions) AS is_part
FROM days_with_threshold AS days
INNER JOIN most_usual_counts AS counts USING (reporting_unit)
