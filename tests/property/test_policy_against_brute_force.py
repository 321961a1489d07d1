"""The policy against a second implementation: loops over single items, slow and plain, one rule a line.

Units are drawn small, and judged by a policy with small numbers, so that every boundary is met often. Items
of three measures that lie in one another are drawn with them: an item of depth 2 counts in the first as part,
in the second as part, in the third as base only.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.policy import Policy, Rules, decide

RULES = Rules(
    min_therapists=2,
    min_clients=3,
    min_base=8,
    max_therapist_share_percent=70,
    max_client_share_percent=50,
    min_part=4,
    min_side_therapists=2,
    min_side_clients=2,
    p_percent=15,
    colleague_percent=30,
    rounding=3,
)
CELLS = ("A", "B", "C", "D")


@dataclass(frozen=True)
class Item:
    therapist: int
    client: int
    depth: int  # of how many of B, C, D it is a part


Unit = tuple[list[Item], int]  # its items, and its roster
Shown = tuple[str, int | None, int | None]  # status, part, base

items = st.lists(
    st.builds(Item, st.integers(0, 3), st.integers(0, 5), st.sampled_from([0, 0, 1, 1, 2, 2, 3])),
    min_size=6,
    max_size=70,
)


# The second implementation


def contributors(side: list[Item]) -> tuple[Counter[int], Counter[int], int]:
    therapists = Counter(item.therapist for item in side)
    clients = Counter(item.client for item in side)
    return therapists, clients, len({(item.therapist, item.client) for item in side})


def is_base_safe(base: list[Item], roster: int) -> bool:
    therapists, clients, pairs = contributors(base)
    if roster < 2 or len(therapists) < 2 or pairs < 3 or len(base) < 8:
        return False
    return max(therapists.values()) <= Fraction(7, 10) * len(base) and max(clients.values()) <= len(base) / 2


def is_side_safe(side: list[Item]) -> bool:
    therapists, clients, pairs = contributors(side)
    if len(therapists) < 2 or pairs < 2:
        return False
    for counts in (therapists, clients):
        first, second = ([*sorted(counts.values(), reverse=True), 0])[:2]
        if len(side) - first - second < Fraction(15, 100) * first:
            return False
    return True


def width_for(colleague: int, other: int, base: list[Item], part: list[Item]) -> int:
    """How many values, less one, a colleague finds possible for the other's part, knowing all but the others' parts."""
    bases, parts = (Counter(item.therapist for item in side) for side in (base, part))
    left = len(part) - parts[colleague]
    others = len(base) - bases[colleague] - bases[other]
    possible = [count for count in range(bases[other] + 1) if 0 <= left - count <= others]
    return len(possible) - 1


def is_safe_from_colleagues(base: list[Item], part: list[Item]) -> bool:
    """What the policy must at least hold; it asks for more, see `asks_of_colleagues`."""
    bases = Counter(item.therapist for item in base)
    least = Fraction(30, 100) * min(len(part), len(base) - len(part))
    return all(
        width_for(colleague, other, base, part) >= min(bases[other], least)
        for colleague in bases for other in bases if colleague != other
    )  # fmt: skip


def asks_of_colleagues(base: list[Item], part: list[Item], rest: list[Item]) -> bool:
    least = Fraction(30, 100) * min(len(part), len(rest))
    first, second = [*(count for _, count in Counter(item.therapist for item in base).most_common(2)), 0][:2]
    largest = [max(Counter(item.therapist for item in side).values(), default=0) for side in (part, rest)]
    return (
        len(part) - largest[0] >= least
        and len(rest) - largest[1] >= least
        and len(base) - first - second >= least
    )  # fmt: skip


def are_sides_safe(base: list[Item], part: list[Item], rest: list[Item]) -> bool:
    return is_side_safe(part) and is_side_safe(rest) and asks_of_colleagues(base, part, rest)


def nearest_three(count: int) -> int:
    return min(range(0, count + 3, 3), key=lambda multiple: abs(multiple - count))


@dataclass
class Known:
    """What is known of a cell from elsewhere: nothing, its rounded count, or a band."""

    is_seen: bool
    must_hide: bool = False
    base: int = 0
    lowest: int = 0
    highest: int = 0
    is_banded: bool = False
    is_shown_by_outer: bool = False


def brute_force(drawn: list[Item], roster: int, kept: tuple[str, ...]) -> list[Shown]:
    """Status, part and base of the three measures, outermost first."""
    cells = [[item for item in drawn if item.depth >= depth] for depth in range(4)]
    gave_way = [False] * 4
    for level in range(3):
        base, part = cells[level], cells[level + 1]
        rest = [item for item in base if item.depth == level]
        is_asked_for = CELLS[level + 1] in kept and level < 2 and is_base_safe(part, roster)
        is_few = len(part) < 4 or len(rest) < 4
        if is_asked_for and is_base_safe(base, roster) and not is_few:
            gave_way[level] |= not are_sides_safe(base, part, rest)

    shown: list[Shown] = []
    known = Known(is_seen=False)
    for level in range(3):
        base, part = cells[level], cells[level + 1]
        rest = [item for item in base if item.depth == level]
        rounded, rounded_part = nearest_three(len(base)), nearest_three(len(part))
        if not known.is_banded:
            known.base, known.lowest, known.highest = rounded, rounded - 1, rounded + 1
        may_show_base = is_base_safe(base, roster) and not gave_way[level] and not known.must_hide
        if known.is_shown_by_outer and known.lowest < 8:
            may_show_base = False
        few_of_them, few_of_others = len(part) < 4, len(rest) < 4
        leaves_band = not known.is_banded or known.lowest - (rounded_part - 1) >= 4
        sides = are_sides_safe(base, part, rest) and leaves_band

        if not may_show_base or gave_way[level + 1] or (few_of_them and few_of_others):
            status = "not shown"
        elif few_of_them or few_of_others:
            status = "banded"
        else:
            status = "published" if sides else "not shown"
        shown.append(
            (
                status,
                rounded_part if status == "published" else None,
                known.base if status != "not shown" else None,
            )
        )
        is_seen = may_show_base or known.is_shown_by_outer
        known = Known(
            is_seen=is_seen,
            must_hide=is_seen and not few_of_others and not sides,
            is_banded=is_seen and few_of_others,
            base=known.base - 3 if few_of_others else 0,  # the middle of 0 to 3, to the nearest multiple of 3
            lowest=known.lowest - 3,
            highest=known.highest,
            is_shown_by_outer=status != "not shown",
        )
    return shown


# The atoms, counted from the items


def atom_of(level: int, drawn: list[Item], roster: int, unit: str) -> dict[str, object]:
    base = [item for item in drawn if item.depth >= level]
    sides = {
        "base": base,
        "part": [item for item in base if item.depth > level],
        "rest": [item for item in base if item.depth == level],
    }
    atom: dict[str, object] = {
        "period_start": "2026-10-01",
        "period_end": "2026-10-31",
        "level": "unit",
        "unit": unit,
        "service": None,
        "measure_id": f"measure_{level}",
        "breakdown": None,
        "breakdown_value": None,
        "concerns": "clients and therapists",
        "therapists_behind": 0,
        "base_cell": CELLS[level],
        "part_cell": CELLS[level + 1],
        "roster": roster,
        "base": len(base),
        "part": len(sides["part"]),
    }
    for side, rows in sides.items():
        therapists, clients, pairs = contributors(rows)
        atom |= {f"{side}_therapists": len(therapists), f"{side}_clients": pairs}
        for who, counts in (("therapist", therapists), ("client", clients)):
            largest = [*sorted(counts.values(), reverse=True), 0, 0]
            atom |= {f"{side}_largest_{who}": largest[0], f"{side}_second_{who}": largest[1]}
    return atom


def decided(units: list[Unit], kept: tuple[str, ...]) -> list[list[Shown]]:
    atoms = [atom_of(level, *unit, f"unit {n}") for n, unit in enumerate(units) for level in range(3)]
    rows = decide(pd.DataFrame(atoms), Policy("test", RULES, kept)).to_dict("records")
    shown: list[Shown] = [(row["status"], count(row["part"]), count(row["base"])) for row in rows]
    return [shown[start : start + 3] for start in range(0, len(shown), 3)]


def count(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


@settings(max_examples=100, deadline=None)
@given(items)
def test_what_the_policy_publishes_leaves_every_colleague_in_the_dark_about_every_other(drawn: list[Item]):
    part, rest = [item for item in drawn if item.depth], [item for item in drawn if not item.depth]
    if asks_of_colleagues(drawn, part, rest):
        assert is_safe_from_colleagues(drawn, part)


KEPT = [(), ("B",), ("C",), ("B", "C")]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(items, st.integers(1, 4)), min_size=1, max_size=4), st.sampled_from(KEPT))
def test_the_policy_decides_as_the_slow_second_implementation_does(units: list[Unit], kept: tuple[str, ...]):
    assert decided(units, kept) == [brute_force(*unit, kept) for unit in units]


@pytest.mark.parametrize("kept", KEPT)
def test_and_so_it_does_for_a_thousand_units_of_all_shapes(kept: tuple[str, ...]):
    units = [random_unit(random.Random(seed)) for seed in range(1000)]
    expected = [brute_force(*unit, kept) for unit in units]
    assert decided(units, kept) == expected
    combinations = Counter(tuple(status for status, _, _ in unit) for unit in expected)
    assert len(combinations) > 15, combinations


def random_unit(draw: random.Random) -> Unit:
    """A unit of one of many shapes: how many items, people, how evenly spread, and how deep."""
    therapists, clients = draw.randint(1, 6), draw.randint(2, 30)
    deep = [draw.random() ** 2 for _ in range(3)]
    evenness = draw.choice([0, 0, 1, 3])
    drawn = []
    for _ in range(draw.randint(6, 90)):
        depth = next((level for level in range(3) if draw.random() < deep[level]), 3)
        drawn.append(Item(int(therapists * draw.random() ** (1 + evenness)), draw.randrange(clients), depth))
    return drawn, draw.choice([1, 4, 4, 4])
