"""The sentences of the first screen: each rule speaks where it should, and is silent where it should be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from markupsafe import Markup

from reports.monthly import findings
from reports.monthly.figures import measure_histories
from reports.monthly.findings import RULES, Finding, Month, first_screen, month_of
from reports.monthly.release import Release
from reports.monthly.words import SPACE, words_in
from tests.unit.report_fixtures import counts, history_of, releases, with_measure

QUIET = (10, 12, 11, 13, 12, 14, 11, 13)  # limits 7 to 17
QUARTER = {"level": "organisation", "period": "quarter"}


def said(*found: Release) -> dict[str, str]:
    """All sentences by their rules, without tags and with plain spaces."""
    shown, more = spoken(found)
    return {one.rule: re.sub("<[^>]+>", "", one.text).replace(SPACE, " ") for one in [*shown, *more]}


def spoken(found: Sequence[Release]) -> tuple[list[Finding], list[Finding]]:
    return first_screen(month_of(measure_histories(found[-1], found[:-1]), words_in("en")))


def of_organisation(rates: Sequence[int], coverage: str = "9 of 9") -> list[Release]:
    """The organisation's figures of one measure that is one of units."""
    found = history_of([None] * len(rates))
    for release, rate in zip(found, rates, strict=True):
        numbers: dict[str, Any] = {"status": "published", "coverage": coverage, **counts(10 * rate, 1000, 0)}
        release.measures.loc[release.measures.level == "organisation", list(numbers)] = list(numbers.values())
    return found


def test_a_unit_outside_of_its_limits_is_named_with_its_side() -> None:
    assert (
        "Days with four or more sessions in a row in Harbour (above)"
        in said(*history_of([*QUIET, 40]))["units_outside"]
    )
    assert "in Harbour (below)" in said(*history_of([*[rate + 30 for rate in QUIET], 2]))["units_outside"]


@pytest.mark.parametrize("rates", [[*QUIET, 14], [*QUIET[:5], 40], [*QUIET, None], [*QUIET, 40, None]])
def test_inside_the_limits_without_limits_and_hidden_no_change_is_spoken_of(rates: list[int | None]) -> None:
    found = said(*history_of(rates))

    assert not {"units_outside", "units_shift", "organisation_outside", "organisation_shift"} & set(found)


def test_seven_in_a_row_on_one_side_are_told() -> None:
    found = said(*history_of([*QUIET, 8, 9, 8, 9, 8, 9, 8]))

    assert "in Harbour (below)" in found["units_shift"]
    assert "units_outside" not in found


def test_the_organisation_is_told_with_its_figure_and_its_limits() -> None:
    found = said(*of_organisation([*QUIET, 40]))

    # Nine points: mean 136 / 9 = 15.1; steps 13 and 27, mean 40 / 8 = 5; limits 1.8 to 28.4.
    assert (
        "Days with four or more sessions in a row at 40 %, above its natural limits (1 to 29 %)"
        in found["organisation_outside"]
    )


def test_a_figure_from_few_units_is_not_spoken_of() -> None:
    assert "organisation_outside" not in said(*of_organisation([*QUIET, 40], coverage="2 of 9"))


def test_nothing_is_news_where_all_is_inside() -> None:
    found = said(*history_of([*QUIET, 12]))

    assert found["nothing_outside"].startswith("Nothing stands out. The 1 series")
    assert "too_early" not in found


def test_a_first_month_is_too_early() -> None:
    found = said(*releases(months=1, units=6))

    assert "Natural limits need 8 periods in a row" in found["too_early"]
    assert "nothing_outside" not in found


def by_load(over: dict[str, Any], other: dict[str, Any], **entry: Any) -> Release:
    rows = [
        {"breakdown": "load", "breakdown_value": label, "coverage": "9 of 9", **numbers}
        for label, numbers in (("over the threshold", over), ("other days", other))
    ]
    return with_measure(releases(months=1, units=3)[0], "closer_to_understanding", rows, **entry)


def test_what_overload_costs_is_told_with_its_interval() -> None:
    # 50 % and 63 % of 1,000 each, every answer by itself: 13 points, with 1.96 × √(0.25/1000 + 0.2331/1000) = 4.3 around it.
    found = said(by_load(counts(500, 1000, 0), counts(630, 1000, 0), design_effect=1.0))

    assert "50 % of the responses" in found["load_and_understanding"]
    assert "63 % after other days: 9 to 17 percentage points fewer" in found["load_and_understanding"]


@pytest.mark.parametrize(
    ("over", "entry"),
    [
        (counts(625, 1000, 0), {"design_effect": 1.0}),  # half a point is chance
        (counts(500, 1000, 0), {"design_effect": 30.0}),  # so alike that they tell little
        (counts(500, 1000, 0), {}),  # nobody knows how alike
        ({"status": "not shown"}, {"design_effect": 1.0}),
    ],
)
def test_what_may_be_chance_is_not_told(over: dict[str, Any], entry: dict[str, Any]) -> None:
    assert "load_and_understanding" not in said(by_load(over, counts(630, 1000, 0), **entry))


@pytest.mark.parametrize(("part", "speaks"), [(560, True), (531, False), (300, False)])
def test_a_quota_is_told_where_it_is_more_than_chance_whatever_rounding_leaves_open(part: int, speaks: bool) -> None:
    rows = [
        {"level": "unit", "unit": "Harbour", **counts(part, 1000)},
        {"level": "unit", "unit": "Alder", "status": "not shown"},
    ]
    chance = {"percent": 38, "at_most": 53, "error_percent": 5}
    month = with_measure(releases(months=1, units=3)[0], "quota_pull", rows, by_chance=chance)

    found = said(month)

    assert ("usual_count_pulls" in found) is speaks
    if speaks:
        assert "in Harbour: above 53 %, which chance alone reaches in 5 % of units" in found["usual_count_pulls"]
    assert "usual_count_pulls" not in said(with_measure(releases(months=1, units=3)[0], "quota_pull", rows))


