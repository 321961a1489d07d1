"""Which source files are new, what becomes of versions of the same row, and when what was read counts.

A file is known by its bytes and by the settings it was read with: the same twice changes nothing; the same bytes under
a mended mapping are read again and take the place of the earlier reading. How one file is read is `reading`'s.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from assets.errors import InputError
from assets.raw.contract import DUCKDB_TYPES, TABLES, Table
from assets.raw.reading import define_pseudonyms, typed, write_parts
from assets.raw.register import ReadFile, Register
from assets.raw.sources import Source, find_files, literal


@dataclass(frozen=True)
class TableRead:
    """What an ingest did with one table. `months` are the UTC months whose rows changed."""

    table: str
    files: list[ReadFile]
    months: list[str]


@dataclass(frozen=True)
class _Pending:
    source: Source
    path: Path
    content: str
    mapping: str
    replaces: ReadFile | None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pending(register: Register, sources: Sequence[Source], home: Path) -> tuple[list[_Pending], dict[str, set[str]]]:
    """The files to read, and the contents that each table's files have now."""
    pending, present = [], {}
    for source in sources:
        mapping = hashlib.sha256(source.model_dump_json(exclude={"files"}).encode()).hexdigest()
        known = {file.content: file for file in register.of(source.table)}
        contents = present.setdefault(source.table, set())
        for path in find_files(source, home):
            content = _sha256(path)
            if content in contents:
                continue  # the same file under two names
            contents.add(content)
            if content not in known or known[content].mapping != mapping:
                pending.append(_Pending(source, path, content, mapping, known.get(content)))
    return pending, present


def ingest(
    connection: duckdb.DuckDBPyConnection,
    lake: Path,
    home: Path,
    sources: Sequence[Source],
    key: bytes,
    read_at: dt.datetime,
    check: Callable[[str], bool] = lambda table: True,
    report: Callable[[str], None] = lambda line: None,
    published: frozenset[str] = frozenset(),
) -> Iterator[TableRead]:
    """Reads all new files and yields what changed, table by table; a table counts once its check has passed.

    `check(table)` is called with the views raw.<table> (the rows newly read that count), raw.<table>_files and
    raw.<table>_quarantine in the connection, and says whether they may take their place. Rows of months in `published`
    count as late. Raises InputError for what a person must mend.
    """
    raw = lake / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    register = Register.load(raw)
    _check_key(register, key)
    define_pseudonyms(connection, key)
    pending, present = _pending(register, sources, home)
    with _staging(lake) as staging:
        for name, table in TABLES.items():
            mine = [item for item in pending if item.source.table == name]
            gone = [] if table.is_log else [f for f in register.of(name) if f.content not in present.get(name, set())]
            if not mine and not gone:
                continue
            read = []
            for item in mine:
                report(f"reading {item.path.name}")
                read.append(_read(connection, register, item, staging, read_at, [*read, *register.files]))
            replaced = [item.replaces for item in mine if item.replaces]
            kept = [f for f in register.files if f not in replaced and f not in gone]
            outcomes = _settle(connection, table, raw, staging, register, kept, read, bool(replaced or gone))
            for file in read:
                file.late = sum(_rows(connection, staging, parts) for month, parts in file.parts.items() if month in published)
            _show_read(connection, table, staging, read, outcomes)
            if not check(name):
                continue
            _move(staging, raw, name)
            register.files = [*kept, *read]
            register.outcomes[name] = outcomes
            register.save()
            changed = {month for file in [*read, *replaced, *gone] for month in file.parts}
            changed |= {month for month, parts in outcomes.items() for part in parts if staging.name in part}
            yield TableRead(name, read, sorted(changed))


def _check_key(register: Register, key: bytes) -> None:
    mark = hmac.new(key, b"rapport key check", "sha256").hexdigest()[:16]
    if register.files and register.key_check != mark:
        raise InputError(
            "the key is not the one that the lake's pseudonyms were made with", where=str(register.path.parent),
            mend="Put the lost key back. If it is gone for good, remove the folder lake and run a backfill; "
            "releases stay as they are.",
        )  # fmt: skip
    register.key_check = mark


