"""Which reporting units are too small to show much, and which of them could be joined, for a person to declare.

A proposal looks at rosters and names alone, never at what was counted; nothing is joined but by the configuration.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from assets.errors import InputError

CATALOGUE = "catalogue.json"
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


def check_units(releases: Path, decided: Iterable[str], month: str, units: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Raises InputError where units of a month are not what they were when its year was last published: says what to declare.

    What a unit has and had not could be subtracted. New ones may come, and none goes. `decided` are the months that the ledger knows,
    `units` names with teams.
    """
    earlier = [one for one in decided if one[:4] == month[:4] and one < month]
    if not earlier:
        return
    last = max(earlier)
    places = (releases / last, releases / "withdrawn" / last)
    catalogue = next((place / CATALOGUE for place in places if (place / CATALOGUE).exists()), None)
    if catalogue is None:
        raise InputError(
            "what was published is missing", where=str(places[0]), mend="Restore the releases folder from a copy."
        )
    before = {one["unit"]: set(one["teams"]) for one in json.loads(catalogue.read_text("utf-8"))["units"]}
    now = {name: set(teams) for name, teams in units}
    changed = {name: teams for name, teams in before.items() if now.get(name) != teams}
    if not changed:
        return
    known = set().union(*before.values())
    new = {team for name, teams in now.items() if name in changed or teams & known for team in teams - known}
    declared = [{"name": name, "teams": sorted(teams)} for name, teams in changed.items()]
    declared += [{"name": team, "teams": [team]} for team in sorted(new)]
    raise InputError(
        f"units are not what they were in {last}: {', '.join(changed)}", where="rapport.toml, [[unit]]",
        mend="Within a calendar year units keep their names and teams, because differences could be subtracted. Until January "
        f"declare them as they were, and teams that are new as units of their own:\n\n{as_toml(declared)}",
    )  # fmt: skip


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
