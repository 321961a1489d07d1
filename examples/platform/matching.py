"""Requests of clients and their pairing with therapists, week by week, by the policy of each team.

A pairing is decided from declared profiles and open seats alone: what becomes of it never comes back here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from examples.platform import Bools, Floats, Ints
from examples.platform.people import NEED_WEIGHTS, NEEDS, Therapists
from examples.platform.teams import LANGUAGES, SECOND_LANGUAGES, Team

BASES = ("best_fit", "earliest_slot", "client_choice", "continuity")
PAIRED_BY = ("client", "coordinator", "algorithm")
UNSTATED = -1
MINUTES_OF_WEEK = 7 * 1440
PATIENCE_DAYS = (10, 14, 21, 28, 42)
NEED_BITS = 1 << np.arange(len(NEEDS))


@dataclass(frozen=True)
class Openings:
    """What is open this week: seats without a client, ordered by therapist, weekday and time."""

    seat: Ints
    therapist: Ints
    starts: Ints  # minute of the week
    has_room: Bools  # therapist: booked under their own threshold on a day they work


def new_requests(
    wanted: Ints, teams: list[Team], monday: int, next_client: int, rng: np.random.Generator
) -> pd.DataFrame:
    """The requests of new clients in the week of `monday`; `wanted` has their number for each team."""
    team = np.repeat(np.arange(len(teams)), wanted)
    count = len(team)
    rank = (np.log(NEED_WEIGHTS) + rng.gumbel(size=(count, len(NEEDS)))).argsort(axis=1)[:, ::-1].argsort(axis=1)
    how_many = rng.choice([1, 2, 3], count, p=[0.35, 0.42, 0.23])
    own = np.array([each.language for each in teams])[team]
    other = np.array([SECOND_LANGUAGES[each.timezone] for each in teams])[team, rng.integers(0, 2, count)]
    asks = rng.random(count)
    modality = rng.choice([UNSTATED, 0, 1, 2], count, p=[0.55, 0.2, 0.2, 0.05])
    requested_at = (monday + rng.integers(0, 7, count)) * 1440 + rng.integers(8 * 60, 19 * 60, count)
    return pd.DataFrame({
        "client": next_client + np.arange(count),
        "team": team,
        "needs": ((rank < how_many[:, None]) * NEED_BITS).sum(axis=1),
        "language": np.select([asks < 0.55, asks < 0.9], [np.full(count, UNSTATED), own], default=other),
        "modality": modality,
        "patience": np.where(rng.random(count) < 0.08, UNSTATED, rng.choice(PATIENCE_DAYS, count)),
        "requested_at": requested_at,
        "former": np.full(count, -1),
    }).sort_values("requested_at", kind="stable", ignore_index=True)  # fmt: skip


def fit(needs: Ints, declared: Ints) -> Floats:
    """The share of the stated needs that is declared."""
    return np.bitwise_count(needs & declared) / np.maximum(np.bitwise_count(needs), 1)


@dataclass(frozen=True)
class Decision:
    """What became of a queue this week, one entry a request in the queue's order."""

    seat: Ints  # -1: not paired
    basis: Ints
    paired_by: Ints
    fit: Floats
    has_choice: Bools  # at least two colleagues who meet the hard requirements had an open seat
    better_had_room: Bools  # a better-fitting colleague, under their own threshold, had a seat open
    best_fit: Floats  # the best in the team, with or without room; -1: nobody met the hard requirements
    is_expired: Bools  # no longer waiting


