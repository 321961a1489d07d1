-- row: the organisation: base, part and rest of a measure whose items are about clients alone, and how many clients are in each
-- items: what the SQL of one measure selects; grain: its level. `assets.measures.atoms_query` puts both in front of this text

-- No therapist made up these counts. But an answer can hang on therapists: on whether those few who could take the client had
-- room. `therapist_keys` of an item are these. How many there are behind a figure is kept, and how many items hang on the two on
-- whom most do; an item that hangs on two counts for each.
WITH totals AS (
    SELECT
        bin,
        count(*) AS base,
        count(*) FILTER (WHERE is_part) AS part
    FROM items
    GROUP BY bin
),

behind AS (
    SELECT
        unnest(therapist_keys) AS therapist_key,
        bin,
        is_part
    FROM items
),

therapists AS (
    SELECT
        therapist_key,
        bin,
        count(*) AS base,
        count(*) FILTER (WHERE is_part) AS part,
        count(*) FILTER (WHERE NOT is_part) AS rest
    FROM behind
    GROUP BY therapist_key, bin
),

by_therapist AS (
    SELECT
        bin,
        count(*) AS therapists_behind,
        max(base, 2) AS base_largest,
        max(part, 2) AS part_largest,
        max(rest, 2) AS rest_largest
    FROM therapists
    GROUP BY bin
),

concerned AS (
    SELECT
        unnest(client_keys) AS client_key,
        bin,
        is_part
    FROM items
),

clients AS (
    SELECT
        client_key,
        bin,
        count(*) AS base,
        count(*) FILTER (WHERE is_part) AS part,
        count(*) FILTER (WHERE NOT is_part) AS rest
    FROM concerned
    GROUP BY client_key, bin
),

by_client AS (
    SELECT
        bin,
        count(*) AS base_clients,
        count(*) FILTER (WHERE part > 0) AS part_clients,
        count(*) FILTER (WHERE rest > 0) AS rest_clients,
        max(base, 2) AS base_largest,
        max(part, 2) AS part_largest,
        max(rest, 2) AS rest_largest
    FROM clients
    GROUP BY bin
),

roster AS (
    SELECT count(*) AS therapists FROM core.rosters
)

SELECT
    $period_start::DATE AS period_start,
    $period_end::DATE AS period_end,
    grain.level,
    NULL::VARCHAR AS unit,
    NULL::VARCHAR AS service,
    bins.bin,
    bins.breakdown,
    bins.breakdown_value,
    coalesce(totals.base, 0) AS base,
    coalesce(totals.part, 0) AS part,
    roster.therapists AS roster,
    0::BIGINT AS base_therapists,
    coalesce(by_client.base_clients, 0) AS base_clients,
    coalesce(by_therapist.base_largest[1], 0) AS base_largest_therapist,
    coalesce(by_therapist.base_largest[2], 0) AS base_second_therapist,
    coalesce(by_client.base_largest[1], 0) AS base_largest_client,
    coalesce(by_client.base_largest[2], 0) AS base_second_client,
    0::BIGINT AS part_therapists,
    coalesce(by_client.part_clients, 0) AS part_clients,
    coalesce(by_therapist.part_largest[1], 0) AS part_largest_therapist,
    coalesce(by_therapist.part_largest[2], 0) AS part_second_therapist,
    coalesce(by_client.part_largest[1], 0) AS part_largest_client,
    coalesce(by_client.part_largest[2], 0) AS part_second_client,
    0::BIGINT AS rest_therapists,
    coalesce(by_client.rest_clients, 0) AS rest_clients,
    coalesce(by_therapist.rest_largest[1], 0) AS rest_largest_therapist,
    coalesce(by_therapist.rest_largest[2], 0) AS rest_second_therapist,
    coalesce(by_client.rest_largest[1], 0) AS rest_largest_client,
    coalesce(by_client.rest_largest[2], 0) AS rest_second_client,
    coalesce(by_therapist.therapists_behind, 0) AS therapists_behind,
    NULL::STRUCT(therapist_key UUID, base BIGINT, part BIGINT)[] AS contributors
FROM bins
CROSS JOIN grain
CROSS JOIN roster
LEFT JOIN totals ON bins.bin = totals.bin
LEFT JOIN by_therapist ON bins.bin = by_therapist.bin
LEFT JOIN by_client ON bins.bin = by_client.bin
ORDER BY bins.bin
