"""The platform lived through, week by week, and handed over month by month.

What is handed over is clean: `session_files` and `log_files` make source files of it, `workload` and
`planted` say what a report must find in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from examples.platform import Bools, Ints, care, intake, people, sessions
from examples.platform.caseload import VACANT, Caseload
from examples.platform.frames import first_of_each, where
from examples.platform.state import Platform

LOGS = ("sessions", "requests", "feedback", "endings")


@dataclass(frozen=True)
class Month:
    """What happened in one month, clean. Days are day numbers; see `Calendar`."""

    number: int
    name: str
    sessions: pd.DataFrame
    requests: pd.DataFrame
    feedback: pd.DataFrame
    endings: pd.DataFrame


def months(platform: Platform) -> Iterator[Month]:
    """Live through all weeks; hand over each month once its last day is over."""
    calendar = platform.calendar
    waiting: dict[str, list[pd.DataFrame]] = {name: [] for name in LOGS}
    number = 0
    for week, monday in enumerate(calendar.mondays):
        for name, frame in _week(platform, week, int(monday)).items():
            waiting[name].append(frame.assign(month=calendar.month_of(frame.day.to_numpy())))
        while number < len(calendar.months) and calendar.month_first_day[number + 1] <= monday + 7:
            frames = {name: pd.concat(parts, ignore_index=True) for name, parts in waiting.items()}
            ended = {name: where(frame, frame.month == number) for name, frame in frames.items()}
            logs = {name: frame.drop(columns="month").reset_index(drop=True) for name, frame in ended.items()}
            yield Month(number, calendar.months[number], **logs)
            waiting = {name: [where(frame, frame.month > number)] for name, frame in frames.items()}
            number += 1


def _week(platform: Platform, week: int, monday: int) -> dict[str, pd.DataFrame]:
    """Colleagues take over from who left, waiting clients are paired, sessions are held, care ends."""
    clients, rng = platform.caseload, platform.rng
    handed_over = _end_care(platform, _seats_of_departed(platform, monday), is_transfer=True)
    requests = intake.pair_waiting(platform, monday)
    held = _numbered(platform, sessions.week_of_sessions(platform.diary, clients, week, rng))
    is_over = _is_over_threshold(platform, held)
    answers = care.feedback(held, is_over, clients, platform.people, platform.teams, platform.response_rates, rng)
    _live(clients, held)
    finished = np.flatnonzero((clients.client != VACANT) & (clients.remaining <= 0))
    ended = pd.concat([handed_over, _end_care(platform, finished, is_transfer=False)], ignore_index=True)
    platform.ended.append(ended)
    endings = where(ended, ended.day >= 0)  # who never had a session has nothing to end
    return {"sessions": held, "requests": requests, "feedback": answers, "endings": endings}


def _seats_of_departed(platform: Platform, monday: int) -> Ints:
    has_left = platform.people.leaves_after[platform.diary.seats.therapist] < monday
    return np.flatnonzero(has_left & (platform.caseload.client != VACANT))


def _end_care(platform: Platform, seats: Ints, is_transfer: bool) -> pd.DataFrame:
    ended = platform.caseload.end(seats, np.full(len(seats), is_transfer), platform.rng)
    return ended.assign(therapist=platform.diary.seats.therapist[seats])


def _numbered(platform: Platform, held: pd.DataFrame) -> pd.DataFrame:
    """The week's sessions in order of time, each with its id, and its group's number where it has one."""
    held = held.sort_values(["day", "minute", "therapist", "client"], kind="stable", ignore_index=True)
    held["session_id"] = platform.next_session + np.arange(len(held))
    platform.next_session += len(held)
    held["group"] = np.zeros(len(held), np.int64)
    is_group = platform.diary.slots.is_group[held.slot]
    slots, group = np.unique(held.slot.to_numpy()[is_group], return_inverse=True)
    held.loc[is_group, "group"] = platform.next_group + group
    platform.next_group += len(slots)
    return held


def _is_over_threshold(platform: Platform, held: pd.DataFrame) -> Bools:
    """Whether each session lies on a day with more attended than the threshold in force."""
    load = held[["therapist", "day"]].merge(sessions.load_of_days(held), how="left").load.fillna(0).to_numpy()
    threshold = platform.thresholds.in_force(held.therapist.to_numpy(), held.day.to_numpy())
    return (threshold > people.NO_LIMIT) & (load > threshold)


def _live(clients: Caseload, held: pd.DataFrame) -> None:
    """Move each episode on by the sessions of this week."""
    attended = np.bincount(held.seat[held.status == sessions.ATTENDED], minlength=len(clients.client))
    clients.seen += attended
    clients.remaining -= attended
    met = where(held, held.status.isin([sessions.ATTENDED, sessions.NO_SHOW]))
    last = first_of_each(met, ["seat"], keep="last")
    clients.last_day[last.seat] = last.day
