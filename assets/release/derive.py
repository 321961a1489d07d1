"""The rows of a release: every declared unit, and services and organisation derived from units as published.

A function of decided rows and of declarations, and of nothing else: what was hidden is not here, and cannot
come back. No atom comes in, and nothing is decided. The logic is `measures.sql`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import pandas as pd

_SQL = Path(__file__).with_name("measures.sql")


@dataclass(frozen=True)
class Unit:
    """A reporting unit as declared: its service (if it has one) and the teams that make it up."""

    unit: str
    service: str | None
    teams: tuple[str, ...] = ()


def release_rows(
    decided: pd.DataFrame,
    units: Iterable[Unit],
    measures: Mapping[str, bool],
    period_start: date,
    period_end: date,
) -> pd.DataFrame:
    """All rows of a release, sorted, in the columns of measures.csv: organisation, services and units.

    `decided` are the rows from `expectations.policy.decide`, or the same from the ledger. `measures` says of
    each measure, in dictionary order, whether its sources are present: if not, it is not measured, at every
    level. A declared unit without a row is not shown. Raises ValueError for a row that fits no declaration.
    """
    import pandas as pd

    unit_frame = pd.DataFrame([(unit.unit, unit.service) for unit in units], columns=["unit", "service"])
    measure_frame = pd.DataFrame(
        [(position, *measure) for position, measure in enumerate(measures.items())],
        columns=["position", "measure_id", "is_measured"],
    )
    _check(decided, set(unit_frame.unit), measures, period_start, period_end)
    with duckdb.connect() as connection:
        connection.register("decided", decided)
        connection.register("units", unit_frame.astype("str"))
        connection.register("measures", measure_frame)
        connection.register("period", pd.DataFrame({"period_start": [period_start], "period_end": [period_end]}))
        return connection.execute(_SQL.read_text(encoding="utf-8")).df()


def _check(decided: pd.DataFrame, units: set[str], measures: Mapping[str, bool], start: date, end: date) -> None:
    """Rows that would be lost, or counted twice, without a word."""
    unknown = sorted(set(decided.unit) - units)
    if unknown:
        raise ValueError(f"unit '{unknown[0]}' was decided but is not declared; declare it as a reporting unit")
    unknown = sorted(set(decided.measure_id) - {name for name, is_measured in measures.items() if is_measured})
    if unknown:
        raise ValueError(f"measure '{unknown[0]}' was decided although it is not measured")
    if decided.duplicated(["measure_id", "unit"]).any():
        raise ValueError("a measure was decided twice for one unit; give the rows of one period")
    periods = {
        (str(first)[:10], str(last)[:10]) for first, last in zip(decided.period_start, decided.period_end, strict=True)
    }
    if periods - {(str(start), str(end))}:
        raise ValueError(f"a decided row is not of the period {start} to {end}")
