"""What a colleague can work out, against a definition that tries every colleague and every other therapist."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.auditor import audit
from expectations.auditor.colleagues import Colleagues, look_at_colleagues
from expectations.auditor.reading import figures
from tests.unit.auditor_releases import nearest, period, release, rows_of

People = list[tuple[int, int]]  # base and part of each therapist


def interval_of(people: People, known: tuple[int, ...], other: int) -> tuple[int, int]:
    """The least and greatest part of another: parts of all who are not known add up to what is left of the total."""
    base, part = sum(b for b, _ in people), sum(p for _, p in people)
    totals = [t for t in range(nearest(part) - 2, nearest(part) + 3) if 10 <= t <= base - 10]
    left = [total - sum(people[one][1] for one in known) for total in totals]
    unknown = sum(b for one, (b, _) in enumerate(people) if one not in known and one != other)
    possible = [p for p in range(people[other][0] + 1) if any(0 <= rest - p <= unknown for rest in left)]
    return min(possible), max(possible)


def is_narrow(people: People, known: tuple[int, ...], other: int) -> bool:
    base, part = sum(b for b, _ in people), sum(p for _, p in people)
    due = max(Fraction(3, 10) * min(part, base - part), Fraction(3))
    least, greatest = interval_of(people, known, other)
    return greatest - least < min(Fraction(people[other][0]), due)


def expected(people: People) -> tuple[int, int]:
    """How many therapists some colleague can narrow, and how many pairs of colleagues somebody."""
    many = range(len(people))
    narrowed = {other for one, other in permutations(many, 2) if is_narrow(people, (one,), other)}
    pairs = [pair for pair in combinations(many, 2) if any(is_narrow(people, pair, v) for v in many if v not in pair)]
    return len(narrowed), len(pairs)


def looked_at(people: People, **changed: list[int]) -> Colleagues:
    base, part = sum(b for b, _ in people), sum(p for _, p in people)
    shown = rows_of(counts={("planned", "Ash"): (base, part)}, service={"Ash": "Adult"}, measures=["planned"])
    rows = figures([release(shown)])
    return look_at_colleagues(rows, inside(people, **changed))


def inside(people: People, **changed: list[int]) -> pd.DataFrame:
    where = {**period("2026-10"), "level": "unit", "unit": "Ash", "service": "Adult", "measure_id": "planned"}
    columns = {"base": [b for b, _ in people], "part": [p for _, p in people], **changed}
    return pd.DataFrame(columns).assign(**where)


@st.composite
def teams(draw: st.DrawFn) -> People:
    sizes = draw(st.lists(st.integers(1, 24), min_size=3, max_size=7))
    return [(size, draw(st.integers(0, size))) for size in sizes]


@settings(max_examples=40, deadline=None)
@given(teams())
def test_as_by_trying_everybody(people: People) -> None:
    base, part = sum(b for b, _ in people), sum(p for _, p in people)
    if base < 20 or part < 10 or base - part < 10:
        return
    found = looked_at(people)
    assert found.parts == 1 and found.parts_not_as_published == 0
    assert (found.narrowed, found.narrowing_pairs) == expected(people)


EVEN: People = [(20, 6), (20, 5), (20, 7), (20, 4), (20, 6)]
# one has nearly all of the part: who has it knows that the others have few
LOPSIDED: People = [(20, 19), (20, 0), (20, 1), (20, 0), (20, 1)]


@pytest.mark.parametrize(("people", "narrowed"), [(EVEN, 0), (LOPSIDED, 4)])
def test_somebody_with_most_of_it_knows_about_the_others(people: People, narrowed: int) -> None:
    assert looked_at(people).narrowed == narrowed
    assert expected(people)[0] == narrowed


def test_two_colleagues_are_reported_and_stop_nothing() -> None:
    two = [(20, 12), (20, 9), (20, 1), (20, 1), (20, 1)]
    found = looked_at(two)
    assert (found.narrowed, found.pairs, found.narrowing_pairs) == (0, 10, expected(two)[1])
    assert found.narrowing_pairs > 0


def test_what_is_inside_is_what_is_published() -> None:
    assert looked_at(EVEN).parts_not_as_published == 0
    assert looked_at(EVEN, part=[6, 5, 7, 4, 12]).parts_not_as_published == 1
    assert looked_at(EVEN, base=[20, 20, 20, 20, 26]).parts_not_as_published == 1
    rows = figures([release()])
    assert look_at_colleagues(rows, inside(EVEN).head(0)).parts_not_as_published == 10


def test_only_counts_and_classes_come_out() -> None:
    people = LOPSIDED
    rows = rows_of(counts={("planned", "Ash"): (100, 21)}, service={"Ash": "Adult"}, measures=["planned"])
    found = audit([release(rows)], inside(people))
    [finding] = [finding for finding in found.findings if finding.rule == "colleagues"]
    assert str(finding) == (
        "2026-10, 1 published parts: colleagues could work out too much of 4 of the therapists in them."
    )
    assert found.certificate["colleagues"] == {
        "published_parts": 1,
        "narrowed_by_one": True,
        "narrowed_by_two_percent_at_most": 5 * -(-100 * expected(people)[1] // 50),
    }