def pair(
    queue: pd.DataFrame,
    openings: Openings,
    people: Therapists,
    teams: list[Team],
    rosters: Ints,
    monday: int,
    rng: np.random.Generator,
) -> Decision:
    """Give the waiting requests to therapists, oldest first, for a first session in the week of `monday`.

    `rosters` has one line a team: the numbers of its therapists who are here this week, padded with -1.
    """
    team, needs = queue.team.to_numpy(), queue.needs.to_numpy()
    candidate = rosters[team]
    policy = np.array([BASES.index(each.pairing) for each in teams])[team]
    meets = _meets_hard_requirements(queue, people, candidate, policy == BASES.index("best_fit"))
    covers = np.where(meets, fit(needs[:, None], people.needs[candidate]), -1.0)
    free = np.bincount(openings.therapist, minlength=len(people))
    first_open = np.searchsorted(openings.therapist, np.arange(len(people)))
    waited_days = monday - queue.requested_at.to_numpy() // 1440
    patience = np.where(queue.patience == UNSTATED, 21, queue.patience)
    must_decide = (waited_days + 7 > patience) | (waited_days > 17)
    preference = _preference(policy, covers, queue, candidate, openings, free, first_open, rng)
    is_open = meets & (free[candidate] > 0)
    best = covers.max(axis=1)
    holds_out = (policy == BASES.index("best_fit")) & ~must_decide
    accepts = (waited_days <= patience)[:, None] & (~holds_out[:, None] | (covers >= best[:, None]))
    taken_by, seat = _rounds(is_open & accepts, preference, candidate, free, first_open)
    chosen = np.maximum(taken_by, 0)
    given = fit(needs, people.needs[chosen])
    roomy = is_open & openings.has_room[candidate]
    returned = (queue.former.to_numpy() >= 0) & (taken_by == queue.former.to_numpy())
    return Decision(
        seat=np.where(seat >= 0, openings.seat[np.maximum(seat, 0)] if len(openings.seat) else -1, -1),
        basis=np.where(returned, BASES.index("continuity"), policy),
        paired_by=np.select(
            [returned, policy == BASES.index("client_choice")],
            [1, 0],
            default=np.where(rng.random(len(queue)) < 0.5, 1, 2),
        ),
        fit=given,
        has_choice=is_open.sum(axis=1) >= 2,
        better_had_room=np.any(np.where(roomy, covers, -1) > given[:, None] + 1e-9, axis=1),
        best_fit=best,
        is_expired=(seat < 0) & (waited_days + 7 > patience),
    )


def _meets_hard_requirements(queue: pd.DataFrame, people: Therapists, candidate: Ints, is_strict: Bools) -> Bools:
    """Language and modality, where stated, for each request and each of its candidates.

    Only teams that pair by fit are strict about the modality; in others a client may be asked to come another way.
    """
    language, modality = queue.language.to_numpy()[:, None], queue.modality.to_numpy()[:, None]
    speaks = (people.languages[candidate] >> np.maximum(language, 0)) & 1
    offers = (people.modalities[candidate] >> np.maximum(modality, 0)) & 1
    return (
        (candidate >= 0)
        & ((language == UNSTATED) | (speaks == 1))
        & ((modality == UNSTATED) | (offers == 1) | ~is_strict[:, None])
    )


def _preference(
    policy: Ints,
    covers: Floats,
    queue: pd.DataFrame,
    candidate: Ints,
    openings: Openings,
    free: Ints,
    first_open: Ints,
    rng: np.random.Generator,
) -> Floats:
    """How much each request prefers each candidate, by its team's policy; a former therapist comes first."""
    padded = np.append(openings.starts, MINUTES_OF_WEEK)
    soonest = np.where(free > 0, padded[np.minimum(first_open, len(openings.starts))], MINUTES_OF_WEEK)[candidate]
    chance = rng.random(candidate.shape)
    best_fit = covers + 0.02 * np.minimum(free[candidate], 5) + 0.01 * chance
    client_choice = covers + 0.35 * chance
    preference = np.select(
        [policy[:, None] == 0, policy[:, None] == 1],
        [best_fit, -soonest / MINUTES_OF_WEEK],
        default=client_choice,
    )
    return preference + 10.0 * (candidate == queue.former.to_numpy()[:, None])


def _rounds(is_open: Bools, preference: Floats, candidate: Ints, free: Ints, first_open: Ints) -> tuple[Ints, Ints]:
    """In each round every request asks its favourite who still has a seat; each therapist takes the oldest.

    Gives the therapist and the opening of each request, -1 where none.
    """
    taken_by = np.full(len(candidate), -1)
    opening = np.full(len(candidate), -1)
    used = np.zeros(len(free), int)
    for _ in range(2 * candidate.shape[1]):
        possible = is_open & (used < free)[candidate] & (taken_by < 0)[:, None]
        asking = np.flatnonzero(possible.any(axis=1))
        if not len(asking):
            break
        favourite = np.where(possible[asking], preference[asking], -np.inf).argmax(axis=1)
        asked = candidate[asking, favourite]
        by_therapist = np.argsort(asked, kind="stable")
        sorted_asked = asked[by_therapist]
        turn = np.arange(len(asked)) - np.searchsorted(sorted_asked, sorted_asked)
        accepted = used[sorted_asked] + turn < free[sorted_asked]
        request, therapist = asking[by_therapist[accepted]], sorted_asked[accepted]
        taken_by[request] = therapist
        opening[request] = first_open[therapist] + used[therapist] + turn[accepted]
        used += np.bincount(therapist, minlength=len(used))
    return taken_by, opening


def language_names(mask: int) -> list[str]:
    return [name for bit, name in enumerate(LANGUAGES) if mask >> bit & 1]
