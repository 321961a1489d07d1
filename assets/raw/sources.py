"""A source: files of one table, and how its columns, values and times are to be read.

Opens a file of any supported form as something DuckDB can select from. What the fields must look like is the
contract's; turning them into typed rows is `reading`.
"""

from __future__ import annotations

import codecs
import csv
import glob
import gzip
import io
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from assets.errors import InputError, nearest
from assets.raw.contract import TABLES

Format = Literal["csv", "parquet", "json", "xlsx"]
ENDINGS: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet",
    ".json": "json", ".jsonl": "json", ".ndjson": "json", ".xlsx": "xlsx",
}  # fmt: skip
HEADER_BYTES = 1 << 20  # a header longer than this is not a header
MAXIMUM_LINE_BYTES = 4 << 20


class Expression(BaseModel):
    """A field computed from the source's columns: one DuckDB expression."""

    model_config = ConfigDict(extra="forbid")
    sql: str

    @field_validator("sql")
    @classmethod
    def _is_one_expression(cls, sql: str) -> str:
        import sqlglot

        try:
            parsed = sqlglot.parse_one(f"SELECT {sql} AS value", dialect="duckdb")
        except sqlglot.errors.ParseError as error:
            raise ValueError("is not one DuckDB expression") from error
        if not isinstance(parsed, sqlglot.exp.Select) or len(parsed.expressions) != 1 or parsed.args.get("from_"):
            raise ValueError("is not one DuckDB expression")
        return sql


class Source(BaseModel):
    """One `[[source]]` of `rapport.toml`."""

    model_config = ConfigDict(extra="forbid")
    table: str
    files: list[str]
    format: Format | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    header: bool = True
    names: list[str] | None = None
    encoding: str = "utf-8"
    sheet: str | None = None
    timezone: str | None = None
    time_formats: list[str] = []
    list_separator: str = ";"
    columns: dict[str, str | Expression] = {}
    values: dict[str, dict[str, str]] = {}

    @field_validator("table")
    @classmethod
    def _table_is_known(cls, table: str) -> str:
        if table not in TABLES:
            raise ValueError(f"there is no table of this name. Tables: {', '.join(TABLES)}. {nearest(table, TABLES)}")
        return table

    @field_validator("files", mode="before")
    @classmethod
    def _one_or_many(cls, files: object) -> object:
        return [files] if isinstance(files, str) else files

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, encoding: str) -> str:
        try:
            return codecs.lookup(encoding).name
        except LookupError as error:
            raise ValueError('no encoding of this name. Common ones: "utf-8", "cp1252", "latin-1", "utf-16"') from error

    @field_validator("timezone")
    @classmethod
    def _timezone_is_known(cls, timezone: str | None) -> str | None:
        return None if timezone is None else known_timezone(timezone)

    @model_validator(mode="after")
    def _mapping_fits_the_table(self) -> Source:
        known = [field.name for field in TABLES[self.table].fields]
        for name in [*self.columns, *self.values]:
            if name not in known:
                raise ValueError(f'"{name}" is not a field of {self.table}. Fields: {", ".join(known)}. {nearest(name, known)}')
        for name, mapped in self.values.items():
            allowed = TABLES[self.table].field(name).allowed
            for ours in mapped.values():
                if allowed and ours not in allowed:
                    raise ValueError(f'"{ours}" is not a value of {name}. Values: {", ".join(allowed)}. {nearest(ours, allowed)}')
        if not self.header and not self.names:
            raise ValueError("header = false needs names = [...], the names of the columns in their order")
        return self

    def form_of(self, path: Path) -> Format:
        if self.format:
            return self.format
        ending = next((e for e in reversed(path.suffixes) if e.lower() != ".gz"), "").lower()
        if ending not in ENDINGS:
            raise InputError(
                f'the ending "{ending}" tells no format', where=path.name, mend='Set format = "csv" (or parquet, json, xlsx).'
            )
        return ENDINGS[ending]


def known_timezone(timezone: str) -> str:
    """The name itself; raises ValueError where no such time zone exists."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError('no time zone of this name; use an IANA name such as "Europe/Berlin"') from error
    return timezone


def find_files(source: Source, home: Path) -> list[Path]:
    """The source's files in the order of their names. Raises InputError where a pattern finds none."""
    found: list[Path] = []
    for pattern in source.files:
        matches = [Path(match) for match in glob.glob(str(home / pattern), recursive=True)]  # noqa: PTH207
        if not matches:
            raise InputError(
                f'no file matches "{pattern}" for the table {source.table}',
                where=str(home), mend="Patterns are relative to the folder of rapport.toml.",
            )  # fmt: skip
        for match in matches:
            if match.is_dir():
                raise InputError("is a folder, not a file", where=match.name, mend=f'Name its files, as in "{pattern}/*.csv".')
        found += matches
    return sorted(set(found), key=lambda path: (path.name, str(path)))


@dataclass(frozen=True)
class Opened:
    """A file as DuckDB sees it: `relation` goes behind FROM; `columns` maps its columns' names to their types."""

    relation: str
    columns: dict[str, str]
    first_line: int
    rejects: bool


