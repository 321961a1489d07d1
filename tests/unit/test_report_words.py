"""How figures, periods and lists are said."""

from __future__ import annotations

from datetime import date

import pytest

from reports.monthly import words
from reports.monthly.figures import Figure, History, Period, Place
from tests.unit.report_fixtures import figure

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 9, 30))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (figure(part=20, base=160, value=12), "12 %"),
        (figure("banded", base=160, lower=0, upper=5.6), "fewer than 10 of 160"),
        (figure("banded", base=1600, lower=99.4, upper=100), "all but fewer than 10 of 1,600"),
        (figure("banded", base=160, lower=0, upper=8.7, limit=15), "fewer than 15 of 160"),
        (figure("not shown"), "not shown"),
        (figure("not measured"), "not measured"),
        (None, "–"),
        # What rounds to nothing or to everything is neither.
        (figure(part=10, base=5000, value=0), "under 0.5 %"),
        (figure(part=4990, base=5000, value=100), "over 99.5 %"),
        (figure(part=160, base=160, value=100), "100 %"),
    ],
)
def test_a_figure_in_words(given: Figure | None, said: str) -> None:
    assert words.share(given).replace(words.SPACE, " ") == said


@pytest.mark.parametrize(
    ("lower", "upper", "exact", "whole"),
    [
        (11.1, 13.9, "11.1 % to 13.9 %", "between 11 % and 14 %"),
        (0.0, 5.6, "0 % to 5.6 %", "between 0 % and 6 %"),
        (12.0, 12.0, "12 % to 12 %", "between 12 % and 12 %"),
        (None, None, "", ""),
    ],
)
def test_bounds_are_given_as_released_or_rounded_apart(
    lower: float | None, upper: float | None, exact: str, whole: str
) -> None:
    given = figure(lower=lower, upper=upper)

    assert words.bounds(given).replace(words.SPACE, " ") == exact
    assert words.whole_bounds(given).replace(words.SPACE, " ") == whole


@pytest.mark.parametrize(
    ("start", "end", "said", "short"),
    [
        (date(2026, 10, 1), date(2026, 10, 31), "October 2026", "Oct 2026"),
        (date(2026, 7, 1), date(2026, 9, 30), "July to September 2026", "Jul to Sep 2026"),
        (date(2026, 11, 1), date(2027, 1, 31), "November 2026 to January 2027", "Nov to Jan 2027"),
    ],
)
def test_a_period_in_words(start: date, end: date, said: str, short: str) -> None:
    assert words.period(Period(start, end)) == said
    assert words.short_period(Period(start, end)) == short


@pytest.mark.parametrize(
    ("items", "said"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_a_list_in_words(items: list[str], said: str) -> None:
    assert words.series(items) == said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("2026-11-10", "10 November 2026"),
        ("2026-11-10T04:00:00+00:00", "10 November 2026"),
        (date(2026, 1, 2), "2 January 2026"),
        ("soon", "soon"),
    ],
)
def test_a_day_in_words(given: date | str, said: str) -> None:
    assert words.day(given) == said


@pytest.mark.parametrize(
    ("need", "said"),
    [("thresholds", "the table thresholds"), ("sessions.cancelled_at", "the field cancelled_at of sessions")],
)
def test_what_a_measure_needs_in_words(need: str, said: str) -> None:
    assert words.table_name(need) == said


def test_the_earlier_range_is_of_published_figures_before_this_one() -> None:
    earlier = (figure(value=9), figure("banded", base=80, lower=0, upper=11.2), None, figure(value=14))
    history = History(Place("unit", "Harbour"), (*earlier, figure(value=40)))

    assert words.earlier_range(history).replace(words.SPACE, " ") == "before: 9 to 14 %"


def test_a_chart_says_what_it_draws() -> None:
    history = History(Place("unit", "Harbour"), (figure("not shown"), figure(value=12)))

    said = words.chart_alternative("Long days", "Harbour", history, [SEPTEMBER, OCTOBER]).replace(words.SPACE, " ")

    assert said == (
        "Long days, Harbour, September 2026 to October 2026. October 2026: 12 %. 1 earlier period not shown."
    )
