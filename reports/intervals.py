"""Intervals from what was published: how far chance could have moved a share, or the difference of two.

Reads released rows only: rounded counts, and the bounds that stand beside them. What an exact count or a person could
tell does not belong here, nor does the wording.

Three things make a figure uncertain, and all are counted in. Another month would have had other sessions: the Wilson
interval. Sessions of one client, and clients of one therapist, go together, so there is less to learn from them than from as
many that do not: the measure's design effect divides the base (decision 0019). And counts are rounded, or lie in a band: the
rate is taken to lie anywhere between the released bounds, each place as likely as another, which is so for one rounded count
and more than is open for a sum of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

Z = 1.959964  # 95 %: as far from the middle as 19 in 20 lie


class Published(NamedTuple):
    """A published figure as released: rounded counts, and the percents between which the exact rate must lie."""

    part: int
    base: int
    lower: float
    upper: float


class Interval(NamedTuple):
    """A rate in percent, or a difference in percentage points, with the ends of its 95 % interval."""

    value: float
    lower: float
    upper: float

    @property
    def holds_zero(self) -> bool:
        """Whether chance alone can be behind a difference."""
        return self.lower <= 0 <= self.upper


def share_interval(figures: Sequence[Published], design_effect: float) -> Interval:
    """The 95 % interval of a share, or of the share that figures of several months or places have together.

    `design_effect` is the measure's, from the catalogue. Raises ValueError for none of the base, or all of it.
    """
    part, base, open_by_rounding = _sum(figures)
    rate = part / base
    chance = design_effect * rate * (1 - rate) / base
    size = rate * (1 - rate) / (chance + open_by_rounding)  # of independent and exact answers that would tell as much
    middle = (rate + Z**2 / (2 * size)) / (1 + Z**2 / size)
    half = Z * sqrt(rate * (1 - rate) / size + Z**2 / (4 * size**2)) / (1 + Z**2 / size)
    return Interval(100 * rate, 100 * (middle - half), 100 * (middle + half))


def difference_interval(first: Interval, second: Interval) -> Interval:
    """The 95 % interval of the difference of two shares that have no answer in common (Newcombe's, by Wilson intervals)."""
    difference = first.value - second.value
    below = sqrt((first.value - first.lower) ** 2 + (second.upper - second.value) ** 2)
    above = sqrt((first.upper - first.value) ** 2 + (second.value - second.lower) ** 2)
    return Interval(difference, difference - below, difference + above)


def _sum(figures: Sequence[Published]) -> tuple[int, int, float]:
    """Part and base together, and the variance of the rate that rounding leaves open."""
    part, base = sum(figure.part for figure in figures), sum(figure.base for figure in figures)
    if not 0 < part < base:
        raise ValueError("an interval is of a published share: neither none of the base nor all of it")
    halves = ((figure.upper - figure.lower) / 200 * figure.base / base for figure in figures)
    return part, base, sum(half**2 for half in halves) / 3
