"""Small source files, read and ingested: text in, rows out. What a test expects of them stands in the test."""

from __future__ import annotations

import atexit
import datetime as dt
import hmac
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from assets.raw.contract import TABLES
from assets.raw.ingest import TableRead, ingest, rows_sql
from assets.raw.reading import reading_connection, typed
from assets.raw.register import ReadFile, Register
from assets.raw.sources import Source
from pipelines.lake import connect

KEY = b"0123456789abcdef0123456789abcdef"
READ_AT = dt.datetime(2026, 11, 15, 12, tzinfo=dt.UTC)
HEADER = "session_id,therapist_id,client_id,starts_at,ends_at,status\n"
THERAPISTS = "therapist_id,team_id\nt1,T1\nt2,T1\n"

OPEN = ExitStack()
atexit.register(OPEN.close)

Row = dict[str, Any]


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def pseudonym(person: str, identity: str, key: bytes = KEY) -> uuid.UUID:
    """What the standard library makes of an id: the second way to a pseudonym."""
    return uuid.UUID(bytes=hmac.new(key, f"{person}:{identity}".encode(), "sha256").digest()[:16])


@dataclass
class Judged:
    """A file as it was read: rows with their values, the first fault of each row by its line, and lines that are no row."""

    rows: list[Row]
    unreadable: list[int]

    @property
    def faults(self) -> dict[int, str]:
        return {row["line"]: row["fault"] for row in self.rows if row["fault"]}

    @property
    def lines(self) -> list[int]:
        return [row["line"] for row in self.rows]

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """One for all tests, as connecting takes longer than most of what they do: it keeps no row of theirs."""
    return OPEN.enter_context(connect())


@cache
def private_connection() -> duckdb.DuckDBPyConnection:
    """One for all files that tests read in memory only."""
    return OPEN.enter_context(reading_connection())


def rows_of(on: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    found = on.execute(sql)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def source_of(table: str, files: str | list[str] = "any", **settings: Any) -> Source:
    return Source.model_validate({"table": table, "files": files, "timezone": "Europe/Berlin", **settings})


def judge(path: Path, table: str, most_rows: int | None = None, **settings: Any) -> Judged:
    """Reads a file that is there, in memory only."""
    own = private_connection()
    with typed(own, source_of(table, **settings), path, READ_AT, most_rows):
        rows = rows_of(own, "SELECT * FROM judged ORDER BY line")
        unreadable = rows_of(own, "SELECT line FROM unreadable ORDER BY line")
    return Judged(rows, [row["line"] for row in unreadable])


@dataclass
class Home:
    """A folder with sources and a lake. `read` is one run's ingest; `rows` are those that count in the lake."""

    folder: Path
    key: bytes = KEY
    published: frozenset[str] = frozenset()
    sources: list[Source] = field(default_factory=list)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def read(self, check: Callable[[str], bool] = lambda table: True) -> list[TableRead]:
        found = ingest(
            connection(), self.lake, self.folder, self.sources, self.key, READ_AT,
            check=check, published=self.published,
        )  # fmt: skip
        return list(found)

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def register(self) -> Register:
        return Register.load(self.lake / "raw")

    def file(self, name: str) -> ReadFile:
        return next(file for file in self.register.files if file.name == name)

    def outcomes(self) -> dict[str, tuple[int, int, int, int, int]]:
        """By file: read, accepted, superseded, duplicate, quarantined; the first is always the sum of the others."""
        found = {}
        for file in self.register.files:
            parts = (file.accepted, file.superseded, file.duplicate, file.quarantined)
            assert file.read == sum(parts), f"{file.name} does not add up"
            found[file.name] = (file.read, *parts)
        return found

    def rows(self, table: str = "sessions", months: list[str] | None = None) -> list[Row]:
        register, raw = self.register, self.lake / "raw"
        sql = f"FROM ({rows_sql(TABLES[table], raw, register.parts(table, months))}) AS rows"
        if lost := [str(raw / part) for part in register.outcome_parts(table, months)]:
            sql += f" ANTI JOIN read_parquet({lost}) USING (file_number, line)"
        found = rows_of(connection(), f"{sql} ORDER BY file_number, line")
        accepted = sum(file.accepted for file in register.of(table))
        assert months is not None or len(found) == accepted, "the register counts other rows than the lake holds"
        return found

    def quarantine(self, table: str = "sessions") -> list[tuple[int, str, str]]:
        paths = [str(self.lake / "raw" / file.quarantine) for file in self.register.of(table)]
        found = rows_of(connection(), f"SELECT * FROM read_parquet({paths}) ORDER BY file_number, line")
        return [(row["line"], row["field"], row["reason"]) for row in found]

    def bytes_of_lake(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.lake)): path.read_bytes()
            for path in sorted(self.lake.rglob("*"))
            if path.is_file()
        }


def session(
    number: int | str,
    start: str = "2026-10-05T09:00Z",
    status: str = "attended",
    therapist: str = "t1",
    client: str = "c1",
    minutes: int = 50,
) -> str:
    """One line of a sessions file under HEADER."""
    begins = dt.datetime.fromisoformat(start)
    ends = (begins + dt.timedelta(minutes=minutes)).isoformat()
    return f"s{number},{therapist},{client},{begins.isoformat()},{ends},{status}\n"
