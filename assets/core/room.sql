-- row: one therapist with a profile and a declared threshold on one day on which somebody asked: in how many days they have room
-- months: core.requests -1..+1, core.sessions 0..+1
-- Looked for within four weeks. A day has room if the therapist is in a team, works on that weekday, and has fewer places
-- taken than their own threshold. A place is a session that took place or was held ready. The place of a client who was
-- paired with the therapist since the day of asking was free on that day. No threshold, no room: none is imputed.

WITH asked AS (
    SELECT DISTINCT requested_on AS asked_on
    FROM core.requests
    WHERE requested_on BETWEEN $month_start AND $month_end
),

calendar AS (
    SELECT DISTINCT asked_on + unnest(range(29))::INTEGER AS local_date
    FROM asked
),

weekdays AS (
    -- seen working on it at least twice in the month
    SELECT
        therapist_key,
        isodow(local_date) AS weekday
    FROM core.therapist_days
    SEMI JOIN core.profiles USING (therapist_key)
    GROUP BY therapist_key, weekday
    HAVING count(*) >= 2
),

days AS (
    SELECT
        weekdays.therapist_key,
        calendar.local_date,
        thresholds.daily_sessions
    FROM calendar
    INNER JOIN weekdays ON isodow(calendar.local_date) = weekdays.weekday
    INNER JOIN core.thresholds AS thresholds
        ON
            weekdays.therapist_key = thresholds.therapist_key
            AND calendar.local_date >= thresholds.valid_from
            AND calendar.local_date < thresholds.valid_until
    INNER JOIN core.team_memberships AS memberships
        ON
            weekdays.therapist_key = memberships.therapist_key
            AND calendar.local_date >= timezone(memberships.timezone, memberships.valid_from)
            AND calendar.local_date < timezone(memberships.timezone, memberships.valid_until)
),

given AS (
    SELECT
        therapist_key,
        client_key,
        max(paired_on) AS taken_on
    FROM core.requests
    WHERE paired_on >= $month_start
    GROUP BY therapist_key, client_key
),

sessions AS (
    SELECT
        sessions.therapist_key,
        sessions.local_date,
        sessions.group_session_key,
        given.taken_on
    FROM core.sessions AS sessions
    LEFT JOIN given USING (therapist_key, client_key)
    WHERE NOT starts_with(sessions.status, 'cancelled') OR coalesce(sessions.cancellation_notice_hours < 24, TRUE)
),

places AS (
    SELECT
        therapist_key,
        local_date,
        taken_on
    FROM sessions
    WHERE group_session_key IS NULL
    UNION ALL
    -- a group takes one, since before the month if one of its clients was there before
    SELECT
        therapist_key,
        local_date,
        CASE WHEN count(*) = count(taken_on) THEN min(taken_on) END AS taken_on
    FROM sessions
    WHERE group_session_key IS NOT NULL
    GROUP BY therapist_key, local_date, group_session_key
),

taken AS (
    -- nearly all were taken before the month: only the others are listed, 0.1 CPU seconds less a month of 440,000 sessions
    SELECT
        therapist_key,
        local_date,
        count(*) - count(taken_on) AS taken_before,
        list_sort(list(taken_on) FILTER (taken_on IS NOT NULL)) AS taken_days
    FROM places
    GROUP BY therapist_key, local_date
),

free_days AS (
    -- full from the day after that on which the last place under the threshold was given away
    SELECT
        days.therapist_key,
        days.local_date,
        taken.taken_days[days.daily_sessions - taken.taken_before] AS free_until
    FROM days
    LEFT JOIN taken USING (therapist_key, local_date)
    WHERE coalesce(taken.taken_before < days.daily_sessions, TRUE)
),

nearest_days AS (
    -- for who asks until a day that stays free, no later day counts: 0.15 million pairs of days a month, not 1.5
    SELECT
        therapist_key,
        local_date,
        least(local_date, free_until) AS asked_until,
        coalesce(
            max(if(free_until IS NULL, local_date, NULL)) OVER (
                PARTITION BY therapist_key ORDER BY local_date ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            local_date - 29
        ) AS asked_after
    FROM free_days
)

SELECT
    nearest_days.therapist_key,
    asked.asked_on,
    min(nearest_days.local_date - asked.asked_on)::INTEGER AS room_in_days
FROM asked
INNER JOIN nearest_days
    ON
        asked.asked_on <= nearest_days.asked_until
        AND asked.asked_on > nearest_days.asked_after
        AND asked.asked_on + 28 >= nearest_days.local_date
GROUP BY nearest_days.therapist_key, asked.asked_on
