"""Reading one source file: text to typed rows, each row's first fault, ids to keyed pseudonyms, parts written beside.

All of it is SQL made from the data contract; a table's own rules, which need more than one field, are in
`assets/raw/<table>.sql`. Which files are read, and what happens to what was read before, is `ingest`'s.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from assets.errors import InputError, nearest
from assets.raw.contract import DUCKDB_TYPES, TABLES, Field, Table
from assets.raw.sources import Expression, Opened, Source, literal, opened, quoted

FOLDER = Path(__file__).parent
OFFSET = r"':\d\d(\.\d+)? ?([Zz]|[+-]\d\d(:?\d\d)?)$'"
MANGLED_ID = r"'^[0-9]+([.,][0-9]+)?[eE][+]?[0-9]+$'"
NAME_LIKE = r"'^[[:upper:]][[:lower:]]+$|@|[[:alpha:]]{2,}[ ,]+[[:alpha:]]{2,}'"
CATEGORY = r"'^[\w /&+.-]{1,40}$'"


@dataclass(frozen=True)
class Counts:
    """What became of a file's rows when it was read."""

    read: int
    stored: int
    quarantined: int


@cache
def _changes_of_the_clock(timezone: str) -> str:
    """The local days, 1990 to 2045, on which a time zone's clocks change, as a list of SQL dates."""
    zone, day, days = ZoneInfo(timezone), dt.datetime(1990, 1, 1), []
    while day.year < 2046:
        following = day + dt.timedelta(days=1)
        if zone.utcoffset(day) != zone.utcoffset(following):
            days.append(f"DATE '{day:%Y-%m-%d}'")
        day = following
    return ", ".join(days) or "DATE '0001-01-01'"


def mapped_columns(table: Table, source: Source, columns: dict[str, str], where: str) -> dict[str, str]:
    """Each field's SQL over the file's columns, absent fields left out. Raises InputError for a missing column."""
    by_folded_name = {name.casefold(): name for name in columns}
    mapped: dict[str, str] = {}
    for field in table.fields:
        given = source.columns.get(field.name)
        if isinstance(given, Expression):
            mapped[field.name] = f"({given.sql})"
            continue
        name = given if given is not None else by_folded_name.get(field.name.casefold())
        if name in columns:
            mapped[field.name] = quoted(name)
        elif given is not None or field.required:
            raise InputError(
                f'has no column "{given or field.name}", which is to give {table.name}.{field.name}. {nearest(given or field.name, columns)}'.rstrip(),
                where=where,
                mend=f'Set {field.name} = "its column" under [source.columns] of this source. Its columns: {", ".join(columns)}.',
            )
    if table.name == "sessions" and not {"ends_at", "duration_minutes"} & mapped.keys():
        raise InputError(
            "tells no session's end", where=where,
            mend="Map ends_at or duration_minutes under [source.columns]; an expression will do: { sql = \"50\" }.",
        )  # fmt: skip
    return mapped


def _text(field: Field, sql: str | None, kind: str, source: Source) -> str:
    """A field as trimmed text (a list as a list), NULL where there is none."""
    if sql is None:
        return "NULL::VARCHAR[]" if field.type == "list" else "NULL::VARCHAR"
    if field.type == "list" and kind.endswith("[]"):
        return f"{sql}::VARCHAR[]"
    text = f"nullif(trim({sql}::VARCHAR), '')"
    return f"string_split({text}, {literal(source.list_separator)})" if field.type == "list" else text


