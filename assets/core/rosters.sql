-- row: one therapist on the roster of a reporting unit, as of the first moment of the month
-- Who joins or moves during a month counts in the new unit from the next month on, so that nobody is in two.

SELECT
    therapist_key,
    reporting_unit,
    service
FROM core.team_memberships
WHERE
    valid_from <= timezone(timezone, $month_start::TIMESTAMP)
    AND valid_until > timezone(timezone, $month_start::TIMESTAMP)