def test_needs_that_nobody_with_room_declares_are_told_in_their_order() -> None:
    rates = {"trauma": 60, "grief": 40, "addiction": 90, "sleep": 51}
    rows = [{"breakdown": "need", "breakdown_value": need, **counts(rate, 100)} for need, rate in rates.items()]
    band = {"status": "banded", "base": 85, "lower": 89.4, "upper": 100.0}
    rows.append({"breakdown": "need", "breakdown_value": "gambling", **band})
    month = with_measure(releases(months=1, units=3)[0], "unmet_needs", rows, grain={**QUARTER, "by": "need"})

    assert "each of 3 needs" in said(month)["needs_without_room"]
    assert "trauma, addiction and gambling" in said(month)["needs_without_room"]


@pytest.mark.parametrize(("last", "speaks"), [(80, True), (52, False)])
def test_what_waiting_would_have_bought_is_told_if_it_is_something(last: int, speaks: bool) -> None:
    rows = [
        {"breakdown": "room_within_days", "breakdown_value": str(days), **counts(10 * rate, 1000)}
        for days, rate in ((0, 42), (14, 50), (28, last))
    ]
    curve = {"by": "room_within_days", "value": "wait_days", "cutoffs": [0, 14, 28], "own": 14}
    month = with_measure(releases(months=1, units=3)[0], "wait_versus_fit", rows, curve=curve, grain=QUARTER)

    found = said(month)

    assert ("waiting_helps_fit" in found) is speaks
    if speaks:
        assert "had room at once for 42 % of the requests, and within 28 days for 80 %" in found["waiting_helps_fit"]


def test_what_could_not_be_measured_is_no_fault_of_anybody() -> None:
    found = said(*releases(months=1, units=3, not_measured=["caseload_spread", "long_runs"]))

    assert found["not_measured"] == (
        "Not measured, as no source holds what they take: "
        "Days with four or more sessions in a row and Clients seen for each session held."
    )
    assert "not_measured" not in said(*releases(months=1, units=3))


@pytest.mark.parametrize(("part", "speaks"), [(900, True), (999, False)])
def test_how_far_thresholds_reach_is_told_unless_all_have_one(part: int, speaks: bool) -> None:
    month = with_measure(
        releases(months=1, units=3, measures=["long_runs"])[0], "threshold_coverage", [counts(part, 1000)],
        grain={"level": "organisation", "period": "month"},
    )  # fmt: skip

    assert ("reach_of_thresholds" in said(month)) is speaks


def test_what_is_kept_back_is_counted_at_the_measures_own_level() -> None:
    (month,) = releases(months=1, units=9, hidden_share=0.3)
    statuses = month.measures.loc[month.measures.level == "unit", "status"].value_counts()

    assert said(month)["not_shown"].startswith(
        f"Kept back to protect people: of 90 figures, {statuses['not shown']} not shown and {statuses['banded']} given"
    )


def test_a_quarter_that_is_not_due_is_no_news() -> None:
    *past, last = history_of([*QUIET, 40])
    later = replace(releases(months=1, units=["Harbour"], measures=["short_breaks"], last_month="2026-11")[0])
    catalogue = {**later.catalogue, "measures": {**last.catalogue["measures"], **later.catalogue["measures"]}}

    assert "units_outside" in said(*past, last)
    assert "units_outside" not in said(*past, last, replace(later, catalogue=catalogue))


def test_there_are_five_sentences_at_most_whatever_there_is_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    def speaks(month: Month) -> Markup:
        return Markup("A sentence.")

    for name, rules in (("NEWS", 4), ("STATE", 1), ("REACH", 3)):
        monkeypatch.setattr(findings, name, (speaks,) * rules)
    shown, more = first_screen(Month({}, [], words_in("en")))
    assert (len(shown), len(more)) == (5, 3)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("months", [1, 9, 20])
def test_there_are_three_to_five_sentences_and_each_leads_somewhere(months: int, seed: int) -> None:
    *past, month = releases(months=months, units=9, seed=seed, hidden_share=0.1, not_measured=["quota_pull"])
    month = with_measure(
        month, "threshold_coverage", [counts(900, 1000)], grain={"level": "organisation", "period": "month"}
    )

    shown, more = spoken([*past, month])

    assert 3 <= len(shown) <= 5
    names = [rule.__name__ for rule in RULES]
    assert [one.rule for one in shown] == sorted((one.rule for one in shown), key=names.index)
    assert len({one.rule for one in [*shown, *more]}) == len(shown) + len(more)
    leading = [one for one in [*shown, *more] if one.rule not in ("nothing_outside", "too_early")]
    assert all('href="#' in one.text for one in leading)


def test_many_units_are_named_by_the_alphabet_and_then_counted() -> None:
    names = ["Willow", "Alder", "Quay", "Birch", "Dune"]
    by_unit = [history_of([*QUIET, 40], unit=name) for name in names]
    merged = []
    for of_month in zip(*by_unit, strict=True):
        import pandas as pd

        rows = pd.concat([one.measures.loc[one.measures.level == "unit"] for one in of_month])
        merged.append(replace(of_month[0], measures=rows))

    assert "in Alder (above), Birch (above), Dune (above) and 2 more" in said(*merged)["units_outside"]
