"""What-ifs broken on purpose: each sabotage is found, and without it nothing is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from expectations.auditor import ReleaseTables, audit
from expectations.auditor.whatif import FIGURES, OF_RELEASE, RULES, inside_whatif, of_whatifs
from expectations.policy import RELEASED_COLUMNS
from tests.unit.auditor_releases import RULES as POLICY
from tests.unit.auditor_releases import release as plain_release

MANIFEST = {"month": "2026-09", "policy": {"version": "2", "rules": dict(POLICY)}}
UNITS = ("Ash", "Birch", "Cedar")
Rows = list[dict[str, Any]]


def release() -> ReleaseTables:
    """A quarter's release: 100 pairings a unit, and 150 stated needs of which 90 are covered."""
    measures = {"needs_covered": ("stated_needs", 90, 150), "fit_given_up": ("pairings", 20, 100)}
    rows = [
        dict.fromkeys(RELEASED_COLUMNS, "")
        | {"level": "unit", "unit": unit, "measure_id": name, "part": part, "base": base, "status": "published"}
        for name, (_, part, base) in measures.items()
        for unit in UNITS
    ]
    declared = {
        name: {"base_cell": cell, "part_cell": f"part_of_{name}", "grain": {"level": "unit", "period": "quarter"}}
        for name, (cell, _, _) in measures.items()
    }
    catalogue = json.dumps({"measures": declared, "units": []})
    return ReleaseTables.from_texts(
        {"measures.csv": pd.DataFrame(rows).to_csv(index=False), "catalogue.json": catalogue}, MANIFEST
    )


def told() -> Rows:
    """130 to 139 of 290 to 299 everywhere; needs covered as it was are the 270 of 450 of the three units, two off in each."""
    row = {"period_start": "2026-07-01", "period_end": "2026-09-30", "least_part": 130, "greatest_part": 139, "least_base": 290,
           "greatest_base": 299, "value": 46, "lower": 43.4, "upper": 48.0, "status": "published"}  # fmt: skip
    rows = [{"figure": figure, "rule": rule} | row for figure in FIGURES for rule in sorted(RULES)]
    published = {"least_part": 264, "greatest_part": 276, "least_base": 444, "greatest_base": 456}
    row_of(rows, *OF_RELEASE).update(published | {"value": 60, "lower": 57.8, "upper": 62.2})
    return rows


def row_of(rows: Rows, figure: str, rule: str) -> dict[str, Any]:
    return next(row for row in rows if (row["figure"], row["rule"]) == (figure, rule))


def whatif(rows: Rows, **manifest: Any) -> ReleaseTables:
    names = ["period_start", "period_end", "figure", "rule", *[name for name in rows[0] if name not in
             ("period_start", "period_end", "figure", "rule")]]  # fmt: skip
    about = MANIFEST | {"answer": {"kind": "whatif", "subject": "whatif"}} | manifest
    return ReleaseTables.from_texts({"whatif.csv": pd.DataFrame(rows)[names].to_csv(index=False)}, about)


def found(rows: Rows, **manifest: Any) -> list[str]:
    return [finding.what for finding in of_whatifs([release(), whatif(rows, **manifest)])]


def spoil(figure: str, rule: str, **figures: Any) -> Callable[[Rows], None]:
    return lambda rows: row_of(rows, figure, rule).update(figures)


def one_rule_more(rows: Rows) -> None:
    rows += [row_of(rows, figure, "fit_within_7_days") | {"rule": "fit_within_8_days"} for figure in FIGURES]


def hidden_under_one_rule(rows: Rows) -> None:
    numbers = ("least_part", "greatest_part", "least_base", "greatest_base", "value", "lower", "upper")
    row_of(rows, "seen_within_7_days", "earliest_place").update(dict.fromkeys(numbers, ""), status="not shown")


def of_a_unit(rows: Rows) -> None:
    for row in rows:
        row["unit"] = "Ash"


def of_another_period(rows: Rows) -> None:
    for row in rows:
        row["period_start"] = "2026-08-01"


