"""Released rows as the report reads them: what is hidden stays empty, names stay names, months stand in order."""

from __future__ import annotations

from dataclasses import astuple, replace
from pathlib import Path

import pandas as pd
import pytest

from reports.monthly.figures import Place, measure_histories, read_figures
from reports.monthly.release import Release
from tests.unit.report_fixtures import COLUMNS, manifest, releases, write

MONTHLY = {"level": "unit", "period": "month"}
ENTRIES = {"over_threshold_days": {"section": "workload", "title": "Days over the threshold", "grain": MONTHLY}}
QUARTERLY = {name: {**entry, "grain": {"level": "unit", "period": "quarter"}} for name, entry in ENTRIES.items()}


def release(month: str, *rows: dict[str, object]) -> Release:
    """A release of one measure with these rows; what they leave out is empty."""
    start, end = manifest(month)["period_start"], manifest(month)["period_end"]
    filled = [
        {"period_start": start, "period_end": end, "measure_id": "over_threshold_days", "level": "unit", **row}
        for row in rows
    ]
    frame = pd.DataFrame(filled).reindex(columns=COLUMNS)
    return Release(month, frame, {"measures": ENTRIES, "sections": []}, manifest(month))


def published(unit: str, part: int = 20, base: int = 160, value: int = 12) -> dict[str, object]:
    return {"unit": unit, "status": "published", "part": part, "base": base, "value": value}


def test_a_figure_is_read_as_it_was_released() -> None:
    row = {**published("Harbour"), "service": "Adults", "lower": 11.1, "upper": 13.9}

    (figure,) = read_figures(release("2026-10", row))

    assert (figure.place, figure.service, figure.status) == (Place("unit", "Harbour"), "Adults", "published")
    assert (figure.part, figure.base, figure.value, figure.lower, figure.upper) == (20, 160, 12, 11.1, 13.9)


@pytest.mark.parametrize("status", ["not shown", "not measured"])
def test_what_is_hidden_carries_no_number_even_if_its_row_did(status: str) -> None:
    row = {**published("Harbour"), "status": status, "lower": 11.1, "upper": 13.9}

    (figure,) = read_figures(release("2026-10", row))

    assert (figure.part, figure.base, figure.value, figure.lower, figure.upper) == (None,) * 5


def test_a_band_carries_no_part_and_no_rate_even_if_its_row_did() -> None:
    row = {**published("Harbour"), "status": "banded", "lower": 0, "upper": 5.6}

    (figure,) = read_figures(release("2026-10", row))

    assert (figure.part, figure.base, figure.value, figure.lower, figure.upper) == (None, 160, None, 0, 5.6)


@pytest.mark.parametrize("change", [{"status": "secret"}, {"level": "therapist"}])
def test_an_unknown_status_or_level_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="unknown"):
        list(read_figures(release("2026-10", {**published("Harbour"), **change})))


def test_a_missing_column_is_named() -> None:
    whole = release("2026-10", published("Harbour"))

    with pytest.raises(ValueError, match="lack the columns coverage"):
        list(read_figures(replace(whole, measures=whole.measures.drop(columns="coverage"))))


def test_breakdowns_stand_apart_from_the_figures_of_places() -> None:
    rows = (published("Harbour"), {**published("Harbour"), "breakdown": "modality", "breakdown_value": "video"})

    (measure,) = measure_histories(release("2026-10", *rows), [])

    assert [len(history.figures) for history in measure.histories] == [1]
    (division,) = measure.divisions
    assert (division.place, division.by, list(division.now)) == (Place("unit", "Harbour"), "modality", ["video"])


def test_two_years_are_shown_and_no_more() -> None:
    months = [f"{number // 12}-{number % 12 + 1:02}" for number in range(2024 * 12, 2026 * 12 + 10)]

    *past, now = (release(month, published("Harbour")) for month in months)
    (measure,) = measure_histories(now, past)

    assert [str(period.start)[:7] for period in measure.periods] == months[-24:]


def test_units_stand_by_the_alphabet_whatever_their_figures() -> None:
    rows = [published(unit, value=value) for unit, value in [("Willow", 1), ("alder", 99), ("Ölberg", 50), ("Oak", 7)]]

    (measure,) = measure_histories(release("2026-10", *rows), [])

    assert [history.place.name for history in measure.at("unit")] == ["alder", "Oak", "Ölberg", "Willow"]


