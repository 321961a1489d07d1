"""How often days lie nearer the unit's usual count than the own threshold if thresholds alone drive the day, by simulation.

    python -m benchmarks.quota_pull

Counts cluster without any quota: in a unit whose thresholds lie close together, the most usual count is near them all. So units
are drawn in which nothing but the own threshold, and chance, makes a day: as many sessions are booked as the threshold says, now and
then one more or less, and some fall out. The share above which fewer than one such unit in twenty lies is what the dictionary
gives to hold a unit's share against (decision 0019). Nothing of a real unit enters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROUNDS = 4000
THERAPISTS = range(6, 15)
DAYS = 18  # worked in a month
THRESHOLDS = {3: 0.05, 4: 0.15, 5: 0.25, 6: 0.25, 7: 0.2, 8: 0.1}  # as they are declared: a convention
BOOKED_BEYOND = {-1: 0.25, 0: 0.5, 1: 0.25}
HELD = (0.80, 0.85, 0.90)  # share of booked sessions that take place; the dictionary has the first
ERROR_PERCENT = 5


def shares(held: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """The share of one unit and month, many times."""
    return np.array([_share(int(rng.choice(THERAPISTS)), held, rng) for _ in range(ROUNDS)])


def _share(therapists: int, held: float, rng: np.random.Generator) -> float:
    own = rng.choice(list(THRESHOLDS), (therapists, 1), p=list(THRESHOLDS.values()))
    beyond = rng.choice(list(BOOKED_BEYOND), (therapists, DAYS), p=list(BOOKED_BEYOND.values()))
    counts = rng.binomial(own + beyond, held)
    usual = np.bincount(counts[counts > 0]).argmax()  # the smaller of two that are equally usual; a day without is none
    return float((np.abs(counts - usual) < np.abs(counts - own))[counts > 0].mean())


def main() -> None:
    rng = np.random.default_rng(1)
    print(f"{'held':>6}{'half of the units':>20}{f'{100 - ERROR_PERCENT} of 100 units':>20}")
    for held in HELD:
        found = 100 * shares(held, rng)
        print(f"{held:6.0%}{np.median(found):19.1f}%{np.percentile(found, 100 - ERROR_PERCENT):19.1f}%")


if __name__ == "__main__":
    main()
