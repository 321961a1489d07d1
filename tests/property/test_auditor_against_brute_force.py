"""The auditor's intervals against every table of whole numbers that fits what was published, on small organisations.

Each unit has four counts: `all`, of which `some`, of which `few`; and of all, `others`. The statements are read off the
rows a second time here, by their words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.auditor.derived import differences
from expectations.auditor.narrowing import is_possible, known
from expectations.auditor.reading import figures
from expectations.auditor.tables import possible_tables
from tests.unit.auditor_releases import atom, catalogue, nearest, release, row_of, rows_of

MEASURES = {
    "inner": ("some", "few", "unit", "month"),
    "other": ("all", "others", "unit", "month"),
    "outer": ("all", "some", "unit", "month"),
}
CELLS = {"all": 0, "some": 1, "few": 2, "others": 3}
MOST, FURTHER = 36, 39  # what nothing bounds grows from one to the other


@cache
def every_table() -> np.ndarray:
    """All counts of one unit up to the greatest, a row each."""
    count = np.arange(FURTHER + 1, dtype=np.int16)
    inside = [(a, s) for a in count for s in count[: a + 1]]
    blocks = []
    for a, s in inside:
        few, others = np.meshgrid(count[: s + 1], count[: a + 1], indexing="ij")
        ends = np.full(few.size, a), np.full(few.size, s)
        blocks.append(np.column_stack([*ends, few.ravel(), others.ravel()]).astype(np.int16))
    return np.concatenate(blocks)


@dataclass
class Organisation:
    rows: list[dict[str, Any]]
    units: list[str]
    totals: dict[str, int] = field(default_factory=dict)


@st.composite
def organisations(draw: st.DrawFn) -> Organisation:
    """One or two units, some atoms hidden; now and then a total, a bound or a base of true counts."""
    units = ["A", "B"][: draw(st.integers(1, 2))]
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    hidden: dict[tuple[str, str], dict[str, Any]] = {}
    for unit in units:
        everything = draw(st.integers(18, 32))
        some = draw(st.integers(0, everything))
        counts["outer", unit] = (everything, some)
        counts["inner", unit] = (some, draw(st.integers(0, some)))
        counts["other", unit] = (everything, draw(st.integers(0, everything)))
        for measure in MEASURES:
            if draw(st.integers(0, 3)) == 0:
                hidden[measure, unit] = {"status": "not shown"}
    made = Organisation(
        rows_of(counts=counts, service=dict.fromkeys(units, ""), measures=MEASURES, atoms=hidden), units
    )
    for measure in MEASURES:
        unit = draw(st.sampled_from(units))
        row, outer = row_of(made.rows, measure, unit, "unit"), row_of(made.rows, "outer", unit, "unit")
        sabotage = draw(st.sampled_from(["none", "none", "total", "bound", "band"]))
        if sabotage == "bound" and row["status"] == "published":
            base, part = counts[measure, unit]
            row["lower"] = f"{1000 * part // base / 10:.1f}"
        if sabotage == "band" and measure == "inner" and outer.get("upper") == "100.0" and row["status"] != "not shown":
            row.update(atom(*counts[measure, unit], around=outer["base"]))  # as it should be
    for measure in MEASURES:
        shown = [row_of(made.rows, measure, unit, "unit") for unit in units]
        if all(row["status"] != "not shown" for row in shown) and draw(st.booleans()):
            total = sum(counts[measure, unit][0] for unit in units)
            total = draw(st.sampled_from([total, nearest(total)]))
            if total != sum(row["base"] for row in shown):
                organisation = row_of(made.rows, measure)
                organisation.update(status="published", base=total, part="")
                made.totals[measure] = total
    return made


def is_said(row: dict[str, Any], outer: dict[str, Any] | None, tables: np.ndarray) -> np.ndarray:
    """Which tables a row allows: the words of its status, its rounded figures, its bounds."""
    base_cell, part_cell, *_ = MEASURES[row["measure_id"]]
    base, part = (tables[:, CELLS[cell]].astype(int) for cell in (base_cell, part_cell))
    allowed = np.ones(len(tables), dtype=bool)
    if row["status"] == "not shown":
        return allowed
    is_middle = outer is not None and outer["status"] == "banded" and outer["upper"] == "100.0"
    if not (is_middle and outer is not None and row["base"] == outer["base"] - 5):
        allowed &= abs(base - row["base"]) <= 2
    lower, upper = (round(10 * float(row[name])) for name in ("lower", "upper"))
    allowed &= (base >= 20) & (1000 * part >= lower * base) & (1000 * part <= upper * base)
    if row["status"] == "published":
        return allowed & (abs(part - row["part"]) <= 2) & (part >= 10) & (base - part >= 10)
    few, many = (part, base - part) if row["lower"] == "0.0" else (base - part, part)
    return allowed & (few < 10) & (many >= 10)


def of_unit(organisation: Organisation, unit: str, most: int) -> np.ndarray:
    """The tables of one unit that its rows allow."""
    rows = {measure: row_of(organisation.rows, measure, unit, "unit") for measure in MEASURES}
    tables = every_table()
    tables = tables[tables[:, 0] <= most]
    for measure, row in rows.items():
        tables = tables[is_said(row, rows["outer"] if measure == "inner" else None, tables)]
    return tables


def quantities(tables: np.ndarray) -> np.ndarray:
    """Base, part and rest of each measure: measures × 3 columns, in the order of MEASURES."""
    columns = [tables[:, [CELLS[base], CELLS[part]]].astype(int) for base, part, *_ in MEASURES.values()]
    return np.concatenate([np.column_stack([pair, pair[:, 0] - pair[:, 1]]) for pair in columns], axis=1)


def intervals(organisation: Organisation, most: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The least and greatest of each quantity of each unit over all tables of the organisation; empty where none is."""
    sets = {unit: of_unit(organisation, unit, most) for unit in organisation.units}
    keys = {unit: tables[:, 0].astype(int) * 1000 + tables[:, 1] for unit, tables in sets.items()}
    pairs = {unit: np.column_stack(np.divmod(np.unique(key), 1000)) for unit, key in keys.items()}
    together = pairs[organisation.units[0]][:, None, :]
    if len(organisation.units) == 2:
        together = together + pairs[organisation.units[1]][None, :, :]
    is_possible = np.ones(together.shape[:2], dtype=bool)
    for measure, total in organisation.totals.items():
        sums = together[:, :, CELLS[MEASURES[measure][0]]]
        is_possible &= abs(sums - total) <= (2 if total % 5 == 0 else 0)
    found = {}
    for axis, unit in enumerate(organisation.units):
        allowed = pairs[unit][is_possible.any(axis=1 - axis)]
        kept = sets[unit][np.isin(keys[unit], allowed[:, 0] * 1000 + allowed[:, 1])]
        if len(kept):
            found[unit] = quantities(kept).min(axis=0), quantities(kept).max(axis=0)
    return found


@settings(max_examples=15, deadline=None)
@given(organisations())
def test_intervals_are_those_of_all_tables_of_whole_numbers(organisation: Organisation) -> None:
    declared = catalogue(dict.fromkeys(organisation.units, ""), MEASURES)
    rows = figures([release(organisation.rows, of_catalogue=declared)])
    tables = possible_tables(rows, differences(rows))
    expected, further = intervals(organisation, MOST), intervals(organisation, FURTHER)
    assert is_possible(tables) == (len(further) == len(organisation.units))
    if not further:
        return
    found = known(tables)
    for at, (_, row) in enumerate(tables.atoms.iterrows()):
        column = slice(start := 3 * list(MEASURES).index(row.measure_id), start + 3)
        least, greatest = (end[column] for end in expected[row.place])
        grows = further[row.place][1][column] > greatest
        assert found.least[at].tolist() == least.tolist()
        assert found.greatest[at].tolist() == np.where(grows, np.inf, greatest).tolist()
