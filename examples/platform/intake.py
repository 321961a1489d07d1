"""The weekly intake: who asks for a therapist, who has a seat to give, and who is given to whom.

The choice itself is made in `matching`; here it is given its requests and openings, and carried out.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from examples.platform import Bools, Ints, matching
from examples.platform.caseload import VACANT
from examples.platform.frames import where
from examples.platform.state import Platform
from examples.platform.teams import MANNERS

TRANSFERRED, PLANNED = 3, 0
RETURN_AFTER_WEEKS = 6
RETURNING = 0.1  # share of those whose care ended as planned who ask for their therapist again
WORKDAY = (8 * 60, 19 * 60)


def pair_waiting(platform: Platform, monday: int) -> pd.DataFrame:
    """Pair who waits as the week begins. Gives the requests decided: paired, or given up."""
    seats, staff = platform.diary.seats, platform.people
    everyone, friday = np.arange(len(staff)), np.full(len(staff), monday + 4)
    is_here, team_of = staff.is_member(everyone, friday), staff.team_on(everyone, friday)
    open_seats = np.flatnonzero((platform.caseload.client == VACANT) & is_here[seats.therapist])
    open_by_team = np.bincount(team_of[seats.therapist[open_seats]], minlength=len(platform.teams))
    queue = _queue(platform, monday, open_by_team)
    openings = matching.Openings(
        seat=open_seats,
        therapist=seats.therapist[open_seats],
        starts=seats.weekday[open_seats] * 1440 + platform.diary.slots.start[seats.slot[open_seats]],
        has_room=_has_room(platform, monday),
    )
    rosters = _rosters(team_of, is_here, len(platform.teams))
    decision = matching.pair(queue, openings, staff, platform.teams, rosters, monday, platform.rng)
    is_paired = decision.seat >= 0
    _begin(platform, where(queue, is_paired), decision.seat[is_paired], decision.fit[is_paired])
    platform.queue = where(queue, ~is_paired & ~decision.is_expired)
    queue["day"] = max(monday - 3, 0) if monday >= 0 else -1
    queue["paired_at"] = _paired_at(queue.requested_at.to_numpy(), monday, platform.rng)
    queue["therapist"] = np.where(is_paired, seats.therapist[np.maximum(decision.seat, 0)], -1)
    for column in ("basis", "paired_by", "fit", "best_fit", "has_choice", "better_had_room"):
        queue[column] = getattr(decision, column)
    decided = where(queue, is_paired | decision.is_expired).copy()
    decided["request_id"] = platform.next_request + np.arange(len(decided))
    platform.next_request += len(decided)
    return decided


def _queue(platform: Platform, monday: int, open_by_team: Ints) -> pd.DataFrame:
    """Who still waits, who comes anew (about one for each open seat), who changes therapist or comes back."""
    waiting = np.zeros_like(open_by_team)
    if len(platform.queue):
        waiting = np.bincount(platform.queue.team, minlength=len(open_by_team))
    demand = np.array([MANNERS[team.manner].demand for team in platform.teams])
    wanted = platform.rng.poisson(np.maximum(demand * open_by_team - 0.6 * waiting, 0.15))
    fresh = matching.new_requests(wanted, platform.teams, monday - 7, platform.next_client, platform.rng)
    platform.next_client += len(fresh)
    parts = [part for part in (platform.queue, fresh, _again(platform, monday)) if len(part)]
    return pd.concat(parts, ignore_index=True).sort_values("requested_at", kind="stable", ignore_index=True)


def _again(platform: Platform, monday: int) -> pd.DataFrame:
    """Requests of clients who were transferred last week, and of a few whose care ended well weeks ago."""
    if len(platform.ended) < RETURN_AFTER_WEEKS:
        return pd.DataFrame()
    rng, last_week, weeks_ago = platform.rng, platform.ended[-1], platform.ended[-RETURN_AFTER_WEEKS]
    returns = (weeks_ago.ending == PLANNED) & (rng.random(len(weeks_ago)) < RETURNING)
    transferred, returning = where(last_week, last_week.ending == TRANSFERRED), where(weeks_ago, returns)
    ended = pd.concat([transferred, returning], ignore_index=True)
    count = len(ended)
    return pd.DataFrame({
        "client": ended.client,
        "team": platform.people.team_on(ended.therapist.to_numpy(), np.full(count, monday)),
        "needs": ended.needs,
        "language": ended.language,
        "modality": np.full(count, matching.UNSTATED),
        "patience": rng.choice(matching.PATIENCE_DAYS, count),
        "requested_at": (monday - 7 + rng.integers(0, 7, count)) * 1440 + rng.integers(*WORKDAY, count),
        "former": np.where(np.arange(count) < len(transferred), -1, ended.therapist),
    })  # fmt: skip


def _has_room(platform: Platform, monday: int) -> Bools:
    """Whether each therapist is booked under their own declared threshold on a day they work."""
    seats, staff = platform.diary.seats, platform.people
    is_taken = (platform.caseload.client != VACANT) & ~platform.diary.slots.is_group[seats.slot]
    hours = np.where(seats.parity >= 0, 0.5, 1.0)[is_taken]
    place = (seats.therapist * 7 + seats.weekday)[is_taken]
    booked = np.bincount(place, hours, minlength=len(staff) * 7).reshape(-1, 7)
    threshold = platform.thresholds.in_force(np.arange(len(staff)), np.full(len(staff), monday))
    return np.asarray(((booked < threshold[:, None]) & staff.works_weekday).any(axis=1))


def _rosters(team_of: Ints, is_here: Bools, teams: int) -> Ints:
    """One line a team: the numbers of its therapists, padded with -1."""
    here = np.flatnonzero(is_here)
    here = here[np.argsort(team_of[here], kind="stable")]
    team = team_of[here]
    place = np.arange(len(here)) - np.searchsorted(team, team)
    rosters = np.full((teams, place.max() + 1), -1)
    rosters[team, place] = here
    return rosters


def _begin(platform: Platform, requests: pd.DataFrame, seats: Ints, fit: np.ndarray) -> None:
    """Seat the paired clients; who stated no modality comes by video, or in person where that is offered."""
    offers_in_person = (platform.people.modalities[platform.diary.seats.therapist[seats]] >> 1) & 1
    usual = offers_in_person * (platform.rng.random(len(seats)) < 0.45)
    modality = np.where(requests.modality == matching.UNSTATED, usual, requests.modality)
    platform.caseload.seat(seats, requests, fit, modality, platform.rng)


def _paired_at(requested_at: Ints, monday: int, rng: np.random.Generator) -> Ints:
    """Some minute of the week before, after the request and before Sunday evening."""
    earliest, latest = np.maximum(requested_at + 5, (monday - 7) * 1440), monday * 1440 - 240
    return (earliest + rng.random(len(requested_at)) * (latest - earliest)).astype(int)
