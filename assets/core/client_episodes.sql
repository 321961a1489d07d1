-- row: one client's work with one therapist, up to its ending, that was attended or ended in the local month
-- months: raw.sessions -12..+2, raw.requests -12..+1, raw.endings -12..+2, raw.feedback -12..+1
-- As it stood when the month was over, looking back a year: who was not seen for a year is seen for the first time. After an
-- ending another episode begins; a session of the day after still belongs to the one that ended. Only has_returned and
-- has_planned_ending look ahead, six weeks, and are known once those are over.

WITH seen AS (
    SELECT
        session_key,
        client_key,
        therapist_key,
        starts_at,
        local_date AS attended_on,
        TRUE AS is_in_month
    FROM core.sessions
    WHERE status = 'attended'
),

month_endings AS (
    SELECT *
    FROM raw.endings
    WHERE ended_on BETWEEN $month_start AND $month_end
),

concerned AS (
    SELECT client_key FROM seen
    UNION
    SELECT client_key FROM month_endings
),

earlier AS (
    -- the first hours of the month may be the last of the local one before; what is in the local month is in core.sessions
    SELECT
        sessions.session_key,
        sessions.client_key,
        sessions.therapist_key,
        sessions.starts_at,
        sessions.starts_at::DATE AS attended_on,
        FALSE AS is_in_month
    FROM raw.sessions AS sessions
    SEMI JOIN concerned USING (client_key)
    ANTI JOIN core.sessions AS local_month USING (session_key)
    WHERE
        sessions.status = 'attended'
        AND sessions.starts_at >= $month_start::TIMESTAMP - INTERVAL 12 MONTH
        AND sessions.starts_at < $month_start::TIMESTAMP + INTERVAL 15 HOUR
),

history AS (
    SELECT * FROM seen
    UNION ALL
    SELECT * FROM earlier
),

endings AS (
    SELECT
        *,
        lag(ended_on, 1, DATE '1900-01-01') OVER (PARTITION BY client_key, therapist_key ORDER BY ended_on) AS begins_after
    FROM raw.endings
    SEMI JOIN concerned USING (client_key)
    WHERE ended_on <= $month_end
),

placed AS (
    SELECT
        history.*,
        coalesce(endings.ended_on, DATE '1900-01-01') AS begins_after
    FROM history
    ASOF LEFT JOIN endings
        ON
            history.client_key = endings.client_key
            AND history.therapist_key = endings.therapist_key
            AND history.attended_on - 1 > endings.ended_on
),

attended AS (
    SELECT
        client_key,
        therapist_key,
        begins_after,
        min(starts_at) AS first_at,
        max(starts_at) AS last_at,
        count(*) AS attended_sessions,
        count_if(is_in_month) AS attended_in_month,
        -- the first of them is in the month if all are
        bool_and(is_in_month) AS has_begun
    FROM placed
    GROUP BY client_key, therapist_key, begins_after
),

ended AS (
    SELECT *
    FROM endings
    WHERE ended_on >= $month_start
),

episodes AS (
    SELECT
        client_key,
        therapist_key,
        begins_after,
        attended.* EXCLUDE (client_key, therapist_key, begins_after),
        ended.ended_on,
        ended.ending,
        ended.earlier_than_client_wanted,
        ended.earlier_than_therapist_planned
    FROM attended
    FULL JOIN ended USING (client_key, therapist_key, begins_after)
    WHERE attended.attended_in_month > 0 OR ended.ended_on IS NOT NULL
),

seen_before AS (
    SELECT
        episodes.client_key,
        episodes.therapist_key,
        episodes.begins_after,
        episodes.first_at,
        max(history.starts_at) AS seen_at
    FROM episodes
    LEFT JOIN history ON episodes.client_key = history.client_key AND episodes.first_at > history.starts_at
    WHERE episodes.has_begun
    GROUP BY ALL
),

beginnings AS (
    -- the wait is counted from the first request since the client was last seen, by whomever
    SELECT
        seen_before.client_key,
        seen_before.therapist_key,
        seen_before.begins_after,
        min(requests.requested_at) AS requested_at,
        CASE
            WHEN seen_before.seen_at IS NOT NULL THEN FALSE
            WHEN min(requests.requested_at) IS NOT NULL THEN TRUE
        END AS is_new_client
    FROM seen_before
    LEFT JOIN raw.requests AS requests
        ON
            seen_before.client_key = requests.client_key
            AND seen_before.first_at >= requests.requested_at
            AND coalesce(seen_before.seen_at < requests.requested_at, TRUE)
    GROUP BY seen_before.client_key, seen_before.therapist_key, seen_before.begins_after, seen_before.seen_at
),

first_requests AS (
    SELECT
        client_key,
        min(requested_at) AS requested_at
    FROM raw.requests
    GROUP BY client_key
),

third_time AS (
    -- clients whose third session is in the month
    SELECT client_key
    FROM history
    GROUP BY client_key
    HAVING count(*) >= 3 AND count_if(NOT is_in_month) < 3
),

