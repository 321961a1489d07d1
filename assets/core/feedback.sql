-- row: one session of the local month with what its client answered; or one answer of the month to a session that is unknown
-- months: raw.feedback -1..+1, raw.sessions -2..+1
-- Of several answers to one session the latest counts, question by question. Answers are awaited until the end of the next
-- month. A form that was opened and left is no answer. To an unknown session belongs nobody: its therapist_key is null.

WITH answers AS (
    SELECT
        session_key,
        max(submitted_at) AS submitted_at,
        arg_max(closer_to_understanding, submitted_at) AS closer_to_understanding,
        arg_max(alliance, submitted_at) AS alliance
    FROM raw.feedback
    WHERE closer_to_understanding IS NOT NULL OR alliance IS NOT NULL
    GROUP BY session_key
),

unknown AS (
    SELECT answers.session_key
    FROM answers
    ANTI JOIN raw.sessions USING (session_key)
    WHERE
        answers.submitted_at >= $month_start::TIMESTAMP
        AND answers.submitted_at < $month_end::TIMESTAMP + INTERVAL 1 DAY
)

SELECT
    answers.session_key,
    sessions.therapist_key,
    sessions.client_key,
    sessions.local_date,
    sessions.status,
    answers.submitted_at,
    answers.closer_to_understanding,
    answers.alliance,
    days.is_over_threshold
FROM answers
LEFT JOIN core.sessions AS sessions USING (session_key)
LEFT JOIN core.therapist_days AS days USING (therapist_key, local_date)
LEFT JOIN unknown USING (session_key)
WHERE sessions.session_key IS NOT NULL OR unknown.session_key IS NOT NULL
