"""The therapists of a simulated platform: where they belong, what they declared, when they are there.

One entry a therapist in every array; therapists are known by their number. Clients appear in `matching`,
and the diaries that therapists keep in `diary`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from examples.platform import Bools, Floats, Ints
from examples.platform.days import TIMEZONES, Calendar
from examples.platform.frames import first_of_each, where
from examples.platform.teams import MANNERS, SECOND_LANGUAGES, TURNOVER_PER_MONTH, Team

NEEDS = (
    "anxiety", "depression", "grief", "trauma", "relationships", "burnout", "self-esteem", "family conflict",
    "sleep", "identity", "chronic illness", "addiction", "parenting", "gambling",
)  # fmt: skip
NEED_WEIGHTS = np.array([18, 16, 7, 9, 12, 11, 10, 8, 6, 5, 4, 5, 5, 3.5])
UNCOVERED_NEED = "gambling"
MODALITIES = ("video", "in_person", "phone")
NEVER = 10**6  # a day number beyond every calendar
WEEKEND_PENALTY = np.array([0, 0, 0, 0, 0, 0.88, 0.95])  # few work on a Saturday or a Sunday
NO_LIMIT = 0  # daily_sessions where no threshold is in force


@dataclass(frozen=True)
class Therapists:
    """Who works here. Masks hold one bit per entry of NEEDS, LANGUAGES and MODALITIES."""

    team: Ints
    next_team: Ints  # the team they move to on `moves_on`; their own where they never move
    moves_on: Ints
    joins_on: Ints
    leaves_after: Ints  # the last day they work
    own_threshold: Ints  # what they can carry well, declared or not
    needs: Ints
    languages: Ints
    modalities: Ints
    visible: Bools
    profile_from: Ints
    works_weekday: Bools  # therapist × 7
    day_starts: Ints  # minutes
    min_break: Ints
    session_minutes: Ints
    understanding: Floats  # how far their clients' answers lie from the others', in standard deviations
    on_leave: Bools  # therapist × week
    is_sick: Bools  # therapist × day

    def __len__(self) -> int:
        return len(self.team)

    def team_on(self, therapist: Ints, day: Ints) -> Ints:
        return np.where(day >= self.moves_on[therapist], self.next_team[therapist], self.team[therapist])

    def is_member(self, therapist: Ints, day: Ints) -> Bools:
        return (day >= self.joins_on[therapist]) & (day <= self.leaves_after[therapist])


@dataclass(frozen=True)
class Thresholds:
    """Every declaration that was ever made, also the impossible ones, ordered by therapist and day."""

    rows: pd.DataFrame  # therapist, valid_from (day), daily_sessions, min_break, day_starts, day_ends (minutes)

    @property
    def valid(self) -> pd.DataFrame:
        return where(self.rows, self.rows.daily_sessions.between(1, 24)).reset_index(drop=True)

    def in_force(self, therapist: Ints, day: Ints) -> Ints:
        """daily_sessions in force, NO_LIMIT where none was declared."""
        valid = self.valid
        stride, shift = 4 * NEVER, 2 * NEVER
        keys = valid.therapist.to_numpy(np.int64) * stride + valid.valid_from.to_numpy(np.int64) + shift
        at = np.searchsorted(keys, np.asarray(therapist, np.int64) * stride + day + shift, side="right") - 1
        is_theirs = (at >= 0) & (valid.therapist.to_numpy()[at] == therapist)
        return np.where(is_theirs, valid.daily_sessions.to_numpy()[at], NO_LIMIT)


def therapists(teams: list[Team], calendar: Calendar, rng: np.random.Generator) -> Therapists:
    """Draw the therapists of all teams."""
    team = np.repeat(np.arange(len(teams)), [each.size for each in teams])
    count, weeks = len(team), len(calendar.mondays)
    full_time = np.array([each.manner in ("overloaded", "fixed_quota") for each in teams])[team]
    days_worked = np.where(full_time, 5, rng.choice([5, 4, 3], count, p=[0.66, 0.22, 0.12]))
    rank_of_weekday = (rng.random((count, 7)) + WEEKEND_PENALTY).argsort(axis=1).argsort(axis=1)
    joins_on, leaves_after = _turnover(teams, team, calendar, rng)
    next_team, moves_on = _one_moves(teams, team, calendar)
    august = np.array([calendar.date_of(max(0, monday)).month in (7, 8) for monday in calendar.mondays])
    return Therapists(
        team=team,
        next_team=next_team,
        moves_on=moves_on,
        joins_on=joins_on,
        leaves_after=leaves_after,
        own_threshold=_own_thresholds(teams, rng),
        needs=_some_bits(rng, count, len(NEEDS) - 1, rng.integers(4, 8, count)),
        languages=_languages(teams, team, rng),
        modalities=1 + 2 * (rng.random(count) < 0.75) + 4 * (rng.random(count) < 0.4),
        visible=rng.random(count) < 0.8,
        profile_from=-rng.integers(20, 500, count),
        works_weekday=rank_of_weekday < days_worked[:, None],
        day_starts=rng.choice([450, 480, 510, 540, 570, 600], count, p=[0.08, 0.26, 0.2, 0.3, 0.08, 0.08]),
        min_break=rng.choice([5, 10, 15, 20], count, p=[0.15, 0.5, 0.25, 0.1]),
        session_minutes=rng.choice([50, 60, 45], count, p=[0.75, 0.15, 0.1]),
        understanding=rng.normal(0, 0.15, count),
        on_leave=rng.random((count, weeks)) < np.where(august, 0.16, 0.07),
        is_sick=rng.random((count, calendar.days)) < 0.012,
    )


def thresholds(people: Therapists, teams: list[Team], calendar: Calendar, rng: np.random.Generator) -> Thresholds:
    """Draw what they declared: mostly before the first month, some anew within it, a few impossibly."""
    count = len(people)
    share = np.array([MANNERS[team.manner].declared for team in teams])[people.team]
    has_declared = rng.random(count) < share
    first = pd.DataFrame({
        "therapist": np.arange(count),
        "valid_from": -rng.integers(10, 400, count),
        "daily_sessions": people.own_threshold,
        "min_break": people.min_break,
        "day_starts": people.day_starts,
        "day_ends": people.day_starts + _hours_needed(people, rng),
    })  # fmt: skip
    first.loc[first.sample(frac=0.15, random_state=rng).index, ["day_starts", "day_ends"]] = -1  # hours not said
    keeps_number = np.array([team.manner in ("same_threshold", "fixed_quota") for team in teams])[people.team]
    draw = rng.random(count)
    changed = first[has_declared & (draw < 0.12) & ~keeps_number].copy()
    changed["valid_from"] = rng.integers(0, calendar.days, len(changed))
    changed["daily_sessions"] = (changed.daily_sessions + rng.choice([-1, 1], len(changed), p=[0.7, 0.3])).clip(3, 8)
    late = first[~has_declared & (draw < 0.15)].copy()
    late["valid_from"] = rng.integers(0, calendar.days, len(late))
    declared, silent = first[has_declared & ~keeps_number], first[~has_declared & (draw >= 0.15)]
    impossible = pd.concat([declared.iloc[[3, 17]], (silent if len(silent) else declared.iloc[29:]).iloc[[0]]])
    impossible["daily_sessions"] = [0, 400, -3]
    impossible["valid_from"] = calendar.days // 3
    rows = pd.concat([where(first, has_declared), changed, late, impossible], ignore_index=True)
    rows = first_of_each(pd.DataFrame(rows), ["therapist", "valid_from"])
    return Thresholds(rows.sort_values(["therapist", "valid_from"], ignore_index=True))


def _own_thresholds(teams: list[Team], rng: np.random.Generator) -> Ints:
    """Spread evenly over the shares that a team's manner gives, so that each team has its mix."""
    drawn = []
    for team in teams:
        shares = MANNERS[team.manner].thresholds
        spread = (rng.permutation(team.size) + rng.random()) / team.size
        steps = np.cumsum(list(shares.values()))[:-1]
        drawn.append(np.array(list(shares))[np.searchsorted(steps, spread, side="right")])
    return np.concatenate(drawn)