def _value(field: Field, source: Source) -> str:
    """A field's typed value from its text; NULL where it cannot be read."""
    text = quoted(field.name)
    match field.type:
        case "instant":
            zoned = f"timezone({literal(source.timezone or 'UTC')}, {quoted('local ' + field.name)})"
            return f"CASE WHEN regexp_matches({text}, {OFFSET}) THEN try_cast({text} AS TIMESTAMPTZ) ELSE {zoned} END"
        case "date":
            formats = "".join(f", try_strptime({text}, {literal(form)})::DATE" for form in source.time_formats)
            return f"coalesce(try_cast({text} AS DATE), try_cast({text} AS TIMESTAMP)::DATE{formats})"
        case "list":
            return f"list_distinct(list_filter(list_transform({text}, lambda item: lower(trim(item))), lambda item: item <> ''))"
        case "status" | "category":
            mapped = {theirs.strip().lower(): ours for theirs, ours in source.values.get(field.name, {}).items()}
            cases = "".join(f" WHEN {literal(theirs)} THEN {literal(ours)}" for theirs, ours in mapped.items())
            if field.type == "category":
                own = f"CASE WHEN regexp_matches({text}, {CATEGORY}) THEN lower({text}) END"
            else:
                own = f"CASE WHEN lower({text}) IN ({', '.join(map(literal, field.allowed))}) THEN lower({text}) END"
            return f"CASE lower({text}){cases} ELSE {own} END" if cases else own
        case "boolean":
            mapped = {theirs.strip().lower(): ours for theirs, ours in source.values.get(field.name, {}).items()}
            cases = "".join(f" WHEN {literal(theirs)} THEN {literal(ours)}" for theirs, ours in mapped.items())
            return f"try_cast(CASE lower({text}){cases} WHEN 'yes' THEN 'true' WHEN 'no' THEN 'false' ELSE {text} END AS BOOLEAN)"
        case "integer":
            # 3.0 is 3, as some exports write whole numbers; 3.5 is not a whole number
            return f"CASE WHEN try_cast({text} AS DOUBLE) = round(try_cast({text} AS DOUBLE)) THEN try_cast(try_cast({text} AS DOUBLE) AS INTEGER) END"
        case "number":
            return f"try_cast(replace({text}, ',', '.') AS DOUBLE)"
        case "time":
            return f"try_cast({text} AS TIME)"
        case "id" | "name":
            return text


UNREADABLE = {
    "instant": "unreadable_time", "date": "unreadable_date", "time": "unreadable_time", "integer": "unreadable_number",
    "number": "unreadable_number", "boolean": "unknown_value", "status": "unknown_value", "category": "unknown_value",
}  # fmt: skip


def _fault(field: Field, source: Source) -> str:
    """A CASE giving 'field|reason' for what is wrong with one field of a row, NULL where nothing is."""
    text, value, whens = quoted(field.name), quoted("value " + field.name), []
    if field.required:
        missing = {"id": "missing_id", "instant": "missing_time", "date": "missing_time"}.get(field.type, "missing_value")
        whens.append((f"{text} IS NULL", missing))
    if field.type == "id":
        whens.append((f"contains({text}, '@') OR contains({text}, ' ')", "free_text_id"))
        whens.append((f"(contains({text}, 'E+') OR contains({text}, 'e+')) AND regexp_matches({text}, {MANGLED_ID})", "mangled_id"))
    elif field.type in UNREADABLE:
        reason = "unknown_status" if field.name == "status" else UNREADABLE[field.type]
        whens.append((f"{text} IS NOT NULL AND {value} IS NULL", reason))
    if field.type == "instant":
        local, zone = quoted("local " + field.name), literal(source.timezone or "UTC")
        changing = f"{local}::DATE IN ({_changes_of_the_clock(source.timezone or 'UTC')})"
        again = " OR ".join(f"timezone({zone}, {value} {sign} INTERVAL {minutes} MINUTE) = {local}"
                            for sign in "+-" for minutes in (30, 60))  # fmt: skip
        whens.append((f"{changing} AND timezone({zone}, {value}) <> {local}", "nonexistent_local_time"))
        whens.append((f"{changing} AND ({again})", "ambiguous_local_time"))
    if field.between:
        whens.append((f"{value} NOT BETWEEN {field.between[0]} AND {field.between[1]}", "out_of_range"))
    if not whens:
        return ""
    return "CASE " + " ".join(f"WHEN {test} THEN {literal(f'{field.name}|{reason}')}" for test, reason in whens) + " END"


