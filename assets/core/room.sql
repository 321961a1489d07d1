-- row: one therapist with a declared threshold on one local day of the month: in how many days they first have room
-- months: raw.sessions -1..+1
-- Looked for within four weeks, as it could be known on that day. A day has room if the therapist is in a team, works on
-- that weekday, and has fewer places taken than their own threshold. A place is taken once it is booked, or once its client
-- has been seen: who is in care comes again, booked or not. No threshold, no room: none is imputed.

WITH known_pairs AS (
    -- seen before the month: of one who was not seen in the month before, nothing is expected
    SELECT DISTINCT
        therapist_key,
        client_key
    FROM raw.sessions
    WHERE status = 'attended' AND starts_at < $month_start::TIMESTAMP - INTERVAL 15 HOUR
),

local_sessions AS (
    SELECT
        sessions.session_key,
        sessions.therapist_key,
        sessions.client_key,
        sessions.group_session_key,
        sessions.status,
        sessions.booked_at,
        sessions.cancelled_at,
        memberships.timezone,
        timezone(memberships.timezone, sessions.starts_at)::DATE AS local_date
    FROM raw.sessions AS sessions
    INNER JOIN core.team_memberships AS memberships
        ON
            sessions.therapist_key = memberships.therapist_key
            AND sessions.starts_at >= memberships.valid_from
            AND sessions.starts_at < memberships.valid_until
    WHERE
        sessions.starts_at >= $month_start::TIMESTAMP - INTERVAL 15 HOUR
        AND sessions.starts_at < $month_end::TIMESTAMP + INTERVAL 29 DAY + INTERVAL 15 HOUR
        AND sessions.therapist_key IN (SELECT therapist_key FROM core.thresholds)
),

weekdays AS (
    -- seen working on it at least twice in the month
    SELECT
        therapist_key,
        isodow(local_date) AS weekday
    FROM local_sessions
    WHERE status = 'attended' AND local_date BETWEEN $month_start AND $month_end
    GROUP BY therapist_key, weekday
    HAVING count(DISTINCT local_date) >= 2
),

days AS (
    SELECT
        weekdays.therapist_key,
        calendar.day::DATE AS local_date,
        thresholds.daily_sessions
    FROM generate_series($month_start::DATE, $month_end::DATE + INTERVAL 28 DAY, INTERVAL 1 DAY) AS calendar (day)
    INNER JOIN weekdays ON isodow(calendar.day) = weekdays.weekday
    INNER JOIN core.thresholds AS thresholds
        ON
            weekdays.therapist_key = thresholds.therapist_key
            AND calendar.day >= thresholds.valid_from
            AND calendar.day < thresholds.valid_until
    INNER JOIN core.team_memberships AS memberships
        ON
            weekdays.therapist_key = memberships.therapist_key
            AND calendar.day >= timezone(memberships.timezone, memberships.valid_from)
            AND calendar.day < timezone(memberships.timezone, memberships.valid_until)
),

crowded AS (
    -- days that could ever be full, with all that was booked for them
    SELECT
        local_sessions.therapist_key,
        local_sessions.local_date,
        days.daily_sessions
    FROM local_sessions
    INNER JOIN days USING (therapist_key, local_date)
    GROUP BY local_sessions.therapist_key, local_sessions.local_date, days.daily_sessions
    HAVING count(*) >= days.daily_sessions
),

first_seen AS (
    SELECT
        therapist_key,
        client_key,
        min(local_date) AS first_day
    FROM local_sessions
    WHERE status = 'attended'
    GROUP BY therapist_key, client_key
),

bookings AS (
    SELECT
        sessions.therapist_key,
        sessions.local_date,
        coalesce(sessions.group_session_key, sessions.session_key) AS place_key,
        -- least() passes over what is null; where booked_at is not told, the place was always taken
        CASE
            WHEN sessions.booked_at IS NULL OR known_pairs.client_key IS NOT NULL THEN DATE '1900-01-01'
            ELSE least(timezone(sessions.timezone, sessions.booked_at)::DATE, first_seen.first_day)
        END AS taken_on,
        CASE
            WHEN NOT starts_with(sessions.status, 'cancelled') THEN DATE '2200-01-01'
            ELSE coalesce(timezone(sessions.timezone, sessions.cancelled_at)::DATE, DATE '1900-01-01')
        END AS freed_on
    FROM local_sessions AS sessions
    SEMI JOIN crowded USING (therapist_key, local_date)
    LEFT JOIN known_pairs USING (therapist_key, client_key)
    LEFT JOIN first_seen USING (therapist_key, client_key)
),

places AS (
    -- a group takes one place, until its last client has cancelled
    SELECT
        therapist_key,
        local_date,
        min(taken_on) AS taken_on,
        max(freed_on) AS freed_on
    FROM bookings
    GROUP BY therapist_key, local_date, place_key
),

changes AS (
    -- what was so before the month is so on its first day
    SELECT
        places.therapist_key,
        places.local_date,
        unnest([greatest(places.taken_on, $month_start::DATE), greatest(places.freed_on, $month_start::DATE)]) AS known_on,
        unnest([1, -1]) AS change
    FROM places
    WHERE places.freed_on > places.taken_on
),

taken AS (
    SELECT
        therapist_key,
        local_date,
        known_on,
        sum(sum(change)) OVER (PARTITION BY therapist_key, local_date ORDER BY known_on) AS places,
        lead(known_on, 1, DATE '2200-01-01') OVER (PARTITION BY therapist_key, local_date ORDER BY known_on) AS changed_on
    FROM changes
    GROUP BY therapist_key, local_date, known_on
),

full_days AS (
    SELECT
        taken.therapist_key,
        taken.local_date,
        taken.known_on,
        taken.changed_on
    FROM taken
    INNER JOIN crowded USING (therapist_key, local_date)
    WHERE taken.places >= crowded.daily_sessions
),

asked AS (
    SELECT
        days.therapist_key,
        days.local_date,
        calendar.day::DATE AS asked_on
    FROM days
    INNER JOIN generate_series($month_start::DATE, $month_end::DATE, INTERVAL 1 DAY) AS calendar (day)
        ON days.local_date BETWEEN calendar.day AND calendar.day + INTERVAL 28 DAY
)

SELECT
    asked.therapist_key,
    asked.asked_on,
    min(asked.local_date - asked.asked_on)::INTEGER AS room_in_days
FROM asked
ANTI JOIN full_days
    ON
        asked.therapist_key = full_days.therapist_key
        AND asked.local_date = full_days.local_date
        AND asked.asked_on >= full_days.known_on
        AND asked.asked_on < full_days.changed_on
GROUP BY asked.therapist_key, asked.asked_on
