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

stated AS (
    SELECT
        *,
        unnest(needs) AS need
    FROM requests
),

asked_needs AS (
    SELECT list(DISTINCT need) AS every_need
    FROM stated
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
    WHERE profiles.valid_from <= $month_end AND profiles.valid_until > $month_start AND profiles.specialties IS NOT NULL
),

-- by each way of asking that leads to them: for any team, language and modality, or for one of theirs
in_teams AS (
    SELECT
        therapists.*,
        list_aggregate(
            list_transform(asked_needs.every_need, LAMBDA need: list_contains(therapists.specialties, need)::INTEGER),
            'string_agg', ''
        )::BIT AS need_bits,
        unnest(['', therapists.team_id]) AS asked_team
    FROM therapists
    CROSS JOIN asked_needs
),

in_languages AS (
    SELECT
        *,
        unnest(list_prepend('', coalesce(languages, []))) AS asked_language
    FROM in_teams
),

in_modalities AS (
    SELECT
        *,
        unnest(list_prepend('', coalesce(modalities, []))) AS asked_modality
    FROM in_languages
),

offered AS (
    SELECT
        therapist_key,
        asked_team,
        asked_language,
        asked_modality,
        need_bits,
        unnest(specialties) AS need
    FROM in_modalities
    SEMI JOIN asked USING (asked_team, asked_language, asked_modality)
),

by_need AS (
    SELECT
        asked_team,
        asked_language,
        asked_modality,
        need,
        list_distinct(list(therapist_key)) AS therapist_keys
    FROM offered
    SEMI JOIN stated USING (asked_team, asked_language, asked_modality, need)
    GROUP BY asked_team, asked_language, asked_modality, need
),

kinds AS (
    SELECT
        requests.asked_team,
        requests.asked_language,
        requests.asked_modality,
        requests.needs,
        -- as many bits as there are needs asked for: two strings of them have the covered needs in common
        list_aggregate(
            list_transform(asked_needs.every_need, LAMBDA need: list_contains(requests.needs, need)::INTEGER), 'string_agg', ''
        )::BIT AS need_bits
    FROM requests
    CROSS JOIN asked_needs
    GROUP BY ALL
),

quarters AS (
    -- whoever covers three quarters declares one of the first quarter of the needs, and one more
    SELECT
        *,
        unnest(list_slice(needs, 1, len(needs) // 4 + 1)) AS need
    FROM kinds
),

by_kind AS (
    SELECT
        quarters.asked_team,
        quarters.asked_language,
        quarters.asked_modality,
        quarters.needs,
        list_distinct(list(offered.therapist_key)) AS therapist_keys
    FROM quarters
    INNER JOIN offered USING (asked_team, asked_language, asked_modality, need)
    WHERE bit_count(quarters.need_bits & offered.need_bits) >= 0.75 * len(quarters.needs)
    GROUP BY quarters.asked_team, quarters.asked_language, quarters.asked_modality, quarters.needs
)

SELECT
    stated.request_key,
    stated.need,
    by_need.therapist_keys
FROM stated
INNER JOIN by_need USING (asked_team, asked_language, asked_modality, need)
WHERE len(by_need.therapist_keys) < 5
UNION ALL
SELECT
    requests.request_key,
    NULL AS need,
    by_kind.therapist_keys
FROM requests
INNER JOIN by_kind USING (asked_team, asked_language, asked_modality, needs)
WHERE len(by_kind.therapist_keys) < 5
