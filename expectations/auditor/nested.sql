-- row: one shown figure and one count in which its base lies: whether what the two differ by is the work of enough people
-- inside: one therapist's base in an atom; shown: the figures that are published or banded; nested: of a measure, the
-- others whose base lies around its own

-- What a person has more in the inner count than in the outer is no difference: the one does not lie wholly in the other there.
WITH people AS (
    SELECT
        measure_id,
        level,
        coalesce(unit::VARCHAR, '') AS unit,
        coalesce(service::VARCHAR, '') AS service,
        therapist,
        base
    FROM inside
    WHERE therapist IS NOT NULL AND coalesce(breakdown::VARCHAR, '') = ''
),

differences AS (
    SELECT
        shown.figure,
        nested.outer_measure,
        outer_people.base - coalesce(people.base, 0) AS difference
    FROM shown
    INNER JOIN nested ON shown.measure_id = nested.measure_id
    INNER JOIN people AS outer_people
        ON
            nested.outer_measure = outer_people.measure_id
            AND CASE shown.level
                WHEN 'unit' THEN shown.unit = outer_people.unit
                WHEN 'service' THEN shown.service = outer_people.service
                ELSE TRUE
            END
    LEFT JOIN people
        ON
            shown.measure_id = people.measure_id
            AND shown.level = people.level
            AND shown.unit = people.unit
            AND shown.service = people.service
            AND outer_people.therapist = people.therapist
    WHERE shown.breakdown = ''
)

SELECT
    figure,
    sum(difference) >= $least
    AND count(*) >= $least_therapists
    AND 100 * (sum(difference) - max(difference) - coalesce(max(difference, 2)[2], 0)) >= $percent * max(difference) AS is_safe
FROM differences
WHERE difference > 0
GROUP BY figure, outer_measure
