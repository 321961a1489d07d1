"""What Plotly draws: released figures, their natural limits, and nothing else."""

from __future__ import annotations

from datetime import date

import pytest

from reports.monthly.charts import LEAST_SPAN, ChartSheet
from reports.monthly.figures import Figure, Period
from reports.monthly.limits import Limits, Signal
from reports.monthly.words import SPACE, words_in
from tests.unit.report_fixtures import figure

BAND = figure("banded", base=90, lower=0, upper=10)
HIDDEN = figure("not shown")
PERIODS = [Period(date(2026, month, 1), date(2026, month, 28)) for month in range(1, 13)]


def published(rate: int, slack: float = 1.5) -> Figure:
    return figure(part=rate, base=100, value=rate, lower=rate - slack, upper=rate + slack)


@pytest.fixture
def sheet() -> ChartSheet:
    return ChartSheet(words_in("en"))


def plain(text: str) -> str:
    return text.replace(SPACE, " ")


def test_each_status_is_drawn_as_what_it_is(sheet: ChartSheet) -> None:
    sheet.over_time("a", [published(20), BAND, HIDDEN, None, published(30)], "unit", PERIODS[:5], None, None)

    line, bands, dashes = sheet.charts["a"]["data"]
    assert line["y"] == [20, None, None, None, 30]
    assert [plain(text) for text in line["text"]] == [
        "January 2026<br>20 %: 20 of 100", "February 2026<br>fewer than 10 of 90", "", "", "May 2026<br>30 %: 30 of 100",
    ]  # fmt: skip
    assert (line["error_y"]["array"][0], line["error_y"]["arrayminus"][0]) == (1.5, 1.5)
    assert (bands["x"], bands["y"], bands["error_y"]["array"]) == ([1], [5], [5])
    assert (dashes["x"], [plain(text) for text in dashes["text"]]) == ([2], ["March 2026<br>not shown"])
    assert "shapes" not in sheet.charts["a"]["layout"] or sheet.charts["a"]["layout"]["shapes"] == []


def test_limits_and_the_newest_are_labelled_where_they_are(sheet: ChartSheet) -> None:
    sheet.over_time(
        "a",
        [published(20), published(40)],
        "unit",
        PERIODS[:2],
        Limits(21.5, 12.25, 30.75, 9),
        Signal("outside", "above"),
    )

    layout = sheet.charts["a"]["layout"]
    assert [shape["y0"] for shape in layout["shapes"]] == [12.2, 12.2, 30.8, 21.5]
    assert [plain(each["text"]) for each in layout["annotations"]] == [
        "<b>40 %</b>", "upper limit 31 %", "lower limit 12 %",
    ]  # fmt: skip
    assert sheet.charts["a"]["data"][0]["marker"]["symbol"] == ["circle", "diamond"]
    low, high = layout["yaxis"]["range"]
    assert low <= 12.2 and high >= 41.5 and high - low >= LEAST_SPAN


def test_bins_stand_in_their_order_and_are_bars_from_nothing(sheet: ChartSheet) -> None:
    sheet.side_by_side(
        "a", {"Monday": published(30), "Friday": published(10), "<b>other</b>": HIDDEN, "few": BAND}, "unit"
    )

    (bars, bands), layout = sheet.charts["a"]["data"], sheet.charts["a"]["layout"]
    assert (bars["x"], bars["y"]) == ([30, 10], [3, 2])
    assert (bands["base"], bands["x"], bands["y"]) == ([0], [10], [0])
    assert [plain(each["text"]) for each in layout["annotations"]] == [
        "Monday", "Friday", "&lt;b&gt;other&lt;/b&gt;: not shown", "few: fewer than 10 of 90",
    ]  # fmt: skip
    assert layout["xaxis"]["range"][0] == 0


def test_a_band_is_wide_enough_to_be_seen(sheet: ChartSheet) -> None:
    """Of a drawing some 330 pixels wide and 200 high, 4 at least."""
    few, most = figure("banded", base=4485, lower=0, upper=0.2), figure("banded", base=4485, lower=99.8, upper=100)
    sheet.side_by_side("bars", {"other": published(90), "few": few, "most": most}, "unit")
    sheet.over_time("time", [few, most], "unit", PERIODS[:2], None, None)

    bands = sheet.charts["bars"]["data"][1]
    axis = sheet.charts["bars"]["layout"]["xaxis"]["range"][1]
    assert [width > axis * 4 / 330 for width in bands["x"]] == [True, True]
    assert bands["base"][0] == 0 and bands["base"][1] + bands["x"][1] == pytest.approx(100)
    assert [plain(text) for text in bands["text"]] == ["fewer than 10 of 4,485", "all but fewer than 10 of 4,485"]
    drawn = sheet.charts["time"]["data"][1]
    low, high = sheet.charts["time"]["layout"]["yaxis"]["range"]
    assert all(2 * half > (high - low) * 4 / 200 for half in drawn["error_y"]["array"])
    assert drawn["y"][0] == drawn["error_y"]["array"][0] and drawn["y"][1] + drawn["error_y"]["array"][1] == 100


def test_a_point_says_of_which_places_it_is(sheet: ChartSheet) -> None:
    derived = figure(part=20, base=100, value=20, lower=18, upper=22, coverage="2 of 3")
    sheet.over_time("a", [derived], "service", PERIODS[:1], None, None)

    assert plain(sheet.charts["a"]["data"][0]["text"][0]) == "January 2026<br>20 %: 20 of 100, from 2 of 3 services"


def test_a_curve_lies_along_its_cut_offs(sheet: ChartSheet) -> None:
    sheet.curve("a", "within_days", {"7": published(30), "14": HIDDEN, "28": published(90)}, "unit")

    (line,), layout = sheet.charts["a"]["data"], sheet.charts["a"]["layout"]
    assert (line["x"], line["y"]) == ([7, 28], [30, 90])
    assert layout["xaxis"]["ticktext"] == ["7", "14", "within 28 days"]


def test_a_long_label_is_cut_in_the_drawing(sheet: ChartSheet) -> None:
    sheet.side_by_side("a", {"long " * 24: published(30)}, "unit")

    assert len(sheet.charts["a"]["layout"]["annotations"][0]["text"]) < 50
