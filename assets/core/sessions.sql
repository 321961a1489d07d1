-- row: one session that starts in the local month, as its latest version tells it
-- months: raw.sessions -1..+1
-- The day of a session is that of its start, in the time zone of the team that its therapist is in at that moment.

WITH placed AS (
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
        -- no time zone is further from UTC than this
        sessions.starts_at >= $month_start::TIMESTAMP - INTERVAL 15 HOUR
        AND sessions.starts_at < $month_end::TIMESTAMP + INTERVAL 39 HOUR
),

clocked AS (
    SELECT
        *,
        timezone(timezone, starts_at) AS starts_local
    FROM placed
),

-- read twice below: what the time zones cost is paid once
local_month AS MATERIALIZED (
    SELECT
        *,
        timezone(timezone, ends_at) AS ends_local,
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
        epoch(starts_at - max(ends_at) OVER (day_so_far ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) / 60
            AS gap_minutes
    FROM local_month
    WHERE
        status = 'attended'
        AND (group_session_key IS NULL OR session_key IN (SELECT session_key FROM group_sessions))
    WINDOW day_so_far AS (PARTITION BY therapist_key, local_date ORDER BY starts_at, session_key)
)

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
    epoch(local_month.ends_at - local_month.starts_at) / 60 AS duration_minutes,
    local_month.status,
    local_month.kind,
    local_month.modality,
    local_month.group_session_key,
    load.session_key IS NOT NULL AS is_load,
    epoch(local_month.starts_at - local_month.cancelled_at) / 3600 AS cancellation_notice_hours,
    load.session_of_day::INTEGER AS session_of_day,
    load.gap_minutes
FROM local_month
LEFT JOIN load ON local_month.session_key = load.session_key
