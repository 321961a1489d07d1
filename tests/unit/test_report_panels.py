"""Small drawings: what they show, and that heights cannot be compared from one to the next."""

from __future__ import annotations

import re

from reports.monthly.figures import Figure, History, Place
from reports.monthly.limits import Limits, Signal
from reports.monthly.panels import LEAST_SPAN, drawing, middle_of, shared_span
from tests.unit.report_fixtures import figure

BAND = figure("banded", base=90, lower=0, upper=10)
HIDDEN = figure("not shown")


def published(rate: int) -> Figure:
    return figure(part=rate, base=100, value=rate)


def paths(svg: str) -> dict[str, str]:
    return dict(re.findall(r'<path class="(\w+)" d="([^"]+)"/>', svg))


def test_each_status_is_drawn_as_what_it_is() -> None:
    drawn = paths(drawing([published(20), published(30), BAND, HIDDEN, None, published(25)], None, None, 50, "words"))

    # The middle of 20, 30 and 25 is 25, at half the height; 5 points are a tenth of the span of 50.
    assert drawn == {
        "line": "M5 60L15 40M55 50",
        "points": "M55 50h0",
        "bands": "M25 100V80",
        "unseen": "M33 97h4",
        "newest": "M55 50h0",
    }


def test_limits_lie_around_the_middle_and_the_newest_is_marked_outside_of_them() -> None:
    signal = Signal("outside", "above")

    drawn = paths(drawing([published(20), published(45)], Limits(20, 10, 30, 9), signal, 100, "words"))

    assert drawn["limits"] == "M0 40H20V60H0z"
    assert drawn["middle"] == "M0 50H20"
    assert drawn["outside"] == "M15 25h0"
    assert "newest" not in drawn


def test_the_same_figures_at_another_height_give_the_same_drawing() -> None:
    low, high = (drawing([published(rate + by) for rate in (10, 14, 12)], None, None, 20, "words") for by in (0, 70))

    assert low == high


def test_all_drawings_of_a_measure_span_the_same_and_hold_what_lies_furthest() -> None:
    histories = [
        History(Place("unit", "Alder"), (published(10), published(50))),
        History(Place("unit", "Birch"), (published(60), BAND)),
    ]

    span = shared_span(histories, dict.fromkeys([history.place for history in histories]))

    # Birch's band ends 60 below its middle of 60; both must fit.
    assert span >= 2 * 60
    for history in histories:
        heights = re.findall(r"[MLV]?\d+ (-?[\d.]+)|V(-?[\d.]+)", drawing(history.figures, None, None, span, ""))
        assert all(0 <= float(one or other) <= 100 for one, other in heights)


def test_a_band_is_high_enough_to_be_seen() -> None:
    few = figure("banded", base=4485, lower=0, upper=0.2)

    drawn = paths(drawing([few, published(10)], None, None, 50, ""))

    # Of 100, which are 52 pixels: 0.2 points of a span of 50 would be 0.2 pixels. It still begins at nothing, 10 points below the middle.
    begun, ended = map(int, re.findall(r"\d+", drawn["bands"])[1:])
    assert begun == 70 and begun - ended >= 8


def test_a_quiet_series_is_not_blown_up() -> None:
    assert (
        shared_span([History(Place("unit", "Alder"), (published(10), published(11)))], {Place("unit", "Alder"): None})
        > LEAST_SPAN
    )


def test_what_was_never_shown_is_not_drawn() -> None:
    assert middle_of([HIDDEN, None], None) is None
    assert drawing([HIDDEN, None], None, None, 20, "words") == ""


def test_a_drawing_holds_no_text_but_what_it_says_of_itself() -> None:
    svg = drawing([published(20), published(30)], None, None, 50, '"><script>')

    assert "<script>" not in svg
    assert re.sub(r"<[^>]*>", "", svg) == ""
