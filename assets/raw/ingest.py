"""Which source files are new, what becomes of versions of the same row, and when what was read counts.

A file is known by its bytes and by the settings it was read with: the same twice changes nothing; the same bytes under
a mended mapping are read again and take the place of the earlier reading. How one file is read is `reading`'s.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import itertools
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import duckdb

from assets.errors import InputError
from assets.raw.contract import DUCKDB_TYPES, TABLES, Table
from assets.raw.reading import READING, define_pseudonyms, reading_connection, typed, write_parts
from assets.raw.register import ReadFile, Register
from assets.raw.sources import Source, find_files, literal, path_literal

FILES_AT_ONCE = 2  # 22 s one after the other, 18 to 19 s side by side: six files of 420,000 rows, two cores


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


def _contents(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
        yield from zip(paths, pool.map(_sha256, paths), strict=True)


def _pending(
    register: Register, sources: Sequence[Source], home: Path
) -> tuple[dict[str, list[_Pending]], dict[str, set[str]]]:
    """By table: the files to read, in the order of their names, and the contents that its files have now."""
    pending: dict[str, list[_Pending]] = {}
    present: dict[str, set[str]] = {}
    for source in sources:
        settings = f"{READING} {source.model_dump_json(exclude={'files'})}"
        mapping = hashlib.sha256(settings.encode()).hexdigest()
        known = {file.content: file for file in register.of(source.table)}
        contents = present.setdefault(source.table, set())
        for path, content in _contents(find_files(source, home)):
            if content in contents:
                continue  # the same file under two names
            contents.add(content)
            if content not in known or known[content].mapping != mapping:
                item = _Pending(source, path, content, mapping, known.get(content))
                pending.setdefault(source.table, []).append(item)
    return {table: sorted(items, key=lambda item: item.path.name) for table, items in pending.items()}, present


def missing_files(register: Register, sources: Sequence[Source], home: Path) -> list[ReadFile]:
    """The files of logs that were read and are gone from their sources: their rows are in the lake only."""
    present = {(source.table, content) for source in sources for _, content in _contents(find_files(source, home))}
    return [file for file in register.files if TABLES[file.table].is_log and (file.table, file.content) not in present]


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
    _remove_what_is_not_named(raw, register)
    pending, present = _pending(register, sources, home)
    with _staging(lake) as staging, _reading(key, pending, staging, read_at, register.files) as reading:
        for name, table in TABLES.items():
            mine = pending.get(name, [])
            replaced = [item.replaces for item in mine if item.replaces]
            if not table.is_log:
                replaced += [f for f in register.of(name) if f.content not in present.get(name, set())]
            if not mine and not replaced:
                continue
            read: list[ReadFile] = []
            for coming in reading.get(name, []):
                read.append(coming.result())
                report(f"read {read[-1].name}")
            for file, item in zip(read, mine, strict=True):
                file.late = _late(connection, raw, staging, file, item.replaces, published)
            kept = [file for file in register.files if file not in replaced]
            before = register.outcomes.get(name, {})
            is_anew = bool(replaced) or not table.is_log
            settled = _settle(connection, table, raw, staging, kept, read, None if is_anew else before)
            for file in read:
                settled.count(file)
            _show_read(connection, table, staging, read, settled)
            if not check(name):
                continue
            for file in (file for file in kept if file.table == name):
                lost = (0, 0) if is_anew else (file.duplicate, file.superseded)
                settled.count(file, *lost)
            _move(staging, raw, name)
            register.files = [*kept, *read]
            register.outcomes[name] = settled.outcomes
            register.save()
            yield TableRead(name, read, _changed([*read, *replaced], before, settled.outcomes))


def _check_key(register: Register, key: bytes) -> None:
    mark = hmac.new(key, b"rapport key check", "sha256").hexdigest()[:16]
    if register.files and register.key_check != mark:
        raise InputError(
            "the key is not the one that the lake's pseudonyms were made with", where=str(register.path.parent),
            mend="Put the lost key back. If it is gone for good, or rapport key --rotate was cut short, remove the folder "
            "lake and run a backfill; releases stay as they are.",
        )  # fmt: skip
    register.key_check = mark


def _remove_what_is_not_named(raw: Path, register: Register) -> None:
    """Parts that a run left when it died, and parts of earlier readings that another one has replaced since."""
    named = {raw / part for table in TABLES for part in [*register.parts(table), *register.outcome_parts(table)]}
    named |= {raw / file.quarantine for file in register.files}
    for path in raw.rglob("*.parquet"):
        if path not in named:
            path.unlink()


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


@contextmanager
def _reading(
    key: bytes,
    pending: dict[str, list[_Pending]],
    staging: Path,
    read_at: dt.datetime,
    known: Sequence[ReadFile],
) -> Iterator[dict[str, list[Future[ReadFile]]]]:
    """Begins to read all files into the staging folder, table by table, two at a time, and gives what will come of them.

    What was read of a table is looked at while the files of the next are read. A file that is read again keeps its place
    in the order of arrival. A connection serves one file after the other: to open one takes 0.03 CPU seconds. It has its
    share of the cores: three months took 15.4 CPU seconds so, and 18.4 where each file had both cores.
    """
    items = [(name, item) for name in TABLES for item in pending.get(name, [])]
    following = itertools.count(max((file.number for file in known), default=0) + 1)
    idle: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()

    def read(item: _Pending, number: int) -> ReadFile:
        part = f"{item.content[:16]}-{item.mapping[:8]}"
        own = idle.get()
        try:
            with typed(own, item.source, item.path, read_at) as table:
                counts, parts = write_parts(own, table, staging, part, number)
        finally:
            idle.put(own)
        return ReadFile(
            table.name, number, item.path.name, item.content, item.mapping, read_at.isoformat(timespec="seconds"),
            counts.read, counts.quarantined, parts, f"{table.name}/quarantine/{part}.parquet", stored=counts.stored,
        )  # fmt: skip

    with ExitStack() as opened, ThreadPoolExecutor(FILES_AT_ONCE) as pool:
        at_once = min(FILES_AT_ONCE, len(items))
        for _ in range(at_once):
            own = opened.enter_context(reading_connection())
            own.execute(f"SET threads = {max(1, (os.cpu_count() or 1) // at_once)}")
            define_pseudonyms(own, key)
            idle.put(own)
        reading: dict[str, list[Future[ReadFile]]] = {}
        for name, item in items:
            number = item.replaces.number if item.replaces else next(following)
            reading.setdefault(name, []).append(pool.submit(read, item, number))
        try:
            yield reading
        finally:
            pool.shutdown(cancel_futures=True)


def _late(
    connection: duckdb.DuckDBPyConnection,
    raw: Path,
    staging: Path,
    file: ReadFile,
    replaces: ReadFile | None,
    published: frozenset[str],
) -> int:
    """The rows that came after their month was published; of a file read again, those that were not there before."""
    late = replaces.late if replaces else 0
    for month in published & file.parts.keys():
        before = _rows(connection, raw, replaces.parts.get(month, [])) if replaces else 0
        late += max(0, _rows(connection, staging, file.parts[month]) - before)
    return late


def _files_sql(folder: Path, parts: Sequence[str]) -> str:
    return "[" + ", ".join(path_literal(folder / part) for part in parts) + "]"


def _rows(connection: duckdb.DuckDBPyConnection, folder: Path, parts: Sequence[str]) -> int:
    files = f"parquet_file_metadata({_files_sql(folder, parts)})"
    return connection.execute(f"SELECT sum(num_rows)::BIGINT FROM {files}").fetchall()[0][0] if parts else 0


def rows_sql(table: Table, folder: Path, parts: Sequence[str], columns: str = "*") -> str:
    """A SELECT over parts, with the table's own columns and types where there are none."""
    if parts:
        return f"SELECT {columns} FROM read_parquet({_files_sql(folder, parts)}, hive_partitioning = false)"
    fields = [f"NULL::{DUCKDB_TYPES[field.type]} AS {field.column}" for field in table.kept]
    empty = ", ".join([*fields, "0 AS file_number", "0::BIGINT AS line"])
    return f"SELECT {columns} FROM (SELECT {empty} WHERE false)"


