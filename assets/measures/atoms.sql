-- row: one place (a unit, a service, or the organisation): base, part and rest of a measure in its period, and who
--      contributed how much to each
-- items: what the SQL of one measure selects; grain: its level. `assets.measures.atoms_query` puts both in front of this text

-- A place's clients are counted per therapist and added, which can be added up again. The largest client is the person,
-- over all therapists of the place: the stricter of the two readings.
WITH members AS (
    -- who belongs to which place at the first moment of the period; nobody is in two
    SELECT
        rosters.therapist_key,
        nullif(rosters.service, '') AS service,
        CASE grain.level
            WHEN 'unit' THEN rosters.reporting_unit
            WHEN 'service' THEN nullif(rosters.service, '')
            ELSE ''
        END AS place
    FROM core.rosters AS rosters
    CROSS JOIN grain
),

places AS (
    SELECT
        place,
        CASE WHEN min(service) = max(service) THEN min(service) END AS service,
        count(*) AS roster
    FROM members
    WHERE place IS NOT NULL -- a unit whose teams are in different services is in none
    GROUP BY place
),

-- count(*) FILTER would copy the rows that pass; sums and count_if are HUGEINT, which is slow to work with
therapists AS (
    SELECT
        therapist_key,
        bin,
        count(*) AS base,
        count_if(is_part)::BIGINT AS part,
        base - part AS rest
    FROM items
    GROUP BY therapist_key, bin
),

by_therapist AS (
    SELECT
        members.place,
        therapists.bin,
        list({
            'therapist_key': therapists.therapist_key, 'base': therapists.base, 'part': therapists.part
        }) AS contributors,
        sum(therapists.base) AS base,
        sum(therapists.part) AS part,
        count(*) AS base_therapists,
        count_if(therapists.part > 0) AS part_therapists,
        count_if(therapists.rest > 0) AS rest_therapists,
        max(therapists.base, 2) AS base_largest,
        max(therapists.part, 2) AS part_largest,
        max(therapists.rest, 2) AS rest_largest
    FROM therapists
    INNER JOIN members USING (therapist_key)
    GROUP BY members.place, therapists.bin
),

concerned AS (
    SELECT
        therapist_key,
        unnest(client_keys) AS client_key,
        bin,
        is_part
    FROM items
),

pairs AS (
    SELECT
        therapist_key,
        client_key,
        bin,
        count(*) AS base,
        count_if(is_part)::BIGINT AS part
    FROM concerned
    GROUP BY therapist_key, client_key, bin
),

clients AS (
    SELECT
        members.place,
        pairs.bin,
        pairs.client_key,
        sum(pairs.base)::BIGINT AS base,
        sum(pairs.part)::BIGINT AS part,
        count(*) AS base_therapists,
        count_if(pairs.part > 0)::BIGINT AS part_therapists,
        count_if(pairs.part < pairs.base)::BIGINT AS rest_therapists
    FROM pairs
    INNER JOIN members USING (therapist_key)
    GROUP BY members.place, pairs.bin, pairs.client_key
),

by_client AS (
    SELECT
        place,
        bin,
        sum(base_therapists) AS base_clients,
        sum(part_therapists) AS part_clients,
        sum(rest_therapists) AS rest_clients,
        max(base, 2) AS base_largest,
        max(part, 2) AS part_largest,
        max(base - part, 2) AS rest_largest
    FROM clients
    GROUP BY place, bin
)

SELECT
    $period_start::DATE AS period_start,
    $period_end::DATE AS period_end,
    grain.level,
    CASE grain.level WHEN 'unit' THEN places.place END AS unit,
    CASE grain.level WHEN 'unit' THEN places.service WHEN 'service' THEN places.place END AS service,
    bins.bin,
    bins.breakdown,
    bins.breakdown_value,
    coalesce(by_therapist.base, 0)::BIGINT AS base,
    coalesce(by_therapist.part, 0)::BIGINT AS part,
    places.roster,
    coalesce(by_therapist.base_therapists, 0)::BIGINT AS base_therapists,
    coalesce(by_client.base_clients, 0)::BIGINT AS base_clients,
    coalesce(by_therapist.base_largest[1], 0)::BIGINT AS base_largest_therapist,
    coalesce(by_therapist.base_largest[2], 0)::BIGINT AS base_second_therapist,
    coalesce(by_client.base_largest[1], 0)::BIGINT AS base_largest_client,
    coalesce(by_client.base_largest[2], 0)::BIGINT AS base_second_client,
    coalesce(by_therapist.part_therapists, 0)::BIGINT AS part_therapists,
    coalesce(by_client.part_clients, 0)::BIGINT AS part_clients,
    coalesce(by_therapist.part_largest[1], 0)::BIGINT AS part_largest_therapist,
    coalesce(by_therapist.part_largest[2], 0)::BIGINT AS part_second_therapist,
    coalesce(by_client.part_largest[1], 0)::BIGINT AS part_largest_client,
    coalesce(by_client.part_largest[2], 0)::BIGINT AS part_second_client,
    coalesce(by_therapist.rest_therapists, 0)::BIGINT AS rest_therapists,
    coalesce(by_client.rest_clients, 0)::BIGINT AS rest_clients,
    coalesce(by_therapist.rest_largest[1], 0)::BIGINT AS rest_largest_therapist,
    coalesce(by_therapist.rest_largest[2], 0)::BIGINT AS rest_second_therapist,
    coalesce(by_client.rest_largest[1], 0)::BIGINT AS rest_largest_client,
    coalesce(by_client.rest_largest[2], 0)::BIGINT AS rest_second_client,
    0::BIGINT AS therapists_behind,
    by_therapist.contributors
FROM places
CROSS JOIN grain
CROSS JOIN bins
LEFT JOIN by_therapist ON places.place = by_therapist.place AND bins.bin = by_therapist.bin
LEFT JOIN by_client ON places.place = by_client.place AND bins.bin = by_client.bin
ORDER BY bins.bin, places.place