def _some_bits(rng: np.random.Generator, count: int, bits: int, how_many: Ints) -> Ints:
    """One mask a row, with `how_many` of `bits` bits set."""
    rank = rng.random((count, bits)).argsort(axis=1).argsort(axis=1)
    return ((rank < how_many[:, None]) * (1 << np.arange(bits))).sum(axis=1)


def _languages(teams: list[Team], team: Ints, rng: np.random.Generator) -> Ints:
    own = np.array([1 << each.language for each in teams])[team]
    others = np.array([[1 << language for language in SECOND_LANGUAGES[each.timezone]] for each in teams])[team]
    return own + others[:, 0] * (rng.random(len(team)) < 0.4) + others[:, 1] * (rng.random(len(team)) < 0.2)


def _hours_needed(people: Therapists, rng: np.random.Generator) -> Ints:
    """Minutes of a day that hold the threshold's sessions, their breaks and a lunch."""
    needed = people.own_threshold * (people.session_minutes + people.min_break) + 45
    return -(-needed // 30) * 30 + rng.choice([0, 30, 60, 90], len(people))


def _turnover(teams: list[Team], team: Ints, calendar: Calendar, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Some join and some leave, always one of each in the first two ordinary teams."""
    count, months = len(team), len(calendar.months)
    joins_on, leaves_after = np.full(count, -NEVER), np.full(count, NEVER)
    can_change = np.array([each.manner == "ordinary" and not each.planted for each in teams])[team]
    day, draw = rng.integers(0, calendar.days, count), rng.random(count)
    share = TURNOVER_PER_MONTH * months
    joins_on[can_change & (draw < share)] = day[can_change & (draw < share)]
    leaving = can_change & (draw > 1 - share)
    leaves_after[leaving] = day[leaving]
    mover, joiner, leaver = (_first_ordinary(teams, team, *who) for who in ((0, 0), (0, 1), (1, 1)))
    joins_on[mover], leaves_after[mover] = -NEVER, NEVER
    middle = calendar.month_first_day[months // 3] + 10
    joins_on[joiner], leaves_after[joiner] = middle, NEVER
    joins_on[leaver], leaves_after[leaver] = -NEVER, middle + 7
    return joins_on, leaves_after


def _one_moves(teams: list[Team], team: Ints, calendar: Calendar) -> tuple[Ints, Ints]:
    """The first therapist of the first ordinary team moves to the second in the middle of a month."""
    mover = _first_ordinary(teams, team, 0, 0)
    next_team, moves_on = team.copy(), np.full(len(team), NEVER)
    next_team[mover] = team[_first_ordinary(teams, team, 1, 0)]
    moves_on[mover] = calendar.month_first_day[len(calendar.months) // 3] + 15
    return next_team, moves_on


def _first_ordinary(teams: list[Team], team: Ints, which_team: int, which_member: int) -> int:
    ordinary = [number for number, each in enumerate(teams) if not each.planted]
    return int(np.flatnonzero(team == ordinary[which_team])[which_member])


def timezone_number(people: Therapists, teams: list[Team], therapist: Ints, day: Ints) -> Ints:
    """The number, in TIMEZONES, of the time zone of the team each therapist is in on that day."""
    zones = np.array([TIMEZONES.index(team.timezone) for team in teams])
    return zones[people.team_on(therapist, day)]
