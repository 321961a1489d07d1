-- row: one request of the local month: who could have been paired with this client, and who was
-- Feasible is a therapist with a profile in force on the day of asking, who is in the team that was asked (in any, where none
-- was), meets the language and the modality asked for, and has room within the tolerated wait, of which four weeks count.
-- Fit is the share of the stated needs that a profile declares. What came of a pairing never enters here.
--
-- No request is held against each therapist. A therapist's room is one string of bits: 29 for each day of asking, and the one
-- set says in how many days there is room. Therapists who declare the same needs are one offer; requests for the same team,
-- language, modality and needs are one kind; and a kind meets the offers that share a need with it, and no others.

WITH requests AS (
    SELECT
        *,
        coalesce(team_id, '') AS asked_team,
        coalesce(language, '') AS asked_language,
        coalesce(modality, '') AS asked_modality,
        len(needs) AS stated_needs,
        least(tolerated_wait_days, 28) AS longest_wait,
        requested_on - $month_start::DATE AS day_number
    FROM core.requests
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
    -- one row for each profile in a team: it is in force on the days of asking that its bits speak of
    SELECT
        memberships.team_id,
        any_value(profiles.specialties) AS specialties,
        any_value(profiles.languages) AS languages,
        any_value(profiles.modalities) AS modalities,
        bitstring_agg(((room.asked_on - $month_start::DATE) * 29 + room.room_in_days)::INTEGER, 0, 898) AS room,
        map(list(room.asked_on - $month_start::DATE), list(room.room_in_days)) AS days
    FROM core.room AS room
    INNER JOIN core.profiles AS profiles
        ON
            room.therapist_key = profiles.therapist_key
            AND room.asked_on >= profiles.valid_from
            AND room.asked_on < profiles.valid_until
    INNER JOIN core.team_memberships AS memberships
        ON
            room.therapist_key = memberships.therapist_key
            AND room.asked_on >= timezone(memberships.timezone, memberships.valid_from)
            AND room.asked_on < timezone(memberships.timezone, memberships.valid_until)
    GROUP BY room.therapist_key, profiles.valid_from, memberships.team_id
),

