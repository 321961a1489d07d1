-- row: one bin of a breakdown of a measure, over the published units: an atom of the organisation
-- bins: atoms of units and bins; units: the units that are published, by measure

-- A therapist is in one unit. A client may be in two: as the largest counts what the two units with the largest clients
-- have of these, which is no less than any one client has.
WITH shown AS (
    SELECT
        *,
        base - part AS rest
    FROM bins
    WHERE (measure_id, unit) IN (SELECT (measure_id, unit) FROM units)
),

largest AS (
    SELECT
        measure_id,
        breakdown,
        breakdown_value,
        list_sum(max(base_largest_client, 2)) AS base_client,
        list_reverse_sort(flatten(list([base_largest_therapist, base_second_therapist]))) AS base_therapist,
        list_sum(max(part_largest_client, 2)) AS part_client,
        list_reverse_sort(flatten(list([part_largest_therapist, part_second_therapist]))) AS part_therapist,
        list_sum(max(rest_largest_client, 2)) AS rest_client,
        list_reverse_sort(flatten(list([rest_largest_therapist, rest_second_therapist]))) AS rest_therapist
    FROM shown
    GROUP BY ALL
),

sums AS (
    SELECT
        measure_id,
        breakdown,
        breakdown_value,
        sum(roster)::BIGINT AS roster,
        max(roster) AS roster_in_one_unit,
        sum(base)::BIGINT AS base,
        max(base) AS base_in_one_unit,
        sum(part)::BIGINT AS part,
        max(part) AS part_in_one_unit,
        max(rest) AS rest_in_one_unit,
        sum(base_therapists)::BIGINT AS base_therapists,
        max(base_therapists) AS base_therapists_in_one_unit,
        sum(base_clients)::BIGINT AS base_clients,
        max(base_clients) AS base_clients_in_one_unit,
        sum(part_therapists)::BIGINT AS part_therapists,
        max(part_therapists) AS part_therapists_in_one_unit,
        sum(part_clients)::BIGINT AS part_clients,
        max(part_clients) AS part_clients_in_one_unit,
        sum(rest_therapists)::BIGINT AS rest_therapists,
        max(rest_therapists) AS rest_therapists_in_one_unit,
        sum(rest_clients)::BIGINT AS rest_clients,
        max(rest_clients) AS rest_clients_in_one_unit
    FROM shown
    GROUP BY measure_id, breakdown, breakdown_value
)

SELECT
    sums.*,
    largest.base_therapist[1] AS base_largest_therapist,
    largest.base_therapist[2] AS base_second_therapist,
    largest.base_client::BIGINT AS base_largest_client,
    largest.base_client::BIGINT AS base_second_client,
    largest.part_therapist[1] AS part_largest_therapist,
    largest.part_therapist[2] AS part_second_therapist,
    largest.part_client::BIGINT AS part_largest_client,
    largest.part_client::BIGINT AS part_second_client,
    largest.rest_therapist[1] AS rest_largest_therapist,
    largest.rest_therapist[2] AS rest_second_therapist,
    largest.rest_client::BIGINT AS rest_largest_client,
    largest.rest_client::BIGINT AS rest_second_client
FROM sums
INNER JOIN largest
    ON
        sums.measure_id = largest.measure_id
        AND sums.breakdown = largest.breakdown
        AND sums.breakdown_value IS NOT DISTINCT FROM largest.breakdown_value
