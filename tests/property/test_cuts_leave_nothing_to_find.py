"""Sequences of cuts that are asked for one after another: whatever is answered, the auditor finds nothing in all of it together.

The policy decides by its own code; the auditor reads what would be published, and shares nothing with it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.auditor import ReleaseTables, audit
from expectations.breakdowns import decide_cells
from expectations.policy import read_policy
from tests.unit.auditor_releases import COUNTS, MEASURES, SERVICE, catalogue, period, release, rows_of
from tests.unit.test_breakdowns import cell

BINS = {"weekday": ["early", "late"], "modality": ["here", "far"], "kind": ["a", "b", "c"]}
ONLY = {name: MEASURES[name] for name in ("over_days", "planned")}  # run_days would share its base
OF_BINS = {name: len(bins) for name, bins in BINS.items()}


@st.composite
def counts(draw: st.DrawFn) -> dict[tuple[str, str], tuple[int, int]]:
    """Of each unit, base and part of over_days; all are published."""
    of_units = {}
    for unit in SERVICE:
        base = draw(st.integers(60, 260))
        of_units["over_days", unit] = base, draw(st.integers(12, base - 12))
    return COUNTS | of_units


def split(draw: st.DrawFn, total: int, bins: int) -> list[int]:
    """A count in so many bins, none of them small."""
    least = total // (2 * bins)
    ends = sorted(draw(st.lists(st.integers(0, total - least * bins), min_size=bins - 1, max_size=bins - 1)))
    return [least + high - low for low, high in zip([0, *ends], [*ends, total - least * bins], strict=True)]


def cut(rows: pd.DataFrame, name: str) -> ReleaseTables:
    subject = f"cut-over_days-by-{name}"
    where = {**period("2026-10"), "level": "organisation", "measure_id": "over_days"}
    told: list[dict[str, Any]] = [
        where | {column: row[column] for column in ("breakdown", "breakdown_value", "part", "base", "value", "status")}
        | {end: f"{row[end]:.1f}" for end in ("lower", "upper")}
        for _, row in rows.iterrows()
    ]  # fmt: skip
    answer = {"kind": "cut", "subject": subject}
    return replace(
        release(told, of_catalogue=catalogue(bins=BINS, measures=ONLY), answer=answer),
        name=f"answers/2026-10/{subject}",
    )


@given(data=st.data(), of_units=counts(), order=st.permutations(list(BINS)))
@settings(max_examples=3, deadline=None)
def test_whatever_is_answered_one_after_another_tells_nothing_more(
    data: st.DataObject, of_units: dict[tuple[str, str], tuple[int, int]], order: list[str]
) -> None:
    found = [release(rows_of(counts=of_units, measures=ONLY), of_catalogue=catalogue(bins=BINS, measures=ONLY))]
    shown = pd.DataFrame(
        [
            row
            for row in rows_of(counts=of_units, measures=ONLY)
            if row["measure_id"] == "over_days" and row["level"] == "unit"
        ]
    )
    assert set(shown.status) == {"published"}
    base, part = (sum(of_units["over_days", unit][at] for unit in SERVICE) for at in (0, 1))
    beside = None
    for name in order:
        parts = data.draw(st.composite(split)(part, OF_BINS[name]))
        rests = data.draw(st.composite(split)(base - part, OF_BINS[name]))
        cells = [
            cell(name, value, of_part + of_rest, of_part)
            for value, of_part, of_rest in zip(BINS[name], parts, rests, strict=True)
        ]
        rows = decide_cells(pd.DataFrame(cells), shown, read_policy(), beside)
        beside = rows if beside is None else pd.concat([beside, rows], ignore_index=True)
        if (rows.status == "published").all():
            found.append(cut(rows, name))
            audited = audit(found, newest_only=True)
            assert [str(one) for one in audited.findings] == []
