-- row: one of the first three sessions attended by a client who had asked for a therapist, if it lies in the local month
-- months: raw.requests -12..+1, raw.sessions -12..+1
-- Looking back a year: who was not seen for a year is seen for the first time. Of who did not ask before they were first
-- seen, nobody knows whether they are new.

WITH asked AS (
    SELECT
        client_key,
        requested_at
    FROM raw.requests
    SEMI JOIN core.sessions USING (client_key)
),

seen_often_lately AS (
    -- most clients came three times in two months, so that little is left to be looked through a year for
    SELECT client_key
    FROM raw.sessions
    WHERE
        status = 'attended'
        AND starts_at >= $month_start::TIMESTAMP - INTERVAL 2 MONTH
        AND starts_at < $month_start::TIMESTAMP - INTERVAL 15 HOUR -- no time zone is further from UTC than this
    GROUP BY client_key
    HAVING count(*) >= 3
),

perhaps_new AS (
    SELECT DISTINCT client_key
    FROM asked
    ANTI JOIN seen_often_lately USING (client_key)
),

visits_of_a_year AS MATERIALIZED (
    SELECT
        session_key,
        client_key,
        therapist_key,
        starts_at
    FROM raw.sessions
    SEMI JOIN perhaps_new USING (client_key)
    WHERE
        status = 'attended'
        AND starts_at >= $month_start::TIMESTAMP - INTERVAL 12 MONTH
        AND starts_at < $month_end::TIMESTAMP + INTERVAL 39 HOUR
),

seen_often AS (
    -- none of their sessions is to be numbered
    SELECT client_key
    FROM visits_of_a_year
    WHERE starts_at < $month_start::TIMESTAMP - INTERVAL 15 HOUR
    GROUP BY client_key
    HAVING count(*) >= 3
),

visits AS (
    SELECT
        session_key,
        client_key,
        therapist_key,
        starts_at,
        row_number() OVER of_client AS session_number,
        therapist_key != lag(therapist_key) OVER of_client AS is_with_another,
        lag(therapist_key) OVER of_client != lag(therapist_key, 2) OVER of_client AS was_with_another
    FROM visits_of_a_year
    ANTI JOIN seen_often USING (client_key)
    WINDOW of_client AS (PARTITION BY client_key ORDER BY starts_at, session_key)
),

new_clients AS (
    SELECT
        visits.client_key,
        min(asked.requested_at) AS requested_at
    FROM visits
    INNER JOIN asked ON visits.client_key = asked.client_key AND visits.starts_at >= asked.requested_at
    WHERE visits.session_number = 1
    GROUP BY visits.client_key
)

SELECT
    sessions.session_key,
    sessions.client_key,
    sessions.therapist_key,
    sessions.local_date,
    visits.session_number::INTEGER AS session_number,
    timezone(sessions.timezone, new_clients.requested_at)::DATE AS requested_on,
    CASE
        WHEN visits.session_number = 1 THEN sessions.local_date - timezone(sessions.timezone, new_clients.requested_at)::DATE
    END AS wait_days,
    CASE WHEN visits.session_number = 3 THEN visits.is_with_another OR visits.was_with_another END AS is_early_rematch
FROM core.sessions AS sessions
INNER JOIN visits USING (session_key)
INNER JOIN new_clients ON visits.client_key = new_clients.client_key
WHERE visits.session_number <= 3
