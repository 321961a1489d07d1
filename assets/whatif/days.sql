-- row: one therapist who takes part, on one day on which they work, up to four weeks after the month
-- They work on a weekday on which they saw clients at least twice in the month, while they are in a team.

WITH weekdays AS (
    SELECT
        therapist_key,
        isodow(local_date) AS weekday
    FROM core.therapist_days
    SEMI JOIN whatif.members USING (therapist_key)
    GROUP BY therapist_key, weekday
    HAVING count(*) >= 2
),

calendar AS (
    SELECT $month_start::DATE + unnest(range($month_end::DATE - $month_start::DATE + 29))::INTEGER AS local_date
),

loads AS (
    SELECT
        therapist_key,
        local_date,
        count(*) AS places,
        count(*) FILTER (request_key IS NULL) AS places_of_others,
        flatten(list(client_keys) FILTER (request_key IS NULL)) AS client_keys_of_others
    FROM whatif.held
    GROUP BY therapist_key, local_date
)

SELECT
    weekdays.therapist_key,
    weekdays.weekday,
    calendar.local_date,
    -- whoever is in no team has none in force
    if(memberships.team_id IS NULL, NULL, thresholds.daily_sessions) AS daily_sessions,
    coalesce(loads.places, 0) AS places,
    coalesce(loads.places_of_others, 0) AS places_of_others,
    coalesce(loads.client_keys_of_others, []) AS client_keys_of_others
FROM calendar
INNER JOIN weekdays ON isodow(calendar.local_date) = weekdays.weekday
LEFT JOIN core.thresholds AS thresholds
    ON
        weekdays.therapist_key = thresholds.therapist_key
        AND calendar.local_date >= thresholds.valid_from
        AND calendar.local_date < thresholds.valid_until
LEFT JOIN core.team_memberships AS memberships
    ON
        weekdays.therapist_key = memberships.therapist_key
        AND calendar.local_date >= timezone(memberships.timezone, memberships.valid_from)
        AND calendar.local_date < timezone(memberships.timezone, memberships.valid_until)
LEFT JOIN loads ON weekdays.therapist_key = loads.therapist_key AND calendar.local_date = loads.local_date
