"""Pairing in the simulator: three therapists, a few requests, each team's policy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from examples.platform.days import calendar
from examples.platform.matching import BASES, UNSTATED, Decision, Openings, fit, pair
from examples.platform.people import Therapists, therapists
from examples.platform.teams import Team

ANXIETY, GRIEF, SLEEP = 1, 4, 256
GERMAN, ENGLISH = 0, 1
MONDAY_MORNING, TUESDAY_MORNING, FRIDAY_NOON = 540, 1440 + 540, 4 * 1440 + 720


def team(pairing: str) -> Team:
    return Team("T01", "Willow", "Adult therapy", "Europe/Berlin", 3, "ordinary", pairing)


@pytest.fixture
def three() -> Therapists:
    """0 declares anxiety; 1 anxiety and grief; 2 anxiety, grief and sleep, and alone speaks English."""
    rng = np.random.default_rng(0)
    drawn = therapists([team("best_fit") for _ in range(2)], calendar("2026-10", 1), rng)
    drawn.needs[:3] = [ANXIETY, ANXIETY | GRIEF, ANXIETY | GRIEF | SLEEP]
    drawn.languages[:3] = [1 << GERMAN, 1 << GERMAN, 1 << GERMAN | 1 << ENGLISH]
    drawn.modalities[:3] = 1
    return drawn


def openings(*seats: tuple[int, int], people: Therapists) -> Openings:
    """Each seat is a therapist and a minute of the week."""
    return Openings(
        seat=100 + np.arange(len(seats)),
        therapist=np.array([therapist for therapist, _ in seats], int),
        starts=np.array([start for _, start in seats], int),
        has_room=np.ones(len(people), bool),
    )


def requests(*needs: int, waited_days: int = 3, language: int = UNSTATED, former: int = -1) -> pd.DataFrame:
    return pd.DataFrame({
        "client": np.arange(len(needs)),
        "team": 0,
        "needs": needs,
        "language": language,
        "modality": UNSTATED,
        "patience": 21,
        "requested_at": -waited_days * 1440 + np.arange(len(needs)),
        "former": former,
    })  # fmt: skip


def decide(policy: str, queue: pd.DataFrame, open_: Openings, people: Therapists) -> Decision:
    rosters = np.array([[0, 1, 2]])
    return pair(queue, open_, people, [team(policy)], rosters, 0, np.random.default_rng(0))


def test_fit_is_the_share_of_stated_needs_that_is_declared() -> None:
    assert fit(np.array([ANXIETY | GRIEF]), np.array([ANXIETY | SLEEP])).tolist() == [0.5]


def test_the_earliest_slot_wins_over_a_better_fit(three: Therapists) -> None:
    open_ = openings((0, MONDAY_MORNING), (2, FRIDAY_NOON), people=three)
    decision = decide("earliest_slot", requests(GRIEF | SLEEP), open_, three)
    assert decision.seat.tolist() == [100]
    assert decision.fit.tolist() == [0.0]
    assert decision.better_had_room.tolist() == [True]


def test_best_fit_takes_the_better_though_later_slot(three: Therapists) -> None:
    open_ = openings((0, MONDAY_MORNING), (2, FRIDAY_NOON), people=three)
    decision = decide("best_fit", requests(GRIEF | SLEEP), open_, three)
    assert decision.seat.tolist() == [101]
    assert decision.better_had_room.tolist() == [False]


def test_best_fit_waits_for_the_best_until_patience_ends(three: Therapists) -> None:
    open_ = openings((0, MONDAY_MORNING), people=three)
    assert decide("best_fit", requests(GRIEF), open_, three).seat.tolist() == [-1]
    patience_ends = decide("best_fit", requests(GRIEF, waited_days=18), open_, three)
    assert patience_ends.seat.tolist() == [100]


def test_a_hard_requirement_is_never_given_up(three: Therapists) -> None:
    open_ = openings((0, MONDAY_MORNING), (1, TUESDAY_MORNING), people=three)
    decision = decide("earliest_slot", requests(ANXIETY, language=ENGLISH, waited_days=18), open_, three)
    assert decision.seat.tolist() == [-1]
    assert decision.is_expired.tolist() == [True]


def test_only_a_team_that_pairs_by_fit_is_strict_about_the_modality(three: Therapists) -> None:
    """Nobody declares in person."""
    in_person = requests(ANXIETY, waited_days=18).assign(modality=1)
    open_ = openings((0, MONDAY_MORNING), people=three)
    assert decide("best_fit", in_person, open_, three).seat.tolist() == [-1]
    assert decide("earliest_slot", in_person, open_, three).seat.tolist() == [100]
    assert decide("client_choice", in_person, open_, three).seat.tolist() == [100]


def test_a_seat_goes_to_the_oldest_request(three: Therapists) -> None:
    open_ = openings((2, MONDAY_MORNING), people=three)
    decision = decide("best_fit", requests(SLEEP, SLEEP), open_, three)
    assert decision.seat.tolist() == [100, -1]


def test_who_comes_back_is_given_their_therapist(three: Therapists) -> None:
    open_ = openings((0, FRIDAY_NOON), (1, MONDAY_MORNING), people=three)
    decision = decide("earliest_slot", requests(ANXIETY, former=0), open_, three)
    assert decision.seat.tolist() == [100]
    assert decision.basis.tolist() == [BASES.index("continuity")]