in_teams AS (
    SELECT
        *,
        unnest(['', team_id]) AS asked_team
    FROM therapists
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

reachable AS (
    -- by each way of asking that leads to them: for any team, language and modality, or for one of theirs
    SELECT
        asked_team,
        asked_language,
        asked_modality,
        specialties,
        room,
        days
    FROM in_modalities
    SEMI JOIN asked USING (asked_team, asked_language, asked_modality)
),

waits AS (
    SELECT DISTINCT
        asked_team,
        asked_language,
        asked_modality,
        day_number,
        longest_wait
    FROM requests
),

feasible AS (
    -- of a therapist's days the one of the asking, so that their days are not laid out
    SELECT
        waits.asked_team,
        waits.asked_language,
        waits.asked_modality,
        waits.day_number,
        waits.longest_wait,
        count(*) AS feasible_therapists
    FROM waits
    INNER JOIN reachable USING (asked_team, asked_language, asked_modality)
    WHERE reachable.days[waits.day_number] <= waits.longest_wait
    GROUP BY ALL
),

declared AS (
    -- as many bits as there are needs asked for: two strings of them have the covered needs in common
    SELECT
        specialties,
        list_aggregate(list_transform(every_need, LAMBDA need: list_contains(specialties, need)::INTEGER), 'string_agg', '')::BIT
            AS need_bits
    FROM (SELECT DISTINCT specialties FROM therapists) AS lists
    CROSS JOIN asked_needs
),

offers AS (
    SELECT
        reachable.asked_team,
        reachable.asked_language,
        reachable.asked_modality,
        declared.need_bits,
        any_value(reachable.specialties) AS specialties,
        bit_or(reachable.room) AS room
    FROM reachable
    INNER JOIN declared USING (specialties)
    GROUP BY ALL
),

offered_needs AS (
    SELECT
        * EXCLUDE (specialties),
        unnest(specialties) AS need
    FROM offers
),

need_room AS (
    SELECT
        asked_team,
        asked_language,
        asked_modality,
        need,
        bit_or(room) AS room
    FROM offered_needs
    GROUP BY asked_team, asked_language, asked_modality, need
),

kinds AS (
    SELECT
        asked_team,
        asked_language,
        asked_modality,
        needs,
        list_aggregate(list_transform(every_need, LAMBDA need: list_contains(needs, need)::INTEGER), 'string_agg', '')::BIT
            AS need_bits
    FROM requests
    CROSS JOIN asked_needs
    WHERE needs IS NOT NULL
    GROUP BY ALL
),

kinds_by_need AS (
    SELECT
        *,
        unnest(needs) AS need
    FROM kinds
),

covers AS (
    -- for a kind and a number of its needs: the room of all who cover just so many
    SELECT
        kinds.asked_team,
        kinds.asked_language,
        kinds.asked_modality,
        kinds.need_bits,
        bit_count(kinds.need_bits & offered_needs.need_bits) AS covered,
        bit_or(offered_needs.room) AS room
    FROM kinds_by_need AS kinds
    INNER JOIN offered_needs USING (asked_team, asked_language, asked_modality, need)
    GROUP BY ALL
),

last_days AS (
    SELECT
        therapist_key,
        max(timezone(timezone, valid_until)) AS left_at
    FROM core.team_memberships
    GROUP BY therapist_key
),

paired AS (
    -- the fit of the pairing, by the profile in force when it was made
    SELECT
        requests.request_key,
        -- so has who is in no register
        coalesce(requests.paired_on >= last_days.left_at, TRUE) AS had_left,
        profiles.visible_to_clients,
        -- of who declares nothing it is unknown what they cover
        if(profiles.specialties IS NULL, NULL, list_intersect(requests.needs, profiles.specialties)) AS covered_needs,
        list_contains(profiles.languages, requests.language) AS is_language_met,
        list_contains(profiles.modalities, requests.modality) AS is_modality_met,
        room.room_in_days
    FROM requests
    LEFT JOIN last_days USING (therapist_key)
    LEFT JOIN core.profiles AS profiles
        ON
            requests.therapist_key = profiles.therapist_key
            AND requests.paired_on >= profiles.valid_from
            AND requests.paired_on < profiles.valid_until
    LEFT JOIN core.room AS room ON requests.therapist_key = room.therapist_key AND requests.requested_on = room.asked_on
    WHERE requests.therapist_key IS NOT NULL
),

possible AS (
    -- for each request and number of its needs: in how many days someone who covers just so many has room
    SELECT
        requests.request_key,
        requests.stated_needs,
        requests.longest_wait,
        covers.covered,
        nullif(strpos(substr(covers.room::VARCHAR, requests.day_number * 29 + 1, 29), '1'), 0) - 1 AS room_in_days
    FROM requests
    INNER JOIN kinds USING (asked_team, asked_language, asked_modality, needs)
    INNER JOIN covers USING (asked_team, asked_language, asked_modality, need_bits)
),

fits AS (
    SELECT
        possible.request_key,
        max(possible.covered) FILTER (possible.room_in_days <= possible.longest_wait) AS best_covered,
        min(possible.room_in_days) FILTER (possible.covered >= 0.75 * possible.stated_needs) AS three_quarters_in_days,
        min(possible.room_in_days) FILTER (
            possible.covered > len(paired.covered_needs) AND possible.room_in_days <= possible.longest_wait
        ) AS better_fit_in_days
    FROM possible
    LEFT JOIN paired USING (request_key)
    GROUP BY possible.request_key
),

uncovered AS (
    SELECT
        stated.request_key,
        list_sort(list(stated.need)) AS uncovered_needs
    FROM stated
    LEFT JOIN need_room USING (asked_team, asked_language, asked_modality, need)
    WHERE
        need_room.room IS NULL
        OR strpos(substr(need_room.room::VARCHAR, stated.day_number * 29 + 1, stated.longest_wait + 1), '1') = 0
    GROUP BY stated.request_key
)

SELECT
    requests.request_key,
    requests.client_key,
    requests.team_id,
    requests.requested_on,
    requests.needs,
    requests.language,
    requests.modality,
    requests.tolerated_wait_days,
    requests.is_wait_stated,
    requests.therapist_key,
    CASE
        WHEN requests.therapist_key IS NULL THEN 'not_paired'
        WHEN paired.had_left THEN 'therapist_had_left'
        ELSE 'paired'
    END AS outcome,
    requests.paired_on,
    requests.paired_by,
    requests.pairing_basis,
    requests.days_to_pairing,
    paired.visible_to_clients AS was_profile_visible,
    paired.covered_needs,
    len(paired.covered_needs) / requests.stated_needs AS fit,
    paired.is_language_met,
    paired.is_modality_met,
    paired.room_in_days,
    coalesce(feasible.feasible_therapists, 0)::INTEGER AS feasible_therapists,
    -- who covers none of the needs is feasible all the same
    if(feasible.feasible_therapists > 0, coalesce(fits.best_covered, 0) / requests.stated_needs, NULL) AS best_feasible_fit,
    fits.better_fit_in_days::INTEGER AS better_fit_in_days,
    fits.three_quarters_in_days::INTEGER AS three_quarters_in_days,
    uncovered.uncovered_needs
FROM requests
LEFT JOIN paired USING (request_key)
LEFT JOIN feasible USING (asked_team, asked_language, asked_modality, day_number, longest_wait)
LEFT JOIN fits USING (request_key)
LEFT JOIN uncovered USING (request_key)
