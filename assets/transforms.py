"""A transform is one SELECT in one .sql file: here it is found, and what it reads is read off its own SQL.

Files are found, never listed: adding a transform is adding a file. Running them is the lake's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
_MONTHS = re.compile(r"^-- months: (.+)$", re.MULTILINE)
_WINDOW = re.compile(r"^(\w+\.\w+) (-\d+|0)\.\.(\+\d+|0)$")


class TransformError(Exception):
    """A .sql file that cannot be a transform: says which and why."""


@dataclass(frozen=True)
class Transform:
    """One .sql file. `reads` gives, for each table it reads, the first and the last month, counted from its own (0, 0).

    `period_months` is how many months its rows are about; they end so many months before its own as `period_ends_before` says.
    """

    name: str  # core.sessions
    sql: str
    row: str
    is_monthly: bool = True
    reads: dict[str, tuple[int, int]] = field(default_factory=dict)
    period_months: int = 1
    period_ends_before: int = 0

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def tables_in(sql: str, where: str) -> list[str]:
    """The tables an SQL text reads, as `schema.table`. Raises TransformError for a bare name that is no CTE."""
    import sqlglot
    from sqlglot import exp

    parsed = sqlglot.parse_one(sql, dialect="duckdb")
    if not isinstance(parsed, exp.Query):
        raise TransformError(f"{where}: is not one SELECT")
    named = {cte.alias_or_name for cte in parsed.find_all(exp.CTE)}
    tables = set()
    for table in parsed.find_all(exp.Table):
        if table.db:
            tables.add(f"{table.db}.{table.name}")
        elif table.name and table.name not in named:
            raise TransformError(f'{where}: "{table.name}" is neither a CTE nor schema.table')
    return sorted(tables)


def read_transform(name: str, sql: str) -> Transform:
    """A transform from its SQL text and header. Raises TransformError where the header does not fit the SQL."""
    where = name.replace(".", "/") + ".sql"
    row = re.search(r"^-- row: (.+)$", sql, re.MULTILINE)
    if not row:
        raise TransformError(f"{where}: its header does not say what a row is (-- row: …)")
    tables = tables_in(sql, where)
    reads: dict[str, tuple[int, int]] = dict.fromkeys(tables, (0, 0))
    windows = _MONTHS.search(sql)
    for window in windows.group(1).split(", ") if windows else []:
        match = _WINDOW.match(window)
        if not match or match.group(1) not in reads:
            raise TransformError(
                f'{where}: "-- months: {window}" names no table that it reads, as in core.sessions -1..+1'
            )
        reads[match.group(1)] = (int(match.group(2)), int(match.group(3)))
    return Transform(name, sql, row.group(1), "\n-- partition: none" not in sql, reads)


@cache
def transforms(layer: str) -> tuple[Transform, ...]:
    """The transforms of a layer, each after those it reads."""
    found = {
        f"{layer}.{path.stem}": read_transform(f"{layer}.{path.stem}", path.read_text(encoding="utf-8"))
        for path in sorted((FOLDER / layer).glob("*.sql"))
    }
    return tuple(_in_order(found.values()))


def _in_order(transforms: Iterable[Transform]) -> list[Transform]:
    waiting, ordered = {transform.name: transform for transform in transforms}, []
    while waiting:
        ready = [t for t in waiting.values() if not (t.reads.keys() & waiting.keys()) - {t.name}]
        if not ready:
            raise TransformError(f"these read each other in a circle: {', '.join(waiting)}")
        for transform in ready:
            ordered.append(waiting.pop(transform.name))
    return ordered
