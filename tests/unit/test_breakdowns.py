"""Breakdowns: all cells or none, over published units, and sums that tell nothing more. Worked by hand."""

from __future__ import annotations

from itertools import product
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.breakdowns import (
    cells_over,
    decide_all_breakdowns,
    decide_breakdowns,
    decide_cells,
    sums_leave_all_as_wide,
)
from expectations.policy import read_policy
from tests.unit.test_policy import SAFE

PEOPLE = ("largest_therapist", "second_therapist", "largest_client", "second_client")


def cell(breakdown: str, value: str | None, base: int = 200, part: int = 50, **changes: Any) -> dict[str, Any]:
    """A cell of the organisation that is safe: four units, the largest of which has three tenths of it."""
    counts = {"base": base, "part": part, "rest": base - part}
    in_one_unit = {f"{side}_in_one_unit": count * 3 // 10 for side, count in counts.items()}
    people = {f"{side}_{name}": 3 for side in counts for name in PEOPLE}
    many = {f"{side}_{name}": 20 for side in counts for name in ("therapists", "clients")}
    some = {f"{side}_{name}_in_one_unit": 6 for side in counts for name in ("therapists", "clients")}
    return {
        **SAFE, "level": "organisation", "unit": None, "service": None, "roster": 36, "roster_in_one_unit": 9,
        "breakdown": breakdown, "breakdown_value": value, "base": base, "part": part, **in_one_unit, **people, **many,
        **some, **changes,
    }  # fmt: skip


def units(*counts: tuple[int, int, str]) -> pd.DataFrame:
    return pd.DataFrame(counts, columns=["part", "base", "status"])


FOUR_UNITS = units(
    (25, 100, "published"), (25, 100, "published"), (25, 100, "published"), (25, 100, "published"), (0, 50, "banded")
)  # fmt: skip
WEEK = [cell("weekday", "Monday"), cell("weekday", "Tuesday")]


def shown(cells: list[dict[str, Any]], decided_units: pd.DataFrame = FOUR_UNITS) -> list[tuple[Any, ...]]:
    published = decided_units.loc[decided_units.status == "published"]
    rows = decide_cells(pd.DataFrame(cells), published, read_policy())
    found = rows[["breakdown", "breakdown_value", "part", "base", "value", "status"]].astype(object)
    return [tuple(None if pd.isna(value) else value for value in row) for row in found.itertuples(index=False)]


def statuses(cells: list[dict[str, Any]], decided_units: pd.DataFrame = FOUR_UNITS) -> list[str]:
    return [row[-1] for row in shown(cells, decided_units)]


def test_a_breakdown_of_safe_cells_is_published_rounded():
    assert shown([cell("weekday", "Monday", 198, 48), cell("weekday", "Tuesday", 202, 52)]) == [
        ("weekday", "Monday", 50, 200, 25, "published"),
        ("weekday", "Tuesday", 50, 200, 25, "published"),
    ]


@pytest.mark.parametrize(
    "unsafe",
    [
        {"base": 19, "part": 9},
        {"part": 9},  # a band in a breakdown would be subtracted from the rest of it
        {"part": 191},
        {"part_therapists": 2},
        {"rest_clients": 4},
        {"base_largest_therapist": 101},
        {"part_largest_therapist": 40, "part_second_therapist": 8},
        {"roster": 4, "roster_in_one_unit": 1},
    ],
)
def test_one_cell_that_is_not_safe_hides_the_whole_breakdown_and_no_other(unsafe: dict[str, Any]):
    others = [cell("modality", "video"), cell("modality", "in person")]
    assert statuses([WEEK[0], cell("weekday", "Tuesday", **unsafe), *others]) == 2 * ["not shown"] + 2 * ["published"]


@pytest.mark.parametrize(
    "one_unit",
    [
        {"part_in_one_unit": 41},  # 9 left without that unit
        {"rest_in_one_unit": 141},
        {"part_therapists_in_one_unit": 18},
        {"part_clients_in_one_unit": 16},
        {"base_clients_in_one_unit": 11},
        {"roster_in_one_unit": 32},
    ],
)
def test_a_cell_must_be_safe_without_any_one_unit(one_unit: dict[str, Any]):
    assert statuses([WEEK[0], cell("weekday", "Tuesday", **one_unit)]) == ["not shown", "not shown"]


def test_three_published_units_are_the_least():
    two = units((50, 200, "published"), (50, 200, "published"), (0, 90, "banded"))
    three = units((50, 200, "published"), (25, 100, "published"), (25, 100, "published"))
    assert statuses(WEEK, three) == ["published", "published"]
    assert statuses(WEEK, two) == ["not shown", "not shown"]


def test_what_lies_in_no_bin_must_be_safe_too_and_is_then_shown():
    other = cell("weekday", None, base=100, part=20)
    wide = units(*[(30, 125, "published")] * 4)
    assert shown([*WEEK, other], wide)[-1] == ("weekday", "other", 20, 100, 20, "published")
    assert statuses([*WEEK, cell("weekday", None, base=8, part=2)], wide) == ["not shown", "not shown"]
    assert statuses([*WEEK, cell("weekday", None, base=0, part=0)]) == ["published", "published"]


def test_an_empty_bin_hides_the_breakdown():
    assert statuses([*WEEK, cell("weekday", "Sunday", base=0, part=0)]) == 3 * ["not shown"]


def test_a_fourth_breakdown_is_refused():
    cells = [cell(name, "one") for name in ("weekday", "modality", "kind", "hour_band")]
    with pytest.raises(ValueError, match="4 breakdowns of one measure and period; 3 are the most, each once"):
        decide_cells(pd.DataFrame(cells), FOUR_UNITS, read_policy())


def test_sums_that_would_pin_a_count_down_hide_the_breakdown():
    # parts of three units: 144 to 156 in all; of two cells: 146 to 154, and then 151 to 159. A lead who knows that their
    # own unit has 48 leaves 144 to 152: the sum is 151 or 152 then, and no other unit can have 48
    units_of_100 = units(*[(50, 100, "published")] * 3)
    possible = [cell("weekday", "Monday", base=150, part=75), cell("weekday", "Tuesday", base=150, part=75)]
    assert statuses(possible, units_of_100) == ["published", "published"]
    pinned = [cell("weekday", "Monday", base=150, part=75), cell("weekday", "Tuesday", base=150, part=80)]
    assert statuses(pinned, units_of_100) == ["not shown", "not shown"]


# Cells from the units that are published


def bin_of(unit: str, value: str | None, **changes: Any) -> dict[str, Any]:
    return {**SAFE, "unit": unit, "breakdown": "weekday", "breakdown_value": value, **changes}


def test_cells_are_over_published_units_alone():
    bins = pd.DataFrame([bin_of(unit, value) for unit in ("A", "B", "C", "D") for value in ("Monday", "Tuesday", None)])
    decided = pd.DataFrame(
        [(unit, 120, 480, "published") for unit in "ABC"] + [("D", 0, 480, "banded")],
        columns=["unit", "part", "base", "status"],
    ).assign(measure_id=SAFE["measure_id"])
    rows = decide_breakdowns(bins, decided, read_policy())
    assert rows[["level", "breakdown_value", "part", "base", "status"]].to_numpy().tolist() == [
        ["organisation", value, 120, 480, "published"] for value in ("Monday", "Tuesday", "other")
    ]


def test_measures_counted_together_are_decided_as_each_by_itself():
    one = pd.DataFrame([bin_of(unit, value) for unit in "ABCD" for value in ("Monday", "Tuesday", None)])
    other = one.assign(measure_id="other", part=one.part.where(one.unit != "A", 0))  # whose A is not published
    decided = pd.DataFrame(
        [
            (measure, unit, 120, 480, "published")
            for measure, names in ((SAFE["measure_id"], "ABC"), ("other", "BCD"))
            for unit in names
        ],
        columns=["measure_id", "unit", "part", "base", "status"],
    )
    together = decide_all_breakdowns(pd.concat([one, other]), decided, read_policy())
    alone = [
        decide_breakdowns(bins, decided.loc[decided.measure_id == bins.measure_id.iloc[0]], read_policy())
        for bins in (one, other)
    ]
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True))
    assert together.part.tolist() == [120] * 6