ROUNDED = {"least_part": 133, "greatest_part": 137, "value": 46, "lower": 44.4, "upper": 47.3}
SABOTAGES: dict[str, tuple[Callable[[Rows], None], str]] = {
    "a count that is rounded to 5": (spoil("seen_within_7_days", "earliest_place", **ROUNDED), "not told as a class"),
    "a class that is shifted": (
        spoil("seen_within_7_days", "earliest_place", least_part=134, greatest_part=143, value=47, upper=49.4),
        "not told as a class",
    ),
    "a base that is exact": (
        spoil("days_over_threshold", "as_it_was", least_base=297, greatest_base=297, lower=43.7),
        "class",
    ),
    "a rate from exact counts": (spoil("seen_within_7_days", "earliest_place", value=45), "its rate"),
    "a rule that somebody asked for": (one_rule_more, "has not one row"),
    "a figure hidden under one rule": (hidden_under_one_rule, "hides it under others"),
    "a number beside a status": (
        spoil("days_over_threshold", "as_it_was", status="not shown"),
        "number that is not shown",
    ),
    "a unit of its own": (of_a_unit, "has not the columns"),
    "another period": (of_another_period, "is not about the quarter"),
    "needs covered, counted again": (
        spoil(*OF_RELEASE, least_part=260, greatest_part=269, least_base=440, greatest_base=449, value=60),
        "not the sum of the units",
    ),
    "more requests than the units leave open": (
        spoil(
            "seen_within_7_days", "earliest_place", least_base=300, greatest_base=309, value=44, lower=42.0, upper=46.4
        ),
        "larger base",
    ),
}


def test_without_a_sabotage_nothing_is_wrong() -> None:
    assert found(told()) == []


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_sabotage_is_found(name: str) -> None:
    sabotage, what = SABOTAGES[name]
    rows = told()
    sabotage(rows)
    findings = found(rows)
    assert findings and any(what in finding for finding in findings), findings


def test_a_second_answer_about_one_quarter_is_found() -> None:
    findings = of_whatifs([release(), whatif(told()), whatif(told())])
    assert [finding.what for finding in findings] == ["is a second one about its quarter."]


def test_an_answer_goes_with_its_release_when_that_is_withdrawn() -> None:
    assert list(of_whatifs([replace(release(), is_withdrawn=True), replace(whatif(told()), is_withdrawn=True)])) == []


def test_an_answer_stands_beside_its_release() -> None:
    assert [finding.what for finding in of_whatifs([whatif(told())])] == ["stands beside no release of its month."]


def test_the_audit_of_releases_reads_what_ifs_too() -> None:
    """Beside a release that has no pairings, an answer about them cannot stand."""
    findings = audit([plain_release(month="2026-09"), whatif(told())], newest_only=True).findings
    assert {finding.rule for finding in findings} == {"whatif"}


# --- from inside -------------------------------------------------------------------------------------------------------


def people(part: list[int], base: list[int], kind: str = "therapist", rule: str = "earliest_place") -> pd.DataFrame:
    who = {
        "figure": "seen_within_7_days",
        "rule": rule,
        "kind": kind,
        "counted_with": "has",
        "person": range(len(base)),
    }
    return pd.DataFrame(who | {"base": base, "part": part})


EVEN = ([15] * 9, [33] * 9)  # 135 of 297


def test_what_is_inside_gives_what_is_told() -> None:
    assert inside_whatif(whatif(told()), people(*EVEN)) == []
    [finding] = inside_whatif(whatif(told()), people([16] * 9, [33] * 9))
    assert "1 of them are not as what is inside gives them" in finding.what


@pytest.mark.parametrize(
    ("part", "base", "kind"),
    [
        ([33, 33, 33, 36], [74, 74, 74, 75], "therapist"),  # four therapists
        ([105, *[5] * 6], [177, *[20] * 6], "therapist"),  # one of whom has more than half
        ([100, *[5] * 7], [103, *[27] * 7, 5], "therapist"),  # or nearly all of the part
        ([67, 68, *[0] * 7], [67, 68, *[24] * 6, 18], "therapist"),  # two make up a side
        ([15] * 9, [33] * 9, "client"),  # nine clients
    ],
)
def test_what_few_make_up_is_found(part: list[int], base: list[int], kind: str) -> None:
    part = [*part, *[0] * (len(base) - len(part))]
    findings = inside_whatif(whatif(told()), people(part, base, kind))
    assert any("made up by too few" in finding.what for finding in findings)
    assert all(str(count) not in finding.what for finding in findings for count in (sum(part), sum(base)))