@contextmanager
def _staging(lake: Path) -> Iterator[Path]:
    """A folder of this run beside the raw layer; what earlier runs that died have left goes first."""
    shutil.rmtree(lake / "staging", ignore_errors=True)
    folder = lake / "staging" / uuid.uuid4().hex[:12]
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(lake / "staging", ignore_errors=True)


def _read(
    connection: duckdb.DuckDBPyConnection,
    register: Register,
    item: _Pending,
    staging: Path,
    read_at: dt.datetime,
    known: Iterable[ReadFile],
) -> ReadFile:
    number = item.replaces.number if item.replaces else max((file.number for file in known), default=0) + 1
    part = f"{item.content[:16]}-{item.mapping[:8]}"
    with typed(connection, item.source, item.path, read_at) as table:
        counts, parts = write_parts(connection, table, staging, part, number)
    return ReadFile(
        table.name, number, item.path.name, item.content, item.mapping, read_at.isoformat(timespec="seconds"),
        counts.read, counts.quarantined, parts, f"{table.name}/quarantine/{part}.parquet", stored=counts.stored,
    )  # fmt: skip


def _files_sql(folder: Path, parts: Sequence[str]) -> str:
    return "[" + ", ".join(literal(str(folder / part)) for part in parts) + "]"


def _rows(connection: duckdb.DuckDBPyConnection, folder: Path, parts: Sequence[str]) -> int:
    return connection.execute(f"SELECT count(*) FROM read_parquet({_files_sql(folder, parts)})").fetchall()[0][0]


def rows_sql(table: Table, folder: Path, parts: Sequence[str], columns: str = "*") -> str:
    """A SELECT over parts, with the table's own columns and types where there are none."""
    if parts:
        return f"SELECT {columns} FROM read_parquet({_files_sql(folder, parts)}, hive_partitioning = false)"
    fields = [f for f in table.fields if (table.name, f.name) != ("sessions", "duration_minutes")]
    empty = ", ".join([*(f"NULL::{DUCKDB_TYPES[f.type]} AS {f.column}" for f in fields), "0 AS file_number", "0::BIGINT AS line"])
    return f"SELECT {columns} FROM (SELECT {empty} WHERE false)"


