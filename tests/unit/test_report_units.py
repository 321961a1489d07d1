"""A unit's own page: itself beside its past and the organisation, nothing of another unit; files that any name can have."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from reports.monthly.figures import measure_histories
from reports.monthly.page import render
from reports.monthly.release import Release
from reports.monthly.units import file_names, unit_pages
from reports.monthly.words import SPACE
from tests.unit.report_fixtures import MEASURES, counts, history_of, releases, with_measure
from tests.unit.report_reading import Element, as_table, read

UNITS = [
    "Alder",
    "Birch",
    "<script>alert('Chapel')</script>",
    "\u202eright to left\u202c שלום",
    "Long " * 24,
    "{{ 7 * 7 }}",
]


def pages(*found: Release) -> dict[str, str]:
    return dict(unit_pages(found[-1], measure_histories(found[-1], found[:-1])))


@pytest.fixture(scope="module")
def months() -> list[Release]:
    return releases(months=10, units=UNITS, hidden_share=0.2)


@pytest.fixture(scope="module")
def made(months: list[Release]) -> dict[str, str]:
    return pages(*months)


def own(made: dict[str, str], unit: str) -> Element:
    return read(made[file_names(UNITS)[unit]])


def test_each_unit_has_a_page_and_stands_on_it(made: dict[str, str]) -> None:
    assert set(made) == set(file_names(UNITS).values())
    for unit in UNITS:
        assert own(made, unit).one("h1").text == unit.strip()


def test_no_other_unit_is_on_it(months: list[Release], made: dict[str, str]) -> None:
    for unit in UNITS:
        text = own(made, unit).text
        assert not [other for other in UNITS if other != unit and other.strip() in text]


@pytest.mark.parametrize("unit", UNITS[:3])
def test_its_figures_are_those_of_the_releases(months: list[Release], made: dict[str, str], unit: str) -> None:
    rows = [row for table in own(made, unit).all("table") for row in table.rows()]

    assert len(rows) == len(MEASURES)
    for measure_id, (_, *shares) in zip(MEASURES, rows, strict=True):
        published = []
        for release in months:
            (row,) = [row for row in as_table(release, measure_id) if row[0] == unit]
            published.append(row[3] or row[5].removeprefix("banded: "))
        assert [share.replace(SPACE, " ") for share in shares] == published


def test_numbers_of_other_units_are_not_on_it() -> None:
    """Marked counts of one unit are on no other unit's page."""
    mine, other = history_of([10] * 9, unit="Alder"), history_of([10] * 9, unit="Birch")
    both = []
    for one, two in zip(mine, other, strict=True):
        import pandas as pd

        rows = two.measures.assign(part=two.measures.part.where(two.measures.level != "unit", 73_315), base=97_735)
        frame = pd.concat([one.measures, rows.loc[rows.level == "unit"]])
        both.append(Release(one.month, frame, one.catalogue, one.manifest))

    found = pages(*both)

    assert "73,315" in found["units/Birch.html"]
    assert "73,315" not in found["units/Alder.html"] and "97,735" not in found["units/Alder.html"]


@pytest.mark.parametrize(
    ("language", "said", "never"),
    [("en", "from 2 of 3 services", "of 3 units"), ("de", "aus 2 von 3 Bereichen", "von 3 Einheiten")],
)
def test_what_is_made_of_services_says_so(language: str, said: str, never: str) -> None:
    (month,) = releases(months=1, units=["Alder"], measures=["long_runs"])
    rows = [{"coverage": "2 of 3", **counts(60, 160)}]
    month = with_measure(month, "endings_planned", rows, grain={"level": "service", "period": "month"})
    month = replace(month, manifest={**month.manifest, "language": language})

    (html,) = pages(month).values()
    for page in (html, render(month, measure_histories(month, []))):
        assert said in read(page).text and never not in page


def test_what_stands_out_is_said_first_in_its_own_words() -> None:
    (page,) = pages(*history_of([10, 12, 11, 13, 12, 14, 11, 13, 40])).values()

    first = read(page).one("ol", kind="findings").all("li")[0].text.replace(SPACE, " ")
    assert first == (
        "Days with four or more sessions in a row: 40 % in October 2026, "
        "above the natural limits of its own past (1 to 29 %)"
    )


