"""Natural limits of a series of published figures (an XmR chart), and what stands out against them.

Reads published figures only. What is not published leaves a gap, and nothing is filled in. The wording belongs in `words` and
`findings`, the drawing in `charts` and `panels`.

The limits are the mean of all points, and 2.66 times the mean moving range on either side (Wheeler; NHS England, Making Data
Count). The rates are those of the counts as published.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from reports.monthly.figures import Figure

FACTOR = 2.66  # 3 standard deviations, from the mean of moving ranges of two
FEWEST_POINTS = 8  # so many periods in a row, before limits are drawn at all
FEW_POINTS = 15  # with fewer, limits still move with each new period, and the report says so
SHIFT = 7  # so many periods in a row on one side of the middle are a shift

Side = Literal["above", "below"]


class Limits(NamedTuple):
    """The middle of a series and its natural limits, in percent, and from how many points they are."""

    middle: float
    lower: float
    upper: float
    points: int

    @property
    def are_few(self) -> bool:
        return self.points < FEW_POINTS


class Signal(NamedTuple):
    """What the newest figure of a series shows: it lies outside its limits, or ends a shift to one side of its middle."""

    kind: Literal["outside", "shift"]
    side: Side


def natural_limits(figures: Sequence[Figure | None]) -> Limits | None:
    """The limits of a series in order of time; none where too few points have a neighbour.

    A moving range is the step between two periods that follow each other: none is taken across a gap.
    """
    rates = [figure.rate if figure else None for figure in figures]
    points = [rate for rate in rates if rate is not None]
    steps = [abs(after - before) for before, after in pairwise(rates) if before is not None and after is not None]
    if len(steps) < FEWEST_POINTS - 1:
        return None
    middle, reach = fmean(points), FACTOR * fmean(steps)
    return Limits(middle, max(0.0, middle - reach), min(100.0, middle + reach), len(points))


def signal(figures: Sequence[Figure | None], limits: Limits | None) -> Signal | None:
    """What the newest figure shows; nothing where it is not published, or there are no limits.

    It lies outside only if all that rounding leaves open does: the released bounds of the rate.
    """
    now = figures[-1]
    if limits is None or now is None or now.rate is None:
        return None
    if (now.rate if now.lower is None else now.lower) > limits.upper:
        return Signal("outside", "above")
    if (now.rate if now.upper is None else now.upper) < limits.lower:
        return Signal("outside", "below")
    latest = [figure.rate if figure else None for figure in figures[-SHIFT:]]
    if len(latest) == SHIFT:
        if all(rate is not None and rate > limits.middle for rate in latest):
            return Signal("shift", "above")
        if all(rate is not None and rate < limits.middle for rate in latest):
            return Signal("shift", "below")
    return None
