"""The rows of a release: each measure at its own level, and every level above it derived from these as published.

A function of decided rows and of declarations, and of nothing else: what was hidden is not here, and cannot
come back. No atom comes in, and nothing is decided. The logic is `measures.sql`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from expectations.breakdowns import OTHER

if TYPE_CHECKING:
    import pandas as pd

_SQL = Path(__file__).with_name("measures.sql")
_KIND = ["measure_id", "level", "period_start", "period_end", "breakdown", "breakdown_value"]

Bin = tuple[
    str, str | None, str | None, int
]  # breakdown, value, the bin it lies in (None: in no bin), the bin's number


@dataclass(frozen=True)
class Unit:
    """A reporting unit as declared: its service (if it has one) and the teams that make it up."""

    unit: str
    service: str | None
    teams: tuple[str, ...] = ()


@dataclass(frozen=True)
class Period:
    """A month or a quarter by its first and last day, with the units as declared on the first."""

    start: date
    end: date
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class Due:
    """A measure in a release: the level at which it is computed from people, its period, and whether its sources are there.

    `figures` are those of each place, by breakdown and value: one without, where nothing else is declared.
    """

    measure_id: str
    level: str
    period: Period
    is_measured: bool = True
    figures: tuple[tuple[str | None, str | None], ...] = ((None, None),)


def release_rows(decided: pd.DataFrame, due: Sequence[Due], bins: Iterable[Bin] = ()) -> pd.DataFrame:
    """All rows of a release, sorted, in the columns of measures.csv: organisation, services and units.

    `decided` are the rows from `expectations.policy.decide`, or the same from the ledger; `due` is what the release
    holds, in dictionary order; `bins` are those of breakdowns. A measure has rows at its own level, one for each declared
    place and figure, and above; its breakdowns have a row a bin. A place without a decided row is not shown; a measure without its
    sources is not measured, at every level. Raises ValueError for a row that fits no declaration.
    """
    import pandas as pd

    measures = [
        (position, one.measure_id, one.level, one.period.start, one.period.end, one.is_measured)
        for position, one in enumerate(due)
    ]
    units = {(one.period.start, unit.unit, unit.service) for one in due for unit in one.period.units}
    frames = {
        "decided": decided,
        "measures": pd.DataFrame(
            measures, columns=["position", "measure_id", "own_level", "period_start", "period_end", "is_measured"]
        ),
        "units": pd.DataFrame(sorted(units, key=str), columns=["period_start", "unit", "service"]).astype(
            {"unit": "str", "service": "str"}
        ),
    }
    frames["figures_due"] = pd.DataFrame(
        [
            (one.measure_id, *figure, number if figure[0] else None)
            for one in due
            for number, figure in enumerate(one.figures)
        ],
        columns=["measure_id", "breakdown", "breakdown_value", "bin"],
    ).astype({"breakdown": "str", "breakdown_value": "str", "bin": "Int64"})
    numbers = {(name, OTHER if label is None else label): number for name, _, label, number in bins}
    frames["bins"] = pd.DataFrame(
        [(*named, number) for named, number in numbers.items()], columns=["breakdown", "breakdown_value", "bin"]
    )
    _check(decided, due, set(numbers))
    with duckdb.cursor() as connection:  # of the database in memory that the process has: another takes 20 ms
        for name, frame in frames.items():
            connection.register(name, frame)
        return connection.execute(_SQL.read_text(encoding="utf-8")).df()


def _check(decided: pd.DataFrame, due: Sequence[Due], bins: set[tuple[str, str]]) -> None:
    """Rows that would be lost, or counted twice, without a word."""
    import pandas as pd

    by_measure = {one.measure_id: one for one in due if one.is_measured}
    for name, level, start, end, breakdown, value in decided[_KIND].drop_duplicates().itertuples(index=False):
        if name not in by_measure:
            raise ValueError(f"measure '{name}' was decided although it is not measured, or not due")
        one = by_measure[name]
        if (str(start)[:10], str(end)[:10]) != (str(one.period.start), str(one.period.end)):
            raise ValueError(f"a decided row of '{name}' is not of the period {one.period.start} to {one.period.end}")
        figure = (None, None) if pd.isna(breakdown) else (breakdown, value)
        is_bin = figure not in one.figures
        if is_bin and figure not in bins:
            raise ValueError(f"'{name}' was broken down by {breakdown} into a bin that is not declared")
        if level != ("organisation" if is_bin else one.level):
            raise ValueError(f"'{name}' was decided by {level}, and is declared by {one.level}")
    own_place = decided.unit.where(decided.level == "unit", decided.service.where(decided.level == "service"))
    figures = decided[_KIND].assign(place=own_place.fillna(""))
    for name, found in figures.loc[figures.level != "organisation"].groupby("measure_id"):
        one = by_measure[str(name)]
        declared = {unit.unit if one.level == "unit" else unit.service for unit in one.period.units}
        for place in sorted(set(found.place) - declared):
            raise ValueError(f"{one.level} '{place}' was decided but is not declared")
    if figures.duplicated().any():
        raise ValueError("a measure was decided twice for one place; give the rows of one period")
