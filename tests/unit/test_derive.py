"""Each measure at its own level, and what is derived from it as published, worked by hand; nothing hidden plays a part."""

from __future__ import annotations

import datetime
from typing import Any

import pandas as pd
import pytest

from assets.release.derive import Due, Period, Unit, release_rows
from assets.release.tables import catalogue, measures_csv
from expectations.policy import decide, read_policy

START, END = datetime.date(2026, 10, 1), datetime.date(2026, 10, 31)
UNITS = [
    Unit("Willow", "North", ("T3",)),
    Unit("Harbour", "North", ("T2", "T1")),
    Unit("Quay", "South", ("T4",)),
    Unit("Apart", None, ("T5",)),
]
SIDES = ("base", "part", "rest")


def atom(unit: str, part: int, base: int, roster: int = 9, measure_id: str = "long_runs") -> dict[str, Any]:
    """An atom of many people with little each, so that its counts and its roster decide."""
    identity = {"period_start": START, "period_end": END, "level": "unit", "unit": unit, "service": None}
    cells = {"measure_id": measure_id, "base_cell": f"{measure_id}_base", "part_cell": f"{measure_id}_part"}
    identity |= {"breakdown": None, "breakdown_value": None}
    cells |= {"concerns": "clients and therapists", "therapists_behind": 0}
    people = {f"{side}_{who}": 9 if who == "therapists" else 90 for side in SIDES for who in ("therapists", "clients")}
    largest = {
        f"{side}_{n}_{who}": 2 for side in SIDES for n in ("largest", "second") for who in ("therapist", "client")
    }
    return {**identity, **cells, "part": part, "base": base, "roster": roster, **people, **largest}


def released(*atoms: dict[str, Any], **measures: bool) -> pd.DataFrame:
    decided = decide(pd.DataFrame([*atoms, atom("none", 0, 0)]), read_policy()).iloc[: len(atoms)]
    return release_rows(decided, due(UNITS, **measures or {"long_runs": True}))


def due(units: list[Unit], **measures: bool) -> list[Due]:
    """Measures of units in October, each with whether its sources are there."""
    october = Period(START, END, tuple(units))
    return [Due(name, "unit", october, is_measured) for name, is_measured in measures.items()]


def row(rows: pd.DataFrame, level: str, unit: str | None = None, service: str | None = None) -> tuple[Any, ...]:
    """Part, base, value, lower, upper, coverage and status of the one row."""
    is_it = rows.level == level
    if unit or service:
        is_it &= (rows.unit == unit) if unit else (rows.service == service)
    (found,) = rows.reindex(rows.index[is_it]).to_dict("records")
    names = ("part", "base", "value", "lower", "upper", "coverage", "status")
    return tuple(None if pd.isna(found[name]) else found[name] for name in names)


HIDDEN = (None, None, None, None, None)


def test_sums_of_rounded_figures_with_coverage_and_bound():
    rows = released(atom("Harbour", 41, 158), atom("Willow", 22, 101), atom("Quay", 62, 240))
    # North: 40 of 160 and 20 of 100. Its true part lies within 38 + 18 and 42 + 22, its base within 158 + 98
    # and 162 + 102: 56 ÷ 264 = 21.21…, 64 ÷ 256 = 25
    assert row(rows, "service", service="North") == (60, 260, 23, 21.2, 25.0, "2 of 2", "published")
    assert row(rows, "service", service="South") == (60, 240, 25, 23.9, 26.1, "1 of 1", "published")
    # 40 + 20 + 60 of 160 + 100 + 240; 114 ÷ 506 = 22.52…, 126 ÷ 494 = 25.50…
    assert row(rows, "organisation") == (120, 500, 24, 22.5, 25.6, "3 of 4", "published")


def test_a_band_counts_as_its_middle_on_either_side():
    rows = released(atom("Harbour", 41, 158), atom("Willow", 6, 101))
    # 40 + 4.5 of 160 + 100: 17.1 %; between (38 + 0) ÷ (162 + 102) and (42 + 9) ÷ (158 + 98)
    assert row(rows, "service", service="North") == (45, 260, 17, 14.3, 20.0, "2 of 2", "published")
    rows = released(atom("Harbour", 41, 158), atom("Willow", 95, 101))
    # 40 + 95.5 of 260: 52.1 %; between (38 + 89) ÷ (162 + 98) and (42 + 102) ÷ (158 + 102)
    assert row(rows, "service", service="North") == (136, 260, 52, 48.8, 55.4, "2 of 2", "published")