def typed_select(table: Table, source: Source, file: Opened, where: str, most_rows: int | None = None) -> str:
    """The SELECT that types a file's rows, or the first of them: one column a field (ids still as text), and `fault`."""
    mapped = mapped_columns(table, source, file.columns, where)
    texts, locals_, values, faults = [], [], [], []
    for field in table.fields:
        sql = mapped.get(field.name)
        kind = next((kind for name, kind in file.columns.items() if quoted(name) == sql), "VARCHAR")
        texts.append(f"{_text(field, sql, kind, source)} AS {quoted(field.name)}")
        if sql is None:
            empty = "VARCHAR" if field.type == "id" else DUCKDB_TYPES[field.type]
            values.append(f"NULL::{empty} AS {quoted('value ' + field.name)}")
            continue
        if field.type == "instant":
            text = quoted(field.name)
            formats = "".join(f", try_strptime({text}, {literal(form)})" for form in source.time_formats)
            # a clock time is read in the source's time zone; one with an offset needs no reading of this kind
            locals_.append(
                f"CASE WHEN contains({text}, ':') AND NOT regexp_matches({text}, {OFFSET}) "
                f"THEN coalesce(try_cast({text} AS TIMESTAMP){formats}) END AS {quoted('local ' + field.name)}"
            )
        values.append(f"{_value(field, source)} AS {quoted('value ' + field.name)}")
        faults.append(_fault(field, source))
    outcome = ", ".join(f"{quoted('value ' + field.name)} AS {quoted(field.name)}" for field in table.fields)
    first_fault = f"coalesce({', '.join([fault for fault in faults if fault] or ['NULL'])}, NULL)"
    limit = f" LIMIT {most_rows}" if most_rows else ""
    return (
        f"WITH texts AS (SELECT {', '.join(texts)} FROM {file.relation}{limit}),\n"
        f"clocks AS (SELECT {', '.join(['*', *locals_])} FROM texts),\n"
        f"readings AS (SELECT *, {', '.join(values)} FROM clocks)\n"
        f"SELECT {outcome}, {first_fault} AS fault FROM readings"
    )


