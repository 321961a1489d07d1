"""How figures, periods and lists are said."""

from __future__ import annotations

from datetime import date

import pytest

from reports.monthly.figures import Figure, History, Period, Place
from reports.monthly.limits import Limits
from reports.monthly.words import SPACE, words_in
from tests.unit.report_fixtures import figure

words = words_in("en")
german = words_in("de")

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
    assert words.share(given).replace(SPACE, " ") == said


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

    assert words.bounds(given).replace(SPACE, " ") == exact
    assert words.whole_bounds(given).replace(SPACE, " ") == whole


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
    assert words.need(need) == said


def test_the_earlier_range_is_of_published_figures_before_this_one() -> None:
    earlier = (figure(value=9), figure("banded", base=80, lower=0, upper=11.2), None, figure(value=14))
    history = History(Place("unit", "Harbour"), (*earlier, figure(value=40)))

    assert words.past(history).replace(SPACE, " ") == "before: 9 to 14 %"


def test_a_chart_says_what_it_draws() -> None:
    history = History(Place("unit", "Harbour"), (figure("not shown"), figure(value=12)))

    said = words.drawn("Long days", history, [SEPTEMBER, OCTOBER], Limits(12, 8.7, 15.2, 9)).replace(SPACE, " ")

    assert said == (
        "Long days, Harbour, September 2026 to October 2026. October 2026: 12 %. Natural limits: 8 to 16 %. "
        "1 earlier period not shown."
    )


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (german.percent(11.5), "11,5 %"),
        (german.count(1250), "1.250"),
        (german.day("2026-11-10"), "10. November 2026"),
        (german.period(OCTOBER), "Oktober 2026"),
        (german.share(figure("banded", base=1600, lower=0, upper=1)), "weniger als 10 von 1.600"),
        (german.share_class("1,000 to 2,000"), "1.000 bis 2.000"),
        (german.share_class("99 % or more"), "99 % oder mehr"),
        (german.bin("weekday", "Friday to Sunday"), "Freitag bis Sonntag"),
        (german.bin("room_within_days", "0"), "sofort"),
        (words.bin("within_days", "1"), "within 1 day"),
        (words.bin("modality", "in person"), "in person"),
        (words.coverage(figure(coverage="1 of 18"), "unit"), "1 of 18 units"),
        (words.coverage(figure(coverage="1 of 1"), "service"), "1 of 1 service"),
    ],
)
def test_a_language_has_its_own_numbers_dates_and_words(said: str, wanted: str) -> None:
    assert said.replace(SPACE, " ") == wanted


def test_values_in_a_text_are_escaped() -> None:
    assert words.text("rules.place", name="<script>", side="above") == "&lt;script&gt; (above)"


def test_a_language_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="there is one in de, en"):
        words_in("xx")