def test_the_bounds_hold_the_rate_of_whatever_rounds_to_what_is_published():
    published = row(released(atom("Harbour", 41, 158), atom("Willow", 95, 101)), "service", service="North")
    for first_part, first_base in ((38, 158), (38, 162), (42, 158), (42, 162)):
        for rest in (0, 9):
            for second_base in (98, 102):
                rate = 100 * (first_part + second_base - rest) / (first_base + second_base)
                assert published[3] <= rate <= published[4]


def test_units_that_are_not_shown_are_left_out_and_the_coverage_says_so():
    rows = released(atom("Harbour", 41, 158), atom("Willow", 22, 101, roster=4))
    assert row(rows, "unit", unit="Willow") == (*HIDDEN, None, "not shown")
    assert row(rows, "service", service="North") == (40, 160, 25, 23.4, 26.6, "1 of 2", "published")


def test_without_a_published_unit_nothing_is_derived():
    rows = released(atom("Harbour", 3, 158), atom("Willow", 22, 101, roster=4))
    assert row(rows, "unit", unit="Harbour") == (None, 160, None, 0.0, 5.7, None, "banded")
    assert row(rows, "service", service="North") == (*HIDDEN, "0 of 2", "not shown")
    assert row(rows, "organisation") == (*HIDDEN, "0 of 4", "not shown")


def test_a_declared_unit_without_an_atom_is_not_shown():
    rows = released(atom("Harbour", 41, 158))
    for unit in ("Willow", "Quay", "Apart"):
        assert row(rows, "unit", unit=unit) == (*HIDDEN, None, "not shown")


def test_a_measure_without_its_sources_is_not_measured_at_every_level():
    rows = released(atom("Harbour", 41, 158), long_runs=True, quota_pull=False)
    quota_pull = rows.reindex(rows.index[rows.measure_id == "quota_pull"])
    assert len(quota_pull) == 1 + 2 + 4
    assert set(quota_pull.status) == {"not measured"}
    for name in ("part", "base", "value", "lower", "upper", "coverage"):
        assert set(map(str, quota_pull[name])) <= {"<NA>", "nan", "None"}


def test_a_month_without_any_atom_is_not_shown_throughout():
    rows = released()
    assert len(rows) == 1 + 2 + 4
    assert set(rows.status) == {"not shown"}


def test_a_unit_without_service_counts_in_the_organisation_alone():
    rows = released(atom("Apart", 41, 158))
    assert row(rows, "organisation") == (40, 160, 25, 23.4, 26.6, "1 of 4", "published")
    assert sorted(rows.service[rows.level == "service"]) == ["North", "South"]
    assert list(rows.service.isna()[rows.unit == "Apart"]) == [True]


def test_rows_are_sorted_by_measure_level_and_name_and_never_by_value():
    rows = released(
        atom("Willow", 90, 101),
        atom("Harbour", 41, 158),
        atom("Quay", 41, 158, measure_id="caseload_spread"),
        long_runs=True,
        caseload_spread=True,
    )
    order = ["|North|", "|South|", "Apart||", "Harbour|North|", "Quay|South|", "Willow|North|"]
    names = rows.unit.fillna("") + "|" + rows.service.fillna("") + "|"
    assert list(names) == ["||", *order] * 2
    assert list(rows.measure_id) == ["long_runs"] * 7 + ["caseload_spread"] * 7


def test_derived_figures_follow_from_released_rows_alone():
    """Other people, other counts, other hidden units: the same published rows give the same release."""
    rows = released(
        atom("Harbour", 41, 158), atom("Willow", 3, 101), atom("Quay", 22, 101, roster=4), atom("Apart", 0, 0)
    )
    hidden_otherwise = atom("Apart", 500, 900, roster=3)
    others = released(
        atom("Harbour", 38, 162), atom("Willow", 9, 99), atom("Quay", 4711, 9999, roster=2), hidden_otherwise
    )
    pd.testing.assert_frame_equal(rows, others)
    assert measures_csv(rows) == measures_csv(others)


