"""What everything published says of a count, against what its own status says: worked by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from expectations.auditor import Finding, audit
from tests.unit.auditor_releases import (
    MEASURES,
    RULES,
    Rows,
    atom,
    catalogue,
    nearest,
    release,
    row_of,
    rows_of,
)

# two measures, one count inside the other: `days` of which `declared`, of which `over`
CHAIN = {
    "coverage": ("days", "declared_days", "unit", "month"),
    "over": ("declared_days", "over_days", "unit", "month"),
}
UNITS = {"Ash": "", "Birch": "", "Cedar": ""}
FILLER = {("over", "Birch"): (120, 40), ("over", "Cedar"): (90, 30)}
FILLER |= {("coverage", "Birch"): (160, 120), ("coverage", "Cedar"): (130, 90)}


def narrowings(
    rows: Rows, measures: Mapping[str, Any] = MEASURES, service: Mapping[str, str] | None = None
) -> list[Finding]:
    declared = catalogue(service, measures=measures) if service else catalogue(measures=measures)
    return [
        finding for finding in audit([release(rows, of_catalogue=declared)]).findings if finding.rule == "narrowing"
    ]


def chain(days: int, declared: int, over: int, **of_over: Any) -> list[Finding]:
    """What is found of Ash: its days, those with a declared threshold, those over it; `of_over` as they are shown."""
    inner = {**atom(declared, over), **of_over} if of_over.get("status") != "not shown" else of_over
    counts = {**FILLER, ("coverage", "Ash"): (days, declared), ("over", "Ash"): (declared, over)}
    rows = rows_of(counts=counts, service=UNITS, measures=CHAIN, atoms={("over", "Ash"): inner})
    return narrowings(rows, CHAIN, UNITS)


def test_a_count_inside_a_count_tells_no_more() -> None:
    assert chain(200, 150, 60) == []


def test_a_rest_that_is_banded_is_told_by_another_base() -> None:
    """200 days, 198 of them declared: *all but fewer than 10*. A base of 200 says that it is all but four at most."""
    [found] = chain(200, 198, 60)
    assert "coverage of unit Ash" in found.place
    assert found.tells == (
        "For an outsider with the newest release its part is 198 to 202, where its own status says 189 to 202; "
        "its rest is 0 to 4, where its own status says 0 to 9."
    )


def test_the_middle_of_the_band_is_all_that_the_other_base_says() -> None:
    """192 is 190 by its own rounding, and 195 as the 200 less the middle of the band: then it says nothing."""
    assert chain(200, 192, 60) != []
    assert chain(200, 192, 60, **atom(192, 60, around=200)) == []


def test_a_rest_of_a_hidden_measure_is_not_told_by_two_bases() -> None:
    """Days and declared days are both seen, so that their difference is, although `coverage` is not shown."""
    measures = {**CHAIN, "runs": ("days", "run_days", "unit", "month")}
    counts = {**FILLER, ("coverage", "Ash"): (200, 150), ("over", "Ash"): (150, 60)}
    counts |= {("runs", "Ash"): (200, 90), ("runs", "Birch"): (160, 50), ("runs", "Cedar"): (130, 60)}
    hidden = {("coverage", "Ash"): {"status": "not shown"}}
    both = rows_of(counts=counts, service=UNITS, measures=measures, atoms=hidden)
    [found] = narrowings(both, measures, UNITS)
    assert found.tells.endswith("its rest is 46 to 54, where its own status says 0 to 202.")
    one = rows_of(
        counts=counts, service=UNITS, measures=measures, atoms={**hidden, ("over", "Ash"): {"status": "not shown"}}
    )
    assert narrowings(one, measures, UNITS) == []


def test_being_shown_says_that_a_base_is_twenty_or_more() -> None:
    """18 to 22 declared days, by coverage. That `over` is shown says 20 or more."""
    [found] = chain(60, 21, 11)
    assert "its part is 20 to 22, where its own status says 18 to 22" in found.tells
    assert chain(60, 21, 11, status="not shown") == []


def test_a_total_of_true_counts_gives_a_hidden_unit_back() -> None:
    """160 published of 181 in all: Birch and Dogwood, not shown, made 21 endings."""
    rows = rows_of()
    assert narrowings(rows) == []
    row_of(rows, "planned").update(base=nearest(181), part=nearest(103))
    found = {finding.place.split(" of ", 1)[1]: finding.tells for finding in narrowings(rows)}
    assert set(found) == {"unit Birch", "unit Dogwood"}
    assert "its base is 0 to 28, where its own status says anything" in found["unit Birch"]


def test_a_total_far_from_the_sum_of_the_units_shown() -> None:
    """Units shown as 205, 120, 95, 150 and 90, which is 660: a total of 670 leaves each at two less than its greatest."""
    rows = rows_of()
    row_of(rows, "over_days").update(base=670)
    found = narrowings(rows)
    assert len([finding for finding in found if "over_days of unit" in finding.place]) == 5
    assert any("its base is 205 to 207, where its own status says 203 to 207" in finding.tells for finding in found)


@pytest.mark.parametrize(
    ("figures", "tells"),
    [
        ({"value": 19}, "its part is 28 to 29, where its own status says 28 to 32"),  # 19.5 % of 152 is 29.6
        ({"lower": "20.4"}, "its part is 31 to 32, where its own status says 28 to 32"),  # 20.4 % of 148 is 30.2
        ({"upper": "19.8"}, "its part is 28 to 30, where its own status says 28 to 32"),  # 19.8 % of 152 is 30.1
    ],
)
def test_a_rate_of_true_counts_narrows_them(figures: dict[str, Any], tells: str) -> None:
    rows = rows_of()
    row_of(rows, "over_days", "Dogwood").update(figures)
    assert any(tells in finding.tells for finding in narrowings(rows))


def test_figures_that_contradict_one_another() -> None:
    rows = rows_of()
    row_of(rows, "run_days", "Ash").update(base=230, value=43)
    assert "contradiction" in {finding.rule for finding in audit([release(rows)]).findings}


def test_a_month_told_twice_is_narrowed_only_for_who_keeps_releases() -> None:
    """Ash's 203 days, rounded to 205 and to 200: whoever has both knows that they are 203 or less than that: none."""
    rows = rows_of()
    for measure in ("over_days", "run_days"):
        row_of(rows, measure, "Ash").update(base=200)
    found = audit([release(rows), release()])
    assert {"published_once", "contradiction"} <= {finding.rule for finding in found.findings}
    twice = rows_of(atoms={("over_days", "Cedar"): {"status": "banded", "base": 95, "lower": "90.3", "upper": "100.0"}})
    again = [finding for finding in audit([release(), release(twice)]).findings if finding.rule == "contradiction"]
    assert len(again) == 1


def test_bands_of_another_policy() -> None:
    """With parts of 12 or more, a band is fewer than 12."""
    rows = rows_of(atoms={("over_days", "Birch"): {"status": "banded", "base": 120, "lower": "0.0", "upper": "9.4"}})
    found = audit([release(rows, rules={**RULES, "min_part": 12})])
    assert not [finding for finding in found.findings if finding.rule == "rates" and "Birch" in finding.place]


def test_the_certificate_says_what_was_tried() -> None:
    certificate = audit([release(month="2026-09"), release()]).certificate
    assert certificate["attackers"] == {"outsider": 1, "keeper of all releases": 1, "leads of units": 5}
    assert (certificate["releases"], certificate["atoms"], certificate["counts"]) == (2, 30, 50)
    # of bases 88 to 92; of parts 18 to 22, or 0 to 9; of rests one more on both sides
    assert certificate["smallest_widths"]["published"] == {"base": 4, "part": 4, "rest": 8}
    assert certificate["smallest_widths"]["banded"] == {"base": 4, "part": 9, "rest": 9}
    assert certificate["smallest_widths"]["not shown"] == {}
    assert certificate["linear_programs"] >= 4
    assert set(certificate["read"]) == {"2026-09", "2026-10"}
