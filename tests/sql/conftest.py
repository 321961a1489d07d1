"""Tables drawn as text, in and out of DuckDB, so that a test of SQL reads as rows in, rows out.

A drawn table has a line of column names and a line for each row:

    | therapist | local_date | clients | attended_sessions |
    | Ana       | 2026-10-01 | c1 c2   | 2                 |

`therapist`, `client` and `session` stand for `therapist_key` and so on, and their names for keys; `clients`
is a list. An empty cell is null. Columns that a test does not draw are null too.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from assets.measures import Grain, Measure, atoms_query, dictionary, items_sql

OCTOBER = {"period_start": datetime.date(2026, 10, 1), "period_end": datetime.date(2026, 10, 31)}
AUTUMN = {"period_start": datetime.date(2026, 7, 1), "period_end": datetime.date(2026, 9, 30)}

CORE = {
    "rosters": "therapist_key UUID, reporting_unit VARCHAR, service VARCHAR",
    "sessions": """
        session_key UUID, therapist_key UUID, client_key UUID, team_id VARCHAR, timezone VARCHAR,
        local_date DATE, starts_at TIMESTAMPTZ, ends_at TIMESTAMPTZ,
        starts_local TIMESTAMP, ends_local TIMESTAMP,
        duration_minutes DOUBLE, status VARCHAR, kind VARCHAR, modality VARCHAR, group_session_key UUID,
        is_load BOOLEAN, cancellation_notice_hours DOUBLE, session_of_day INTEGER, previous_client_key UUID,
        gap_minutes DOUBLE""",
    "therapist_days": """
        therapist_key UUID, local_date DATE, attended_sessions INTEGER, client_keys UUID[],
        longest_run INTEGER, daily_sessions INTEGER, min_break_minutes INTEGER,
        day_starts TIME, day_ends TIME, is_over_threshold BOOLEAN""",
}

Rows = list[dict[str, str]]
Draw = Callable[..., Rows]


def drawn(text: str) -> Rows:
    """The rows of a drawn table: for each, the text of every column."""
    lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in text.strip().splitlines()]
    names, *rows = lines
    assert all(len(row) == len(names) for row in rows), f"a row has not as many cells as the header: {text}"
    return [dict(zip(names, row, strict=True)) for row in rows]


def key(name: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, name)


def _value(name: str, text: str) -> Any:
    if text == "":
        return None
    if name.endswith("_keys"):
        return [key(part) for part in text.split()]
    return key(text) if name.endswith("_key") else text


_COLUMNS = {
    "therapist": "therapist_key",
    "client": "client_key",
    "clients": "client_keys",
    "previous_client": "previous_client_key",
    "session": "session_key",
    "group_session": "group_session_key",
}


def core_tables(**tables: str) -> duckdb.DuckDBPyConnection:
    """An in-memory database with the tables of core, filled as drawn."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE SCHEMA core")
    for table, columns in CORE.items():
        connection.execute(f"CREATE TABLE core.{table} ({columns})")
        for row in drawn(tables.get(table, "| therapist |")):
            values = {_COLUMNS.get(name, name): text for name, text in row.items()}
            values = {name: _value(name, text) for name, text in values.items()}
            marks = ", ".join(f"${name}" for name in values)
            connection.execute(f"INSERT INTO core.{table} ({', '.join(values)}) VALUES ({marks})", values)
    return connection


def period_of(measure: Measure) -> dict[str, datetime.date]:
    """October 2026, or the third quarter of 2026: whichever the measure is about."""
    return OCTOBER if measure.grain.period == "month" else AUTUMN


@pytest.fixture(name="items")
def fixture_items() -> Draw:
    """`items(measure_id, sessions=…, …)`: the items of a measure in its period, as drawn rows."""

    def items(measure_id: str, **tables: str) -> Rows:
        names = {key(word): word for text in tables.values() for word in text.split()}
        measure = dictionary().measures[measure_id]
        sql = items_sql(measure)
        parameters = {name: value for name, value in period_of(measure).items() if f"${name}" in sql}
        with core_tables(**tables) as connection:
            rows = connection.execute(
                f"SELECT therapist_key, client_keys, is_part FROM ({sql}\n)", parameters
            ).fetchall()
        found = [
            {
                "therapist": names[therapist],
                "clients": " ".join(sorted(names[client] for client in clients)),
                "part": {True: "yes", False: "no"}[is_part],
            }
            for therapist, clients, is_part in rows
        ]
        return sorted(found, key=lambda row: tuple(row.values()))

    return items


@pytest.fixture(name="atoms")
def fixture_atoms() -> Draw:
    """`atoms(measure_id, columns, …)`: the atoms of a measure in its period, or at another level: some columns, as text."""

    def atoms(measure_id: str, columns: str, level: str = "", **tables: str) -> Rows:
        measure = dictionary().measures[measure_id]
        if level:
            measure = replace(measure, grain=Grain(level, measure.grain.period))
        with core_tables(**tables) as connection:
            query = f"SELECT {', '.join(columns.split())} FROM ({atoms_query(measure)})"
            cursor = connection.execute(query, period_of(measure))
            names = [column[0] for column in cursor.description or []]
            return [
                {name: "" if value is None else str(value) for name, value in zip(names, row, strict=True)}
                for row in cursor.fetchall()
            ]

    return atoms


@pytest.fixture(name="drawn")
def fixture_drawn() -> Draw:
    """`drawn(text)`: the rows of a drawn table, sorted as those of `items` are."""
    return lambda text: sorted(drawn(text), key=lambda row: tuple(row.values()))
