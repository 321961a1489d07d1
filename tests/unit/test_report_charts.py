"""What is drawn: released figures and nothing else, each unit beside its own past only."""

from __future__ import annotations

import json

import pytest

from reports.monthly import words
from reports.monthly.charts import LEAST_SPAN, ChartSheet, chart, windows
from reports.monthly.figures import Figure, History, Place, measure_histories
from tests.unit.report_fixtures import figure, releases


def history(*figures: Figure | None, name: str = "Harbour") -> History:
    return History(Place("unit", name), figures)


def published(value: int) -> Figure:
    return figure(part=value, base=100, value=value, lower=value - 1.5, upper=value + 1.5)


BAND = figure("banded", base=90, lower=0, upper=10)
HIDDEN = figure("not shown")


def test_each_status_is_drawn_as_what_it_is() -> None:
    lines, bands, dashes = chart(history(published(20), BAND, HIDDEN, None, published(30)), (0, 40))["data"]

    assert lines["y"] == [20, None, None, None, 30]
    assert [text.replace(words.SPACE, " ") for text in lines["text"]] == [
        "20 %: 20 of 100",
        "",
        "",
        "",
        "30 %: 30 of 100",
    ]
    assert (lines["error_y"]["array"][0], lines["error_y"]["arrayminus"][0]) == (1.5, 1.5)
    assert (bands["x"], bands["y"], bands["error_y"]["array"]) == ([1], [5], [5])
    assert bands["text"] == ["fewer than 10 of 90"]
    assert (dashes["x"], dashes["text"]) == ([2], ["not shown"])


def test_a_hidden_figure_is_never_drawn_at_nothing() -> None:
    lines, bands, dashes = chart(history(HIDDEN, HIDDEN, published(30)), (20, 40))["data"]

    assert 0 not in [*lines["y"], *bands["y"], *dashes["y"]]


def test_panels_span_the_same_but_lie_where_their_own_figures_lie() -> None:
    found = windows(
        [
            history(published(10), published(20), name="Alder"),
            history(published(60), published(62), name="Birch"),
            history(published(99), published(100), name="Chapel"),
            history(published(1), name="Dune"),
        ]
    )

    spans = {high - low for low, high in found.values()}
    assert len(spans) == 1
    assert min(spans) >= LEAST_SPAN
    assert found[Place("unit", "Birch")] == (51, 71)
    assert found[Place("unit", "Chapel")] == (80, 100)
    assert found[Place("unit", "Dune")] == (0, 20)


def test_a_place_that_was_never_shown_has_no_window() -> None:
    assert windows([history(HIDDEN, HIDDEN)]) == {}


@pytest.mark.parametrize(
    ("figures", "middle"),
    [
        ([published(10), published(30), published(14), published(99)], 14),  # this month's own is not in it
        ([published(10), BAND, published(30), published(99)], None),  # two earlier ones are too few
    ],
)
def test_the_dotted_line_is_the_middle_of_the_units_own_past(figures: list[Figure], middle: int | None) -> None:
    shapes = chart(history(*figures), (0, 100))["layout"].get("shapes", [])

    assert [shape["y0"] for shape in shapes] == ([] if middle is None else [middle])


def test_a_sheet_holds_released_numbers_and_no_names() -> None:
    *past, release = releases(months=5, units=["Harbour secret name", "Quay secret name"], hidden_share=0.3)
    measures = measure_histories(release, past)
    sheet = ChartSheet()
    for measure in measures:
        for number, each in enumerate(measure.histories):
            if each.is_shown_ever:
                sheet.add(f"chart-{measure.measure_id}-{number}", measure, each, (0, 100), "panel")

    content = json.loads(sheet.json())

    assert "secret" not in sheet.json()
    drawn = sorted(y for each in content["charts"].values() for y in each["data"][0]["y"] if y is not None)
    assert drawn == sorted(
        value
        for each in (*past, release)
        for value in each.measures.loc[each.measures["status"] == "published", "value"].tolist()
    )
