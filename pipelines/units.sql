-- row: one reporting unit on the first day of one of the last twelve months: how many therapists were on its roster
-- therapists, teams: as the sources give them; declared: the configuration's units, one row a team

WITH named_teams AS (
    SELECT
        memberships.team_id,
        coalesce(declared.unit, teams.reporting_unit, teams.team_name, memberships.team_id) AS unit,
        coalesce(teams.service, '') AS service
    FROM (SELECT DISTINCT team_id FROM therapists) AS memberships
    LEFT JOIN teams USING (team_id)
    LEFT JOIN declared USING (team_id)
),

units AS (
    SELECT
        unit,
        if(count(DISTINCT service) = 1, any_value(service), '') AS service,
        list(team_id ORDER BY team_id) AS teams
    FROM named_teams
    GROUP BY unit
),

terms AS (
    SELECT
        therapists.therapist_id,
        named_teams.unit,
        coalesce(therapists.valid_from, DATE '1900-01-01') AS first_day,
        coalesce(
            therapists.valid_to + 1,
            lead(coalesce(therapists.valid_from, DATE '1900-01-01'))
                OVER (PARTITION BY therapists.therapist_id ORDER BY therapists.valid_from NULLS FIRST),
            DATE '2200-01-01'
        ) AS day_after
    FROM therapists
    INNER JOIN named_teams USING (team_id)
),

days AS (
    SELECT unnest(generate_series($today - INTERVAL 11 MONTHS, $today, INTERVAL 1 MONTH))::DATE AS day
)

SELECT
    units.unit,
    units.service,
    units.teams,
    days.day,
    count(DISTINCT terms.therapist_id) AS roster
FROM units
CROSS JOIN days
LEFT JOIN terms ON units.unit = terms.unit AND days.day >= terms.first_day AND days.day < terms.day_after
GROUP BY units.unit, units.service, units.teams, days.day
ORDER BY units.service, units.unit, days.day
