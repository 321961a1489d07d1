-- row: one therapist in one atom, in one cut-off of a curve, or in one bin of a breakdown over the published units: their base
-- and part; and of what is about clients alone, which no therapist made up, the whole
-- decided: the rows as decided; $paths: the files of atoms; $curves, $values: the measures with a curve, and those of which each
-- value is an atom

-- For the auditor alone; nothing of this leaves.
WITH atoms AS (
    SELECT
        *,
        list_contains($curves::VARCHAR[], measure_id) AND breakdown IS NOT NULL AS is_step,
        CASE WHEN is_step THEN breakdown_value::BIGINT END AS cutoff,
        breakdown IS NULL OR list_contains($values::VARCHAR[], measure_id) AS is_whole
    FROM read_parquet($paths)
),

people AS (
    SELECT
        period_start,
        period_end,
        level,
        unit,
        service,
        measure_id,
        breakdown,
        breakdown_value,
        therapists_behind,
        is_whole,
        is_step,
        cutoff,
        hash(contributed.person.therapist_key) AS therapist,
        contributed.person.base,
        contributed.person.part
    FROM atoms
    CROSS JOIN unnest(contributors) AS contributed (person)
),

cutoffs AS (
    SELECT
        measure_id,
        level,
        unit,
        service,
        breakdown,
        breakdown_value,
        cutoff
    FROM atoms
    WHERE cutoff IS NOT NULL
),

curves AS (
    -- who has anything in the base, with all that lies in the steps up to each cut-off
    SELECT
        people.period_start,
        people.period_end,
        people.level,
        people.unit,
        people.service,
        people.measure_id,
        cutoffs.breakdown,
        cutoffs.breakdown_value,
        people.therapist,
        any_value(people.base) AS base,
        coalesce(sum(steps.base), 0)::BIGINT AS part
    FROM people
    INNER JOIN cutoffs
        ON
            people.measure_id = cutoffs.measure_id
            AND coalesce(people.unit, people.service, '') = coalesce(cutoffs.unit, cutoffs.service, '')
    LEFT JOIN people AS steps
        ON
            people.measure_id = steps.measure_id
            AND people.therapist = steps.therapist
            AND coalesce(people.unit, people.service, '') = coalesce(steps.unit, steps.service, '')
            AND cutoffs.cutoff >= steps.cutoff
    WHERE people.is_whole
    GROUP BY ALL
),

curves_of_clients AS (
    SELECT
        whole.* EXCLUDE (part, breakdown, breakdown_value),
        steps.breakdown,
        steps.breakdown_value,
        (sum(steps.base) OVER (PARTITION BY whole.measure_id ORDER BY steps.cutoff))::BIGINT AS part
    FROM atoms AS whole
    INNER JOIN atoms AS steps ON whole.measure_id = steps.measure_id
    WHERE whole.is_whole AND whole.concerns = 'clients' AND steps.is_step AND steps.cutoff IS NOT NULL
),

bins AS (
    SELECT
        * EXCLUDE (level, unit, service, breakdown_value),
        'organisation' AS level,
        coalesce(breakdown_value, 'other') AS breakdown_value
    FROM people
    WHERE
        NOT is_whole
        AND NOT is_step
        AND (measure_id, unit) IN (
            SELECT (measure_id, unit) FROM decided
            WHERE status = 'published' AND level = 'unit'
        )
),

everything AS (
    SELECT *
    FROM people
    WHERE is_whole
    UNION ALL BY NAME
    SELECT * FROM curves
    UNION ALL BY NAME
    SELECT * FROM bins
    UNION ALL BY NAME
    SELECT *
    FROM atoms
    WHERE is_whole AND concerns = 'clients'
    UNION ALL BY NAME
    SELECT * FROM curves_of_clients
)

SELECT
    period_start,
    period_end,
    level,
    unit,
    service,
    measure_id,
    breakdown,
    breakdown_value,
    therapist,
    base,
    part,
    therapists_behind
FROM everything
