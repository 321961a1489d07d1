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

local_month AS (
    SELECT *, timezone(timezone, starts_at) AS starts_local, timezone(timezone, ends_at) AS ends_local
    FROM placed
    WHERE timezone(timezone, starts_at)::DATE BETWEEN $month_start AND $month_end
),

group_sessions AS (
    -- one attended row of each group session stands for the therapist's load; a group that meets again has its id again
    SELECT therapist_key, group_session_key, min(session_key) AS session_key
    FROM local_month
    WHERE status = 'attended' AND group_session_key IS NOT NULL
    GROUP BY therapist_key, group_session_key, starts_local::DATE
),

with_load AS (
    SELECT
        local_month.*,
        starts_local::DATE AS local_date,
        status = 'attended' AND (group_session_key IS NULL OR group_sessions.session_key IS NOT NULL) AS is_load
    FROM local_month
    LEFT JOIN group_sessions USING (therapist_key, group_session_key, session_key)
),

in_day AS (
    SELECT
        *,
        row_number() OVER day_so_far AS session_of_day,
        lag(client_key) OVER day_so_far AS previous_client_key,
        max(ends_at) OVER (day_so_far ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest_end
    FROM with_load
    WINDOW day_so_far AS (PARTITION BY therapist_key, local_date, is_load ORDER BY starts_at, session_key)
)

SELECT
    session_key,
    therapist_key,
    client_key,
    team_id,
    timezone,
    local_date,
    starts_at,
    ends_at,
    starts_local,
    ends_local,
    epoch(ends_at - starts_at) / 60 AS duration_minutes,
    status,
    kind,
    modality,
    group_session_key,
    is_load,
    epoch(starts_at - cancelled_at) / 3600 AS cancellation_notice_hours,
    CASE WHEN is_load THEN session_of_day END::INTEGER AS session_of_day,
    CASE WHEN is_load THEN previous_client_key END AS previous_client_key,
    CASE WHEN is_load THEN epoch(starts_at - latest_end) / 60 END AS gap_minutes
FROM in_day
