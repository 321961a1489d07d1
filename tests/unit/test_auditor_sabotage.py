"""Releases broken on purpose: each sabotage is caught by name, and without it nothing is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from expectations.auditor import Audit, ReleaseTables, attackers, audit
from expectations.auditor.room import has_room
from tests.unit.auditor_releases import (
    COLUMNS,
    COUNTS,
    MEASURES,
    RULES,
    SERVICE,
    Rows,
    above,
    atom,
    catalogue,
    nearest,
    period,
    release,
    row_of,
    rows_of,
)


def rules_of(found: Audit) -> set[str]:
    return {finding.rule for finding in found.findings}


@pytest.fixture(scope="module", autouse=True)
def fixture_nothing_is_wrong() -> None:
    """Without a sabotage, by itself and beside other months."""
    assert audit([release()]).findings == ()
    assert audit([release(month="2026-09"), release()]).findings == ()


def spoil(measure: str, place: str, **figures: Any) -> Callable[[Rows], None]:
    return lambda rows: row_of(rows, measure, place).update(figures)


def hidden_in_the_total(rows: Rows) -> None:
    """Dogwood's 7 and Birch's 14 endings are in the organisation's figure."""
    total = sum(base for (measure, _), (base, _) in COUNTS.items() if measure == "planned")
    row_of(rows, "planned").update(base=nearest(total))


def exact_total(rows: Rows) -> None:
    row_of(rows, "over_days").update(base=sum(COUNTS["over_days", unit][0] for unit in SERVICE))


def total_of_the_true(rows: Rows) -> None:
    """Rounded, over the same units, but the sum was made before the rounding: 657 to 655, where the rows give 660."""
    row_of(rows, "over_days").update(base=nearest(sum(COUNTS["over_days", unit][0] for unit in SERVICE)))


def service_without_published(rows: Rows) -> None:
    """Two bands are shown as a service, though no unit of it is published."""
    row_of(rows, "run_days", "Young").update(status="not shown")


def second_grain(rows: Rows) -> None:
    again = row_of(rows, "over_days", "Ash") | {"period_start": "2026-08-01", "part": 120, "base": 610}
    rows.insert(rows.index(row_of(rows, "over_days", "Ash")), again)


def overlapping_window(rows: Rows) -> None:
    for row in rows:
        row["period_start"] = "2026-09-16" if row["measure_id"] == "run_days" else row["period_start"]


def told_twice(rows: Rows) -> None:
    rows.append(dict(row_of(rows, "planned", "Elm")))


def by_value(rows: Rows) -> None:
    units = [row for row in rows if row["measure_id"] == "over_days" and row["level"] == "unit"]
    rows[3 : 3 + len(units)] = sorted(units, key=lambda row: -row["base"])


def left_out_for_its_count(rows: Rows) -> None:
    rows.remove(row_of(rows, "planned", "Dogwood"))


def a_row_of_an_undeclared_unit(rows: Rows) -> None:
    rows.append(row_of(rows, "planned", "Elm") | {"unit": "Elm and Dogwood"})


def a_row_of_an_undeclared_measure(rows: Rows) -> None:
    rows.append(row_of(rows, "planned", "Ash") | {"measure_id": "planned_too"})


SABOTAGES: dict[str, tuple[Callable[[Rows], None], str]] = {
    "a total with hidden units in it": (hidden_in_the_total, "derived"),
    "a total that is exact": (exact_total, "derived"),
    "a total rounded after adding": (total_of_the_true, "derived"),
    "a coverage that is not the units shown": (spoil("planned", "", coverage="4 of 5"), "derived"),
    "a service hidden that is not": (service_without_published, "derived"),
    "a total's part": (spoil("run_days", "Adult", part=250), "derived"),
    "a total's lower bound from true counts": (spoil("over_days", "", lower="20.1"), "derived"),
    "a rate from unrounded counts": (spoil("over_days", "Dogwood", value=19), "rates"),
    "a lower bound from true counts": (spoil("over_days", "Ash", lower="20.0"), "rates"),
    "an upper bound from true counts": (spoil("over_days", "Birch", upper="3.4"), "rates"),
    "a count that is not rounded": (spoil("planned", "Ash", base=46), "rounding"),
    "a part beside a band": (spoil("over_days", "Birch", part=5), "shown_by_status"),
    "a base that is not shown": (spoil("planned", "Birch", base=15), "shown_by_status"),
    "a rate to the tenth": (spoil("over_days", "Ash", value="20.2"), "shown_by_status"),
    "a figure that is missing": (spoil("over_days", "Ash", upper=""), "shown_by_status"),
    "a band of neither side": (spoil("over_days", "Birch", lower="0.1"), "shown_by_status"),
    "a status with a reason": (spoil("planned", "Birch", status="not shown: few clients"), "statuses"),
    "one unit not measured": (spoil("planned", "Birch", status="not measured"), "statuses"),
    "a second grain": (second_grain, "grain"),
    "overlapping windows": (overlapping_window, "grain"),
    "a row told twice": (told_twice, "grain"),
    "a row of an undeclared unit": (a_row_of_an_undeclared_unit, "grain"),
    "a row of an undeclared measure": (a_row_of_an_undeclared_measure, "grain"),
    "rows sorted by their figures": (by_value, "order"),
    "a unit left out for its count": (left_out_for_its_count, "declared_rows"),
    "a count rounded two ways": (
        spoil("run_days", "Ash", base=200, value=50, lower="48.5", upper="51.6"),
        "one_figure",
    ),
}


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_sabotaged_row_is_caught(name: str) -> None:
    sabotage, rule = SABOTAGES[name]
    rows = rows_of()
    sabotage(rows)
    assert rule in rules_of(audit([release(rows)]))