@dataclass(frozen=True)
class _Settled:
    """What was said of versions: how many rows lost, by file number and outcome, and the table's parts that say which.

    `outcomes` are all of its parts by month, `new` those that were written now.
    """

    lost: dict[tuple[int, str], int]
    outcomes: dict[str, list[str]]
    new: list[str]

    def count(self, file: ReadFile, duplicate: int = 0, superseded: int = 0) -> None:
        """Writes into a file's entry how many of its rows lost, added to those that had lost before."""
        file.duplicate = duplicate + self.lost.get((file.number, "duplicate"), 0)
        file.superseded = superseded + self.lost.get((file.number, "superseded"), 0)


def _settle(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    raw: Path,
    staging: Path,
    kept: Sequence[ReadFile],
    read: Sequence[ReadFile],
    known: dict[str, list[str]] | None,
) -> _Settled:
    """Says of every version of a row that came more than once whether it counts: duplicate, superseded or neither.

    A version repeats the one before it (duplicate), or gives way to a later one (superseded), in the order of
    (updated_at, arrival). What has lost has lost for good, as new rows come after all that are equal to them: so only
    the keys of new rows are settled, and `known` are the parts that tell the losers so far. Without them, where rows
    were taken away, everything is settled anew.
    """
    old = [part for file in kept if file.table == table.name for part in file.all_parts]
    new = [part for file in read for part in file.all_parts]
    _find_repeated(connection, table, rows_sql(table, staging, new), rows_sql(table, raw, old), known is None)
    if known is not None:
        old = _holding_repeated(connection, table, raw, old)
    _find_losers(connection, table, f"{rows_sql(table, staging, new)} UNION ALL {rows_sql(table, raw, old)}")
    if parts := [part for parts in (known or {}).values() for part in parts]:
        connection.execute(f"""DELETE FROM losers WHERE (file_number, line) IN
            (SELECT (file_number, line) FROM read_parquet({_files_sql(raw, parts)}))""")
    counts = connection.execute("SELECT file_number, outcome, count(*) FROM losers GROUP BY ALL").fetchall()
    settled = _Settled({(number, outcome): rows for number, outcome, rows in counts}, dict(known or {}), [])
    (staging / table.name / "outcomes").mkdir(parents=True, exist_ok=True)
    for (month,) in connection.execute("SELECT DISTINCT month FROM losers ORDER BY month").fetchall():
        part = f"{table.name}/outcomes/{month or 'all'}-{staging.name}.parquet"
        rows = f"SELECT file_number, line, outcome FROM losers WHERE month = {literal(month)}"
        connection.execute(f"COPY ({rows}) TO {literal(str(staging / part))} (FORMAT parquet)")
        settled.outcomes[month] = [*settled.outcomes.get(month, []), part]
        settled.new.append(part)
    return settled


