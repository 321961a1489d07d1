-- row: one place of a measure whose base lies in another published count: what the two differ by, and by whose work
-- atoms: atoms with their contributors; nested: measure_id, and outer_cell, the count in which its base lies

-- Where a count lies not wholly in the other (a group session counts in one of them), what a person has less is no difference.
WITH contributed AS (
    SELECT
        measure_id,
        base_cell,
        level,
        unit,
        unnest(contributors) AS person
    FROM atoms
    WHERE breakdown IS NULL
),

outer_counts AS (
    -- measures share counts: one of them is enough
    SELECT
        contributed.base_cell,
        contributed.unit,
        contributed.person.therapist_key,
        any_value(contributed.person.base) AS base
    FROM contributed
    GROUP BY ALL
),

places AS (
    -- where the inner measure is counted; a place above the units holds all of them
    SELECT DISTINCT
        measure_id,
        level,
        unit
    FROM atoms
),

differing AS (
    SELECT
        nested.measure_id,
        nested.outer_cell,
        places.level,
        places.unit,
        outer_counts.base - coalesce(contributed.person.base, 0) AS difference
    FROM nested
    INNER JOIN places ON nested.measure_id = places.measure_id
    INNER JOIN outer_counts
        ON nested.outer_cell = outer_counts.base_cell AND (places.level = 'organisation' OR places.unit = outer_counts.unit)
    LEFT JOIN contributed
        ON
            nested.measure_id = contributed.measure_id
            AND outer_counts.therapist_key = contributed.person.therapist_key
)

SELECT
    measure_id,
    outer_cell,
    level,
    unit,
    sum(difference)::BIGINT AS base,
    count(*) AS therapists,
    max(difference) AS largest_therapist,
    coalesce(max(difference, 2)[2], 0) AS second_therapist
FROM differing
WHERE difference > 0
GROUP BY measure_id, outer_cell, level, unit