first_three AS (
    SELECT
        history.client_key,
        min(history.starts_at, 3) AS moments,
        arg_min(history.therapist_key, history.starts_at, 3) AS therapist_keys
    FROM history
    SEMI JOIN third_time USING (client_key)
    GROUP BY history.client_key
),

third_sessions AS (
    -- of clients who are known to be new: they asked before they were first seen
    SELECT
        first_three.client_key,
        first_three.therapist_keys[3] AS therapist_key,
        first_three.moments[3] AS third_at,
        len(list_distinct(first_three.therapist_keys)) > 1 AS is_early_rematch
    FROM first_three
    INNER JOIN first_requests
        ON first_three.client_key = first_requests.client_key AND first_three.moments[1] >= first_requests.requested_at
),

returns AS (
    SELECT DISTINCT
        episodes.client_key,
        episodes.therapist_key,
        episodes.begins_after
    FROM episodes
    INNER JOIN raw.sessions AS later
        ON
            episodes.client_key = later.client_key
            AND episodes.last_at < later.starts_at
            AND episodes.last_at + INTERVAL 42 DAY >= later.starts_at
    WHERE later.status = 'attended' AND later.starts_at >= $month_start::TIMESTAMP - INTERVAL 15 HOUR
),

planned_endings AS (
    SELECT DISTINCT
        episodes.client_key,
        episodes.therapist_key,
        episodes.begins_after
    FROM episodes
    INNER JOIN raw.endings AS later
        ON
            episodes.client_key = later.client_key
            AND episodes.therapist_key = later.therapist_key
            AND episodes.last_at::DATE - 1 <= later.ended_on
            AND episodes.last_at::DATE + 42 >= later.ended_on
    WHERE later.ending = 'planned'
),

alliances AS (
    SELECT
        placed.client_key,
        placed.therapist_key,
        placed.begins_after,
        count(*) AS alliance_answers,
        arg_min(feedback.alliance, placed.starts_at) AS first_alliance,
        arg_max(feedback.alliance, placed.starts_at) AS last_alliance
    FROM placed
    INNER JOIN ended USING (client_key, therapist_key, begins_after)
    INNER JOIN raw.feedback AS feedback USING (session_key)
    WHERE feedback.alliance IS NOT NULL
    GROUP BY placed.client_key, placed.therapist_key, placed.begins_after
),

zoned AS (
    SELECT
        episodes.*,
        coalesce(memberships.timezone, organisation.timezone) AS timezone
    FROM episodes
    LEFT JOIN core.team_memberships AS memberships
        ON
            episodes.therapist_key = memberships.therapist_key
            AND episodes.first_at >= memberships.valid_from
            AND episodes.first_at < memberships.valid_until
    CROSS JOIN settings.organisation AS organisation
)

SELECT
    zoned.client_key,
    zoned.therapist_key,
    timezone(zoned.timezone, zoned.first_at)::DATE AS first_attended_on,
    timezone(zoned.timezone, zoned.last_at)::DATE AS last_attended_on,
    coalesce(zoned.attended_sessions, 0)::INTEGER AS attended_sessions,
    coalesce(zoned.attended_in_month, 0)::INTEGER AS attended_in_month,
    coalesce(zoned.has_begun, FALSE) AS has_begun,
    beginnings.is_new_client,
    timezone(zoned.timezone, beginnings.requested_at)::DATE AS requested_on,
    timezone(zoned.timezone, zoned.first_at)::DATE - timezone(zoned.timezone, beginnings.requested_at)::DATE AS wait_days,
    third_sessions.is_early_rematch,
    returns.client_key IS NOT NULL AS has_returned,
    planned_endings.client_key IS NOT NULL AS has_planned_ending,
    zoned.ended_on,
    zoned.ending,
    zoned.earlier_than_client_wanted,
    zoned.earlier_than_therapist_planned,
    coalesce(alliances.alliance_answers, 0)::INTEGER AS alliance_answers,
    alliances.first_alliance,
    alliances.last_alliance
FROM zoned
LEFT JOIN beginnings USING (client_key, therapist_key, begins_after)
LEFT JOIN third_sessions
    ON
        zoned.client_key = third_sessions.client_key
        AND zoned.therapist_key = third_sessions.therapist_key
        AND zoned.first_at <= third_sessions.third_at
        AND zoned.last_at >= third_sessions.third_at
LEFT JOIN returns
    ON
        zoned.client_key = returns.client_key
        AND zoned.therapist_key = returns.therapist_key
        AND zoned.begins_after = returns.begins_after
LEFT JOIN planned_endings
    ON
        zoned.client_key = planned_endings.client_key
        AND zoned.therapist_key = planned_endings.therapist_key
        AND zoned.begins_after = planned_endings.begins_after
LEFT JOIN alliances
    ON
        zoned.client_key = alliances.client_key
        AND zoned.therapist_key = alliances.therapist_key
        AND zoned.begins_after = alliances.begins_after