def _settle(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    raw: Path,
    staging: Path,
    register: Register,
    kept: Sequence[ReadFile],
    read: Sequence[ReadFile],
    from_scratch: bool,
) -> dict[str, list[str]]:
    """Says of every version of a row that came more than once whether it counts: duplicate, superseded or neither.

    A version repeats the one before it (duplicate), or gives way to a later one (superseded), in the order of
    (updated_at, arrival). Looks at the keys of the new rows only, in all months, unless rows were taken away.
    Writes the outcomes by the losing row's month and counts them in the files. Returns the table's outcome parts.
    """
    mine = [file for file in kept if file.table == table.name]
    old, new = [p for f in mine for ps in f.parts.values() for p in ps], [p for f in read for ps in f.parts.values() for p in ps]
    key = ", ".join(table.key)
    version = "updated_at, " if any(field.name == "updated_at" for field in table.fields) else ""
    month = f"strftime({table.month}, '%Y-%m')" if table.is_log else "''"
    existing = f" UNION ALL FROM ({rows_sql(table, raw, old, key)}) AS old SEMI JOIN fresh USING ({key})" if old else ""
    if from_scratch and old:
        existing = f" UNION ALL {rows_sql(table, raw, old, key)}"
    connection.execute(f"""CREATE OR REPLACE TEMP TABLE repeated AS
        WITH fresh AS ({rows_sql(table, staging, new, key)})
        SELECT {key} FROM (FROM fresh{existing}) GROUP BY ALL HAVING count(*) > 1""")
    matching = " AND ".join(f"rows.{column} IS NOT DISTINCT FROM repeated.{column}" for column in table.key)
    connection.execute(f"""CREATE OR REPLACE TEMP TABLE settled AS
        WITH rows AS ({rows_sql(table, staging, new)} UNION ALL {rows_sql(table, raw, old)}),
        versions AS (SELECT rows.* FROM rows WHERE EXISTS (FROM repeated WHERE {matching})),
        ordered AS (
            SELECT {key}, file_number, line, {month} AS month,
                row_number() OVER succession AS number,
                hash(COLUMNS(* EXCLUDE (file_number, line))) AS content
            FROM versions
            WINDOW succession AS (PARTITION BY {key} ORDER BY {version and 'updated_at NULLS FIRST, '}file_number, line)
        ),
        compared AS (
            SELECT *, content = lag(content) OVER (PARTITION BY {key} ORDER BY number) AS is_repeat FROM ordered
        ),
        judged AS (
            SELECT *, max(number) FILTER (WHERE is_repeat IS NOT true) OVER (PARTITION BY {key}) AS last_number FROM compared
        )
        SELECT file_number, line, month, CASE WHEN is_repeat THEN 'duplicate' ELSE 'superseded' END AS outcome
        FROM judged WHERE is_repeat OR number < last_number""".replace(
            "hash(COLUMNS(* EXCLUDE (file_number, line)))",
            "hash(" + ", ".join(_content_columns(table)) + ")",
        ))  # fmt: skip
    before = {} if from_scratch else register.outcomes.get(table.name, {})
    known = [part for parts in before.values() for part in parts]
    if known:
        connection.execute(f"""DELETE FROM settled WHERE (file_number, line) IN
            (SELECT (file_number, line) FROM read_parquet({_files_sql(raw, known)}))""")
    counted = connection.execute("SELECT file_number, outcome, count(*) FROM settled GROUP BY ALL").fetchall()
    by_number = {file.number: file for file in [*mine, *read]}
    if from_scratch:
        for file in by_number.values():
            file.duplicate = file.superseded = 0
    for number, outcome, rows in counted:
        setattr(by_number[number], outcome, getattr(by_number[number], outcome) + rows)
    after = {month: list(parts) for month, parts in before.items()}
    folder = staging / table.name / "outcomes"
    folder.mkdir(parents=True, exist_ok=True)
    for (month_lost,) in connection.execute("SELECT DISTINCT month FROM settled ORDER BY 1").fetchall():
        part = f"{table.name}/outcomes/{month_lost or 'all'}-{staging.name}.parquet"
        connection.execute(f"COPY (SELECT file_number, line, outcome FROM settled WHERE month = ?) TO {literal(str(staging / part))} (FORMAT parquet)", [month_lost])
        after.setdefault(month_lost, []).append(part)
    return after


def _content_columns(table: Table) -> list[str]:
    return [field.column for field in table.fields if (table.name, field.name) != ("sessions", "duration_minutes")]


def _show_read(
    connection: duckdb.DuckDBPyConnection, table: Table, staging: Path, read: Sequence[ReadFile], outcomes: dict[str, list[str]]
) -> None:
    """The views that a raw suite looks at."""
    parts = [part for file in read for parts in file.parts.values() for part in parts]
    settled = [part for parts in outcomes.values() for part in parts if staging.name in part]
    without = f" AS rows ANTI JOIN read_parquet({_files_sql(staging, settled)}) USING (file_number, line)" if settled else ""
    connection.execute("CREATE SCHEMA IF NOT EXISTS raw")
    connection.execute(f"CREATE OR REPLACE VIEW raw.{table.name} AS FROM ({rows_sql(table, staging, parts)}){without}")
    connection.execute(f"""CREATE OR REPLACE TABLE raw.{table.name}_files (
        file_number INTEGER, file VARCHAR, read BIGINT, stored BIGINT, quarantined BIGINT, duplicate BIGINT, superseded BIGINT,
        accepted BIGINT)""")
    for file in read:
        connection.execute(f"INSERT INTO raw.{table.name}_files VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                           [file.number, file.name, file.read, file.stored, file.quarantined, file.duplicate, file.superseded,
                            file.accepted])  # fmt: skip
    quarantine = [file.quarantine for file in read]
    empty = "SELECT 0 AS file_number, 0::BIGINT AS line, '' AS field, '' AS reason WHERE false"
    connection.execute(f"CREATE OR REPLACE VIEW raw.{table.name}_quarantine AS "
                       + (f"FROM read_parquet({_files_sql(staging, quarantine)})" if quarantine else empty))  # fmt: skip


def _move(staging: Path, raw: Path, table: str) -> None:
    for part in (staging / table).rglob("*.parquet"):
        target = raw / part.relative_to(staging)
        target.parent.mkdir(parents=True, exist_ok=True)
        part.replace(target)