def test_it_says_what_is_counted_and_out_of_what(made: dict[str, str]) -> None:
    page = own(made, "Alder")

    for measure_id, (_, part, base, *_) in MEASURES.items():
        (said, *_) = page.one(id=measure_id).all("p")
        assert said.text == f"Counted: {part}; out of: {base}."


@pytest.mark.parametrize(
    ("language", "terms"),
    [
        ("en", ["Published", "Banded", "Not shown", "Natural limits", "What protects the people in it"]),
        (
            "de",
            ["Veröffentlicht", "Als Spanne", "Nicht gezeigt", "Natürliche Grenzen", "Was die Menschen darin schützt"],
        ),
    ],
)
def test_it_stands_alone(language: str, terms: list[str]) -> None:
    """It leads nowhere but into itself, and says there how it is to be read and what protects the people in it."""
    *past, month = history_of([10] * 9)
    month = replace(month, manifest={**month.manifest, "language": language})
    (html,) = pages(*past, month).values()
    page = read(html)

    assert [term.text for term in page.one(id="reading").all("dt")] == terms
    assert all(len(meaning.text) > 100 for meaning in page.one(id="reading").all("dd"))
    assert "report.html" not in html
    ids = {each.attributes["id"] for each in page.all() if "id" in each.attributes}
    assert {"#reading", "#limits-of-use"} <= {link.attributes["href"] for link in page.all("a")}
    assert {link.attributes["href"].removeprefix("#") for link in page.all("a")} <= ids


def test_two_years_of_it_are_small() -> None:
    (html,) = pages(*releases(months=24, units=["Alder"])).values()

    assert len(html.encode()) < 35_000


def test_it_needs_no_script_and_asks_nothing_of_a_network(made: dict[str, str]) -> None:
    for html in made.values():
        page = read(html)
        assert not page.all("script")
        links = [each.attributes["href"] for each in page.all() if "href" in each.attributes]
        assert {link for link in links if not link.startswith("#")} == {"data:,"}
        assert "default-src 'none'" in html


def test_it_can_be_found_through_without_seeing_it(made: dict[str, str]) -> None:
    page = own(made, "Alder")
    levels = [int(each.name[1]) for each in page.all() if re.fullmatch(r"h\d", each.name)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [each.attributes["id"] for each in page.all() if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    referred = [each.attributes["aria-labelledby"] for each in page.all() if "aria-labelledby" in each.attributes]
    assert set(referred) <= set(ids)
    assert all(svg.attributes["aria-label"] for svg in page.all("svg") if "aria-hidden" not in svg.attributes)


def test_a_unit_that_is_gone_has_no_page_and_a_new_one_has() -> None:
    before, now = releases(months=2, units=["Alder", "Birch"])
    later = releases(months=1, units=["Alder", "Dune"])[0]

    assert set(pages(before, later)) == {"units/Alder.html", "units/Dune.html"}
    assert set(pages(before, now)) == {"units/Alder.html", "units/Birch.html"}


@pytest.mark.parametrize(
    ("units", "paths"),
    [
        (["North"], ["units/North.html"]),
        (["Harbour and Quay"], ["units/Harbour-and-Quay.html"]),
        (["Ölberg"], ["units/Olberg.html"]),
        (["../../etc/passwd"], ["units/etc-passwd.html"]),
        (["a/b\\c:d*e?"], ["units/a-b-c-d-e.html"]),
    ],
)
def test_a_file_is_named_as_its_unit(units: list[str], paths: list[str]) -> None:
    assert list(file_names(units).values()) == paths


def test_no_two_units_share_a_file() -> None:
    units = [
        *(
            "North",
            "north",
            "NORTH",
            "North!",
            "Nörth",
            "",
            " ",
            "-",
            "שלום",
            "עולם",
            "con",
            "NUL.txt",
            "nul",
            "a" * 300,
            "a" * 301,
        ),
        *("North--0", "unit", "unit--", "\x00", "line\nbreak", "line break"),
    ]

    found = file_names(units)

    assert len({path.casefold() for path in found.values()}) == len(units)
    for path in found.values():
        assert re.fullmatch(r"units/[A-Za-z0-9]+(--?[A-Za-z0-9]+)*\.html", path)
        assert len(path) < 100
        assert path.removeprefix("units/").removesuffix(".html").casefold() not in ("con", "nul")


def test_a_files_name_stays_when_other_units_come() -> None:
    assert file_names(["North", "South"])["North"] == file_names(["North", "West", "South"])["North"]