def test_a_unit_that_came_or_went_has_a_gap_and_no_zero() -> None:
    past = [
        release("2026-08", published("Harbour"), published("Quay")),
        release("2026-09", published("Harbour")),
    ]
    now = release("2026-10", published("Harbour"), published("Willow"))

    (measure,) = measure_histories(now, past)

    shares = {h.place.name: [figure.value if figure else None for figure in h.figures] for h in measure.histories}
    assert shares == {"Harbour": [12, 12, 12], "Quay": [12, None, None], "Willow": [None, None, 12]}
    assert [history.place.name for history in measure.at("unit")] == ["Harbour", "Willow"]


def test_a_month_that_was_never_released_is_a_gap() -> None:
    (measure,) = measure_histories(release("2027-01", published("Harbour")), [release("2026-11", published("Harbour"))])

    assert [str(period.start) for period in measure.periods] == ["2026-11-01", "2026-12-01", "2027-01-01"]
    assert [str(period.end) for period in measure.periods] == ["2026-11-30", "2026-12-31", "2027-01-31"]
    assert measure.histories[0].figures[1] is None


def test_a_quarter_stands_until_the_next_one() -> None:
    quarter = {**published("Harbour"), "period_start": "2026-07-01", "period_end": "2026-09-30"}

    (measure,) = measure_histories(release("2026-10"), [release("2026-09", quarter)])

    assert not measure.is_due
    assert [str(period.start) for period in measure.periods] == ["2026-07-01"]


def test_a_quarter_that_was_never_released_is_a_gap() -> None:
    first, third = (
        {**published("Harbour"), "period_start": start, "period_end": end}
        for start, end in (("2026-04-01", "2026-06-30"), ("2026-10-01", "2026-12-31"))
    )

    (measure,) = measure_histories(release("2026-12", third), [release("2026-06", first)])

    assert [str(period.start) for period in measure.periods] == ["2026-04-01", "2026-07-01", "2026-10-01"]
    assert [str(period.end) for period in measure.periods] == ["2026-06-30", "2026-09-30", "2026-12-31"]
    assert [figure is None for figure in measure.histories[0].figures] == [False, True, False]


@pytest.mark.parametrize(
    ("earliest", "now", "due"),
    [
        ("2026-07", "2026-07", "2026-09-30"),
        ("2026-05", "2026-05", "2026-09-30"),  # the quarter to June lacks its April
        ("2026-05", "2026-08", "2026-09-30"),
        ("2026-11", "2026-12", "2027-03-31"),
        ("2026-01", "2026-08", "2026-09-30"),  # a measure that came later than the first release
    ],
)
def test_the_first_figure_of_a_quarter_is_due_with_the_last_month_of_the_first_whole_one(
    earliest: str, now: str, due: str
) -> None:
    past = [replace(release(month), catalogue={"measures": QUARTERLY}) for month in {earliest} - {now}]

    (measure,) = measure_histories(replace(release(now), catalogue={"measures": QUARTERLY}), past)

    assert str(measure.first_due.end) == due


def test_a_measure_that_only_earlier_releases_know_is_left_to_them() -> None:
    earlier = {**published("Harbour"), "measure_id": "retired"}

    (measure,) = measure_histories(release("2026-10", published("Harbour")), [release("2026-09", earlier)])

    assert (measure.measure_id, len(measure.periods)) == ("over_threshold_days", 1)


@pytest.mark.parametrize(("coverage", "covers"), [("", True), ("9 of 18", True), ("8 of 18", False), ("0 of 3", False)])
def test_a_derived_figure_stands_for_all_only_with_half_of_the_units(coverage: str, covers: bool) -> None:
    row = {**published(""), "level": "organisation", "coverage": coverage}

    (figure,) = read_figures(release("2026-10", row))

    assert figure.covers_half is covers


def test_a_release_is_the_same_from_its_folder(tmp_path: Path) -> None:
    whole = releases(months=1, units=["NA", "007", "null", "Quay, north"])[0]

    found = Release.read(write(whole, tmp_path / "2026-10"))

    assert found.month == "2026-10"
    assert list(map(astuple, read_figures(found))) == list(map(astuple, read_figures(whole)))


def test_a_folder_that_is_no_release_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "measures.csv").write_text("")

    with pytest.raises(FileNotFoundError, match=r"catalogue\.json is missing"):
        Release.read(tmp_path)