def _find_repeated(connection: duckdb.DuckDBPyConnection, table: Table, new: str, old: str, is_anew: bool) -> None:
    """Makes the TEMP table `repeated`: the keys that more than one row has, of all rows or of those with new ones.

    Few have, so the keys' hashes are sorted first, and only keys whose hash stands twice are grouped.
    """
    key = ", ".join(table.key)
    earlier = f"SELECT {key} FROM ({old})" + ("" if is_anew else f" AS old SEMI JOIN fresh USING ({key})")
    connection.execute(f"""CREATE OR REPLACE TEMP TABLE keys AS
        WITH fresh AS (SELECT {key} FROM ({new})) FROM fresh UNION ALL {earlier}""")
    hashes: Any = connection.execute(f"SELECT hash({key}) AS hash FROM keys").fetchnumpy()["hash"]
    hashes.sort()
    connection.register("hashes_of_two", {"hash": hashes[1:][hashes[1:] == hashes[:-1]]})
    connection.execute(f"""CREATE OR REPLACE TEMP TABLE repeated AS
        SELECT {key} FROM keys WHERE hash({key}) IN (FROM hashes_of_two) GROUP BY ALL HAVING count(*) > 1""")
    connection.unregister("hashes_of_two")
    connection.execute("DROP TABLE keys")


