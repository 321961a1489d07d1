"""Natural limits, against tables worked by hand."""

from __future__ import annotations

import pytest

from reports.monthly.figures import Figure
from reports.monthly.limits import Limits, Signal, natural_limits, signal
from tests.unit.report_fixtures import figure


def published(rate: int, base: int = 100, slack: float = 0) -> Figure:
    part = rate * base // 100
    return figure(part=part, base=base, value=rate, lower=rate - slack, upper=rate + slack)


def series(*rates: int | None) -> list[Figure | None]:
    return [None if rate is None else published(rate) for rate in rates]


BAND = figure("banded", base=90, lower=0, upper=10)

# Rates 10 12 11 13 12 14 11 13: mean 96 / 8 = 12; steps 2 1 2 1 2 3 2, mean 13 / 7; 2.66 × 13 / 7 = 4.94.
EIGHT = (10, 12, 11, 13, 12, 14, 11, 13)


def test_limits_are_the_mean_and_the_mean_step_on_either_side() -> None:
    found = natural_limits(series(*EIGHT))

    assert found is not None
    assert found == pytest.approx((12, 7.06, 16.94, 8))


def test_a_figure_counts_with_its_published_counts_not_with_its_rounded_percentage() -> None:
    halves = [figure(part=part, base=1000, value=round(part / 10)) for part in (105, 110) * 4]

    found = natural_limits(halves)

    # 10.5 and 11 in turn: mean 10.75, every step 0.5
    assert found == pytest.approx((10.75, 10.75 - 1.33, 10.75 + 1.33, 8))


@pytest.mark.parametrize(
    "figures",
    [
        series(*EIGHT[:7]),
        series(10, 12, 11, 13, None, 12, 14, 11, 13),  # eight, but a gap takes one step away
        [*series(*EIGHT[:7]), BAND],
        [*series(*EIGHT[:7]), figure("not shown")],
        [],
    ],
)
def test_too_few_points_have_no_limits(figures: list[Figure | None]) -> None:
    assert natural_limits(figures) is None


def test_no_step_is_taken_across_a_gap() -> None:
    # Steps 2 1 2 and 1 1 1 1, and none from 13 to 50; mean 9 / 7. Mean of points (46 + 254) / 9 = 33.33.
    found = natural_limits(series(10, 12, 11, 13, None, 50, 51, 50, 51, 52))

    assert found == pytest.approx((300 / 9, 300 / 9 - 2.66 * 9 / 7, 300 / 9 + 2.66 * 9 / 7, 9))


def test_limits_end_where_shares_do() -> None:
    low, high = natural_limits(series(*(1, 9) * 4)), natural_limits(series(*(99, 91) * 4))

    assert low is not None and high is not None
    assert (low.lower, high.upper) == (0, 100)


@pytest.mark.parametrize(("points", "few"), [(8, True), (14, True), (15, False)])
def test_limits_of_few_points_say_so(points: int, few: bool) -> None:
    assert Limits(12, 7, 17, points).are_few is few


LIMITS = Limits(12, 7.06, 16.94, 8)


@pytest.mark.parametrize(
    ("newest", "found"),
    [
        (published(18), Signal("outside", "above")),
        (published(17), Signal("outside", "above")),
        (published(16), None),
        (published(6), Signal("outside", "below")),
        (published(8), None),
        (published(18, slack=1.5), None),  # by its rounding it may be 16.5
        (published(6, slack=1.5), None),
        (figure("banded", base=90, lower=80, upper=100), None),
        (figure("not shown"), None),
        (None, None),
    ],
)
def test_the_newest_lies_outside_only_if_all_that_rounding_leaves_open_does(
    newest: Figure | None, found: Signal | None
) -> None:
    assert signal([*series(*EIGHT[:7]), newest], LIMITS) == found


@pytest.mark.parametrize(
    ("rates", "found"),
    [
        ((13,) * 7, Signal("shift", "above")),
        ((11,) * 7, Signal("shift", "below")),
        ((13,) * 6, None),
        ((12, *(13,) * 6), None),  # on the middle is on no side
        ((13, 13, 13, None, 13, 13, 13, 13), None),  # a gap ends a run
        ((13, 13, 13, 11, 13, 13, 13), None),
        ((*(13,) * 6, 18), Signal("outside", "above")),
    ],
)
def test_seven_in_a_row_on_one_side_are_a_shift(rates: tuple[int | None, ...], found: Signal | None) -> None:
    assert signal(series(*rates), LIMITS) == found


def test_without_limits_there_is_nothing_to_lie_outside_of() -> None:
    assert signal(series(10, 90), None) is None
