-- row: places of one therapist: one that a replayed request was given, with its days, or some that were free once a week
-- A place that was given begins on the day on which it began. Those that went beyond the therapist's own threshold on that day
-- are left out: no rule gives them to anybody. A place that was free was free under the threshold, from a day on in each week to
-- the end, and can begin on any of these days; without a declared threshold there is none.

WITH begun AS (
    SELECT
        request_key,
        therapist_key,
        min(local_date) AS free_from
    FROM whatif.held
    WHERE request_key IS NOT NULL
    GROUP BY request_key, therapist_key
),

loads AS (
    SELECT
        therapist_key,
        local_date,
        count(*) AS places
    FROM whatif.held
    GROUP BY therapist_key, local_date
),

numbered AS (
    SELECT
        begun.*,
        -- so many of those that begin on a day lie under the threshold
        thresholds.daily_sessions - loads.places + count(*) OVER of_day AS under_threshold,
        row_number() OVER (of_day ORDER BY begun.request_key) AS number_of_day
    FROM begun
    INNER JOIN loads ON begun.therapist_key = loads.therapist_key AND begun.free_from = loads.local_date
    LEFT JOIN core.thresholds AS thresholds
        ON
            begun.therapist_key = thresholds.therapist_key
            AND begun.free_from >= thresholds.valid_from
            AND begun.free_from < thresholds.valid_until
    WINDOW of_day AS (PARTITION BY begun.therapist_key, begun.free_from)
),

left_free AS (
    SELECT
        therapist_key,
        weekday,
        local_date,
        greatest(min(coalesce(daily_sessions - places, 0)) OVER from_here_on, 0) AS places
    FROM whatif.days
    WINDOW from_here_on AS (
        PARTITION BY therapist_key, weekday ORDER BY local_date ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
    )
),

came_free AS (
    SELECT
        therapist_key,
        weekday,
        local_date AS free_from,
        places - lag(places, 1, 0) OVER (PARTITION BY therapist_key, weekday ORDER BY local_date) AS places
    FROM left_free
),

places AS (
    SELECT
        therapist_key,
        isodow(free_from) AS weekday,
        free_from,
        free_from AS free_until,
        1 AS places,
        request_key
    FROM numbered
    WHERE coalesce(number_of_day <= under_threshold, TRUE)
    UNION ALL
    SELECT
        therapist_key,
        weekday,
        free_from,
        $month_end::DATE + 28 AS free_until,
        places,
        NULL AS request_key
    FROM came_free
    WHERE places > 0
)

SELECT *
FROM places
SEMI JOIN whatif.therapists USING (therapist_key)
ORDER BY therapist_key, free_from, request_key NULLS LAST, weekday
