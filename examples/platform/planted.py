"""What was planted, with its size as it came out: who to look at, and what must be seen there.

Sizes are counted from the clean state. Workload figures of all units are in `workload`; dirt is in `dirt`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from examples.platform import people
from examples.platform.care import FALLS_BY
from examples.platform.frames import sums, where
from examples.platform.layouts import therapist_id
from examples.platform.sessions import BY_PLATFORM, load_of_days
from examples.platform.simulation import Month
from examples.platform.state import Platform
from examples.platform.teams import JOINED_UNIT, MANNERS, Team
from examples.platform.workload import unit_names

UNCOVERED_BIT = 1 << people.NEEDS.index(people.UNCOVERED_NEED)
WORKED = ["worked_days", "days_with_threshold", "over_threshold_days"]
PAIRED = ["pairings", "with_choice", "better_had_room", "gave_up_a_quarter", "fit", "best_fit"]
ANSWERED = ["responses", "closer"]
Entry = dict[str, Any]


class Planted:
    """Counts, month by month, what is to be seen of everything planted."""

    def __init__(self, platform: Platform):
        self.platform = platform
        self.units = unit_names(platform.teams)
        self.days: list[pd.DataFrame] = []
        self.pairings: list[pd.DataFrame] = []
        self.answers: list[pd.DataFrame] = []
        self.uncovered_requests = 0
        self.cancelled_by_platform: dict[str, int] = {}

    def add(self, month: Month) -> None:
        self.days.append(self._days_by_team(month))
        self.pairings.append(_pairings_by_team(month))
        self.answers.append(_answers_by_load(month))
        self.uncovered_requests += int((month.requests.needs & UNCOVERED_BIT > 0).sum())
        self.cancelled_by_platform[month.name] = int((month.sessions.status == BY_PLATFORM).sum())

    def found(self) -> Entry:
        """`teams`, `planted` and `pairings` of truth.json."""
        calendar = self.platform.calendar
        outage = [calendar.date_of(int(day)).isoformat() for day in np.flatnonzero(calendar.is_outage)]
        planted = self._teams_by_days() | {
            "joined_unit": {"unit": JOINED_UNIT[0], "team_ids": list(JOINED_UNIT[1])},
            "earliest_slot": self._where("earliest_slot") | self._fit(),
            "understanding_falls": self._where("understanding_falls") | self._understanding(),
            "uncovered_need": {"need": people.UNCOVERED_NEED, "requests": self.uncovered_requests},
            "outage": {"days": outage, "cancelled_by_platform": self.cancelled_by_platform},
        }
        return {"teams": self._teams(), "planted": planted | self._moves(), "pairings": self._pairings()}

    def _teams(self) -> list[Entry]:
        return [asdict(team) | {"unit": unit} for team, unit in zip(self.platform.teams, self.units, strict=True)]

    def _number(self, planted: str) -> int:
        return next(number for number, team in enumerate(self.platform.teams) if team.planted == planted)

    def _where(self, planted: str) -> Entry:
        number = self._number(planted)
        team = self.platform.teams[number]
        return {"team_id": team.team_id, "unit": self.units[number], "therapists": team.size}

    def _teams_by_days(self) -> dict[str, Entry]:
        """The teams that are known by their days: how many were worked, how many over a threshold."""
        days = sums(pd.concat(self.days), ["team"], WORKED)

        def entry(planted: str) -> Entry:
            theirs = where(days, days.team == self._number(planted))
            return self._where(planted) | {column: int(theirs[column].to_numpy().sum()) for column in WORKED}

        plain = ("healthy", "overloaded", "team_of_three", "practice_software")
        quota, shared = MANNERS["fixed_quota"].daily_quota, next(iter(MANNERS["same_threshold"].thresholds))
        return {planted: entry(planted) for planted in plain} | {
            "fixed_quota": entry("fixed_quota") | {"quota": quota},
            "same_threshold": entry("same_threshold") | {"threshold": shared},
        }

    def _days_by_team(self, month: Month) -> pd.DataFrame:
        days = load_of_days(month.sessions)
        therapist, day = days.therapist.to_numpy(), days.day.to_numpy()
        threshold = self.platform.thresholds.in_force(therapist, day)
        counted = days.assign(
            team=self.platform.people.team_on(therapist, day),
            worked_days=1,
            days_with_threshold=threshold > people.NO_LIMIT,
            over_threshold_days=(threshold > people.NO_LIMIT) & (days.load.to_numpy() > threshold),
        )
        return sums(counted, ["team"], WORKED)

    def _pairings(self) -> list[Entry]:
        """Counts of each team's pairings, and the sums of the fit given and of the best fit in the team."""
        rows = sums(pd.concat(self.pairings), ["team"], PAIRED)
        return [
            {"team_id": self.platform.teams[int(row["team"])].team_id}
            | {column: round(float(row[column]), 3) for column in PAIRED}
            for row in rows.to_dict("records")
        ]

    def _fit(self) -> Entry:
        def mean(planted: Team | None, column: str) -> float:
            rows = pd.concat(self.pairings)
            wanted = [team is planted or (not planted and team.pairing == "best_fit") for team in self.platform.teams]
            theirs = where(rows, np.array(wanted)[rows.team.to_numpy()])
            return round(float(theirs[column].sum() / theirs.pairings.sum()), 3)

        team = self.platform.teams[self._number("earliest_slot")]
        return {
            "mean_fit": mean(team, "fit"),
            "mean_best_fit": mean(team, "best_fit"),
            "mean_fit_of_best_fit_teams": mean(None, "fit"),
        }

    def _understanding(self) -> Entry:
        answers = pd.concat(self.answers)
        is_there = answers.team == self._number("understanding_falls")
        months = self.platform.calendar.months
        return {
            "falls_by_standard_deviations": FALLS_BY,
            "there": _by_load(where(answers, is_there)),
            "elsewhere": _by_load(where(answers, ~is_there)),
            "organisation": {month: _by_load(where(answers, answers.month == month)) for month in months},
        }

    def _moves(self) -> dict[str, Entry]:
        """Who moved, joined and left, and when: the first day there, or the last."""
        staff, calendar = self.platform.people, self.platform.calendar
        ids = [team.team_id for team in self.platform.teams]
        mover = int(np.flatnonzero(staff.moves_on < people.NEVER)[0])

        def within(days: np.ndarray) -> dict[str, str]:
            numbers = np.flatnonzero((days >= 0) & (days < calendar.days))
            return {therapist_id(int(number)): calendar.date_of(days[number]).isoformat() for number in numbers}

        return {
            "mover": {
                "therapist_id": therapist_id(mover),
                "from_team_id": ids[staff.team[mover]],
                "to_team_id": ids[staff.next_team[mover]],
                "on": calendar.date_of(staff.moves_on[mover]).isoformat(),
            },
            "joiners": within(staff.joins_on),
            "leavers": within(staff.leaves_after),
        }


def _pairings_by_team(month: Month) -> pd.DataFrame:
    paired = where(month.requests, month.requests.therapist >= 0)
    counted = paired.assign(
        pairings=1,
        with_choice=paired.has_choice,
        better_had_room=paired.better_had_room & paired.has_choice,
        gave_up_a_quarter=paired.best_fit - paired.fit >= 0.25,
    )
    return sums(counted, ["team"], PAIRED)


def _answers_by_load(month: Month) -> pd.DataFrame:
    answered = where(month.feedback, month.feedback.closer >= 0)
    counted = answered.assign(month=month.name, responses=1, closer=answered.closer >= 3)
    return sums(counted, ["month", "team", "is_over"], ANSWERED)


def _by_load(answers: pd.DataFrame) -> Entry:
    """Responses, and those of 3 or 4, on over-threshold days and on all others."""
    is_over = answers.is_over.to_numpy(bool)
    return {
        name: {column: int(answers[column].to_numpy()[rows].sum()) for column in ANSWERED}
        for name, rows in (("other_days", ~is_over), ("over_threshold_days", is_over))
    }