def test_without_published_units_every_declared_bin_is_not_shown():
    bins = pd.DataFrame([bin_of("A", value) for value in ("Monday", "Tuesday", None)])
    rows = decide_breakdowns(
        bins, units((0, 480, "banded")).assign(unit="A", measure_id=SAFE["measure_id"]), read_policy()
    )
    assert rows[["breakdown_value", "status"]].to_numpy().tolist() == [
        ["Monday", "not shown"],
        ["Tuesday", "not shown"],
    ]


def test_contributors_over_units_are_those_of_all_or_stricter():
    bins = pd.DataFrame([
        bin_of("A", "Monday", base=100, part=40, roster=8, base_therapists=7, part_clients=30, base_largest_therapist=30,
               base_second_therapist=28, part_largest_client=5),
        bin_of("B", "Monday", base=60, part=10, roster=9, base_therapists=8, part_clients=8, base_largest_therapist=20,
               base_second_therapist=10, part_largest_client=3),
        bin_of("C", "Monday", base=70, part=20, roster=6, base_therapists=6, part_clients=9, base_largest_therapist=29,
               base_second_therapist=10, part_largest_client=2),
    ])  # fmt: skip
    found = cells_over(bins, bins).iloc[0]
    assert found[["base", "part", "roster", "base_therapists", "part_clients"]].tolist() == [230, 70, 23, 21, 47]
    assert found[["base_in_one_unit", "rest_in_one_unit", "roster_in_one_unit"]].tolist() == [100, 60, 9]
    assert found[["base_largest_therapist", "base_second_therapist"]].tolist() == [30, 29]
    assert found[["part_largest_client", "part_second_client"]].tolist() == [8, 8]  # one client of both A and B at most