def test_a_finding_says_where_what_and_what_it_tells() -> None:
    rows = rows_of()
    hidden_in_the_total(rows)
    derived = next(finding for finding in audit([release(rows)]).findings if finding.rule == "derived")
    assert str(derived) == (
        "2026-10, measures.csv line 18, planned of organisation: organisation is not made from published figures: base. "
        "Less the figures that are shown, it tells those that are not."
    )


def test_a_mean_is_a_column_that_no_release_has() -> None:
    rows = [row | {"mean": 4} for row in rows_of()]
    assert rules_of(audit([release(rows, columns=[*COLUMNS, "mean"])])) == {"columns"}


def test_a_month_published_twice() -> None:
    assert "published_once" in rules_of(audit([release(), release()]))


def test_a_policy_looser_than_the_floor() -> None:
    for rule, looser in (("min_part", 9), ("max_therapist_share_percent", 51), ("colleague_percent", 29)):
        assert "policy" in rules_of(audit([release(rules={**RULES, rule: looser})])), rule
    assert rules_of(audit([release(rules={**RULES, "min_therapists": 6, "p_percent": 20})])) == set()
    without = {name: value for name, value in RULES.items() if name != "p_percent"}
    assert rules_of(audit([release(rules=without)])) == {"policy"}


def beside(month: str, service: dict[str, str], teams: dict[str, list[str]] | None = None) -> ReleaseTables:
    """Another month with other units, all of them as large as Ash."""
    counts = {(measure, unit): COUNTS[measure, "Ash"] for measure in MEASURES for unit in service}
    return release(rows_of(month, counts, service), month, of_catalogue=catalogue(service, teams=teams))


def test_units_of_a_year_stay_the_same() -> None:
    others = {unit: service for unit, service in SERVICE.items() if unit not in ("Ash", "Birch")}
    joined = {**others, "Joined": "Adult"}
    teams = {"Joined": ["Team Ash", "Team Birch"]}
    assert rules_of(audit([beside("2026-09", joined, teams), release()])) == {"units"}
    renamed = {**others, "Birch": "Adult", "Oak": "Adult"}
    assert rules_of(audit([beside("2026-09", renamed, {"Oak": ["Team Ash"]}), release()])) == {"units"}
    wider = {"Ash": ["Team Ash", "Team Fir"]}
    assert rules_of(audit([beside("2026-09", SERVICE, wider), release()])) == {"units"}


def test_a_unit_that_comes_and_goes() -> None:
    without_ash = {unit: service for unit, service in SERVICE.items() if unit != "Ash"}
    assert rules_of(audit([release(month="2026-09"), beside("2026-10", without_ash)])) == {"units"}
    assert rules_of(audit([release(month="2026-08"), beside("2026-09", without_ash), release()])) == {"units"}
    # a unit that is new has teams that were in no unit of the year
    assert rules_of(audit([beside("2026-09", without_ash), release()])) == set()


def test_two_units_of_a_month_with_a_team_in_common() -> None:
    teams = {"Ash": ["Team Ash", "Team Birch"]}
    assert rules_of(audit([release(of_catalogue=catalogue(teams=teams))])) == {"units"}


def quarter(month: str = "2026-09", start: str = "2026-07-01") -> ReleaseTables:
    """A release with one measure of the quarter."""
    of = {"planned": ("endings", "planned_endings", "unit", "quarter")}
    rows = [row | {"period_start": start} for row in rows_of(month, measures=["planned"])]
    return release(rows, month, of_catalogue=catalogue(measures=of))