def literal(text: str) -> str:
    """A string as an SQL literal, where a parameter cannot be bound (options of a reader, generated columns)."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A column's name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def opened(connection: duckdb.DuckDBPyConnection, source: Source, path: Path) -> Iterator[Opened]:
    """Opens a source file. Raises InputError for one that is empty, binary, or not what it says it is."""
    if path.stat().st_size == 0:
        raise InputError("the file is empty", where=path.name, mend="Export it again; a month without rows still has a header.")
    form = source.form_of(path)
    if form == "csv":
        with _opened_csv(source, path) as result:
            yield result
        return
    try:
        if form == "xlsx":
            yield _opened_xlsx(connection, source, path)
        else:
            relation = (f"read_parquet({literal(str(path))})" if form == "parquet" else
                        f"read_json({literal(str(path))}, maximum_depth = 2, sample_size = -1, convert_strings_to_integers = false)")  # fmt: skip
            yield Opened(relation, _described(connection, relation), 1, rejects=False)
    except duckdb.Error as error:
        kind = {"parquet": "a Parquet file", "json": "JSON, or one JSON object a line", "xlsx": "an XLSX workbook"}[form]
        raise InputError(f"cannot be read as {kind}", where=path.name, mend="Set format to what the file is.") from error
    finally:
        with suppress(duckdb.Error):
            connection.unregister("workbook")


def _described(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}


def _opened_xlsx(connection: duckdb.DuckDBPyConnection, source: Source, path: Path) -> Opened:
    import pandas as pd

    try:
        frame = pd.read_excel(
            path, sheet_name=source.sheet or 0, engine="calamine", dtype=str, header=0 if source.header else None,
            names=None if source.header else source.names,
        )  # fmt: skip
    except Exception as error:
        raise InputError(
            "cannot be read as an XLSX workbook" + (f' with a sheet "{source.sheet}"' if source.sheet else ""),
            where=path.name, mend="Set sheet to the sheet's name, or format to what the file is.",
        ) from error  # fmt: skip
    frame.columns = [str(column) for column in frame.columns]
    connection.register("workbook", frame)
    return Opened("workbook", dict.fromkeys(frame.columns, "VARCHAR"), 2 if source.header else 1, rejects=False)


@contextmanager
def _opened_csv(source: Source, path: Path) -> Iterator[Opened]:
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    head = _head(path, source.encoding, is_gzip)
    delimiter = source.delimiter or ("\t" if ".tsv" in path.suffixes else max(",;\t|", key=head.count))
    first = next(csv.reader(io.StringIO(head), delimiter=delimiter), [])
    names = [name.strip() for name in first] if source.header else list(source.names or [])
    if len(first) != len(names):
        raise InputError(
            f"its first line has {len(first)} columns, names = [...] has {len(names)}",
            where=f"{path.name}, line 1", mend="Give a name to each column, in their order.",
        )  # fmt: skip
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        names = [f"{name}_{names[:index].count(name)}" if name in names[:index] else name for index, name in enumerate(names)]
    with _utf8(path, source.encoding, is_gzip) as readable:
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
        yield Opened(
            f"read_csv({literal(str(readable))}, auto_detect = false, header = {str(source.header).lower()},"
            f" delim = {literal(delimiter)}, quote = '\"', escape = '\"', columns = {{{columns}}},"
            f" compression = '{'gzip' if is_gzip and readable == path else 'none'}', max_line_size = {MAXIMUM_LINE_BYTES},"
            " store_rejects = true, rejects_limit = 0)",
            dict.fromkeys(names, "VARCHAR"),
            2 if source.header else 1,
            rejects=True,
        )


def _head(path: Path, encoding: str, is_gzip: bool) -> str:
    """The first line as text. Raises InputError where the bytes are no text in this encoding."""
    try:
        with gzip.open(path) if is_gzip else path.open("rb") as file:
            head = file.read(HEADER_BYTES)
    except (OSError, EOFError) as error:
        raise InputError("the gzip file is damaged", where=path.name, mend="Copy or export it again.") from error
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head).lstrip("\ufeff")
    line = text.split("\n", 1)[0]
    if "\0" in text:
        raise InputError(
            "is not a text file" if encoding in ("utf-8", "ascii") else f"is not text in {encoding}",
            where=path.name, mend='Set format (parquet, xlsx) or encoding (for example "utf-16") to what the file is.',
        )  # fmt: skip
    if "\ufffd" in text[:-4]:
        place = text[: text.index("\ufffd")].count("\n") + 1
        raise InputError(
            f"is not text in {encoding}", where=f"{path.name}, line {place}",
            mend='Set encoding to the file\'s own, for example encoding = "cp1252".',
        )  # fmt: skip
    if len(head) == HEADER_BYTES and "\n" not in text:
        raise InputError("has no line end in its first megabyte", where=f"{path.name}, line 1", mend="Export it with one row a line.")
    return line.rstrip("\r")


@contextmanager
def _utf8(path: Path, encoding: str, is_gzip: bool) -> Iterator[Path]:
    """The file itself where DuckDB can read it; else a pipe that gives it in UTF-8, so that nothing is written to disk."""
    if encoding in ("utf-8", "ascii", "utf-8-sig"):
        yield path
        return
    if not hasattr(os, "mkfifo"):
        raise InputError(f"files in {encoding} cannot be read on this system", where=path.name, mend="Convert it to UTF-8.")
    with tempfile.TemporaryDirectory(prefix="rapport-") as folder:
        pipe = Path(folder) / "source.csv"
        os.mkfifo(pipe, 0o600)
        writer = threading.Thread(target=_transcode, args=(path, encoding, is_gzip, pipe), daemon=True)
        writer.start()
        try:
            yield pipe
        finally:
            with suppress(OSError):  # nobody read it: let the writer go
                os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
            writer.join(timeout=5)


def _transcode(path: Path, encoding: str, is_gzip: bool, pipe: Path) -> None:
    with (
        suppress(BrokenPipeError),
        (gzip.open(path) if is_gzip else path.open("rb")) as raw,
        io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="") as text,  # type: ignore[arg-type]
        pipe.open("w", encoding="utf-8", newline="") as out,
    ):
        while block := text.read(1 << 20):
            out.write(block)
