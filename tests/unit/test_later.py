"""What is complete later than its month is held to what stands of that month. Worked by hand: one unit, four figures."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from expectations.later import held_to
from expectations.policy import decide, read_policy
from tests.unit.test_policy import SAFE

CELLS = {
    "returns": ("pairs", "returned"),
    "spread": ("sessions", "pairs"),
    "closer": ("responses", "closer"),
    "long_runs": ("days", "run_days"),
}


# what a single one makes up of a count, and the next: little enough for counts of 20
LARGEST = {"base": (6, 5), "part": (4, 3), "rest": (4, 3)}
SMALL = {
    f"{side}_{at}_{who}": count if who == "therapist" else 1
    for side, counts in LARGEST.items()
    for at, count in zip(("largest", "second"), counts, strict=True)
    for who in ("therapist", "client")
}


def decided(*atoms: dict[str, Any]) -> pd.DataFrame:
    named = [
        {**SAFE, **SMALL, **changes, "base_cell": CELLS[name][0], "part_cell": CELLS[name][1], "measure_id": name}
        for changes in atoms
        for name in [changes["measure_id"]]
    ]
    return decide(pd.DataFrame(named), read_policy())


def returns(stands: pd.DataFrame, base: int = 61, unit: str = "Harbour") -> str:
    rows = decided(
        {"measure_id": "returns", "base": base, "part": 40, "unit": unit},
        {"measure_id": "long_runs", "unit": unit, "period_start": "2026-12-01", "period_end": "2026-12-31"},
    )
    found = held_to(rows, stands, "returns", "closer", CELLS, read_policy())
    assert found.status[1] == "published"
    assert found.loc[[0], ["part", "base", "value", "lower"]].isna().all(axis=None) == (found.status[0] == "not shown")
    return found.status[0]


SPREAD, CLOSER = {"measure_id": "spread", "base": 160, "part": 60}, {"measure_id": "closer", "base": 80, "part": 40}


def test_it_is_shown_beside_its_companion_with_the_count_as_it_was() -> None:
    assert returns(decided(SPREAD, CLOSER)) == "published"
    assert returns(decided(SPREAD, CLOSER), base=63) == "not shown"  # 65, and was 60
    assert returns(decided(SPREAD, CLOSER), unit="Quay") == "not shown"


def test_it_is_not_shown_where_its_companion_is_not() -> None:
    assert returns(decided(SPREAD)) == "not shown"
    assert returns(decided(SPREAD, {**CLOSER, "base_clients": 9})) == "not shown"
    assert returns(decided(SPREAD, {**CLOSER, "part": 9})) == "published"  # banded is shown


def test_it_is_not_shown_where_the_month_was_withdrawn() -> None:
    assert returns(decided(SPREAD, CLOSER).head(0)) == "not shown"


def test_it_is_not_shown_where_its_base_was_a_part_that_was_withheld() -> None:
    assert returns(decided({**SPREAD, "base": 65}, CLOSER)) == "not shown"  # all but fewer than 10
    assert returns(decided({**SPREAD, "part_clients": 4}, CLOSER)) == "not shown"
    assert returns(decided(CLOSER)) == "not shown"


@pytest.mark.parametrize(("base", "status"), [(22, "not shown"), (23, "published")])
def test_that_it_is_shown_says_nothing_of_its_base_that_was_not_known(base: int, status: str) -> None:
    """20 would be 18 to 22, and a shown base is 20 or more."""
    rows = decided({"measure_id": "returns", "base": base, "part": 11})
    assert list(rows.status) == ["published"]
    stands = decided({**SPREAD, "part": base}, CLOSER)
    assert list(held_to(rows, stands, "returns", "closer", CELLS, read_policy()).status) == [status]