def test_a_quarter_is_told_with_its_last_month() -> None:
    assert rules_of(audit([quarter()])) == set()
    assert rules_of(audit([quarter("2026-08", "2026-07-01")])) == {"grain"}
    assert rules_of(audit([quarter("2026-09", "2026-06-01")])) == {"grain", "declared_rows"}


def of_organisation(measure: str, base: int, part: int) -> Rows:
    return [{**period("2026-10"), "level": "organisation", "measure_id": measure, **atom(base, part)}]


def test_a_measure_of_the_organisation_has_no_row_below() -> None:
    of = {"coverage": ("therapists", "declared", "organisation", "month")}
    declared = catalogue(measures=of)
    rows = of_organisation("coverage", 142, 88)
    assert rules_of(audit([release(rows, of_catalogue=declared)])) == set()
    unit = rows[0] | {"level": "unit", "unit": "Ash", "service": "Adult"}
    assert rules_of(audit([release([*rows, unit], of_catalogue=declared)])) == {"grain"}


def test_services_can_be_the_lowest_level() -> None:
    of = {"planned": ("endings", "planned_endings", "service", "month")}
    services = [
        {**period("2026-10"), "level": "service", "service": name, "measure_id": "planned", **atom(*counts)}
        for name, counts in {"Adult": (113, 62), "Young": (68, 41)}.items()
    ]
    organisation = {**period("2026-10"), "level": "organisation", "measure_id": "planned", **above(services)}
    declared = catalogue(measures=of)
    assert rules_of(audit([release([organisation, *services], of_catalogue=declared)])) == set()
    organisation["base"] += 5
    assert "derived" in rules_of(audit([release([organisation, *services], of_catalogue=declared)]))


# breakdowns of over_days, over its published units: all but Birch. 539 days, 143 of them over
BINS = {"weekday": ["early", "late"], "modality": ["here", "far"], "hours": ["a", "b"], "kind": ["x", "y"]}
CELLS = {"early": (301, 92), "late": (238, 51)}


def broken_down(cells: dict[str, tuple[int, int]], dimension: str = "weekday", measure: str = "over_days") -> Rows:
    where = {**period("2026-10"), "level": "organisation", "measure_id": measure, "breakdown": dimension}
    return [{**where, "breakdown_value": value, **atom(*counts)} for value, counts in cells.items()]


def with_breakdown(*breakdowns: Rows) -> Audit:
    rows = [*rows_of(), *(row for rows in breakdowns for row in rows)]
    return audit([release(rows, of_catalogue=catalogue(bins=BINS))])


def test_a_breakdown_over_published_units() -> None:
    assert rules_of(with_breakdown(broken_down(CELLS))) == set()


def test_a_breakdown_over_hidden_units() -> None:
    """Birch, of which four days were over, is in the cells: they add up to more than the published units can."""
    cells = {"early": (366, 94), "late": (291, 53)}
    assert rules_of(with_breakdown(broken_down(cells))) == {"contradiction"}


def test_bins_are_those_declared() -> None:
    assert rules_of(with_breakdown(broken_down({"late": CELLS["late"], "early": CELLS["early"]}))) == {"breakdown"}
    assert rules_of(with_breakdown(broken_down({"early": CELLS["early"], "then": CELLS["late"]}))) == {"breakdown"}


def test_a_breakdown_is_shown_whole_or_not_at_all() -> None:
    some = [broken_down(CELLS)[0], {**broken_down(CELLS)[1], **dict.fromkeys(COLUMNS[8:14], ""), "status": "not shown"}]
    assert {"breakdown", "narrowing"} <= rules_of(with_breakdown(some))
    none = [{**row, **dict.fromkeys(COLUMNS[8:14], ""), "status": "not shown"} for row in broken_down(CELLS)]
    assert rules_of(with_breakdown(none)) == set()


def test_a_breakdown_below_the_organisation() -> None:
    of_unit = [row | {"level": "unit", "unit": "Ash", "service": "Adult"} for row in broken_down(CELLS)]
    assert "breakdown" in rules_of(with_breakdown(of_unit))


def test_a_breakdown_over_two_units() -> None:
    counts = {**COUNTS, ("planned", "Cedar"): (14, 8)}
    cells = broken_down({"early": (52, 30), "late": (55, 30)}, measure="planned")
    rows = [*rows_of(counts=counts), *cells]
    assert rules_of(audit([release(rows, of_catalogue=catalogue(bins=BINS))])) == {"breakdown"}


def test_at_most_three_breakdowns() -> None:
    cuts = [broken_down(dict(zip(bins, CELLS.values(), strict=True)), dimension) for dimension, bins in BINS.items()]
    assert rules_of(with_breakdown(*cuts[:3])) == set()
    assert rules_of(with_breakdown(*cuts)) == {"breakdown"}


