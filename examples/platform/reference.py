"""The tables that say how things stand: teams, therapists, thresholds, profiles. Small, and written whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from examples.platform import people
from examples.platform.days import Calendar
from examples.platform.layouts import therapist_id
from examples.platform.state import Platform
from examples.platform.teams import LANGUAGES, Team

OUTCOMES = {"threshold_out_of_range": "quarantined"}


def tables(platform: Platform) -> dict[str, pd.DataFrame]:
    """File name → table, under the source's own headers."""
    staff, calendar, teams = platform.people, platform.calendar, platform.teams
    return {
        "teams.csv": pd.DataFrame(
            [(team.team_id, team.name, team.service, team.timezone) for team in teams],
            columns=["team", "name", "service", "timezone"],
        ),
        "therapists.csv": _memberships(staff, teams, calendar),
        "thresholds.csv": _thresholds(platform.thresholds.rows, calendar),
        "profiles.csv": _profiles(staff, calendar),
    }


def _memberships(staff: people.Therapists, teams: list[Team], calendar: Calendar) -> pd.DataFrame:
    rows = []
    for number in range(len(staff)):
        moves, leaves = staff.moves_on[number], staff.leaves_after[number]
        rows.append((number, staff.team[number], staff.joins_on[number], min(moves - 1, leaves)))
        if moves < people.NEVER:
            rows.append((number, staff.next_team[number], moves, leaves))
    return pd.DataFrame(
        [
            (therapist_id(number), teams[team].team_id, _date(calendar, since), _date(calendar, until))
            for number, team, since, until in rows
        ],
        columns=["clinician", "team", "from", "until"],
    )


def _thresholds(rows: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    return pd.DataFrame({
        "clinician": [therapist_id(number) for number in rows.therapist],
        "since": [_date(calendar, day) for day in rows.valid_from],
        "sessions_a_day": rows.daily_sessions,
        "least_break": rows.min_break,
        "day_from": [_clock(minutes) for minutes in rows.day_starts],
        "day_until": [_clock(minutes) for minutes in rows.day_ends],
    })  # fmt: skip


def _profiles(staff: people.Therapists, calendar: Calendar) -> pd.DataFrame:
    return pd.DataFrame({
        "clinician": [therapist_id(number) for number in range(len(staff))],
        "since": [_date(calendar, day) for day in staff.profile_from],
        "specialties": [_names(mask, people.NEEDS) for mask in staff.needs],
        "languages": [_names(mask, LANGUAGES) for mask in staff.languages],
        "channels": [_names(mask, people.MODALITIES) for mask in staff.modalities],
        "visible": np.where(staff.visible, "yes", "no"),
    })  # fmt: skip


def _date(calendar: Calendar, day: int) -> str | None:
    """ISO; nothing where a membership was always there or never ends."""
    return calendar.date_of(day).isoformat() if abs(day) < people.NEVER - 1 else None


def _clock(minutes: int) -> str | None:
    return f"{minutes // 60:02d}:{minutes % 60:02d}" if minutes >= 0 else None


def _names(mask: int, names: Sequence[str]) -> str:
    """The names of a mask's bits, separated by semicolons."""
    return ";".join(name for bit, name in enumerate(names) if mask >> bit & 1)
