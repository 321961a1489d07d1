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

from assets.measures import CLIENTS, Grain, Measure, atoms_query, dictionary, items_sql
from assets.raw.contract import DUCKDB_TYPES, TABLES
from assets.transforms import transforms
from pipelines.months import bounds, months_between, shift

OCTOBER = {"period_start": datetime.date(2026, 10, 1), "period_end": datetime.date(2026, 10, 31)}
AUTUMN = {"period_start": datetime.date(2026, 7, 1), "period_end": datetime.date(2026, 9, 30)}

CORE = {
    "rosters": "therapist_key UUID, reporting_unit VARCHAR, service VARCHAR",
    "sessions": """
        session_key UUID, therapist_key UUID, client_key UUID, team_id VARCHAR, timezone VARCHAR,
        local_date DATE, starts_at TIMESTAMPTZ, ends_at TIMESTAMPTZ,
        starts_local TIMESTAMP, ends_local TIMESTAMP,
        duration_minutes DOUBLE, status VARCHAR, kind VARCHAR, modality VARCHAR, group_session_key UUID,
        is_load BOOLEAN, cancellation_notice_hours DOUBLE, session_of_day INTEGER,
        gap_minutes DOUBLE""",
    "therapist_days": """
        therapist_key UUID, local_date DATE, attended_sessions INTEGER, client_keys UUID[],
        longest_run INTEGER, daily_sessions INTEGER, min_break_minutes INTEGER,
        day_starts TIME, day_ends TIME, is_over_threshold BOOLEAN""",
    "profiles": """
        therapist_key UUID, specialties VARCHAR[], languages VARCHAR[], modalities VARCHAR[], visible_to_clients BOOLEAN,
        valid_from DATE, valid_until DATE""",
    "pairings": """
        request_key UUID, therapist_key UUID, client_key UUID, requested_on DATE, needs VARCHAR[], outcome VARCHAR, paired_by VARCHAR,
        was_profile_visible BOOLEAN, covered_needs VARCHAR[], fit DOUBLE, is_language_met BOOLEAN, is_modality_met BOOLEAN,
        room_in_days INTEGER, feasible_therapists INTEGER, best_feasible_fit DOUBLE, better_fit_in_days INTEGER,
        three_quarters_in_days INTEGER, uncovered_needs VARCHAR[]""",
    "few_in_reach": "request_key UUID, need VARCHAR, therapist_keys UUID[]",
    "first_sessions": "therapist_key UUID, client_key UUID, session_number INTEGER, wait_days INTEGER, is_early_rematch BOOLEAN",
    "clients_seen": "therapist_key UUID, client_key UUID, has_returned BOOLEAN, has_planned_ending BOOLEAN",
    "endings": """
        therapist_key UUID, client_key UUID, ending VARCHAR, earlier_than_client_wanted BOOLEAN,
        earlier_than_therapist_planned BOOLEAN, attended_sessions INTEGER, alliance_answers INTEGER,
        first_alliance DOUBLE, last_alliance DOUBLE""",
    "feedback": """
        therapist_key UUID, client_key UUID, local_date DATE, is_individual BOOLEAN, is_answered BOOLEAN, closer_to_understanding INTEGER,
        alliance DOUBLE, is_over_threshold BOOLEAN""",
}
WORDS = {
    "needs",
    "covered_needs",
    "uncovered_needs",
    "specialties",
    "languages",
    "modalities",
}  # lists of words; "-" is one without any

BINS = """FROM (VALUES
    ('weekday', '1', 'Monday', 1), ('weekday', '2', 'other weekdays', 2), ('weekday', '3', 'other weekdays', 2),
    ('weekday', NULL, NULL, 3),
    ('hour_band', '9', 'at nine', 4), ('hour_band', NULL, NULL, 5),
    ('load', 'true', 'over', 6), ('load', 'false', 'other', 7), ('load', NULL, NULL, 8),
    ('need', 'grief', 'grief', 9), ('need', 'sleep', 'sleep and burnout', 10), ('need', 'burnout', 'sleep and burnout', 10),
    ('need', NULL, NULL, 11)
) AS bins (breakdown, value, breakdown_value, bin)"""

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
    if name in WORDS:
        return [] if text == "-" else text.split("; ")
    return key(text) if name.endswith("_key") else text


