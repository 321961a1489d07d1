-- row: one figure of a release: a measure in a period, for the organisation, a service or a unit
-- decided: rows of a measure's own level and of its breakdowns, as decided; measures, figures_due, units, bins: as declared
-- (see `derive.py`)

-- Everything above a measure's own level is a sum over its rows as published. A band counts as its middle; places that are
-- not shown are left out, and the coverage says so; the bounds are those of the rate of the places that are included.
WITH places AS (
    -- every declared place of each level, in each period; at each level a name stands once
    SELECT
        'unit' AS level,
        period_start,
        unit,
        service
    FROM units
    UNION ALL BY NAME
    SELECT DISTINCT
        'service' AS level,
        period_start,
        service
    FROM units
    WHERE service IS NOT NULL
    UNION ALL BY NAME
    SELECT DISTINCT
        'organisation' AS level,
        period_start
    FROM measures
),

own_rows AS (
    SELECT
        measures.position,
        measures.measure_id,
        measures.own_level,
        places.unit,
        places.service,
        figures_due.breakdown,
        figures_due.breakdown_value,
        figures_due.bin,
        decided.* EXCLUDE (measure_id, level, unit, service, breakdown, breakdown_value, status, coverage),
        CASE
            WHEN NOT measures.is_measured THEN 'not measured'
            ELSE coalesce(decided.status, 'not shown')
        END AS status
    FROM measures
    INNER JOIN figures_due ON measures.measure_id = figures_due.measure_id
    INNER JOIN places ON measures.own_level = places.level AND measures.period_start = places.period_start
    LEFT JOIN decided
        ON
            measures.measure_id = decided.measure_id
            AND figures_due.breakdown IS NOT DISTINCT FROM decided.breakdown
            AND figures_due.breakdown_value IS NOT DISTINCT FROM decided.breakdown_value
            AND coalesce(places.unit, places.service, '') = coalesce(decided.unit, decided.service, '')
),

sums AS (
    SELECT
        position,
        measure_id,
        breakdown,
        breakdown_value,
        bin,
        CASE WHEN grouping(service) = 1 THEN 'organisation' ELSE 'service' END AS level,
        service,
        count(*) AS all_places,
        count(*) FILTER (WHERE status IN ('published', 'banded')) AS shown_places,
        count(*) FILTER (WHERE status = 'published') AS published_places,
        bool_or(status = 'not measured') AS is_not_measured,
        sum(middle_part) AS part,
        sum(base) AS base,
        sum(least_part) AS least_part,
        sum(least_base) AS least_base,
        sum(greatest_part) AS greatest_part,
        sum(greatest_base) AS greatest_base
    FROM own_rows
    GROUP BY
        GROUPING SETS (
            (position, measure_id, own_level, breakdown, breakdown_value, bin),
            (position, measure_id, own_level, breakdown, breakdown_value, bin, service)
        )
    -- levels above the measure's own; a unit that is in no service counts in the organisation alone
    HAVING if(grouping(service) = 1, own_level != 'organisation', own_level = 'unit' AND service IS NOT NULL)
),

derived_figures AS (
    SELECT
        position,
        measure_id,
        level,
        service,
        breakdown,
        breakdown_value,
        bin,
        floor(part + 0.5) AS part,
        base,
        floor((200 * part + base) / (2 * base)) AS value,
        -- the whole percent may lie outside by its own rounding; a reader expects it within
        least(value, greatest(0, floor(1000 * least_part / least_base) / 10)) AS lower,
        greatest(value, least(100, ceil(1000 * greatest_part / greatest_base) / 10)) AS upper,
        shown_places || ' of ' || all_places AS coverage,
        'published' AS status
    FROM sums
    WHERE published_places > 0
),

derived_without_figures AS (
    SELECT
        position,
        measure_id,
        level,
        service,
        breakdown,
        breakdown_value,
        bin,
        CASE WHEN NOT is_not_measured THEN '0 of ' || all_places END AS coverage,
        CASE WHEN is_not_measured THEN 'not measured' ELSE 'not shown' END AS status
    FROM sums
    WHERE published_places = 0
),

breakdowns AS (
    -- over the units that are published, and as many as are counted there
    SELECT
        sums.position,
        sums.measure_id,
        'organisation' AS level,
        decided.breakdown,
        decided.breakdown_value,
        bins.bin,
        decided.part,
        decided.base,
        decided.value,
        decided.lower,
        decided.upper,
        sums.published_places || ' of ' || sums.all_places AS coverage,
        decided.status
    FROM decided
    INNER JOIN sums
        ON decided.measure_id = sums.measure_id AND sums.level = 'organisation' AND sums.breakdown IS NULL
    INNER JOIN bins ON decided.breakdown = bins.breakdown AND decided.breakdown_value = bins.breakdown_value
),

figures AS (
    SELECT * FROM derived_figures
    UNION ALL BY NAME
    SELECT * FROM breakdowns
    UNION ALL BY NAME
    SELECT * FROM derived_without_figures
    UNION ALL BY NAME
    SELECT
        position,
        measure_id,
        own_level AS level,
        service,
        unit,
        breakdown,
        breakdown_value,
        bin,
        part,
        base,
        value,
        lower,
        upper,
        status
    FROM own_rows
)

SELECT
    measures.period_start,
    measures.period_end,
    figures.level,
    figures.unit,
    figures.service,
    figures.measure_id,
    figures.breakdown,
    figures.breakdown_value,
    figures.part::BIGINT AS part,
    figures.base::BIGINT AS base,
    figures.value::BIGINT AS value,
    figures.lower::DOUBLE AS lower,
    figures.upper::DOUBLE AS upper,
    figures.coverage,
    figures.status
FROM figures
INNER JOIN measures USING (measure_id)
-- organisation, service, unit: their alphabetical order is that of the hierarchy; then breakdowns, in the order of their bins
ORDER BY figures.position, figures.bin NULLS FIRST, figures.level, coalesce(figures.unit, figures.service)