@pytest.mark.parametrize(
    ("unit", "measure_id", "message"),
    [
        ("Elsewhere", "long_runs", "unit 'Elsewhere' was decided but is not declared"),
        ("Harbour", "short_breaks", "measure 'short_breaks' was decided although it is not measured, or not due"),
    ],
)
def test_a_row_that_was_not_declared_is_an_error(unit: str, measure_id: str, message: str):
    with pytest.raises(ValueError, match=message):
        released(atom(unit, 41, 158, measure_id=measure_id))


def test_rows_of_another_month_level_or_twice_are_an_error():
    decided = decide(pd.DataFrame([atom("Harbour", 41, 158)]), read_policy())
    november = Period(datetime.date(2026, 11, 1), datetime.date(2026, 11, 30), tuple(UNITS))
    with pytest.raises(ValueError, match="not of the period 2026-11-01 to 2026-11-30"):
        release_rows(decided, [Due("long_runs", "unit", november)])
    with pytest.raises(ValueError, match="was decided by unit, and is declared by service"):
        release_rows(decided, [Due("long_runs", "service", Period(START, END, tuple(UNITS)))])
    with pytest.raises(ValueError, match="decided twice"):
        release_rows(pd.concat([decided, decided]), due(UNITS, long_runs=True))


def of_place(level: str, part: int, base: int, service: str | None = None, **fields: Any) -> dict[str, Any]:
    """An atom of a service or of the organisation."""
    return {**atom("", part, base), "level": level, "unit": None, "service": service, **fields}


def test_a_measure_of_services_has_a_row_each_and_the_organisation_from_them():
    atoms = [of_place("service", 41, 158, "North"), of_place("service", 22, 101, "South", roster=4)]
    decided = decide(pd.DataFrame(atoms), read_policy())
    rows = release_rows(decided, [Due("long_runs", "service", Period(START, END, tuple(UNITS)))])
    assert list(rows.level) == ["organisation", "service", "service"]
    assert row(rows, "service", service="North") == (40, 160, 25, 23.4, 26.6, None, "published")
    assert row(rows, "service", service="South") == (*HIDDEN, None, "not shown")
    assert row(rows, "organisation") == (40, 160, 25, 23.4, 26.6, "1 of 2", "published")


def test_a_measure_of_the_organisation_is_one_row_and_nothing_is_derived():
    of_october = Period(START, END, tuple(UNITS))
    whole = Due("long_runs", "organisation", of_october)
    decided = decide(pd.DataFrame([of_place("organisation", 41, 158)]), read_policy())
    rows = release_rows(decided, [whole])
    assert len(rows) == 1
    assert row(rows, "organisation") == (40, 160, 25, 23.4, 26.6, None, "published")
    for figure, status in ((whole, "not shown"), (Due("long_runs", "organisation", of_october, False), "not measured")):
        rows = release_rows(decided.iloc[:0], [figure])
        assert len(rows) == 1 and row(rows, "organisation") == (*HIDDEN, None, status)


def test_a_quarter_stands_beside_the_month_with_its_own_dates_and_the_units_of_its_first_day():
    """Gone was a unit in July and is none in October; Willow is one since."""
    july, july_units = datetime.date(2026, 7, 1), (Unit("Gone", "North"), Unit("Harbour", "North"))
    cells = {"measure_id": "quota_pull", "base_cell": "b", "part_cell": "p", "period_start": july}
    atoms = [atom("Harbour", 41, 158), {**atom("Gone", 41, 158), **cells}, {**atom("Harbour", 22, 101), **cells}]
    decided = decide(pd.DataFrame(atoms), read_policy())
    quarter = Due("quota_pull", "unit", Period(july, END, july_units))
    rows = release_rows(decided, [*due(UNITS, long_runs=True), quarter])
    of_quarter = rows.reindex(rows.index[rows.measure_id == "quota_pull"])
    assert set(of_quarter.period_start.astype(str)) == {"2026-07-01"}
    assert set(of_quarter.period_end.astype(str)) == {"2026-10-31"}
    assert list(of_quarter.unit.fillna("")) == ["", "", "Gone", "Harbour"]
    assert row(of_quarter, "organisation")[:3] == (60, 260, 23)
    assert row(of_quarter, "organisation")[5] == "2 of 2"
    of_month = rows.reindex(rows.index[rows.measure_id == "long_runs"])
    assert set(of_month.unit[of_month.level == "unit"]) == {"Willow", "Harbour", "Quay", "Apart"}