_COLUMNS = {
    "therapist": "therapist_key",
    "therapists": "therapist_keys",
    "client": "client_key",
    "clients": "client_keys",
    "request": "request_key",
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
            values = {_COLUMNS.get(column, column): text for column, text in row.items()}
            values = {column: _value(column, text) for column, text in values.items()}
            marks = ", ".join(f"${name}" for name in values)
            connection.execute(f"INSERT INTO raw.{name} ({', '.join(values)}) VALUES ({marks})", values)
    return connection


def build_core(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes every table of core out of raw, in the order in which they read each other; October 2026 is what is seen."""
    built: dict[str, list[str]] = {}

    def show(table: str, months: list[str]) -> None:
        rows = " UNION ALL ".join(f'FROM "{table}-{month}"' for month in built[table] if month in ["", *months])
        connection.execute(f"CREATE OR REPLACE VIEW {table} AS {rows}")

    for transform in transforms("core"):
        built[transform.name] = ["2026-09", "2026-10", "2026-11"] if transform.is_monthly else [""]
        for month in built[transform.name]:
            for table, (before, after) in transform.reads.items():
                if table in built:
                    show(table, months_between(shift(month, before), shift(month, after)) if month else [])
            bound = {name: day for name, day in bounds(month).items() if f"${name}" in transform.sql}
            connection.execute(f'CREATE TABLE "{transform.name}-{month}" AS {transform.sql}', bound)
    for table in built:
        show(table, ["2026-10"])


def core_tables(**tables: str) -> duckdb.DuckDBPyConnection:
    """An in-memory database with the tables of core, filled as drawn."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE SCHEMA core; CREATE SCHEMA settings")
    connection.execute(f"CREATE TABLE settings.bins AS {BINS}")
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
    """`items(measure_id, sessions=…, …)`: the items of a measure in its period, as drawn rows.

    Of a measure about clients alone, `therapist` is those few on whom the answer hangs.
    """

    def items(measure_id: str, **tables: str) -> Rows:
        names = {key(word): word for text in tables.values() for word in text.split()}
        measure = dictionary().measures[measure_id]
        sql = items_sql(measure)
        parameters = {name: value for name, value in period_of(measure).items() if f"${name}" in sql}
        with core_tables(**tables) as connection:
            who = "therapist_keys" if measure.concerns == CLIENTS else "[therapist_key]"
            rows = connection.execute(f"SELECT {who}, client_keys, is_part FROM ({sql}\n)", parameters).fetchall()
        found = [
            {
                "therapist": " ".join(sorted(names[therapist] for therapist in therapists or [])),
                "clients": " ".join(sorted(names[client] for client in clients)),
                "part": {True: "yes", False: "no"}[is_part],
            }
            for therapists, clients, is_part in rows
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


@pytest.fixture(name="built")
def fixture_built() -> Draw:
    """`built(table, columns, …)`: some columns of a table of core in October 2026, made out of raw tables, as drawn rows.

    `synonyms` are those of the configuration.
    """

    def built(table: str, columns: str, synonyms: dict[str, str] | None = None, **tables: str) -> Rows:
        names = {key(word): word for text in tables.values() for word in text.split()}
        fields = {name: _COLUMNS.get(name, name) for name in columns.split()}
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
            return "; ".join(sorted(_text(each, names) for each in value))
        case uuid.UUID():
            return names[value]
        case _:
            return str(value)


@pytest.fixture(name="drawn")
def fixture_drawn() -> Draw:
    """`drawn(text)`: the rows of a drawn table, sorted as those of `items` are."""
    return lambda text: sorted(drawn(text), key=lambda row: tuple(row.values()))
