-- row: one ending of a client's work with a therapist in the local month, with what the client said of the alliance before
-- months: raw.endings -12..0, raw.feedback -12..+1, raw.sessions -12..+1
-- Looking back a year, and no further than to the ending before. A session of the day after still belongs to what ended.

WITH concerned AS (
    SELECT DISTINCT client_key
    FROM raw.endings
    WHERE ended_on BETWEEN $month_start AND $month_end
),

endings AS (
    SELECT
        *,
        lag(ended_on, 1, DATE '1900-01-01') OVER (PARTITION BY client_key, therapist_key ORDER BY ended_on) AS begins_after
    FROM raw.endings
    SEMI JOIN concerned USING (client_key)
),

month_endings AS (
    SELECT *
    FROM endings
    WHERE ended_on BETWEEN $month_start AND $month_end
),

visits AS MATERIALIZED (
    -- asked for by client alone and kept, 1.3 CPU seconds on 14 months of 440,000 sessions; in one join with the days, 2.4
    SELECT
        client_key,
        therapist_key,
        session_key,
        starts_at
    FROM raw.sessions
    SEMI JOIN concerned USING (client_key)
    WHERE status = 'attended' AND starts_at < $month_end::TIMESTAMP + INTERVAL 2 DAY
),

answers AS (
    -- of several answers to one session the latest counts
    SELECT
        feedback.session_key,
        arg_max(feedback.alliance, feedback.submitted_at) AS alliance
    FROM raw.feedback AS feedback
    SEMI JOIN visits USING (session_key)
    WHERE feedback.alliance IS NOT NULL
    GROUP BY feedback.session_key
),

attended AS (
    SELECT
        month_endings.client_key,
        month_endings.therapist_key,
        month_endings.ended_on,
        visits.starts_at,
        answers.alliance
    FROM month_endings
    INNER JOIN visits
        ON
            month_endings.client_key = visits.client_key
            AND month_endings.therapist_key = visits.therapist_key
            AND month_endings.ended_on + 2 > visits.starts_at
            AND month_endings.begins_after + 2 <= visits.starts_at
    LEFT JOIN answers USING (session_key)
),

courses AS (
    SELECT
        client_key,
        therapist_key,
        ended_on,
        count(*) AS attended_sessions,
        count(alliance) AS alliance_answers,
        arg_min(alliance, starts_at) AS first_alliance,
        arg_max(alliance, starts_at) AS last_alliance
    FROM attended
    GROUP BY client_key, therapist_key, ended_on
)

SELECT
    month_endings.client_key,
    month_endings.therapist_key,
    month_endings.ended_on,
    month_endings.ending,
    month_endings.earlier_than_client_wanted,
    month_endings.earlier_than_therapist_planned,
    coalesce(courses.attended_sessions, 0)::INTEGER AS attended_sessions,
    coalesce(courses.alliance_answers, 0)::INTEGER AS alliance_answers,
    courses.first_alliance,
    courses.last_alliance
FROM month_endings
LEFT JOIN courses USING (client_key, therapist_key, ended_on)