def test_one_count_broken_down_over_different_units() -> None:
    """Days by weekday over all but Birch, and over all but Cedar and Elm: less one another, those of few units."""
    runs = broken_down({"early": (272, 98), "late": (203, 82)}, measure="run_days")
    assert rules_of(with_breakdown(broken_down(CELLS), runs)) == {"breakdown"}


def cut(cells: Rows, subject: str = "cut-over_days-by-time") -> ReleaseTables:
    """An answer beside the release: one breakdown."""
    found = release(cells, of_catalogue=catalogue(bins=BINS), answer={"kind": "cut", "subject": subject})
    return replace(found, name=f"answers/2026-10/{subject}")


def test_a_cut_that_was_asked_for_is_read_as_a_breakdown_of_its_release() -> None:
    found = audit([release(), cut(broken_down(CELLS))], newest_only=True)
    assert found.findings == () and "answers/2026-10/cut-over_days-by-time" in found.certificate["read"]
    assert audit([release(), cut(broken_down(CELLS))]).findings == ()
    assert found.certificate["atoms"] > len(CELLS)  # the units are bound to the bins


def test_a_cut_is_read_beside_the_units_of_its_month() -> None:
    """The newest is the answer then; and figures that cannot be those of the units are seen through it."""
    earlier = [release(month="2026-09"), release()]
    assert audit([*earlier, cut(broken_down(CELLS))], newest_only=True).findings == ()
    unlike = cut(broken_down({**CELLS, "late": (310, 90)}))
    assert rules_of(audit([*earlier, unlike], newest_only=True)) == {"contradiction"}


def test_a_cut_that_narrows_a_unit_of_the_release_stops() -> None:
    """530 by its bins is 534 at most; 540 by the four units is 532 at least. So Ash has 205 at most, where 203 to 207 is said."""
    counts = {"early": (301, 92), "late": (228, 51)}
    found = audit([release(), cut(broken_down(counts))], newest_only=True)
    [ash] = [finding for finding in found.findings if "over_days of unit Ash" in finding.place]
    assert (ash.rule, ash.release) == ("narrowing", "2026-10") and "203 to 205" in ash.tells


def test_a_cut_is_nothing_but_the_bins_that_were_asked_for() -> None:
    with_a_unit = [*broken_down(CELLS), row_of(rows_of(), "over_days", "Ash")]
    assert "answer" in rules_of(audit([release(), cut(with_a_unit)]))
    two = [*broken_down(CELLS), *broken_down(CELLS, dimension="kind")]
    assert "answer" in rules_of(audit([release(), cut(two)]))


def test_a_release_cannot_pass_as_an_answer() -> None:
    assert "answer" in rules_of(audit([release(answer={"kind": "cut", "subject": "x"}), release(month="2026-09")]))
    assert "answer" in rules_of(audit([release(), release(answer={"kind": "whatif", "subject": "x"})]))


def test_cuts_count_with_the_breakdowns_of_the_release() -> None:
    cuts = [broken_down(dict(zip(bins, CELLS.values(), strict=True)), dimension) for dimension, bins in BINS.items()]
    rows = [*rows_of(), *(row for one in cuts[:3] for row in one)]
    three = release(rows, of_catalogue=catalogue(bins=BINS))
    assert rules_of(audit([three])) == set()
    assert rules_of(audit([three, cut(cuts[3])])) == {"breakdown"}
    assert "breakdown" in rules_of(audit([three, cut(cuts[0])]))  # a second time


def test_a_breakdown_that_tells_a_lead_of_the_other_units() -> None:
    """Its parts add up to five more than those of the units: for who knows one of them, the others give way."""
    runs = broken_down({"early": (272, 98), "late": (200, 87)}, measure="run_days")
    found = with_breakdown(runs)
    assert rules_of(found) == {"narrowing"}
    assert all("the lead of" in finding.tells for finding in found.findings)


def replaced(rows: Rows, **of_manifest: Any) -> Audit:
    return audit([release(is_withdrawn=True), release(rows, **of_manifest)])


def test_a_replacement_shows_no_more_than_what_it_replaces() -> None:
    marks = {"replaces": {"reason": "wrong_mapping"}}
    stricter = rows_of(atoms={("planned", "Ash"): {"status": "not shown"}})
    assert rules_of(replaced(stricter, **marks)) == set()
    more = rows_of(counts={**COUNTS, ("planned", "Birch"): (34, 18)})
    assert rules_of(replaced(more, **marks)) == {"replaced"}
    assert rules_of(replaced(rows_of())) == {"published_once"}


