"""Who sits in which seat: episodes of care, from the first session to their ending.

Episodes begin with a pairing (`matching`), are lived through in `sessions`, and end here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from examples.platform import Bools, Floats, Ints
from examples.platform.diary import Seats

ENDINGS = ("planned", "client_stopped", "lost_contact", "transferred")
KINDS = ("individual", "couple", "group")
VACANT = -1
MEAN_SESSIONS = 16.0
OCCUPIED_AT_START = 0.93


@dataclass
class Caseload:
    """The client of each seat and where their care stands. One entry a seat; changes from week to week."""

    client: Ints
    needs: Ints
    language: Ints
    modality: Ints
    kind: Ints
    remaining: Ints  # sessions until it ends
    seen: Ints  # attended so far, since the pairing
    length: Ints
    rematches: Bools  # ends by changing therapist
    fit: Floats
    unreliability: Floats  # how much more often than others they cancel or stay away
    alliance: Floats
    last_day: Ints  # of the last session held, or -1

    def seat(self, seats: Ints, requests: pd.DataFrame, fit: Floats, modality: Ints, rng: np.random.Generator) -> None:
        """Let the clients of these requests begin their care in these seats."""
        count = len(seats)
        leaves_early = rng.random(count) < 0.03 + 0.16 * (1 - fit)
        length = np.where(leaves_early, rng.integers(1, 4, count), _lengths(count, fit, rng))
        self.client[seats] = requests.client
        self.needs[seats] = requests.needs
        self.language[seats] = requests.language
        self.modality[seats] = modality
        self.kind[seats] = (rng.random(count) < np.where(requests.needs & (1 << 4), 0.3, 0.01)).astype(int)
        self.remaining[seats] = self.length[seats] = length
        self.seen[seats] = 0
        self.rematches[seats] = leaves_early & (rng.random(count) < 0.75)
        self.fit[seats] = fit
        self.unreliability[seats] = rng.gamma(4, 0.25, count)
        self.alliance[seats] = rng.normal(6.2 + 0.8 * fit, 1.4, count)
        self.last_day[seats] = -1

    def end(self, seats: Ints, is_transfer: Bools, rng: np.random.Generator) -> pd.DataFrame:
        """Let these seats fall vacant, and say how each episode ended."""
        count = len(seats)
        draw, is_short = rng.random(count), self.length[seats] <= 5
        planned = np.where(is_short, 0.25, 0.5 + 0.2 * self.fit[seats])
        ending = np.select(
            [is_transfer | self.rematches[seats], draw < planned, draw < planned + 0.6 * (1 - planned)],
            [3, 0, 1],
            default=2,
        )
        ended = pd.DataFrame({
            "client": self.client[seats],
            "seat": seats,
            "needs": self.needs[seats],
            "language": self.language[seats],
            "day": self.last_day[seats],
            "ending": ending,
            "before_client": _says(rng, np.where(ending == 0, 0.12, 0.35), 0.75),
            "before_therapist": _says(rng, np.where(ending == 0, 0.08, 0.6), 0.85),
        })  # fmt: skip
        self.client[seats] = VACANT
        return ended


def begun(seats: Seats, modalities: Ints, rng: np.random.Generator, next_client: int) -> Caseload:
    """A caseload as of the first morning: most seats taken, each episode somewhere on its way."""
    count = len(seats.slot)
    length = np.maximum(rng.gamma(2.2, 1.35 * MEAN_SESSIONS / 2.2, count).astype(int), 2)
    is_taken = rng.random(count) < OCCUPIED_AT_START
    in_person = ((modalities[seats.therapist] >> 1) & 1) * (rng.random(count) < 0.45)
    remaining = np.maximum((rng.random(count) * length).astype(int), 1)
    return Caseload(
        client=np.where(is_taken, next_client + np.arange(count), VACANT),
        needs=1 << rng.integers(0, 12, count),
        language=np.full(count, -1),
        modality=in_person,
        kind=(rng.random(count) < 0.05).astype(int),
        remaining=remaining,
        seen=length - remaining,
        length=length,
        rematches=np.zeros(count, bool),
        fit=rng.choice([1.0, 0.67, 0.5, 0.0], count, p=[0.6, 0.15, 0.2, 0.05]),
        unreliability=rng.gamma(4, 0.25, count),
        alliance=rng.normal(7, 1.4, count),
        last_day=np.full(count, -1),
    )


def _lengths(count: int, fit: Floats, rng: np.random.Generator) -> Ints:
    return np.maximum(rng.gamma(2.2, MEAN_SESSIONS * (0.7 + 0.4 * fit) / 2.2, count).astype(int), 3)


def _says(rng: np.random.Generator, yes: Floats, answered: float) -> Ints:
    """1 yes, 0 no, -1 not said."""
    return np.where(rng.random(len(yes)) < answered, (rng.random(len(yes)) < yes).astype(int), -1)