COUNTS = st.tuples(st.integers(0, 9), st.integers(0, 2)).map(lambda count: (count[0], sum(count)))


@given(
    st.lists(COUNTS, min_size=3, max_size=4), st.lists(st.lists(COUNTS, min_size=1, max_size=3), min_size=1, max_size=2)
)
def test_sums_narrow_what_a_brute_force_over_the_integers_says_they_narrow(
    units_shown: list[tuple[int, int]], partitions: list[list[tuple[int, int]]]
):
    def possible(group: list[tuple[int, int]]) -> list[tuple[int, ...]]:
        return list(product(*[range(low, high + 1) for low, high in group]))

    def is_as_wide_for(lead: int, own: int) -> bool:
        """The lead of a unit knows its own count, and that all groups have one sum."""
        groups = [[counts for counts in possible(units_shown) if counts[lead] == own], *map(possible, partitions)]
        common = set.intersection(*[{sum(counts) for counts in group} for group in groups])
        return all(
            {counts[place] for counts in group if sum(counts) in common} == set(range(low, high + 1))
            for group, shown in zip(groups, [units_shown, *partitions], strict=True)
            for place, (low, high) in enumerate(shown)
            if group is not groups[0] or place != lead
        )

    is_as_wide = all(
        is_as_wide_for(lead, own) for lead, (low, high) in enumerate(units_shown) for own in range(low, high + 1)
    )
    assert sums_leave_all_as_wide(units_shown, partitions) == is_as_wide


def test_a_part_just_above_its_floor_is_taken_as_narrow_as_it_is():
    # parts of units: 3 × (10 to 12) and 2 × (48 to 52). A lead of 52 leaves 130 to 140; two cells of 65 and 60 are 121 to 129. Were
    # the three 8 to 12, that lead would leave 124 to 140, and 125 to 129 would be open
    low = units(*[(10, 100, "published")] * 3, *[(50, 100, "published")] * 2)
    monday = cell("weekday", "Monday", base=250, part=65)
    assert statuses([monday, cell("weekday", "Tuesday", base=250, part=65)], low) == ["published", "published"]
    assert statuses([monday, cell("weekday", "Tuesday", base=250, part=60)], low) == ["not shown", "not shown"]


def test_a_rest_that_may_be_at_its_floor_hides_the_breakdown():
    week = [cell("weekday", "Monday", base=150, part=75), cell("weekday", "Tuesday", base=150, part=75)]
    for base, status in ((40, "published"), (35, "not shown")):  # of 25 in 35 the rest is 6 to 14, and so at least 10
        some = units((25, base, "published"), (60, 130, "published"), (65, 170 - base, "published"))
        assert statuses(week, some) == [status, status]
