-- row: one figure of a release: a measure in a period, for the organisation, a service or a unit
-- decided: rows of units as the policy decided them; units, measures, period: as declared (see `derive.py`)

-- Everything above the units is a sum over units as published. A band counts as its middle; units that are not shown
-- are left out, and the coverage says so; the bounds are those of the rate of the units that are included.
WITH unit_rows AS (
    SELECT
        measures.position,
        measures.measure_id,
        units.unit,
        units.service,
        decided.* EXCLUDE (measure_id, unit, service, status),
        CASE
            WHEN NOT measures.is_measured THEN 'not measured'
            ELSE coalesce(decided.status, 'not shown')
        END AS status
    FROM measures
    CROSS JOIN units
    LEFT JOIN decided ON measures.measure_id = decided.measure_id AND units.unit = decided.unit
),

sums AS (
    SELECT
        position,
        measure_id,
        CASE WHEN grouping(service) = 1 THEN 'organisation' ELSE 'service' END AS level,
        service,
        count(*) AS all_units,
        count(*) FILTER (WHERE status IN ('published', 'banded')) AS shown_units,
        count(*) FILTER (WHERE status = 'published') AS published_units,
        bool_or(status = 'not measured') AS is_not_measured,
        sum(middle_part) AS part,
        sum(base) AS base,
        sum(least_part) AS least_part,
        sum(least_base) AS least_base,
        sum(greatest_part) AS greatest_part,
        sum(greatest_base) AS greatest_base
    FROM unit_rows
    GROUP BY GROUPING SETS ((position, measure_id), (position, measure_id, service))
    HAVING grouping(service) = 1 OR service IS NOT NULL
),

derived_figures AS (
    SELECT
        position,
        measure_id,
        level,
        service,
        floor(part + 0.5) AS part,
        base,
        floor((200 * part + base) / (2 * base)) AS value,
        -- the whole percent may lie outside by its own rounding; a reader expects it within
        least(value, greatest(0, floor(1000 * least_part / least_base) / 10)) AS lower,
        greatest(value, least(100, ceil(1000 * greatest_part / greatest_base) / 10)) AS upper,
        shown_units || ' of ' || all_units AS coverage,
        'published' AS status
    FROM sums
    WHERE published_units > 0
),

derived_without_figures AS (
    SELECT
        position,
        measure_id,
        level,
        service,
        CASE WHEN NOT is_not_measured THEN '0 of ' || all_units END AS coverage,
        CASE WHEN is_not_measured THEN 'not measured' ELSE 'not shown' END AS status
    FROM sums
    WHERE published_units = 0
),

figures AS (
    SELECT * FROM derived_figures
    UNION ALL BY NAME
    SELECT * FROM derived_without_figures
    UNION ALL BY NAME
    SELECT
        position,
        measure_id,
        'unit' AS level,
        service,
        unit,
        part,
        base,
        value,
        lower,
        upper,
        status
    FROM unit_rows
)

SELECT
    period.period_start,
    period.period_end,
    figures.level,
    figures.unit,
    figures.service,
    figures.measure_id,
    NULL::VARCHAR AS breakdown,
    NULL::VARCHAR AS breakdown_value,
    figures.part::BIGINT AS part,
    figures.base::BIGINT AS base,
    figures.value::BIGINT AS value,
    figures.lower::DOUBLE AS lower,
    figures.upper::DOUBLE AS upper,
    figures.coverage,
    figures.status
FROM figures
CROSS JOIN period
-- organisation, service, unit: their alphabetical order is that of the hierarchy
ORDER BY figures.position, figures.level, coalesce(figures.unit, figures.service)
