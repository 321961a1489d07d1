"""What clients say of their sessions: closer to understanding themselves (0-4), and the alliance (0-10).

In one team, planted, answers fall on days on which the therapist was over their threshold. Elsewhere not.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from examples.platform import Floats, Ints
from examples.platform.caseload import Caseload
from examples.platform.people import Therapists
from examples.platform.sessions import ATTENDED
from examples.platform.teams import Team

FALLS_BY = 0.75  # standard deviations, on an over-threshold day of the planted team
STEPS = (-1.6, -0.95, -0.3, 0.7)  # where the answer becomes 1, 2, 3, 4: three or four in 62 of 100
UNSAID = -1


def response_rates(teams: list[Team], rng: np.random.Generator) -> Floats:
    """The share of attended sessions that each team's clients answer."""
    rates = rng.uniform(0.32, 0.56, len(teams))
    return np.where([team.planted == "understanding_falls" for team in teams], 0.58, rates)


def feedback(
    sessions: pd.DataFrame,
    is_over: np.ndarray,
    caseload: Caseload,
    people: Therapists,
    teams: list[Team],
    rates: Floats,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Answers to the attended sessions of a week; `is_over`: whether each lies on an over-threshold day."""
    answers = (sessions.status.to_numpy() == ATTENDED) & (rng.random(len(sessions)) < rates[sessions.team])
    rows, over = sessions[answers], is_over[answers]
    falls = np.array([team.planted == "understanding_falls" for team in teams])[rows.team]
    seat = rows.seat.to_numpy()
    feeling = people.understanding[rows.therapist] + rng.normal(0, 1, len(rows)) - FALLS_BY * (falls & over)
    alliance = caseload.alliance[seat] + 0.12 * np.minimum(caseload.seen[seat], 12) + rng.normal(0, 0.8, len(rows))
    return pd.DataFrame({
        "session_id": rows.session_id,
        "day": rows.day,
        "team": rows.team,
        "is_over": over,
        "submitted": rows.minute - rows.offset + rows.minutes + rng.integers(5, 2000, len(rows)),  # UTC
        "closer": _sometimes(np.searchsorted(STEPS, feeling), 0.96, rng),
        "alliance": _sometimes(alliance.round().clip(0, 10).astype(int), 0.55, rng),
    })  # fmt: skip


def _sometimes(answer: Ints, share: float, rng: np.random.Generator) -> Ints:
    return np.where(rng.random(len(answer)) < share, answer, UNSAID)
