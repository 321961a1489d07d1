"""Shares and counts as classes in words, for what leaves beside the figures: rows read, quarantined, late.

Exact counts are for the operator's eyes. No figure of a measure is classed here: that is the policy's.
"""

from __future__ import annotations

from bisect import bisect_right

_SHARES = (
    (0.00, "under 1 %"),
    (0.01, "1 % to 5 %"),
    (0.05, "5 % to 20 %"),
    (0.20, "20 % to 80 %"),
    (0.80, "80 % to 95 %"),
    (0.95, "95 % to 99 %"),
    (0.99, "99 % or more"),
)
_STEPS = (1, 2, 5)
_LEAST_COUNT, _MOST_COUNT = 100, 10**12


def share_class(part: int, whole: int) -> str:
    """The share part ÷ whole in words; "none" when there is no part or no whole."""
    if part <= 0 or whole <= 0:
        return "none"
    position = bisect_right([least for least, _ in _SHARES], part / whole)
    return _SHARES[position - 1][1]


def count_class(count: int) -> str:
    """A count in words: "none", "under 100", then between neighbours of 100, 200, 500, 1,000, 2,000 …"""
    if count <= 0:
        return "none"
    limits = [step * 10**power for power in range(2, 12) for step in _STEPS] + [_MOST_COUNT]
    position = bisect_right(limits, count)
    if position == 0:
        return f"under {_LEAST_COUNT}"
    if position == len(limits):
        return f"{_MOST_COUNT:,} or more"
    return f"{limits[position - 1]:,} to {limits[position]:,}"
