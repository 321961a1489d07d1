-- row: one session that starts in the local month, as its latest version tells it
-- months: raw.sessions -1..+1
-- The day of a session is that of its start, in the time zone of the team that its therapist is in at that moment.

WITH moments AS (
    -- no time zone is further from UTC than this, and clocks are set at a quarter of an hour: every one in the month's reach
    SELECT unnest(generate_series(
        $month_start::TIMESTAMPTZ - INTERVAL 15 HOUR, $month_end::TIMESTAMPTZ + INTERVAL 39 HOUR, INTERVAL 15 MINUTE
    )) AS moment
),

timezones AS (
    SELECT timezone FROM core.team_memberships
    UNION
    SELECT timezone FROM settings.organisation
),

readings AS (
    SELECT
        timezone,
        moment,
        epoch_us(timezone(timezone, moment)) - epoch_us(moment) AS offset_us
    FROM timezones
    CROSS JOIN moments
),

set_clocks AS (
    SELECT *
    FROM readings
    QUALIFY offset_us IS DISTINCT FROM lag(offset_us) OVER (PARTITION BY timezone ORDER BY moment)
),

clocks AS (
    -- how far a time zone is from UTC, from when until when; asked for each session, it is 0.3 of 1.4 CPU seconds a month
    SELECT
        timezone,
        offset_us,
        moment AS valid_from,
        lead(moment, 1, $month_end::TIMESTAMPTZ + INTERVAL 39 HOUR) OVER (PARTITION BY timezone ORDER BY moment) AS valid_until
    FROM set_clocks
),

placed AS (
    SELECT
        sessions.* EXCLUDE (file_number, line, updated_at),
        memberships.team_id,
        coalesce(memberships.timezone, organisation.timezone) AS timezone
    FROM raw.sessions AS sessions
    LEFT JOIN core.team_memberships AS memberships
        ON
            sessions.therapist_key = memberships.therapist_key
            AND sessions.starts_at >= memberships.valid_from
            AND sessions.starts_at < memberships.valid_until
    CROSS JOIN settings.organisation AS organisation
    WHERE
        sessions.starts_at >= $month_start::TIMESTAMP - INTERVAL 15 HOUR
        AND sessions.starts_at < $month_end::TIMESTAMP + INTERVAL 39 HOUR
),

clocked AS (
    SELECT
        placed.*,
        make_timestamp(epoch_us(placed.starts_at) + clocks.offset_us) AS starts_local,
        CASE
            WHEN placed.ends_at < clocks.valid_until THEN make_timestamp(epoch_us(placed.ends_at) + clocks.offset_us)
            ELSE timezone(placed.timezone, placed.ends_at)
        END AS ends_local
    FROM placed
    INNER JOIN clocks
        ON
            placed.timezone = clocks.timezone
            AND placed.starts_at >= clocks.valid_from
            AND placed.starts_at < clocks.valid_until
),

local_month AS MATERIALIZED (
    SELECT
        *,
        starts_local::DATE AS local_date
    FROM clocked
    WHERE starts_local >= $month_start AND starts_local < $month_end + 1
),

group_sessions AS (
    -- one attended row of each group session stands for the therapist's load; a group that meets again has its id again
    SELECT min(session_key) AS session_key
    FROM local_month
    WHERE status = 'attended' AND group_session_key IS NOT NULL
    GROUP BY therapist_key, group_session_key, local_date
),

load AS (
    SELECT
        session_key,
        row_number() OVER day_so_far AS session_of_day,
        epoch_us(starts_at)
        - max(epoch_us(ends_at)) OVER (day_so_far ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS gap_us
    FROM local_month
    WHERE
        status = 'attended'
        AND (group_session_key IS NULL OR session_key IN (SELECT session_key FROM group_sessions))
    WINDOW day_so_far AS (PARTITION BY therapist_key, local_date ORDER BY starts_at, session_key)
)

-- a difference of two moments with time zone is taken by the calendar, and 30 times as dear as one of microseconds
SELECT
    local_month.session_key,
    local_month.therapist_key,
    local_month.client_key,
    local_month.team_id,
    local_month.timezone,
    local_month.local_date,
    local_month.starts_at,
    local_month.ends_at,
    local_month.starts_local,
    local_month.ends_local,
    (epoch_us(local_month.ends_at) - epoch_us(local_month.starts_at)) / 60e6 AS duration_minutes,
    local_month.status,
    local_month.kind,
    local_month.modality,
    local_month.group_session_key,
    load.session_key IS NOT NULL AS is_load,
    (epoch_us(local_month.starts_at) - epoch_us(local_month.cancelled_at)) / 3600e6 AS cancellation_notice_hours,
    load.session_of_day::INTEGER AS session_of_day,
    load.gap_us / 60e6 AS gap_minutes
FROM local_month
LEFT JOIN load ON local_month.session_key = load.session_key
