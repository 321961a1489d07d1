-- row: one atom or cell of a breakdown whose part is published: what its therapists could work out of one another
-- inside: one therapist's base and part in an atom; published: the rounded part and base of each atom that is published, and of
-- each step between two cut-offs of a curve (`before` is the atom of the first of them)

-- A colleague knows their own base and part, everybody's base, and the published part to within its rounding. Of another
-- therapist they then know that the part is neither more than that base, nor more than what is left of the greatest total
-- beside their own part; and the same of the rest. So the interval is as wide as the least of four widths:
--     the other's base
--     greatest total of parts less own part
--     greatest total of rests less own rest
--     both of these less the other's base
-- Only what a colleague takes away differs between colleagues, so the one who takes away most stands for all of them.
WITH counted AS (
    SELECT
        published.atom,
        published.before,
        inside.therapist,
        inside.base,
        inside.part::BIGINT AS part
    FROM inside
    INNER JOIN published
        ON
            inside.period_start::DATE = published.period_start::DATE
            AND inside.period_end::DATE = published.period_end::DATE
            AND inside.level = published.level
            AND coalesce(inside.unit::VARCHAR, '') = published.unit
            AND coalesce(inside.service::VARCHAR, '') = published.service
            AND inside.measure_id = published.measure_id
            AND coalesce(inside.breakdown::VARCHAR, '') = published.breakdown
            AND coalesce(inside.breakdown_value::VARCHAR, '') = published.breakdown_value
    WHERE inside.base > 0
),

earlier AS (
    SELECT *
    FROM counted
    WHERE atom IN (SELECT before FROM published)
),

people AS (
    SELECT
        counted.atom,
        counted.base,
        counted.part - coalesce(earlier.part, 0) AS part,
        counted.base - (counted.part - coalesce(earlier.part, 0)) AS rest
    FROM counted
    LEFT JOIN earlier ON counted.before = earlier.atom AND counted.therapist = earlier.therapist
),

atoms AS (
    SELECT
        people.atom,
        count(*) AS therapists,
        sum(people.base) AS base,
        sum(people.part) AS part,
        least(any_value(published.part + published.half), sum(people.base) - $least) AS greatest_part,
        greatest(any_value(published.part - published.half), $least) AS least_part,
        max(people.base, 3) AS largest_bases,
        max(people.part, 2) AS largest_parts,
        max(people.rest, 2) AS largest_rests,
        bool_and(people.part BETWEEN 0 AND people.base)
        AND abs(sum(people.part) - any_value(published.part)) <= any_value(published.half)
        AND abs(sum(people.base) - any_value(published.base)) <= any_value(published.base_slack) AS is_as_published
    FROM people
    INNER JOIN published USING (atom)
    GROUP BY people.atom
),

bounds AS (
    SELECT
        *,
        largest_bases[1] AS largest_base,
        coalesce(largest_bases[2], 0) AS second_base,
        largest_parts[1] AS largest_part,
        coalesce(largest_parts[2], 0) AS second_part,
        largest_rests[1] AS largest_rest,
        coalesce(largest_rests[2], 0) AS second_rest,
        base - least_part AS greatest_rest,
        greatest($percent * least(part, base - part) / 100.0, $widest) AS due,
        -- whether any two could narrow anybody: those with the largest of everything, whoever they are
        least(
            greatest_part - largest_part - second_part,
            greatest_rest - largest_rest - second_rest,
            greatest_part + greatest_rest - largest_base - second_base - coalesce(largest_bases[3], 0)
        ) < least(largest_base, due) AS is_open_to_pairs
    FROM atoms
),

others AS (
    SELECT
        people.atom,
        least(people.base, bounds.due) AS due,
        -- the largest among the others: the second, where this therapist is the largest
        if(people.part = largest_part, second_part, largest_part) AS own_part,
        if(people.rest = largest_rest, second_rest, largest_rest) AS own_rest,
        if(people.base = largest_base, second_base, largest_base) AS own_base,
        least(
            people.base,
            bounds.greatest_part - own_part,
            bounds.greatest_rest - own_rest,
            bounds.greatest_part + bounds.greatest_rest - own_base - people.base
        ) AS width
    FROM people
    INNER JOIN bounds USING (atom)
),

colleagues AS (
    SELECT
        atom,
        count(*) AS therapists,
        count(*) FILTER (WHERE width < due) AS narrowed,
        min(width) FILTER (WHERE due > 0) AS smallest_width
    FROM others
    GROUP BY atom
),

numbered AS (
    SELECT
        people.*,
        row_number() OVER (PARTITION BY people.atom ORDER BY people.base DESC) AS position
    FROM people
    INNER JOIN bounds USING (atom)
    WHERE bounds.is_open_to_pairs
),

-- Two colleagues who put what they know together. Whom it tells most about is the therapist with the largest base that
-- is neither of them: nobody's interval is held to more, and nobody's is narrower. Pairs are tried one by one only where
-- some could narrow anything: of the thousands of people in an organisation's figure there are too many to try.
pairs AS (
    SELECT
        one.atom,
        bounds.largest_bases[CASE
            WHEN one.position = 1 AND two.position = 2 THEN 3
            WHEN one.position = 1 THEN 2
            ELSE 1
        END] AS other_base,
        least(
            bounds.greatest_part - one.part - two.part,
            bounds.greatest_rest - one.rest - two.rest,
            bounds.greatest_part + bounds.greatest_rest - one.base - two.base - other_base
        ) < least(other_base, bounds.due) AS is_narrowing
    FROM numbered AS one
    INNER JOIN numbered AS two ON one.atom = two.atom AND one.position < two.position
    INNER JOIN bounds ON one.atom = bounds.atom
),

narrowing AS (
    SELECT
        atom,
        count(*) AS pairs
    FROM pairs
    WHERE is_narrowing
    GROUP BY atom
)

SELECT
    published.atom,
    coalesce(bounds.is_as_published, FALSE) AS is_as_published,
    coalesce(colleagues.therapists, 0) AS therapists,
    coalesce(colleagues.narrowed, 0) AS narrowed,
    colleagues.smallest_width,
    coalesce(bounds.therapists * (bounds.therapists - 1) // 2, 0) AS pairs,
    coalesce(narrowing.pairs, 0) AS narrowing_pairs
FROM published
LEFT JOIN bounds USING (atom)
LEFT JOIN colleagues USING (atom)
LEFT JOIN narrowing USING (atom)