def test_measures_csv_as_it_is_written():
    rows = released(atom("Harbour", 41, 158), atom("Willow", 3, 101))
    assert measures_csv(rows).splitlines() == [
        "period_start,period_end,level,unit,service,measure_id,breakdown,breakdown_value,"
        "part,base,value,lower,upper,coverage,status",
        "2026-10-01,2026-10-31,organisation,,,long_runs,,,45,260,17,14.3,20.0,2 of 4,published",
        "2026-10-01,2026-10-31,service,,North,long_runs,,,45,260,17,14.3,20.0,2 of 2,published",
        "2026-10-01,2026-10-31,service,,South,long_runs,,,,,,,,0 of 1,not shown",
        "2026-10-01,2026-10-31,unit,Apart,,long_runs,,,,,,,,,not shown",
        "2026-10-01,2026-10-31,unit,Harbour,North,long_runs,,,40,160,25,23.4,26.6,,published",
        "2026-10-01,2026-10-31,unit,Quay,South,long_runs,,,,,,,,,not shown",
        "2026-10-01,2026-10-31,unit,Willow,North,long_runs,,,,100,,0.0,9.2,,banded",
    ]


def test_names_that_a_csv_must_quote_come_back_as_they_were(tmp_path: Any):
    name = 'Quay, "old"\nhouse'
    decided = decide(pd.DataFrame([atom(name, 41, 158)]), read_policy())
    path = tmp_path / "measures.csv"
    text = measures_csv(release_rows(decided, due([Unit(name, "NA")], long_runs=True)))
    path.write_text(text, encoding="utf-8", newline="")
    read = pd.read_csv(path, keep_default_na=False)
    assert list(read.unit) == ["", "", name]
    assert list(read.service) == ["", "NA", "NA"]


def test_the_catalogue_lists_units_with_their_teams():
    from assets.measures import dictionary

    bins = [("kind", "couple", "couples", 1), ("kind", "pair", "couples", 1), ("kind", None, None, 2)]
    content = catalogue(dictionary(), UNITS, bins)
    assert list(content) == ["measures", "sections", "breakdowns", "units"]
    assert content["breakdowns"] == {"kind": {"title": "Kind of session", "bins": {"couples": ["couple", "pair"]}}}
    assert content["units"][1] == {"unit": "Harbour", "service": "North", "teams": ["T1", "T2"]}


def test_a_breakdown_stands_after_its_measure_in_the_order_of_its_bins_with_the_units_it_is_over():
    decided = decide(
        pd.DataFrame([atom("Willow", 40, 160), atom("Harbour", 41, 158), atom("Quay", 5, 158)]), read_policy()
    )
    bins = decided.iloc[:2].assign(
        level="organisation", unit=None, service=None, breakdown="weekday", breakdown_value=["Tuesday", "Monday"]
    )
    declared = [("weekday", "2", "Tuesday", 1), ("weekday", "1", "Monday", 2), ("weekday", None, None, 3)]
    rows = release_rows(pd.concat([decided, bins], ignore_index=True), due(UNITS, long_runs=True), declared)
    assert list(rows.breakdown_value.dropna()) == ["Tuesday", "Monday"]
    found = rows.loc[rows.breakdown.notna(), ["level", "part", "base", "coverage", "status"]]
    assert found.to_numpy().tolist() == 2 * [["organisation", 40, 160, "2 of 4", "published"]]
    with pytest.raises(ValueError, match="into a bin that is not declared"):
        release_rows(pd.concat([decided, bins], ignore_index=True), due(UNITS, long_runs=True), declared[1:])
    # what is derived does not count them again
    assert row(rows.loc[rows.breakdown.isna()], "organisation")[:2] == (85, 480)