def _holding_repeated(connection: duckdb.DuckDBPyConnection, table: Table, raw: Path, parts: list[str]) -> list[str]:
    """The parts in which a repeated key stands: most often few, so that most columns of most parts are never read."""
    if not parts or not connection.execute("SELECT count(*) FROM repeated").fetchall()[0][0]:
        return []
    found = connection.execute(f"""SELECT DISTINCT filename
        FROM read_parquet({_files_sql(raw, parts)}, filename = true, hive_partitioning = false)
        SEMI JOIN repeated USING ({", ".join(table.key)})""").fetchall()
    return sorted(str(Path(name).relative_to(raw)) for (name,) in found)


def _find_losers(connection: duckdb.DuckDBPyConnection, table: Table, rows: str) -> None:
    """Makes the TEMP table `losers`: of the rows with a repeated key, those that do not count, and why."""
    key = ", ".join(table.key)
    same_key = " AND ".join(f"rows.{column} IS NOT DISTINCT FROM repeated.{column}" for column in table.key)
    is_versioned = any(field.name == "updated_at" for field in table.fields)
    order = "updated_at NULLS FIRST, file_number, line" if is_versioned else "file_number, line"
    month = f"strftime({table.month}, '%Y-%m')" if table.is_log else "''"
    connection.execute(f"""CREATE OR REPLACE TEMP TABLE losers AS
        WITH rows AS ({rows}),
        versions AS (
            SELECT {key}, file_number, line, {month} AS month,
                hash({", ".join(field.column for field in table.kept)}) AS content,
                row_number() OVER (PARTITION BY {key} ORDER BY {order}) AS number
            FROM rows
            WHERE EXISTS (FROM repeated WHERE {same_key})
        ),
        compared AS (
            SELECT *, content IS NOT DISTINCT FROM lag(content) OVER (PARTITION BY {key} ORDER BY number) AS is_repeat
            FROM versions
        ),
        judged AS (
            SELECT *, max(number) FILTER (WHERE NOT is_repeat) OVER (PARTITION BY {key}) AS winner FROM compared
        )
        SELECT file_number, line, month, CASE WHEN is_repeat THEN 'duplicate' ELSE 'superseded' END AS outcome
        FROM judged WHERE is_repeat OR number < winner""")


def _changed(files: Iterable[ReadFile], before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """The months of files that came or went, and those in which other rows lose than before."""
    months = {month for file in files for month in file.parts}
    return sorted(months | {month for month in before.keys() | after.keys() if before.get(month) != after.get(month)})


def _show_read(
    connection: duckdb.DuckDBPyConnection, table: Table, staging: Path, read: Sequence[ReadFile], settled: _Settled
) -> None:
    """The views that a raw suite looks at."""
    name = f"raw.{table.name}"
    rows = f"FROM ({rows_sql(table, staging, [part for file in read for part in file.all_parts])}) AS rows"
    if settled.new:
        rows += f" ANTI JOIN read_parquet({_files_sql(staging, settled.new)}) USING (file_number, line)"
    quarantine = "SELECT 0 AS file_number, 0::BIGINT AS line, '' AS field, '' AS reason WHERE false"
    if read:
        quarantine = f"FROM read_parquet({_files_sql(staging, [file.quarantine for file in read])})"
    connection.execute("CREATE SCHEMA IF NOT EXISTS raw")
    connection.execute(f"CREATE OR REPLACE VIEW {name} AS {rows}")
    connection.execute(f"CREATE OR REPLACE VIEW {name}_quarantine AS {quarantine}")
    connection.execute(f"""CREATE OR REPLACE TABLE {name}_files (
        file_number INTEGER, file VARCHAR, read BIGINT, stored BIGINT, quarantined BIGINT, duplicate BIGINT,
        superseded BIGINT, accepted BIGINT)""")
    for file in read:
        counts = [file.read, file.stored, file.quarantined, file.duplicate, file.superseded, file.accepted]
        connection.execute(
            f"INSERT INTO {name}_files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [file.number, file.name, *counts]
        )


def _move(staging: Path, raw: Path, table: str) -> None:
    """Moves a table's new parts to their places, on the disk for good before the register names them."""
    for part in (staging / table).rglob("*.parquet"):
        with part.open("rb") as file:
            os.fsync(file.fileno())
        target = raw / part.relative_to(staging)
        target.parent.mkdir(parents=True, exist_ok=True)
        part.replace(target)
