-- row: one request of the local month, and one of its needs that fewer than five therapists in its reach declare, or three
--      quarters of its needs together (no need), if so few cover them: who these are
-- In reach is whom a request could lead to, as in core.pairings, with room or without: in the team that was asked, with the
-- language and the modality asked for, and with a declared threshold, because without one nobody is known to have room. Profile,
-- team and threshold are those of some day of the month. What is said of such a request says something of their days, and
-- whoever decides about a figure has to know; an answer that hangs on five or more tells of none.

WITH requests AS (
    SELECT
        request_key,
        needs,
        coalesce(team_id, '') AS asked_team,
        coalesce(language, '') AS asked_language,
        coalesce(modality, '') AS asked_modality
    FROM core.requests
    WHERE needs IS NOT NULL
),

asked AS (
    SELECT DISTINCT
        asked_team,
        asked_language,
        asked_modality
    FROM requests
),

therapists AS (
    SELECT DISTINCT
        profiles.therapist_key,
        memberships.team_id,
        profiles.specialties,
        profiles.languages,
        profiles.modalities
    FROM core.profiles AS profiles
    INNER JOIN core.team_memberships AS memberships
        ON
            profiles.therapist_key = memberships.therapist_key
            AND timezone(memberships.timezone, memberships.valid_from) < least(profiles.valid_until, $month_end + 1)
            AND timezone(memberships.timezone, memberships.valid_until) > greatest(profiles.valid_from, $month_start)
    SEMI JOIN core.thresholds AS thresholds
        ON
            profiles.therapist_key = thresholds.therapist_key
            AND thresholds.valid_from <= $month_end
            AND thresholds.valid_until > $month_start
    WHERE profiles.valid_from <= $month_end AND profiles.valid_until > $month_start
),

reachable AS (
    SELECT
        asked_team,
        asked_language,
        asked_modality,
        therapists.specialties,
        list(DISTINCT therapists.therapist_key) AS therapist_keys
    FROM therapists
    CROSS JOIN unnest(['', therapists.team_id]) AS teams (asked_team)
    CROSS JOIN unnest(list_prepend('', coalesce(therapists.languages, []))) AS languages (asked_language)
    CROSS JOIN unnest(list_prepend('', coalesce(therapists.modalities, []))) AS modalities (asked_modality)
    SEMI JOIN asked USING (asked_team, asked_language, asked_modality)
    WHERE therapists.specialties IS NOT NULL
    GROUP BY ALL
),

offered AS (
    SELECT
        *,
        unnest(specialties) AS need
    FROM reachable
),

by_need AS (
    SELECT
        asked_team,
        asked_language,
        asked_modality,
        need,
        list_distinct(flatten(list(therapist_keys))) AS therapist_keys
    FROM offered
    GROUP BY ALL
),

kinds AS (
    SELECT DISTINCT
        asked_team,
        asked_language,
        asked_modality,
        needs
    FROM requests
),

by_kind AS (
    -- whoever covers three quarters declares one of the first quarter of the needs, and one more
    SELECT
        kinds.asked_team,
        kinds.asked_language,
        kinds.asked_modality,
        kinds.needs,
        list_distinct(flatten(list(offered.therapist_keys))) AS therapist_keys
    FROM kinds
    CROSS JOIN unnest(list_slice(kinds.needs, 1, len(kinds.needs) // 4 + 1)) AS stated (need)
    INNER JOIN offered
        ON
            kinds.asked_team = offered.asked_team
            AND kinds.asked_language = offered.asked_language
            AND kinds.asked_modality = offered.asked_modality
            AND stated.need = offered.need
    WHERE len(list_intersect(kinds.needs, offered.specialties)) >= 0.75 * len(kinds.needs)
    GROUP BY kinds.asked_team, kinds.asked_language, kinds.asked_modality, kinds.needs
)

SELECT
    requests.request_key,
    stated.need,
    by_need.therapist_keys
FROM requests
CROSS JOIN unnest(requests.needs) AS stated (need)
INNER JOIN by_need
    ON
        requests.asked_team = by_need.asked_team
        AND requests.asked_language = by_need.asked_language
        AND requests.asked_modality = by_need.asked_modality
        AND stated.need = by_need.need
WHERE len(by_need.therapist_keys) < 5
UNION ALL
SELECT
    requests.request_key,
    NULL AS need,
    by_kind.therapist_keys
FROM requests
INNER JOIN by_kind USING (asked_team, asked_language, asked_modality, needs)
WHERE len(by_kind.therapist_keys) < 5
