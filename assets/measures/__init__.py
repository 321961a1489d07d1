"""Measures: one dictionary entry and one .sql file each, and the one SQL that makes atoms of their items.

What comes out counts people and is not protected yet: `expectations.policy` decides, never this package.
"""

from __future__ import annotations

from assets.measures.dictionary import (
    ATOMS_SQL,
    FOLDER,
    Dictionary,
    DictionaryError,
    Grain,
    Measure,
    Section,
    dictionary,
    read_dictionary,
)

__all__ = [
    "Dictionary",
    "DictionaryError",
    "Grain",
    "Measure",
    "Section",
    "atoms_query",
    "dictionary",
    "items_sql",
    "read_dictionary",
]


def items_sql(measure: Measure) -> str:
    """The SQL of the measure's items: therapist_key, client_keys, is_part; one row an item of the base."""
    return (FOLDER / f"{measure.id}.sql").read_text(encoding="utf-8")


def atoms_query(measure: Measure, items: str | None = None) -> str:
    """One SELECT: an atom of the measure for each reporting unit on the month's roster, zero or not.

    `items` is SQL to count instead of the measure's own items: of the same columns.

    Binds $month_start and $month_end (DATEs, both inclusive). The columns are those of an atom, with the
    names of its two cells, by which the policy knows that two measures share one.
    """
    atoms_sql = (FOLDER / ATOMS_SQL).read_text(encoding="utf-8")
    return f"""
WITH items AS (
{items or items_sql(measure)}
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
    * EXCLUDE (period_start, period_end, level, unit, service)
FROM atoms
ORDER BY unit
"""
