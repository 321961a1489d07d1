"""Measures: one dictionary entry and one .sql file each, and the one SQL that makes atoms of their items.

What comes out counts people and is not protected yet: `expectations.policy` decides, never this package.
"""

from __future__ import annotations

from assets.measures.dictionary import (
    ATOMS_SQL,
    FOLDER,
    Dictionary,
    DictionaryError,
    Dimension,
    Grain,
    Measure,
    Section,
    dictionary,
    read_dictionary,
)

__all__ = [
    "Dictionary",
    "DictionaryError",
    "Dimension",
    "Grain",
    "Measure",
    "Section",
    "atoms_query",
    "dictionary",
    "items_sql",
    "read_dictionary",
]


def items_sql(measure: Measure) -> str:
    """The SQL of the measure's items: therapist_key, client_keys, is_part, and the columns that its breakdowns need."""
    return (FOLDER / f"{measure.id}.sql").read_text(encoding="utf-8")


def atoms_query(measure: Measure, items: str | None = None) -> str:
    """One SELECT: an atom of the measure for each place of its level that has a roster, zero or not.

    `items` is SQL to count instead of the measure's own items: of the same columns.

    Binds $period_start and $period_end (DATEs, both inclusive), and reads the rosters of the period's first month. The
    columns are those of an atom, with the names of its two cells, by which the policy knows that two measures share one.
    Rows with a `breakdown` are a place's in one bin (in none, where `breakdown_value` is null): never published by
    themselves, and added up over places by the policy. `contributors` has base and part of each therapist, and never leaves the lake.
    """
    atoms_sql = (FOLDER / ATOMS_SQL).read_text(encoding="utf-8")
    wanted = ", ".join(f"'{breakdown}'" for breakdown in measure.breakdowns)
    binned = "".join(_binned_items_sql(dictionary().dimensions[breakdown]) for breakdown in measure.breakdowns)
    return f"""
WITH counted AS (
{items or items_sql(measure)}
),

items AS (
SELECT therapist_key, client_keys, is_part, 0 AS bin FROM counted
{binned}
),

bins AS (
SELECT 0 AS bin, NULL::VARCHAR AS breakdown, NULL::VARCHAR AS breakdown_value
{f"UNION ALL SELECT DISTINCT bin, breakdown, breakdown_value FROM settings.bins WHERE breakdown IN ({wanted})" if wanted else ""}
),

grain AS (
SELECT '{measure.grain.level}' AS level
),

atoms AS (
{atoms_sql}
)

SELECT
    period_start,
    period_end,
    level,
    unit,
    service,
    '{measure.id}' AS measure_id,
    '{measure.base_cell}' AS base_cell,
    '{measure.part_cell}' AS part_cell,
    * EXCLUDE (period_start, period_end, level, unit, service, bin)
FROM atoms
ORDER BY bin, unit, service
"""


def _binned_items_sql(dimension: Dimension) -> str:
    """The items once more, each in its bin; none where the dimension has no bins."""
    return f"""
UNION ALL
SELECT counted.therapist_key, counted.client_keys, counted.is_part, coalesce(inside.bin, outside.bin) AS bin
FROM counted
INNER JOIN settings.bins AS outside ON outside.breakdown = '{dimension.id}' AND outside.breakdown_value IS NULL
LEFT JOIN settings.bins AS inside
    ON inside.breakdown = '{dimension.id}' AND inside.value = ({dimension.value})::VARCHAR
"""
