-- row: one profile of a therapist who takes part, in one team, from a day until the day before it ends
-- Who declares no specialty is left out: of them no fit is known, and none is made up.

SELECT
    profiles.therapist_key,
    memberships.team_id,
    profiles.specialties,
    profiles.languages,
    profiles.modalities,
    greatest(profiles.valid_from, timezone(memberships.timezone, memberships.valid_from)::DATE) AS valid_from,
    least(profiles.valid_until, timezone(memberships.timezone, memberships.valid_until)::DATE) AS valid_until
FROM core.profiles AS profiles
INNER JOIN core.team_memberships AS memberships USING (therapist_key)
SEMI JOIN whatif.members USING (therapist_key)
WHERE
    profiles.specialties IS NOT NULL
    AND profiles.valid_from < timezone(memberships.timezone, memberships.valid_until)::DATE
    AND profiles.valid_until > timezone(memberships.timezone, memberships.valid_from)::DATE
ORDER BY profiles.therapist_key, profiles.valid_from, memberships.valid_from
