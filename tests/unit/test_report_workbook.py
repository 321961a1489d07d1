"""The workbook of a release, read back by another library: the same figures, words where there are none, no formula."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from reports.monthly.figures import measure_histories
from reports.monthly.page import render
from reports.monthly.release import Release
from reports.monthly.workbook import workbook
from tests.unit.report_fixtures import MEASURES, catalogue, manifest, releases
from tests.unit.report_reading import read

HEAD = [
    *("Measure", "Level", "Unit", "Service", "Period", "Broken down by", "Group"),
    *("Part", "Base", "Share", "Lower", "Upper", "Included", "Status"),
]
FIGURES = HEAD[7:12]
NASTY = [
    *("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("file:")', "<script>alert('unit')</script>", "\"quoted\" & 'single'"),
    *(
        "\u202eright to left\u202c שלום",
        "Long " * 24,
        "bell\x07 and _x0007_",
        "\ufffe",
        "007",
        " in spaces ",
        "two\nlines",
    ),
]
PERIOD = {"period_start": "2026-10-01", "period_end": "2026-10-31", "measure_id": "long_runs"}


def figures(*rows: dict[str, Any], organisation: str = "Lindenhof Care") -> Release:
    """A release of October with these rows; what is not said is the organisation's `long_runs`."""
    of_month = releases(months=1, units=1, measures=["long_runs", "quota_pull"], organisation=organisation)[0]
    usual = PERIOD | dict.fromkeys(("unit", "service", "breakdown", "breakdown_value", "coverage"), "")
    frame = pd.DataFrame([usual | {"level": "organisation"} | row for row in rows], columns=of_month.measures.columns)
    counts = dict.fromkeys(("part", "base", "value"), "Int64") | dict.fromkeys(("lower", "upper"), "float64")
    return replace(of_month, measures=frame.astype(counts))


def page(release: Release) -> str:
    return render(release, measure_histories(release, []))


def written(release: Release) -> bytes:
    return workbook(release, page(release))


def opened(release: Release) -> Workbook:
    return load_workbook(io.BytesIO(written(release)))


