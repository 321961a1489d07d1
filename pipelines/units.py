"""Which reporting units are too small to show much, and which of them could be joined, for a person to declare.

A proposal looks at rosters and names alone, never at what was counted; nothing is joined but by the configuration.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

RECOMMENDED_ROSTER = 8
_SQL = Path(__file__).with_name("units.sql")


@dataclass(frozen=True)
class Unit:
    """A reporting unit with its roster of today (or of the first) and of the eleven months before, the oldest first."""

    name: str
    service: str
    teams: tuple[str, ...]
    rosters: tuple[int, ...]

    @property
    def least_roster(self) -> int:
        """The smallest roster since anybody was in the unit."""
        first = next((place for place, roster in enumerate(self.rosters) if roster), len(self.rosters) - 1)
        return min(self.rosters[first:])


def units_of(connection: duckdb.DuckDBPyConnection, today: dt.date) -> list[Unit]:
    """The units by service and name, from the tables `therapists`, `teams` and `declared`."""
    rows = connection.execute(_SQL.read_text("utf-8"), {"today": today}).fetchall()
    return [
        Unit(name, service, tuple(teams), tuple(roster for *_, roster in months))
        for (service, name, teams), months in groupby(rows, key=lambda row: (row[1], row[0], row[2]))
    ]


def proposed(units: Sequence[Unit]) -> list[Unit]:
    """Units that join small ones of one service, in the order of their names, until each has had a roster of 8 or more.

    What is left over at the end of a service joins the one before it; a small unit alone in its service stays as it is.
    """
    found: list[Unit] = []
    for _, of_service in groupby(units, key=lambda unit: unit.service):
        joined: list[list[Unit]] = [[]]
        for unit in of_service:
            if unit.least_roster >= RECOMMENDED_ROSTER:
                continue
            if joined[-1] and _join(joined[-1]).least_roster >= RECOMMENDED_ROSTER:
                joined.append([])
            joined[-1].append(unit)
        if len(joined) > 1 and _join(joined[-1]).least_roster < RECOMMENDED_ROSTER:
            joined[-2:] = [joined[-2] + joined[-1]]
        found += [_join(parts) for parts in joined if len(parts) > 1]
    return found


def _join(parts: Sequence[Unit]) -> Unit:
    names = [unit.name for unit in parts]
    name = names[0] if len(names) == 1 else f"{names[0]} {'and' if len(names) == 2 else 'to'} {names[-1]}"
    rosters = tuple(sum(month) for month in zip(*(unit.rosters for unit in parts), strict=True))
    return Unit(name, parts[0].service, tuple(sorted(team for unit in parts for team in unit.teams)), rosters)


def as_toml(units: Sequence[Mapping[str, Any]]) -> str:
    """Names and teams as the configuration declares units. JSON's strings and lists are TOML's."""
    return "\n".join(
        "[[unit]]\n" + "".join(f"{key} = {json.dumps(unit[key], ensure_ascii=False)}\n" for key in ("name", "teams"))
        for unit in units
    )
