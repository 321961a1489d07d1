-- row: one therapist in one team, from a moment until a moment of the team's own time zone
-- partition: none
-- A row without an end holds until the therapist's next one begins. A unit that the configuration declares goes before
-- the one that the source names; a team that is in no unit is its own.

WITH named_teams AS (
    SELECT
        memberships.team_id,
        coalesce(declared.unit, teams.reporting_unit, teams.team_name, memberships.team_id) AS reporting_unit,
        coalesce(teams.service, '') AS service,
        coalesce(teams.timezone, organisation.timezone) AS timezone
    FROM (SELECT DISTINCT team_id FROM raw.therapists) AS memberships
    LEFT JOIN raw.teams AS teams USING (team_id)
    LEFT JOIN settings.units AS declared USING (team_id)
    CROSS JOIN settings.organisation AS organisation
),

units AS (
    -- a unit whose teams are in different services belongs to none of them
    SELECT
        reporting_unit,
        if(count(DISTINCT service) = 1, any_value(service), '') AS service
    FROM named_teams
    GROUP BY reporting_unit
),

terms AS (
    SELECT
        therapist_key,
        team_id,
        coalesce(valid_from, DATE '1900-01-01') AS first_day,
        coalesce(
            valid_to + 1,
            lead(coalesce(valid_from, DATE '1900-01-01')) OVER (PARTITION BY therapist_key ORDER BY valid_from NULLS FIRST),
            DATE '2200-01-01'
        ) AS day_after
    FROM raw.therapists
)

SELECT
    terms.therapist_key,
    terms.team_id,
    named_teams.reporting_unit,
    units.service,
    named_teams.timezone,
    timezone(named_teams.timezone, terms.first_day::TIMESTAMP) AS valid_from,
    timezone(named_teams.timezone, terms.day_after::TIMESTAMP) AS valid_until
FROM terms
INNER JOIN named_teams USING (team_id)
INNER JOIN units USING (reporting_unit)
