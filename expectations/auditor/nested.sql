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
        CASE level WHEN 'unit' THEN unit::VARCHAR WHEN 'service' THEN service::VARCHAR ELSE '' END AS place,
        therapist,
        base
    FROM inside
    WHERE
        therapist IS NOT NULL
        AND coalesce(breakdown::VARCHAR, '') = ''
        AND measure_id IN (SELECT unnest([measure_id, outer_measure]) FROM nested)
),

places_around AS (
    -- who has worked in an outer count, at each level that it may be looked at
    SELECT
        around.level,
        around.place,
        people.measure_id,
        people.therapist,
        people.base
    FROM people
    CROSS JOIN
        LATERAL (
            VALUES ('unit', people.unit), ('service', people.service), ('organisation', '')
        ) AS around (level, place)
    WHERE people.measure_id IN (SELECT outer_measure FROM nested)
),

differences AS (
    SELECT
        shown.figure,
        nested.outer_measure,
        places_around.base - coalesce(people.base, 0) AS difference
    FROM shown
    INNER JOIN nested ON shown.measure_id = nested.measure_id
    INNER JOIN places_around
        ON
            nested.outer_measure = places_around.measure_id
            AND shown.level = places_around.level
            AND shown.place = places_around.place
    LEFT JOIN people
        ON
            shown.measure_id = people.measure_id
            AND shown.level = people.level
            AND shown.place = people.place
            AND places_around.therapist = people.therapist
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