def define_pseudonyms(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Defines the macro pseudonym(namespace, id): HMAC-SHA-256 (RFC 2104), its first 128 bits, as a UUID.

    The key is bound, so that it stands in no SQL text, and lives in the connection only.
    """
    block = key.ljust(64, b"\0")
    inner, outer = bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)
    connection.execute("CREATE OR REPLACE TEMP TABLE pads AS SELECT ?::BLOB AS inner_pad, ?::BLOB AS outer_pad", [inner, outer])
    connection.execute("SET VARIABLE inner_pad = (SELECT inner_pad FROM pads)")
    connection.execute("SET VARIABLE outer_pad = (SELECT outer_pad FROM pads)")
    connection.execute("""
        CREATE OR REPLACE TEMP MACRO pseudonym(namespace, id) AS CAST(left(sha256(
            getvariable('outer_pad') || unhex(sha256(getvariable('inner_pad') || encode(namespace || ':' || id)))
        ), 32) AS UUID)""")


@contextmanager
def typed(
    connection: duckdb.DuckDBPyConnection, source: Source, path: Path, read_at: dt.datetime, most_rows: int | None = None
) -> Iterator[Table]:
    """Makes the TEMP view `judged`: a file's rows, typed, with `line` and `fault`; ids are text and stay in memory.

    Raises InputError for a file that cannot be read, a column that is not there, or names where ids belong.
    """
    table = TABLES[source.table]
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    with opened(connection, source, path) as file:
        try:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE typed_rows AS {typed_select(table, source, file, path.name, most_rows)}")
        except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException) as error:
            raise InputError(
                "an expression under [source.columns] does not fit its columns: " + str(error).split("\n")[0],
                where=f"rapport.toml, source of {table.name}", mend=f"The columns of {path.name}: {', '.join(file.columns)}.",
            ) from error  # fmt: skip
        except duckdb.Error as error:
            raise InputError(
                f"cannot be read: {type(error).__name__}", where=path.name, mend="Check that it is complete, and what format and encoding it has."
            ) from error
    if file.rejects:  # lines that the reader could not split into columns: how many good rows stood before each
        connection.execute(f"""CREATE OR REPLACE TEMP TABLE unsplit AS
            SELECT line::BIGINT AS line, line::BIGINT - {file.first_line} - row_number() OVER (ORDER BY line) + 1 AS rows_before
            FROM (SELECT DISTINCT line FROM reject_errors)""")
    else:
        connection.execute("CREATE OR REPLACE TEMP TABLE unsplit (line BIGINT, rows_before BIGINT)")
    has_unsplit = connection.execute("SELECT count(*) > 0 FROM unsplit").fetchall()[0][0]
    shift = "(SELECT count(*) FROM unsplit WHERE rows_before <= typed_rows.rowid)" if has_unsplit else "0"
    connection.execute(f"""CREATE OR REPLACE TEMP VIEW typed AS
        SELECT rowid + {file.first_line} + {shift} AS line, * FROM typed_rows""")
    own_rules = FOLDER / f"{table.name}.sql"
    connection.execute("SET VARIABLE read_at = ?::TIMESTAMPTZ", [read_at])
    connection.execute(f"CREATE OR REPLACE TEMP VIEW judged AS {own_rules.read_text() if own_rules.exists() else 'FROM typed'}")
    _refuse_names(connection, table, path)
    try:
        yield table
    finally:
        connection.execute("DROP VIEW judged; DROP VIEW typed; DROP TABLE typed_rows; DROP TABLE unsplit")


def _refuse_names(connection: duckdb.DuckDBPyConnection, table: Table, path: Path) -> None:
    """A person's id column in which most values look like names or e-mail addresses is no id column."""
    for field in table.fields:
        if field.person not in ("therapist", "client"):
            continue
        query = f"""SELECT coalesce(avg(regexp_matches(id, {NAME_LIKE})::INTEGER), 0)
                    FROM (SELECT DISTINCT {quoted(field.name)} AS id FROM typed LIMIT 2000) WHERE id IS NOT NULL"""
        if connection.execute(query).fetchall()[0][0] > 0.5:
            raise InputError(
                f"the column that gives {table.name}.{field.name} looks like names or e-mail addresses, not ids",
                where=path.name, mend=f"Map {field.name} to a column that holds an id. Names are never read in.",
            )  # fmt: skip


def write_parts(
    connection: duckdb.DuckDBPyConnection, table: Table, folder: Path, part: str, file_number: int
) -> tuple[Counts, dict[str, list[str]]]:
    """Writes the view `judged` into `folder`: accepted rows by UTC month, quarantined ones without their values.

    Returns the counts and, by month ('' for a snapshot), the parts' paths relative to `folder`.
    """
    persons = sorted({field.person for field in table.fields if field.type == "id" and field.column not in table.key})
    for person in persons:  # persons recur: each is hashed once
        name = next(quoted(field.name) for field in table.fields if field.person == person)
        connection.execute(f"""CREATE OR REPLACE TEMP TABLE {person}_pseudonyms AS
            SELECT id, pseudonym({literal(person)}, id) AS key
            FROM (SELECT DISTINCT {name} AS id FROM judged WHERE fault IS NULL) WHERE id IS NOT NULL""")
    columns, joins = [], []
    for field in table.fields:
        name = quoted(field.name)
        if field.type != "id":
            if (table.name, field.name) != ("sessions", "duration_minutes"):  # ends_at says it
                columns.append(f"judged.{name}")
        elif field.person in persons:
            joins.append(f"LEFT JOIN {field.person}_pseudonyms AS {field.column} ON {field.column}.id = judged.{name}")
            columns.append(f"{field.column}.key AS {field.column}")
        else:
            columns.append(f"pseudonym({literal(field.person)}, judged.{name}) AS {field.column}")
    month = f", strftime(judged.{table.month}, '%Y-%m') AS month" if table.is_log else ""
    rows = f"""SELECT {', '.join(columns)}, {file_number} AS file_number, judged.line{month}
        FROM judged {' '.join(joins)} WHERE fault IS NULL"""
    target = folder / table.name
    target.mkdir(parents=True, exist_ok=True)
    if table.is_log:
        options = f"PARTITION_BY (month), FILENAME_PATTERN '{part}_{{i}}', OVERWRITE_OR_IGNORE"
        stored = connection.execute(f"COPY ({rows}) TO {literal(str(target))} (FORMAT parquet, {options})").fetchall()[0][0]
    else:
        stored = connection.execute(f"COPY ({rows}) TO {literal(str(target / part) + '.parquet')} (FORMAT parquet)").fetchall()[0][0]
    for person in persons:
        connection.execute(f"DROP TABLE {person}_pseudonyms")
    quarantine = target / "quarantine"
    quarantine.mkdir(exist_ok=True)
    quarantined = connection.execute(f"""COPY (
        SELECT {file_number} AS file_number, line, split_part(fault, '|', 1) AS field, split_part(fault, '|', 2) AS reason
        FROM judged WHERE fault IS NOT NULL
        UNION ALL SELECT {file_number}, line, '', 'unreadable_row' FROM unsplit ORDER BY line
        ) TO {literal(str(quarantine / part) + '.parquet')} (FORMAT parquet)""").fetchall()[0][0]
    read = connection.execute("SELECT (SELECT count(*) FROM typed_rows) + (SELECT count(*) FROM unsplit)").fetchall()[0][0]
    parts: dict[str, list[str]] = {}
    for path in sorted(target.glob(f"month=*/{part}_*.parquet")):
        parts.setdefault(path.parent.name.removeprefix("month="), []).append(str(path.relative_to(folder)))
    if not table.is_log:
        parts[""] = [f"{table.name}/{part}.parquet"]
    return Counts(read, stored, quarantined), parts
