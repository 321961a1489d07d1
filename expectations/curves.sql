-- row: one cut-off of a curve at one place: how many have at most so much, of the same base; and whether it is shown
-- atoms: of measures with a curve, the figures themselves and the steps between their cut-offs (no cut-off: beyond the last);
-- decided: their rows as decided; rules: the values in force

-- Steps that are safe by themselves make cumulative parts that are, and rests: each rule asks that much is left without the
-- largest, and what is left of several steps together is no less than what is left of each. Only the colleagues' rule on the
-- base depends on how the base is cut.
WITH places AS (
    SELECT
        atoms.measure_id,
        atoms.level,
        coalesce(atoms.unit, atoms.service, '') AS place,
        atoms.base,
        atoms.base_largest_therapist + atoms.base_second_therapist AS two_largest_therapists,
        decided.status = 'published' AS is_own_row_published
    FROM atoms
    INNER JOIN decided
        ON
            atoms.measure_id = decided.measure_id
            AND atoms.level = decided.level
            AND coalesce(atoms.unit, atoms.service, '') = coalesce(decided.unit, decided.service, '')
    WHERE atoms.breakdown IS NULL AND decided.breakdown IS NULL
),

steps AS (
    SELECT
        atoms.* EXCLUDE (base, part),
        atoms.base AS step,
        places.base,
        places.two_largest_therapists,
        places.is_own_row_published,
        places.place,
        sum(atoms.base) OVER up_to_here AS part,
        row_number() OVER up_to_here AS position
    FROM atoms
    INNER JOIN places
        ON
            atoms.measure_id = places.measure_id
            AND atoms.level = places.level
            AND coalesce(atoms.unit, atoms.service, '') = places.place
    WHERE atoms.breakdown IS NOT NULL
    WINDOW up_to_here AS (
        PARTITION BY atoms.measure_id, atoms.level, places.place ORDER BY atoms.breakdown_value::BIGINT NULLS LAST
    )
),

rounded_steps AS (
    SELECT
        *,
        (part + rounding // 2) // rounding * rounding AS rounded_part
    FROM steps
    CROSS JOIN rules
),

before AS (
    SELECT
        *,
        rounded_part - lag(rounded_part, 1, 0) OVER cut_offs AS rounded_step,
        -- of the first step there is none before it
        rounded_part - lag(rounded_part, 2, CASE WHEN position = 2 THEN 0 END) OVER cut_offs AS two_rounded_steps
    FROM rounded_steps
    WINDOW cut_offs AS (PARTITION BY measure_id, level, place ORDER BY position)
),

judged AS (
    SELECT
        *,
        step >= min_part
        AND base_clients >= min_side_clients
        AND 100 * (step - base_largest_client - base_second_client) >= p_percent * base_largest_client AS is_safe_for_clients,
        (concerns = 'clients' OR base_therapists >= min_side_therapists)
        AND 100 * (step - base_largest_therapist - base_second_therapist) >= p_percent * base_largest_therapist
        AND 100 * (step - base_largest_therapist) >= colleague_percent * least(step, base - step)
        AND 100 * (base - two_largest_therapists)
        >= colleague_percent * greatest(least(step, base - step), least(part, base - part)) AS is_safe_for_therapists,
        -- whoever knows that each step is at least so much must learn nothing from it: see `curves.py`
        rounded_step >= min_part
        AND coalesce(two_rounded_steps >= 2 * min_part + 2 * (rounding // 2), TRUE) AS tells_nothing_more
    FROM before
),

cutoffs AS (
    SELECT
        *,
        is_own_row_published
        AND bool_and(is_safe_for_clients AND is_safe_for_therapists AND tells_nothing_more)
            OVER (PARTITION BY measure_id, level, place) AS is_shown
    FROM judged
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
    base,
    part::BIGINT AS part,
    is_shown
FROM cutoffs
WHERE breakdown_value IS NOT NULL
ORDER BY measure_id, position, place