def test_a_notice_has_no_figures(tmp_path: Any) -> None:
    notice = ReleaseTables("2026-10", None, {}, {"month": "2026-10", "withdrawn": {"reason": "wrong_source"}}, {})
    assert rules_of(audit([release(is_withdrawn=True), notice])) == set()
    assert audit([notice]).passed
    lost = ReleaseTables("2026-10", None, {}, {"month": "2026-10"}, {})
    assert rules_of(audit([lost])) == {"figures_missing"}


def test_only_the_newest_is_looked_at_before_a_release() -> None:
    rows = rows_of("2026-09")
    row_of(rows, "over_days", "Dogwood").update(value=19)
    old = release(rows, "2026-09")
    assert rules_of(audit([old, release()])) == {"rates", "narrowing"}
    assert rules_of(audit([old, release()], newest_only=True)) == set()
    assert audit([old, release()], newest_only=True).certificate["atoms"] == len(COUNTS)


def test_another_grain_within_the_year() -> None:
    """Each release goes by its own catalogue, but a quarter after its months gives the month that is missing."""
    declared = catalogue()
    declared["measures"]["planned"]["grain"] = {"level": "service", "period": "month"}
    rows = [row for row in rows_of() if row["measure_id"] != "planned"]
    october = release(rows, of_catalogue=declared)
    found = [finding for finding in audit([release(month="2026-09"), october]).findings if finding.rule == "grain"]
    assert [finding.place for finding in found] == ["catalogue.json"]
    assert not [finding for finding in audit([october]).findings if finding.rule == "grain"]


@pytest.mark.parametrize(
    ("breakdown", "is_told"),
    [
        (lambda: broken_down(CELLS), False),
        (lambda: broken_down({"early": (272, 98), "late": (200, 87)}, measure="run_days"), True),
    ],
)
def test_where_sums_leave_room_no_lead_is_told_anything(
    breakdown: Callable[[], Rows], is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is proved without linear programs holds by linear programs too."""
    proofs: list[bool] = []
    monkeypatch.setattr(attackers, "has_room", lambda tables: proofs.append(has_room(tables)) or False)
    findings = with_breakdown(breakdown()).findings
    assert (len(findings) > 0) == is_told
    assert proofs and (not is_told or not all(proofs))


# What is complete two months later

LATE = {"back": ("run_days", "back_days", "unit", "month")}
BACK = {
    "Ash": (100, 40),
    "Birch": (61, 30),
    "Cedar": (90, 40),  # its run days were all but fewer than 10
    "Dogwood": (22, 11),
    "Elm": (2, 1),
}
HIDDEN = {("back", unit): {"status": "not shown"} for unit in ("Cedar", "Dogwood", "Elm")}


def beside_august(
    october: dict[tuple[str, str], Any] = HIDDEN, august: dict[tuple[str, str], Any] | None = None, **back: Any
) -> set[str]:
    """The rules that the October release breaks beside that of August, whose returns it holds."""
    declared = catalogue(measures=MEASURES | LATE)
    declared["measures"]["back"] |= {"complete_after_months": 2, "shown_beside": "over_days"}
    counts = {("back", unit): count for unit, count in (BACK | back).items()}
    late = rows_of("2026-08", counts, measures=LATE, atoms=october)
    earlier = release(rows_of("2026-08", atoms=august), "2026-08", of_catalogue=declared)
    newest = release([*rows_of(), *late], of_catalogue=declared)
    before, both = audit([earlier, newest], newest_only=True), audit([earlier, newest])
    assert rules_of(before) <= rules_of(both)
    return rules_of(before)


def test_what_is_late_has_the_period_it_belongs_to_and_goes_with_its_month() -> None:
    assert beside_august() == set()
    declared = catalogue(measures=MEASURES | LATE)
    declared["measures"]["back"] |= {"complete_after_months": 2}
    counts = {("back", unit): count for unit, count in BACK.items()}
    of_its_own = rows_of("2026-10", counts, measures=LATE, atoms=HIDDEN)
    assert "grain" in rules_of(audit([release([*rows_of(), *of_its_own], of_catalogue=declared)]))


def test_what_is_late_is_not_shown_without_its_companion() -> None:
    assert "later" in beside_august(august={("over_days", "Ash"): {"status": "not shown"}})


def test_what_is_late_shows_a_count_as_it_was_and_none_that_was_withheld() -> None:
    assert "later" in beside_august(Birch=(66, 30))  # 65, and was 60
    assert "later" in beside_august({key: row for key, row in HIDDEN.items() if key[1] != "Cedar"})
