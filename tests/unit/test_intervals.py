"""Intervals of shares and differences: against figures published by others, and against planted truths.

The truths: a quarter of answers of clients of therapists, who each have a leaning of their own, is drawn and counted, and only
its rounded counts are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr, ndtri

from assets.measures import dictionary
from expectations.policy import read_policy, rounded
from reports.intervals import Interval, Published, difference_interval, share_interval

UNITS, THERAPISTS, CLIENTS, MONTHS = 12, 9, 30, 3
RATE, ANSWERED = 0.6, 0.45
OF_THERAPIST, OF_CLIENT = 0.05, 0.35  # as in benchmarks.design_effects
FALL = 0.4  # standard deviations: some 16 points
DESIGN_EFFECT = dictionary().measures["closer_to_understanding"].design_effect or 1


def exact(part: int, base: int) -> Published:
    """A count with nothing left open by rounding."""
    return Published(part, base, 100 * part / base, 100 * part / base)


def test_the_interval_of_a_share_is_wilsons() -> None:
    """81 of 263 and 15 of 148: the examples of Newcombe 1998, Statistics in Medicine 17, 857-872, method 3."""
    assert share_interval([exact(81, 263)], 1) == pytest.approx((30.80, 25.53, 36.62), abs=0.005)
    assert share_interval([exact(15, 148)], 1) == pytest.approx((10.14, 6.24, 16.05), abs=0.005)


def test_the_interval_of_a_difference_is_newcombes() -> None:
    """56 of 70 less 48 of 80: the example of Newcombe 1998, Statistics in Medicine 17, 873-890, method 10."""
    first, second = share_interval([exact(56, 70)], 1), share_interval([exact(48, 80)], 1)
    assert difference_interval(first, second) == pytest.approx((20, 5.24, 33.39), abs=0.005)
    assert not difference_interval(first, second).holds_zero
    assert difference_interval(first, first).holds_zero


def test_a_design_effect_is_as_so_many_times_fewer_answers() -> None:
    assert share_interval([exact(240, 400)], 4) == pytest.approx(share_interval([exact(60, 100)], 1))


def test_rounding_widens_and_more_of_it_widens_more() -> None:
    widths = [
        interval.upper - interval.lower
        for open_ in (0, 2, 6)
        for interval in [share_interval([Published(60, 100, 60 - open_, 60 + open_)], 1)]
    ]
    assert widths[0] < widths[1] < widths[2]
    # 6 points to each side, each as likely: a variance of 12, beside the 24 of chance
    by_hand = 2 * 1.96 * (24 + 12) ** 0.5
    assert widths[2] == pytest.approx(by_hand, rel=0.05)


def test_months_are_added_up_as_one() -> None:
    assert share_interval([exact(20, 100), exact(40, 50)], 1) == pytest.approx(share_interval([exact(60, 150)], 1))


@pytest.mark.parametrize("part", [0, 100])
def test_there_is_no_interval_of_none_or_all(part: int) -> None:
    with pytest.raises(ValueError, match="neither none of the base nor all"):
        share_interval([Published(part, 100, 0, 100)], 1)


def answers(fall: float, rng: np.random.Generator) -> pd.DataFrame:
    """A quarter's answers: on over-threshold days their leaning falls by so many standard deviations."""
    therapists = UNITS * THERAPISTS
    of_unit = rng.beta(1, 3, UNITS)  # the share of sessions on over-threshold days
    overload = np.clip(of_unit.repeat(THERAPISTS) + rng.normal(0, 0.1, therapists), 0, 1)
    therapist = np.arange(therapists).repeat(CLIENTS)
    own_days = rng.beta(2 * overload[therapist] + 0.05, 2 * (1 - overload[therapist]) + 0.05)  # a client has a weekday
    leaning = ndtri(RATE) + rng.normal(0, OF_THERAPIST**0.5, therapists)[therapist]
    leaning += rng.normal(0, OF_CLIENT**0.5, len(therapist))
    month, client = np.tile(np.arange(MONTHS), len(therapist)), np.arange(len(therapist)).repeat(MONTHS)
    times = rng.poisson(3.3 * ANSWERED * (rng.random(len(client)) < 0.8))
    client, month = client.repeat(times), month.repeat(times)
    is_over = rng.random(len(client)) < own_days[client]
    chance = ndtr((leaning[client] - fall * is_over) / (1 - OF_THERAPIST - OF_CLIENT) ** 0.5)
    return pd.DataFrame({
        "therapist": therapist[client], "client": client, "month": month + 1, "is_over": is_over,
        "is_closer": rng.random(len(client)) < chance,
    })  # fmt: skip


def truth(fall: float) -> float:
    """The difference in points over all therapists and clients there could be, whose leanings vary by 1 in all."""
    return 100 * float(ndtr(ndtri(RATE) - fall) - RATE)


def by_load(drawn: pd.DataFrame) -> Interval:
    """The difference as it can be told from each month's counts, rounded as the policy rounds."""
    rules, sides = read_policy().rules, []
    for is_over in (True, False):
        months = drawn[drawn.is_over == is_over].groupby("month").is_closer.agg(["sum", "size"])
        part, base = (rounded(months[name], rules.rounding) for name in ("sum", "size"))
        lower, upper = 100 * (part - 2) / (base + 2), 100 * (part + 2) / (base - 2)
        sides.append([Published(*count) for count in zip(part, base, lower, upper, strict=True)])
    return difference_interval(*(share_interval(side, DESIGN_EFFECT) for side in sides))


def covered(found: Iterable[Interval], fall: float) -> int:
    return sum(one.lower <= truth(fall) <= one.upper for one in found)


@pytest.mark.parametrize("fall", [0, FALL])
def test_the_interval_covers_what_was_planted_in_90_to_99_of_100(fall: float) -> None:
    found = [by_load(answers(fall, np.random.default_rng(seed))) for seed in range(100)]
    assert 90 <= covered(found, fall) <= 99
    assert fall == 0 or not any(one.holds_zero for one in found)
