-- row: one attended session of the local month, answered or not; or another that was answered; or one answer of the month to
--      a session that is unknown
-- months: raw.feedback -1..+1, raw.sessions -2..+1
-- Of several answers to one session the latest counts, question by question. Answers are awaited until the end of the next
-- month. A form that was opened and left is no answer. To an unknown session belongs nobody: its therapist_key is null.

WITH answers AS (
    SELECT
        sessions.session_key,
        sessions.client_key,
        arg_max(feedback.closer_to_understanding, feedback.submitted_at) AS closer_to_understanding,
        arg_max(feedback.alliance, feedback.submitted_at) AS alliance
    FROM core.sessions AS sessions
    INNER JOIN raw.feedback AS feedback USING (session_key)
    WHERE feedback.closer_to_understanding IS NOT NULL OR feedback.alliance IS NOT NULL
    GROUP BY sessions.session_key, sessions.client_key
),

elsewhere AS (
    -- looked for in the month's own sessions first: few are left to be looked for in those of four months
    SELECT DISTINCT session_key
    FROM raw.feedback
    ANTI JOIN core.sessions USING (session_key)
    WHERE
        submitted_at >= $month_start::TIMESTAMP
        AND submitted_at < $month_end::TIMESTAMP + INTERVAL 1 DAY
        AND (closer_to_understanding IS NOT NULL OR alliance IS NOT NULL)
),

known AS (
    SELECT session_key
    FROM raw.sessions
    SEMI JOIN elsewhere USING (session_key)
),

unknown AS (
    SELECT session_key
    FROM elsewhere
    ANTI JOIN known USING (session_key)
)

SELECT
    sessions.session_key,
    sessions.therapist_key,
    sessions.client_key,
    sessions.local_date,
    sessions.status,
    sessions.status = 'attended' AND sessions.group_session_key IS NULL AS is_individual,
    answers.session_key IS NOT NULL AS is_answered,
    answers.closer_to_understanding,
    answers.alliance,
    days.is_over_threshold
FROM core.sessions AS sessions
LEFT JOIN answers USING (session_key)
LEFT JOIN core.therapist_days AS days USING (therapist_key, local_date)
WHERE sessions.status = 'attended' OR answers.session_key IS NOT NULL
UNION ALL
SELECT
    session_key,
    NULL AS therapist_key,
    NULL AS client_key,
    NULL AS local_date,
    NULL AS status,
    NULL AS is_individual,
    TRUE AS is_answered,
    NULL AS closer_to_understanding,
    NULL AS alliance,
    NULL AS is_over_threshold
FROM unknown
