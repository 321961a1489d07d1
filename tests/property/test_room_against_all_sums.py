"""Where sums are said to leave room, every pair of a lead's unit and another place may have any counts: held against all sums
that there can be."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
import pytest

from expectations.auditor import room
from expectations.auditor.room import has_room
from expectations.auditor.tables import Sums, Tables

Counts = set[tuple[int, int]]  # base and part
Said = tuple[int, int, int, int, int]  # the least and greatest base, the least and greatest part, the least rest
Group = Sequence[Counts]  # what each place of a partition may have


def drawn(random: np.random.Generator) -> list[list[Said]]:
    """Of units, and of one or two breakdowns of the same people, what is said of each: true of the counts drawn, with as much
    to either side, or less to one."""
    units = [(int(base), int(random.integers(2, 5))) for base in random.integers(8, 11, random.integers(3, 7))]
    groups = [units]
    for bins in random.integers(2, 4, random.integers(1, 3)):
        first = np.sum(units, axis=0) // bins
        groups.append([tuple(first)] * (bins - 1) + [tuple(np.sum(units, axis=0) - (bins - 1) * first)])
    is_odd, is_tight = random.integers(0, 3) == 0, random.integers(0, 4) == 0

    def said(base: int, part: int) -> Said:
        low, high = (1, 1) if not is_odd else map(int, random.integers(0, 2, 2))
        rest = base - part if is_tight and random.integers(0, 3) == 0 else 0
        return int(base - low), int(base + high), int(part - high), int(part + low), int(rest)

    return [[said(*counts) for counts in group] for group in groups]


def tables_of(said: list[list[Said]]) -> Tables:
    places = [place for group in said for place in group]
    bounds = np.array([[place[:2], place[2:4]] for place in places], dtype=float).reshape(-1, 2)
    rows: list[tuple[list[int], list[float], float, float]] = []
    for at, place in enumerate(places):
        rows.append(([2 * at, 2 * at + 1], [1.0, -1.0], float(place[4]), np.inf))
    starts = np.cumsum([0, *map(len, said)])
    units = np.arange(len(said[0]))
    for number in range(1, len(said)):
        bins = np.arange(starts[number], starts[number + 1])
        for count in (0, 1):
            cells = [*(2 * bins + count), *(2 * units + count)]
            rows.append((cells, [1.0] * len(bins) + [-1.0] * len(units), 0.0, 0.0))
    row = np.concatenate([np.full(len(cells), number) for number, (cells, *_) in enumerate(rows)])
    cell, weight = np.concatenate([cells for cells, *_ in rows]), np.concatenate([each for _, each, *_ in rows])
    lo, hi = np.array([low for *_, low, _ in rows]), np.array([high for *_, high in rows])
    none = np.empty((0, 3))
    return Tables(pd.DataFrame(), bounds[:, 0], bounds[:, 1], Sums(row, cell, weight, lo, hi), none, none)


def allowed(said: Said) -> Counts:
    base_lo, base_hi, part_lo, part_hi, rest = said
    return {
        (base, part)
        for base in range(base_lo, base_hi + 1)
        for part in range(part_lo, part_hi + 1)
        if base - part >= rest
    }


def sums(group: Group) -> Counts:
    found = {(0, 0)}
    for counts in group:
        found = {(base + b, part + p) for base, part in found for b, p in counts}
    return found


def may_be_anything(groups: Sequence[Group]) -> bool:
    """Whether each unit and each other place can have all pairs of counts that their own rows allow."""
    places = [(number, at) for number, group in enumerate(groups) for at in range(len(group))]
    for lead, asked in product(places[: len(groups[0])], places):
        if asked == lead:
            continue
        others = [
            sums([counts for at, counts in enumerate(group) if (number, at) not in (lead, asked)])
            for number, group in enumerate(groups)
        ]
        for known in product(groups[0][lead[1]], groups[asked[0]][asked[1]]):
            totals = list(others)
            for (number, _), (base, part) in zip((lead, asked), known, strict=True):
                totals[number] = {(b + base, p + part) for b, p in totals[number]}
            if not set.intersection(*totals):
                return False
    return True


@pytest.fixture(scope="module")
def cases() -> list[tuple[Tables, bool]]:
    """What is said, and whether each pair of places may have any counts."""
    random, found = np.random.default_rng(3), []
    for _ in range(60):
        said = drawn(random)
        found.append((tables_of(said), may_be_anything([[allowed(place) for place in group] for group in said])))
    return found


def claims(cases: list[tuple[Tables, bool]]) -> list[tuple[bool, bool]]:
    return [(has_room(tables), is_so) for tables, is_so in cases]


def test_room_is_said_only_where_there_is_room(cases: list[tuple[Tables, bool]]) -> None:
    found = claims(cases)

    assert (True, False) not in found
    assert found.count((True, True)) > 5 and found.count((False, False)) > 5


def test_a_proof_that_leaves_out_how_wide_the_two_places_are_is_found_out(
    cases: list[tuple[Tables, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room.np, "sort", np.zeros_like)

    assert (True, False) in claims(cases)
