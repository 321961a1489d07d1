-- row: one place that a therapist who takes part held on a day, and the replayed request that it was given to
-- months: core.sessions 0..+1
-- Up to four weeks after the month. A place is a session that took place or was held ready; a group takes one. From the day of
-- asking on, the places of a client with the therapist they were given to are those of the request; all others stay as they were.

WITH given AS (
    SELECT
        therapist_key,
        client_key,
        arg_min(request_key, requested_on) AS request_key,
        min(requested_on) AS requested_on
    FROM whatif.replayed
    GROUP BY therapist_key, client_key
)

SELECT
    sessions.therapist_key,
    sessions.local_date,
    list_distinct(list(sessions.client_key)) AS client_keys,
    CASE WHEN bool_and(given.request_key IS NOT NULL) THEN min(given.request_key) END AS request_key
FROM core.sessions AS sessions
SEMI JOIN whatif.members AS members ON sessions.therapist_key = members.therapist_key
LEFT JOIN given
    ON
        sessions.therapist_key = given.therapist_key
        AND sessions.client_key = given.client_key
        AND sessions.local_date >= given.requested_on
WHERE
    sessions.local_date <= $month_end::DATE + 28
    AND (NOT starts_with(sessions.status, 'cancelled') OR coalesce(sessions.cancellation_notice_hours < 24, TRUE))
GROUP BY sessions.therapist_key, sessions.local_date, coalesce(sessions.group_session_key, sessions.session_key)
