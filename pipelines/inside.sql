-- row: one therapist in one atom, or in one bin of a breakdown over the published units: their base and part
-- decided: the rows of units as decided; $paths: the files of atoms

-- For the auditor alone; nothing of this leaves.
WITH atoms AS (
    SELECT
        * EXCLUDE (base, part),
        unnest(contributors) AS person
    FROM read_parquet($paths)
)

SELECT
    atoms.period_start,
    atoms.period_end,
    if(atoms.breakdown IS NULL, atoms.level, 'organisation') AS level,
    if(atoms.breakdown IS NULL, atoms.unit, NULL) AS unit,
    if(atoms.breakdown IS NULL, atoms.service, NULL) AS service,
    atoms.measure_id,
    atoms.breakdown,
    if(atoms.breakdown IS NULL, NULL, coalesce(atoms.breakdown_value, 'other')) AS breakdown_value,
    atoms.person.base,
    atoms.person.part
FROM atoms
WHERE
    atoms.breakdown IS NULL
    OR (atoms.measure_id, atoms.unit) IN (
        SELECT (measure_id, unit) FROM decided
        WHERE status = 'published' AND level = 'unit'
    )
