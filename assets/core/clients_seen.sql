-- row: one client whom one therapist saw in the local month, other than in a group, and what came after the last time: known
--      six weeks later
-- months: raw.endings -1..+2, raw.sessions 0..+2

WITH seen AS (
    SELECT
        client_key,
        therapist_key,
        max(starts_at) AS last_at,
        max(local_date) AS last_attended_on
    FROM core.sessions
    WHERE status = 'attended' AND group_session_key IS NULL
    GROUP BY client_key, therapist_key
),

later_visits AS (
    -- to whomever
    SELECT
        client_key,
        starts_at
    FROM raw.sessions
    WHERE status = 'attended' AND starts_at < $month_end::TIMESTAMP + INTERVAL 44 DAY
),

returned AS (
    SELECT
        seen.client_key,
        seen.therapist_key
    FROM seen
    SEMI JOIN later_visits AS later
        ON
            seen.client_key = later.client_key
            AND seen.last_at < later.starts_at
            AND seen.last_at + INTERVAL 42 DAY >= later.starts_at
),

planned_endings AS (
    SELECT DISTINCT
        seen.client_key,
        seen.therapist_key
    FROM seen
    INNER JOIN raw.endings AS later
        ON
            seen.client_key = later.client_key
            AND seen.therapist_key = later.therapist_key
            AND seen.last_attended_on - 1 <= later.ended_on
            AND seen.last_attended_on + 42 >= later.ended_on
    WHERE later.ending = 'planned'
)

SELECT
    seen.client_key,
    seen.therapist_key,
    seen.last_attended_on,
    returned.client_key IS NOT NULL AS has_returned,
    planned_endings.client_key IS NOT NULL AS has_planned_ending
FROM seen
LEFT JOIN returned USING (client_key, therapist_key)
LEFT JOIN planned_endings USING (client_key, therapist_key)
