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
from typing import Any

import duckdb
import pytest

from assets.measures import atoms_query, dictionary, items_sql
from assets.raw.contract import DUCKDB_TYPES, TABLES
from assets.transforms import transforms

MONTH = {"month_start": datetime.date(2026, 10, 1), "month_end": datetime.date(2026, 10, 31)}

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


def raw_tables(synonyms: dict[str, str] | None = None, **tables: str) -> duckdb.DuckDBPyConnection:
    """An in-memory database with the tables of raw, filled as drawn, and an organisation in Berlin.

    A cell of a list field is its words, with a semicolon between them.
    """
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'; CREATE SCHEMA raw; CREATE SCHEMA core; CREATE SCHEMA settings")
    connection.execute("CREATE TABLE settings.organisation AS SELECT 'Lindenhof' AS name, 'Europe/Berlin' AS timezone")
    connection.execute("CREATE TABLE settings.units (unit VARCHAR, team_id VARCHAR)")
    connection.execute("CREATE TABLE settings.synonyms (word VARCHAR, spelling VARCHAR)")
    for pair in (synonyms or {}).items():
        connection.execute("INSERT INTO settings.synonyms VALUES (?, ?)", pair)
    for name, table in TABLES.items():
        columns = ", ".join(f"{field.column} {DUCKDB_TYPES[field.type]}" for field in table.kept)
        connection.execute(f"CREATE TABLE raw.{name} ({columns}, file_number INTEGER, line BIGINT)")
        for row in drawn(tables.get(name, "| client |")):
            values: dict[str, Any] = {}
            for column, text in row.items():
                field = _COLUMNS.get(column, f"{column}_key" if column == "request" else column)
                is_list = text and any(each.name == field and each.type == "list" for each in table.fields)
                values[field] = text.split("; ") if is_list else _value(field, text)
            marks = ", ".join(f"${field}" for field in values)
            connection.execute(f"INSERT INTO raw.{name} ({', '.join(values)}) VALUES ({marks})", values)
    return connection


def build_core(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes every table of core for October 2026 out of raw, in the order in which they read each other."""
    for transform in transforms("core"):
        bound = {name: day for name, day in MONTH.items() if f"${name}" in transform.sql}
        connection.execute(f"CREATE TABLE {transform.name} AS {transform.sql}", bound)


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


@pytest.fixture(name="items")
def fixture_items() -> Draw:
    """`items(measure_id, sessions=…, …)`: the items of a measure in October 2026, as drawn rows."""

    def items(measure_id: str, **tables: str) -> Rows:
        names = {key(word): word for text in tables.values() for word in text.split()}
        sql = items_sql(dictionary().measures[measure_id])
        parameters = {name: value for name, value in MONTH.items() if f"${name}" in sql}
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
    """`atoms(measure_id, columns, …)`: the atoms of a measure in October 2026: some columns, as text."""

    def atoms(measure_id: str, columns: str, **tables: str) -> Rows:
        with core_tables(**tables) as connection:
            query = atoms_query(dictionary().measures[measure_id])
            cursor = connection.execute(f"SELECT {', '.join(columns.split())} FROM ({query})", MONTH)
            names = [column[0] for column in cursor.description or []]
            return [
                {name: "" if value is None else str(value) for name, value in zip(names, row, strict=True)}
                for row in cursor.fetchall()
            ]

    return atoms


@pytest.fixture(name="built")
def fixture_built() -> Draw:
    """`built(table, columns, …)`: some columns of a table of core in October 2026, made out of raw tables, as drawn rows.

    `synonyms` are those of the configuration.
    """

    def built(table: str, columns: str, synonyms: dict[str, str] | None = None, **tables: str) -> Rows:
        names = {key(word): word for text in tables.values() for word in text.split()}
        fields = {name: _COLUMNS.get(name, "request_key" if name == "request" else name) for name in columns.split()}
        with raw_tables(synonyms, **tables) as connection:
            build_core(connection)
            rows = connection.execute(f"SELECT {', '.join(fields.values())} FROM core.{table}").fetchall()
        return sorted(
            ({name: _text(value, names) for name, value in zip(fields, row, strict=True)} for row in rows),
            key=lambda row: tuple(row.values()),
        )

    return built


def _text(value: Any, names: dict[uuid.UUID, str]) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case list():
            return "; ".join(value)
        case uuid.UUID():
            return names[value]
        case _:
            return str(value)


@pytest.fixture(name="drawn")
def fixture_drawn() -> Draw:
    """`drawn(text)`: the rows of a drawn table, sorted as those of `items` are."""
    return lambda text: sorted(drawn(text), key=lambda row: tuple(row.values()))
