"""The diaries of a simulated platform: the slots that a therapist keeps in a usual week, and their seats.

A slot is a weekday and a time that come back each week. It has one seat for a client who comes weekly,
two for clients who take turns by the fortnight, six for a group. Clients take seats in `caseload`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from examples.platform import Ints
from examples.platform.people import Therapists
from examples.platform.teams import MANNERS, Team

GROUP_SEATS = 6
LATEST_END = 22 * 60 + 30
FORTNIGHTLY = 0.16


@dataclass(frozen=True)
class Slots:
    """One entry a slot, ordered by therapist, weekday and time."""

    therapist: Ints
    weekday: Ints
    start: Ints  # minutes since midnight
    minutes: Ints
    is_group: np.ndarray


@dataclass(frozen=True)
class Seats:
    """One entry a seat, ordered as the slots are."""

    slot: Ints
    therapist: Ints
    weekday: Ints
    parity: Ints  # -1: every week; 0, 1: in even, odd weeks


def slots(people: Therapists, teams: list[Team], rng: np.random.Generator) -> Slots:
    """Lay out each therapist's weekdays: as many slots as their team's manner gives, with breaks between."""
    therapist, weekday = np.nonzero(people.works_weekday)
    per_day = _slots_per_day(people, teams, therapist, rng)
    group_day = _group_days(people, therapist, weekday, rng)
    day = np.repeat(np.arange(len(therapist)), per_day)
    position = np.arange(len(day)) - np.repeat(np.cumsum(per_day) - per_day, per_day)
    owner = therapist[day]
    is_group = group_day[day] & (position == per_day[day] - 1)
    minutes = np.where(is_group, 90, people.session_minutes[owner])
    start = people.day_starts[owner] + _day_begins_later(len(therapist), rng)[day]
    step = np.where(position == 0, 0, np.roll(minutes, 1) + _gaps(people, teams, owner, day, position, rng))
    walked = np.cumsum(step)
    start = start + walked - walked[np.cumsum(per_day) - per_day][day]
    fits = start + minutes <= LATEST_END
    return Slots(owner[fits], weekday[day][fits], start[fits], minutes[fits], is_group[fits])


def seats(slots: Slots, rng: np.random.Generator) -> Seats:
    """Give every slot its seats."""
    takes_turns = ~slots.is_group & (rng.random(len(slots.therapist)) < FORTNIGHTLY)
    how_many = np.where(slots.is_group, GROUP_SEATS, np.where(takes_turns, 2, 1))
    slot = np.repeat(np.arange(len(how_many)), how_many)
    place = np.arange(len(slot)) - np.repeat(np.cumsum(how_many) - how_many, how_many)
    return Seats(
        slot=slot,
        therapist=slots.therapist[slot],
        weekday=slots.weekday[slot],
        parity=np.where(takes_turns[slot], place, -1),
    )


def _slots_per_day(people: Therapists, teams: list[Team], therapist: Ints, rng: np.random.Generator) -> Ints:
    beyond = np.zeros(len(therapist), int)
    quota = np.zeros(len(therapist), int)
    draw = rng.random(len(therapist))
    for name, manner in MANNERS.items():
        is_theirs = np.array([team.manner == name for team in teams])[people.team[therapist]]
        steps = np.cumsum(list(manner.slots_over_threshold.values()))
        chosen = np.searchsorted(steps, draw[is_theirs]).clip(max=len(steps) - 1)
        beyond[is_theirs] = np.array(list(manner.slots_over_threshold))[chosen]
        quota[is_theirs] = manner.daily_quota or 0
    return np.where(quota > 0, quota, (people.own_threshold[therapist] + beyond).clip(2, 10))


def _group_days(people: Therapists, therapist: Ints, weekday: Ints, rng: np.random.Generator) -> np.ndarray:
    """One weekday for each of the few who lead a group."""
    leads = rng.random(len(people)) < 0.08
    return leads[therapist] & (weekday == rng.integers(0, 5, len(people))[therapist])


def _day_begins_later(days: int, rng: np.random.Generator) -> Ints:
    return rng.choice([0, 15, 30, 60, -30], days, p=[0.6, 0.1, 0.15, 0.12, 0.03])


def _gaps(
    people: Therapists, teams: list[Team], owner: Ints, day: Ints, position: Ints, rng: np.random.Generator
) -> Ints:
    """Minutes of break before each slot: their own least break, longer, none at all, or lunch."""
    manner = [MANNERS[team.manner] for team in teams]
    back_to_back = np.array([each.back_to_back for each in manner])[people.team[owner]]
    lunch = np.array([each.lunch for each in manner])[people.team[owner]]
    own = people.min_break[owner]
    draw = rng.random(len(owner))
    usual = np.select(
        [draw < 0.5, draw < 0.78, draw < 0.93],
        [own, own + 5, np.full(len(own), 30)],
        default=np.full(len(own), 60),
    )
    gap = np.where(rng.random(len(owner)) < back_to_back, rng.choice([0, 5], len(owner)), usual)
    has_lunch = (rng.random(len(day)) < lunch)[day] if len(day) else np.zeros(0, bool)
    return np.where(has_lunch & (position == 3), np.maximum(gap, 45), gap)
