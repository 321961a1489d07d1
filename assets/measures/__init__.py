"""Measures: one dictionary entry and one .sql file each, and the one SQL that makes atoms of their items.

What comes out counts people and is not protected yet: `expectations.policy` decides, never this package.
"""

from __future__ import annotations

from collections.abc import Iterator

from assets.measures.dictionary import (
    ATOMS_OF_CLIENTS_SQL,
    ATOMS_SQL,
    BREAKDOWNS,
    CLIENTS,
    EVERYBODY,
    FOLDER,
    Curve,
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
    "BREAKDOWNS",
    "CLIENTS",
    "EVERYBODY",
    "Curve",
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
    """The SQL of the measure's items: therapist_key, client_keys, is_part, and the columns that it is broken down by.

    Of a measure about clients alone: therapist_keys, on whose room the answer hangs if they are few, in the place of therapist_key.
    """
    return (FOLDER / f"{measure.id}.sql").read_text(encoding="utf-8")


def atoms_query(measure: Measure, items: str | None = None) -> str:
    """One SELECT: an atom of the measure for each place of its level that has a roster, zero or not.

    `items` is SQL to count instead of the measure's own items: of the same columns.

    Binds $period_start and $period_end (DATEs, both inclusive), and reads the rosters of the period's first month. The
    columns are those of an atom, with the names of its two cells, by which the policy knows that two measures share one.
    A measure of a dimension has an atom for each declared value. In others, rows with a `breakdown` are a place's in one bin
    (in none, where `breakdown_value` is null), or in one step of a curve (up to the cut-off, beyond the last where it is
    null): never published by themselves, and added up by the policy. `contributors` has base and part of each therapist, and
    never leaves the lake.
    """
    atoms_sql = (FOLDER / (ATOMS_OF_CLIENTS_SQL if measure.concerns == CLIENTS else ATOMS_SQL)).read_text("utf-8")
    return f"""
WITH counted AS (
{items or items_sql(measure)}
),

items AS (
{" UNION ALL ".join(_items_in_bins(measure))}
),

bins AS (
{" UNION ALL ".join(_bins(measure))}
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
    '{measure.concerns}' AS concerns,
    * EXCLUDE (period_start, period_end, level, unit, service, bin)
FROM atoms
ORDER BY bin, unit, service
"""


def _items_in_bins(measure: Measure) -> Iterator[str]:
    """The items with the bin they are counted in: once in 0, for the figure itself, and once more in each way they are divided."""
    who = "therapist_keys" if measure.concerns == CLIENTS else "therapist_key"
    columns = f"counted.{who}, counted.client_keys, counted.is_part"
    if measure.grain.by:
        yield f"""
SELECT {columns}, inside.bin
FROM counted
INNER JOIN settings.bins AS inside ON {_lies_inside(dictionary().dimensions[measure.grain.by])}
"""
        return
    yield f"SELECT {columns}, 0 AS bin FROM counted"
    if measure.curve:
        numbered = enumerate(measure.curve.cutoffs, 1)
        steps = " ".join(f"WHEN {measure.curve.value} <= {cutoff} THEN {number}" for number, cutoff in numbered)
        yield f"SELECT {columns}, CASE {steps} ELSE {len(measure.curve.cutoffs) + 1} END AS bin FROM counted"
    for breakdown in measure.breakdowns:
        dimension = dictionary().dimensions[breakdown]
        yield f"""
SELECT {columns}, coalesce(inside.bin, outside.bin) AS bin
FROM counted
INNER JOIN settings.bins AS outside ON outside.breakdown = '{breakdown}' AND outside.breakdown_value IS NULL
LEFT JOIN settings.bins AS inside ON {_lies_inside(dimension)}
"""


def _lies_inside(dimension: Dimension) -> str:
    return f"inside.breakdown = '{dimension.id}' AND inside.value = ({dimension.value})::VARCHAR"


def _bins(measure: Measure) -> Iterator[str]:
    """Number, breakdown and value of each bin that a place has, empty or not."""
    declared = "SELECT DISTINCT bin, breakdown, breakdown_value FROM settings.bins WHERE breakdown"
    if measure.grain.by:
        yield f"{declared} = '{measure.grain.by}' AND breakdown_value IS NOT NULL"
        return
    yield "SELECT 0 AS bin, NULL::VARCHAR AS breakdown, NULL::VARCHAR AS breakdown_value"
    if measure.curve:
        ends = [*(f"'{cutoff}'" for cutoff in measure.curve.cutoffs), "NULL"]
        yield from (f"SELECT {number}, '{measure.curve.by}', {end}" for number, end in enumerate(ends, 1))
    if measure.breakdowns:
        wanted = ", ".join(f"'{breakdown}'" for breakdown in measure.breakdowns)
        yield f"{declared} IN ({wanted})"