def rows_of(book: Workbook, sheet: str = "Workload") -> list[dict[str, Any]]:
    head, *rows = book[sheet].iter_rows(values_only=True)
    assert list(head) == HEAD
    return [dict(zip(HEAD, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def release() -> Release:
    return releases(months=1, units=12, hidden_share=0.1, not_measured=["quota_pull"])[0]


@pytest.fixture(scope="module")
def book(release: Release) -> Workbook:
    return opened(release)


def test_its_rows_are_those_of_measures_csv(release: Release, book: Workbook) -> None:
    titles = {entry[0]: name for name, entry in MEASURES.items()}
    in_book = {(titles[row["Measure"]], row["Level"], row["Unit"] or row["Service"]): row for row in rows_of(book)}
    assert len(in_book) == len(release.measures) == book["Workload"].max_row - 1
    assert {row["Status"] for row in in_book.values()} == {"published", "banded", "not shown", "not measured"}
    for row in release.measures.to_dict("records"):
        found = in_book[row["measure_id"], row["level"], row["unit"] or row["service"] or None]
        assert [found["Status"], found["Included"] or "", found["Service"] or ""] == [
            *(row["status"], row["coverage"], row["service"]),
        ]
        assert found["Period"] == "October 2026"
        numbers = [found[name] * (1 if name in ("Part", "Base") else 100) if isinstance(found[name], int | float) else None
                   for name in FIGURES]  # fmt: skip
        released = [None if pd.isna(row[name]) else row[name] for name in ("part", "base", "value", "lower", "upper")]
        assert numbers == pytest.approx(released)


def test_a_figure_that_is_not_there_is_said_in_words(book: Workbook) -> None:
    few = {"Part": "fewer than 10", "Share": "banded"}
    most = {"Part": "all but fewer than 10", "Share": "banded"}
    for row in rows_of(book):
        said = {name: row[name] for name in FIGURES if not isinstance(row[name], int | float)}
        if row["Status"] == "published":
            assert said == {}
        elif row["Status"] == "banded":
            assert said == (few if row["Lower"] == 0 else most)
        else:
            assert said == dict.fromkeys(FIGURES, row["Status"])


def test_shares_that_were_rounded_away_are_not_read_as_none_or_all() -> None:
    published = {"status": "published", "lower": 0.1, "upper": 99.9}
    book = opened(figures(
        published | {"part": 5, "base": 1500, "value": 0},
        published | {"part": 0, "base": 1500, "value": 0},
        published | {"part": 1495, "base": 1500, "value": 100},
        published | {"part": 1500, "base": 1500, "value": 100},
        published | {"part": 375, "base": 1500, "value": 25},
    ))  # fmt: skip
    shares = [row[HEAD.index("Share")] for row in book["Workload"].iter_rows(min_row=2)]
    assert [share.value for share in shares] == [0, 0, 1, 1, 0.25]
    assert [share.number_format for share in shares] == ['"under 0.5 %"', "0 %", '"over 99.5 %"', "0 %", "0 %"]


def test_units_stand_in_alphabetical_order_whatever_their_figures() -> None:
    published = {"level": "unit", "status": "published", "base": 100, "lower": 1, "upper": 99}
    parts = {"Zebra": 50, "alder": 20, "Ärzte": 90, "Birch": 10}
    release = figures(
        *(published | {"unit": unit, "part": part, "value": part} for unit, part in parts.items()),
        published
        | {"level": "organisation", "breakdown": "weekday", "breakdown_value": "Monday", "part": 40, "value": 40},
        published | {"level": "service", "service": "Trauma", "part": 40, "value": 40},
        published | {"level": "organisation", "part": 40, "value": 40},
    )
    names = [(row["Level"], row["Unit"] or row["Service"] or row["Group"]) for row in rows_of(opened(release))]
    units = [("unit", name) for name in ("alder", "Ärzte", "Birch", "Zebra")]
    assert names == [("organisation", None), ("service", "Trauma"), *units, ("organisation", "Monday")]


def test_the_filter_has_no_button_that_sorts_by_a_figure(book: Workbook) -> None:
    sheet = book["Workload"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == f"A1:N{sheet.max_row}"
    hidden = {HEAD[column.colId] for column in sheet.auto_filter.filterColumn if column.hiddenButton}
    assert hidden == set(FIGURES)
    assert sheet.auto_filter.sortState is None


def test_names_are_text_and_nothing_is_a_formula() -> None:
    (release,) = releases(months=1, units=NASTY, hidden_share=0, organisation="=cmd|'/c calc'!A1")
    content = written(release)
    book = load_workbook(io.BytesIO(content))
    units = {row[2] for row in book["Workload"].iter_rows(min_row=2) if row[2].value}
    # what XML cannot hold is escaped, as Excel does it; openpyxl reads that as it is written
    escaped = {"bell\x07 and _x0007_": "bell_x0007_ and _x0007_", "\ufffe": "_xFFFE_"}
    assert {str(cell.value) for cell in units} == {escaped.get(name, name) for name in NASTY}
    assert {cell.data_type for cell in units} == {"s"}
    assert all(cell.quotePrefix for cell in units), "Excel would make a formula of it when it is edited"
    assert book["Read first"]["A1"].value == "=cmd|'/c calc'!A1"
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        texts = [parts.read(name).decode() for name in parts.namelist()]
    assert not [text for text in texts if re.search(r"<f[ >]|<hyperlink|TargetMode=\"External\"", text)]


def test_the_cover_has_the_words_of_the_page(release: Release, book: Workbook) -> None:
    told = read(page(release))
    said = [row[0] for row in book["Read first"].iter_rows(values_only=True)]
    assert said[:2] == ["Lindenhof Care", "October 2026: the figures of the monthly report"]
    for section in ("limits-of-use", "reading"):
        for kind in ("h2", "p", "li", "dt", "dd"):
            words = [element.text for element in told.one(id=section).all(kind)]
            assert [word for word in words if word in said] == words
    assert len(told.one(id="limits-of-use").all("li")) >= 4


def test_a_replacement_says_that_it_is_one(release: Release) -> None:
    about = {"replaces": {"manifest": "", "withdrawn_at": "2026-11-20T08:00:00+00:00", "reason": "wrong_mapping"}}
    book = opened(replace(release, manifest={**release.manifest, **about}))
    said = " ".join(str(row[0]) for row in book["Read first"].iter_rows(values_only=True))
    assert "withdrawn on 20 November 2026: what it was made from had been read wrongly" in said


def test_a_section_without_figures_says_so(release: Release) -> None:
    sections = [*release.catalogue["sections"], {"id": "care", "title": "Care", "question": ""}]
    book = opened(replace(release, catalogue={**release.catalogue, "sections": sections}))
    assert book.sheetnames == ["Read first", "Workload", "Care", "What is counted", "Data quality"]
    assert book["Care"].max_row == 2
    assert book["Care"]["A2"].value.startswith("This release holds no figure of this section.")


def test_every_section_of_the_dictionary_can_be_a_sheet() -> None:
    from assets.measures import dictionary

    declared = dictionary().catalogue()
    empty = Release("2026-10", releases(months=1, units=1)[0].measures.head(0), declared, manifest("2026-10"))
    words = '<section id="limits-of-use"></section><section id="reading"></section>'
    book = load_workbook(io.BytesIO(workbook(empty, words)))
    assert book.sheetnames[1:-2] == [section["title"] for section in declared["sections"]]


def test_what_is_counted_and_the_quality_of_the_data_are_told(release: Release, book: Workbook) -> None:
    head, *measures = book["What is counted"].iter_rows(values_only=True)
    entries = catalogue([], MEASURES)["measures"]
    assert [row[head.index("In measures.csv")] for row in measures] == list(entries)
    assert [row[head.index("Base")] for row in measures] == [entry["base"] for entry in entries.values()]
    told = {str(cell) for row in measures for at, cell in enumerate(row) if cell and head[at] != "In measures.csv"}
    assert [name for name in entries if any(name in cell for cell in told)] == []
    assert "see “Days with a declared threshold”." in next(cell for cell in told if "neither figure" in cell)
    quality = {row[:3]: row[3] for row in book["Data quality"].iter_rows(min_row=2, values_only=True)}
    assert quality["What the sources hold", "feedback", "Present"] == "no"
    assert quality["What became of each row", "sessions", "Set aside"] == "1 % to 5 %"
    assert quality["Why rows were set aside", "sessions", "a status is not known"] == "under 1 %"
    assert (
        quality["Checks that block", "sessions", "Every row read is accepted, superseded, a duplicate or quarantined"]
        == "passed"
    )


def test_a_row_is_as_high_as_its_longest_text_for_programs_that_do_not_find_it(book: Workbook) -> None:
    for sheet in (book["Read first"], book["What is counted"], book["Data quality"]):
        widths = [
            one.width
            for one in sheet.column_dimensions.values()
            for _ in range(one.min or 0, (one.max or 0) + 1)  # neighbours as wide as each other are one
        ]
        for number, row in enumerate(sheet.iter_rows(), 1):
            sizes = [len(str(cell.value or "")) * (cell.font.sz or 11) / 11 for cell in row]
            lines = [size / width for size, width in zip(sizes, widths, strict=True)]
            assert (sheet.row_dimensions[number].height or 15) >= 15 * max(lines)


def test_the_same_release_gives_the_same_bytes_and_its_own_time(release: Release, book: Workbook) -> None:
    assert written(release) == written(release)
    made_at = dt.datetime.fromisoformat(release.manifest["made_at"]).replace(tzinfo=None)
    assert book.properties.created == book.properties.modified == made_at
    other = replace(release, manifest={**release.manifest, "made_at": "2026-11-11T06:00:00+02:00"})
    assert opened(other).properties.created == dt.datetime(2026, 11, 11, 4)


def test_a_page_without_the_words_is_refused(release: Release) -> None:
    with pytest.raises(ValueError, match="limits-of-use"):
        workbook(release, "<section></section>")


def test_it_is_in_the_language_of_its_release(release: Release) -> None:
    book = opened(replace(release, manifest={**release.manifest, "language": "de"}))
    assert book.sheetnames == ["Zuerst lesen", "Belastung", "Was gezählt ist", "Datenqualität"]
    head, *rows = book["Belastung"].iter_rows(values_only=True)
    assert head[:3] == ("Kennzahl", "Ebene", "Einheit")
    assert {str(row[-1]) for row in rows} == {"veröffentlicht", "als Spanne", "nicht gezeigt", "nicht gemessen"}
    assert {str(row[4]) for row in rows} == {"Oktober 2026"}
    assert "weniger als 10" in [row[7] for row in rows]
