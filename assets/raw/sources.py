"""A source: files of one table, and how its columns, values and times are to be read.

Opens a file of any supported form as something DuckDB can select from, and tells what of it could not be split into
columns. What the fields must look like is the contract's; turning them into typed rows is `reading`.
"""

from __future__ import annotations

import codecs
import csv
import glob
import gzip
import io
import os
import re
import threading
import zlib
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Literal, TextIO, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from assets.errors import InputError, nearest
from assets.raw.contract import TABLES, Table
from assets.raw.workbooks import sheet_rows

Format = Literal["csv", "parquet", "json", "xlsx"]
ENDINGS: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet",
    ".json": "json", ".jsonl": "json", ".ndjson": "json", ".xlsx": "xlsx",
}  # fmt: skip
BLOCK_BYTES = 1 << 20
LONGEST_LINE = 1 << 20  # in characters; what is longer is no row
YES_OR_NO = {"yes": "true", "no": "false"}
DELIMITER_LINE = re.compile(r'"?sep=([^\r\n])"?(?:\r\n|\r|\n)', re.IGNORECASE)
FIRST_ROWS, FEW_VALUES = 500, 16
UNDECODED = "\udcff"  # stands where bytes are no text in the file's encoding; no file can hold it

LINE = "line in the file"
SEPARATOR = "\x1f"

csv.field_size_limit(LONGEST_LINE)
codecs.register_error("undecoded", lambda error: (UNDECODED, cast(UnicodeDecodeError, error).end))


class UnfitError(ValueError):
    """A setting that cannot be; `place` is where in its table it stands, `mend` what to write instead."""

    def __init__(self, what: str, *place: str | int, mend: str = "") -> None:
        self.place, self.mend = place, mend
        super().__init__(what)


class Expression(BaseModel):
    """A field computed from the source's columns: one DuckDB expression."""

    model_config = ConfigDict(extra="forbid")
    sql: str

    @field_validator("sql")
    @classmethod
    def _is_one_expression(cls, sql: str) -> str:
        from sqlglot import expressions, parse_one
        from sqlglot.errors import SqlglotError

        try:
            parsed = parse_one(f"SELECT {sql} AS value", dialect="duckdb")
        except SqlglotError as error:
            raise ValueError("is not one DuckDB expression") from error
        if not isinstance(parsed, expressions.Select) or len(parsed.expressions) != 1 or parsed.args.get("from_"):
            raise ValueError("is not one DuckDB expression")
        return sql


class Source(BaseModel):
    """One `[[source]]` of `rapport.toml`."""

    model_config = ConfigDict(extra="forbid")
    table: str
    files: list[str] = Field(min_length=1)
    format: Format | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    header: bool = True
    names: list[str] | None = None
    encoding: str = "utf-8"
    sheet: str | None = None
    timezone: str | None = None
    time_formats: list[str] = []
    list_separator: str = Field(default=";", min_length=1)
    columns: dict[str, str | Expression] = {}
    values: dict[str, dict[str, str]] = {}
    _lines: dict[tuple[str, ...], int] = PrivateAttr(default_factory=dict)
    _file: str = PrivateAttr(default="rapport.toml")

    def stands(self, file: str, lines: dict[tuple[str, ...], int]) -> None:
        """Takes note of the lines of a configuration on which its keys stand."""
        self._file, self._lines = file, lines

    def where(self, *key: str) -> str:
        """Where one of its keys stands, for an error."""
        line = self._lines.get(key)
        return (
            f"{self._file}, {f'line {line}' if line else f'source of {self.table}'}, key {'.'.join(('source', *key))}"
        )

    @field_validator("table")
    @classmethod
    def _table_is_known(cls, table: str) -> str:
        if table not in TABLES:
            raise UnfitError(
                f'there is no table "{table}"', mend=f"{nearest(table, TABLES)} Tables: {', '.join(TABLES)}.".lstrip()
            )
        return table

    @field_validator("files", mode="before")
    @classmethod
    def _one_or_many(cls, files: object) -> object:
        return [files] if isinstance(files, str) else files

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except LookupError as error:
            raise UnfitError(
                "there is no text encoding of this name", mend='Common ones: "utf-8", "cp1252", "latin-1", "utf-16".'
            ) from error
        return codecs.lookup(encoding).name

    @field_validator("timezone")
    @classmethod
    def _timezone_is_known(cls, timezone: str | None) -> str | None:
        return None if timezone is None else known_timezone(timezone)

    @field_validator("time_formats")
    @classmethod
    def _formats_have_codes(cls, formats: list[str]) -> list[str]:
        for form in formats:
            if "%" not in form:
                raise UnfitError(f'"{form}" has no codes with %', mend='Write it with codes, as "%d.%m.%Y %H:%M".')
        return formats

    @field_validator("values", mode="before")
    @classmethod
    def _yes_is_a_value(cls, values: object) -> object:
        """`ja = true` without quotes is meant as `ja = "true"`."""
        if not isinstance(values, dict):
            return values
        return {
            field: {theirs: str(ours).lower() if isinstance(ours, bool) else ours for theirs, ours in mapped.items()}
            if isinstance(mapped, dict) else mapped
            for field, mapped in values.items()
        }  # fmt: skip

    @model_validator(mode="after")
    def _mapping_fits_the_table(self) -> Source:
        table = TABLES[self.table]
        for key, names in (("columns", list(self.columns)), ("values", list(self.values))):
            for name in names:
                _is_field(table, name, key)
        for name, mapped in self.values.items():
            if table.field(name).type == "boolean":
                mapped = self.values[name] = {theirs: YES_OR_NO.get(ours, ours) for theirs, ours in mapped.items()}
            _are_values(table, name, mapped)
        if not self.header and not self.names:
            raise UnfitError(
                "a source without a header has no names for its columns",
                "header",
                mend="Set names = [...], in their order.",
            )
        return self

    def form_of(self, path: Path) -> Format:
        if self.format:
            return self.format
        ending = next((e for e in reversed(path.suffixes) if e.lower() != ".gz"), "").lower()
        if ending not in ENDINGS:
            raise InputError(
                f'the ending "{ending}" tells no format',
                where=path.name,
                mend='Set format = "csv" (or parquet, json, xlsx).',
            )
        return ENDINGS[ending]


def _is_field(table: Table, name: str, key: str) -> None:
    known = [field.name for field in table.fields]
    if name not in known:
        mend = f"{nearest(name, known)} Fields: {', '.join(known)}.".lstrip()
        raise UnfitError(f'"{name}" is not a field of {table.name}', key, name, mend=mend)


def _are_values(table: Table, name: str, mapped: dict[str, str]) -> None:
    field = table.field(name)
    if field.type not in ("status", "category", "boolean", "list"):
        raise UnfitError(
            f"{name} has no values to map", "values", name, mend='Compute it: { sql = "…" } under [source.columns].'
        )
    allowed = ("true", "false", *YES_OR_NO) if field.type == "boolean" else field.allowed
    seen: dict[str, str] = {}
    for theirs, ours in mapped.items():
        if allowed and ours not in allowed:
            mend = f"{nearest(ours, allowed)} Values: {', '.join(allowed)}.".lstrip()
            raise UnfitError(f'"{ours}" is not a value of {name}', "values", name, theirs, mend=mend)
        if seen.setdefault(theirs.strip().lower(), ours) != ours:
            raise UnfitError(
                f'"{theirs}" stands here twice, for two values',
                "values",
                name,
                theirs,
                mend="Upper and lower case are one.",
            )


def known_timezone(timezone: str) -> str:
    """The name itself; raises ValueError where no such time zone exists."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnfitError(
            f'there is no time zone "{timezone}"', mend='Use an IANA name such as "Europe/Berlin".'
        ) from error
    return timezone


def find_files(source: Source, home: Path) -> list[Path]:
    """The source's files in the order of their names. Raises InputError where a pattern finds none."""
    found: set[Path] = set()
    for pattern in source.files:
        matches = [home / match for match in glob.glob(pattern, root_dir=home, recursive=True)]  # noqa: PTH207
        if not matches:
            raise InputError(
                f'no file matches "{pattern}" for the table {source.table}',
                where=str(home), mend="Patterns are relative to the folder of rapport.toml.",
            )  # fmt: skip
        for match in matches:
            if match.is_dir():
                raise InputError(
                    "is a folder, not a file",
                    where=match.name,
                    mend=f'Name its files, as in files = "{pattern}/*.csv".',
                )
        found.update(matches)
    return sorted(found, key=lambda path: (path.name, str(path)))


@dataclass
class Opened:
    """A file as DuckDB sees it.

    `relation` goes behind FROM; `columns` maps its columns' names to their types. `line` says on which line a row
    stands: SQL over the table that the relation was loaded into, with the column `carried`, if any. Once it was
    loaded, `rows` is how many must have come, where that can be told, and `unreadable` the lines that are no row.
    `few` are the values in the first rows of columns that have no more than a few there.
    """

    relation: str
    columns: dict[str, str]
    line: str = "rowid + 1"
    carried: str = ""
    rows: int | None = None
    unreadable: list[int] = field(default_factory=list)
    few: dict[str, list[str]] = field(default_factory=dict)

    def counted(self, records: Iterable[list[str]]) -> Iterator[list[str]]:
        self.rows = 0
        for record in records:
            self.rows += 1
            yield record


def literal(text: str) -> str:
    """A string as an SQL literal, where a parameter cannot be bound (options of a reader, generated columns)."""
    return "'" + text.replace("'", "''") + "'"


def path_literal(path: Path) -> str:
    """A path as an SQL literal that means this one file, whatever characters are in its name."""
    return literal(glob.escape(str(path)))


def quoted(name: str) -> str:
    """A column's name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def opened_quickly(source: Source, path: Path) -> Opened | None:
    """A plain CSV file for DuckDB to read by itself, with all its threads; None where a file needs care.

    Believe the reading only if it succeeds and gives `rows` rows: lines are counted here, independently. A file with
    blank lines, or with line ends within values, does not add up, and is then read with care, as its lines' numbers
    would be wrong.
    """
    with _explained(path):
        if source.form_of(path) != "csv" or source.encoding not in ("utf-8", "utf-8-sig", "ascii"):
            return None
        names, delimiter, before = _columns_of_csv(source, path)
        lines, longest = _measure(path)
    if before or longest > LONGEST_LINE:
        return None
    compression = "gzip" if _is_gzip(path) else "none"
    relation = _read_csv(
        path_literal(path), dict.fromkeys(names, "VARCHAR"), delimiter, '"', source.header, compression
    )
    header = int(source.header)
    few = _few_values(source, path, names, delimiter)
    return Opened(relation, dict.fromkeys(names, "VARCHAR"), f"rowid + {1 + header}", rows=lines - header, few=few)


@contextmanager
def opened(
    connection: duckdb.DuckDBPyConnection, source: Source, path: Path, most_rows: int | None = None
) -> Iterator[Opened]:
    """Opens a source file, or its first rows, with care: a row is told with its line, or its line as unreadable.

    Raises InputError for a file that is empty, damaged, binary, or not what it says it is.
    """
    with _explained(path):
        form = source.form_of(path)
        if form in ("csv", "xlsx"):
            file = Opened("", {}, quoted(LINE), quoted(LINE))
            names, records = _csv(source, path, file.unreadable) if form == "csv" else _xlsx(source, path, most_rows)
            file.columns = dict.fromkeys(names, "VARCHAR")
            with _piped(file.counted(islice(records, most_rows))) as pipe:
                file.relation = _read_csv(literal(pipe), {LINE: "BIGINT", **file.columns}, SEPARATOR, "")
                yield file
            return
        if form == "json":
            relation, columns = _json(connection, path)
        else:
            relation = f"read_parquet({path_literal(path)})"
            columns = _described(connection, relation)
        yield Opened(f"(FROM {relation} LIMIT {most_rows})" if most_rows else relation, columns)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """What can be wrong with a file as a whole, in words. No message of a library is passed on: it may hold values."""
    from python_calamine import CalamineError

    try:
        if path.stat().st_size == 0:
            raise InputError(
                "the file is empty", where=path.name, mend="Export it again; a month without rows still has a header."
            )
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError("the gzip file is damaged", where=path.name, mend="Copy or export it again.") from error
    except CalamineError as error:
        raise InputError(
            "cannot be read as an XLSX workbook", where=path.name, mend="Set format to what the file is."
        ) from error
    except OSError as error:
        raise InputError(
            f"cannot be opened: {error.strerror}", where=path.name, mend="Check that it is there and may be read."
        ) from error


def _described(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}


def _json(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, dict[str, str]]:
    """All fields of a JSON file as text, so that an id or a time stays as it was written; lists as lists of texts."""
    found = _described(connection, f"read_json({path_literal(path)}, maximum_depth = 2, sample_size = -1)")
    if found.keys() == {"json"}:
        raise InputError(
            "holds no JSON objects with fields", where=path.name, mend="One object a line, or one list of objects."
        )
    columns = {name: "VARCHAR[]" if kind.endswith("[]") else "VARCHAR" for name, kind in found.items()}
    return f"read_json({path_literal(path)}, columns = {_struct(columns)})", columns


def _struct(columns: dict[str, str]) -> str:
    return "{" + ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in columns.items()) + "}"


def _xlsx(source: Source, path: Path, most_rows: int | None) -> tuple[list[str], Iterator[list[str]]]:
    """The names of a sheet's columns, and its rows as texts, the row's number first."""
    rows = sheet_rows(path, source.sheet, None if most_rows is None else 1 + most_rows)
    if not rows:
        raise InputError("the sheet is empty", where=path.name, mend="Set sheet to the one that holds the table.")
    names = _column_names(source, rows[0], path)
    first = int(source.header)
    return names, ([str(line), *row] for line, row in enumerate(rows[first:], first + 1) if any(row))


def _csv(source: Source, path: Path, unreadable: list[int]) -> tuple[list[str], Iterator[list[str]]]:
    names, delimiter, before = _columns_of_csv(source, path)

    def records() -> Iterator[list[str]]:
        with (
            _bytes(path) as file,
            io.TextIOWrapper(cast(IO[bytes], file), encoding=source.encoding, errors="undecoded", newline="") as text,
        ):
            splitting = _split(text, delimiter, len(names), unreadable, before)
            yield from islice(splitting, int(source.header), None)

    return names, records()


def _columns_of_csv(source: Source, path: Path) -> tuple[list[str], str, int]:
    """The names of a CSV file's columns, what separates them, and how many lines stand before them."""
    head = _head(path, source.encoding)
    _refuse_utf_8(source, path)
    before = DELIMITER_LINE.match(head)  # as Excel writes and reads it
    head = head[before.end() :] if before else head
    first_line = re.split("[\r\n]", head, maxsplit=1)[0]
    delimiter = source.delimiter or (before.group(1) if before else "")
    delimiter = delimiter or ("\t" if ".tsv" in path.suffixes else max(",;\t|", key=first_line.count))
    try:
        header = next(
            (row for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, strict=True) if row), []
        )
    except csv.Error as error:
        raise InputError("the header cannot be read", where=f"{path.name}, line 1", mend="Check its quotes.") from error
    return _column_names(source, header, path), delimiter, int(before is not None)


def _few_values(source: Source, path: Path, names: list[str], delimiter: str) -> dict[str, list[str]]:
    """By column, the values in a file's first rows, the most frequent first, where they are no more than a few."""
    rows = csv.reader(io.StringIO(_head(path, source.encoding), newline=""), delimiter=delimiter)
    with suppress(csv.Error):
        columns = zip(*(row for row in islice(rows, 1, FIRST_ROWS) if len(row) == len(names)), strict=True)
        found = {name: [value for value, _ in Counter(values).most_common() if value]
                 for name, values in zip(names, columns, strict=False)}  # fmt: skip
        return {name: values for name, values in found.items() if len(values) <= FEW_VALUES}
    return {}


def _column_names(source: Source, first_row: Sequence[str], path: Path) -> list[str]:
    """A name for each column. One that stands twice, or is empty, gets its position: neither is taken for the other."""
    if source.header:
        names = [name.strip() for name in first_row]
    else:
        names = list(source.names or [])
        if len(names) != len(first_row):
            raise InputError(
                f"its first line has {len(first_row)} columns, names = [...] has {len(names)}",
                where=f"{path.name}, line 1", mend="Give a name to each column, in their order.",
            )  # fmt: skip
    folded = [name.casefold() for name in names]
    return [name if name and folded.count(name.casefold()) == 1 else f"{name} (column {position})".strip()
            for position, name in enumerate(names, 1)]  # fmt: skip


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _bytes(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked."""
    return cast(IO[bytes], gzip.open(path)) if _is_gzip(path) else path.open("rb")


def _head(path: Path, encoding: str) -> str:
    """The beginning of a file as text. Raises InputError where its bytes are no text in this encoding."""
    with _bytes(path) as file:
        head = file.read(BLOCK_BYTES)
    mend = 'Set encoding to the file\'s own, for example "cp1252" or "utf-16", or format to what the file is.'
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head).removeprefix("\ufeff")
    except UnicodeError as error:
        line = head[: error.start].count(b"\n") + 1 if isinstance(error, UnicodeDecodeError) else 1
        raise InputError(f"is not text in {encoding}", where=f"{path.name}, line {line}", mend=mend) from None
    if "\0" in text:
        raise InputError(f"is not text in {encoding}", where=path.name, mend=mend)
    if len(head) == BLOCK_BYTES and not re.search("[\r\n]", text):
        raise InputError(
            "has no line end in its first megabyte", where=f"{path.name}, line 1", mend="Export it with one row a line."
        )
    return text


def _refuse_utf_8(source: Source, path: Path) -> None:
    """Refuses a file that says it is of an encoding in which every byte is a letter, and is UTF-8: ü would be read as Ã¼."""
    decoder = codecs.getincrementaldecoder(source.encoding)
    if not all(decoder("replace").decode(bytes([byte])) for byte in range(128, 256)):
        return  # it waits for a second byte
    with _bytes(path) as file:
        head = file.read(BLOCK_BYTES)
    if head.isascii():
        return
    with suppress(UnicodeDecodeError):
        codecs.getincrementaldecoder("utf-8")().decode(head)
        line = next(number for number, line in enumerate(head.split(b"\n"), 1) if not line.isascii())
        raise InputError(
            f"is UTF-8 (line {line}), and {source.where('encoding')} says {source.encoding}",
            where=path.name, mend='Set encoding = "utf-8", or take the key out.',
        )  # fmt: skip


def _measure(path: Path) -> tuple[int, int]:
    """The number of lines, and the longest stretch without a line end that reaches over a block."""
    lines = longest = length = 0
    with _bytes(path) as file:
        for block in iter(partial(file.read, BLOCK_BYTES), b""):
            ends = block.count(b"\n")
            length += block.find(b"\n") if ends else len(block)
            longest = max(longest, length)
            if ends:
                lines, length = lines + ends, len(block) - block.rfind(b"\n") - 1
    return lines + (length > 0), longest


class _Lines:
    """A text's lines, numbered, with those remembered that the record at hand is made of."""

    def __init__(self, text: TextIO) -> None:
        self.text, self.number = text, 0
        self.waiting: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.waiting.popleft() if self.waiting else self.text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
            while (rest := self.text.readline(LONGEST_LINE)) and rest[-1] not in "\r\n":
                pass
            line = self.taken[-1] = UNDECODED
        if not line.isascii():
            if self.number == 1:
                line = line.removeprefix("\ufeff")
            if UNDECODED in line:
                raise csv.Error
        return line

    def give_back(self) -> None:
        """All lines of the record but its first are to be read again."""
        self.number -= len(self.taken) - 1
        self.waiting.extendleft(reversed(self.taken[1:]))


def _split(text: TextIO, delimiter: str, width: int, unreadable: list[int], before: int) -> Iterator[list[str]]:
    """The records of `width` columns, the line on which each begins first; blank lines are none, nor the lines `before`.

    A line that begins something else goes to `unreadable`, and reading goes on with the next line: a quote that is
    never closed takes no other row with it.
    """
    lines = _Lines(text)
    for _ in islice(lines, before):
        pass
    records = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.taken.clear()
        first = lines.number + 1
        try:
            record = next(records)
        except StopIteration:
            return
        except csv.Error:
            record = None
        if record is not None and len(record) == width:
            yield [str(first), *record]
        elif record != []:
            unreadable.append(first)
            lines.give_back()


@contextmanager
def _piped(records: Iterable[Sequence[str]]) -> Iterator[str]:
    """A path under which DuckDB reads records, told apart by SEPARATOR: a pipe, so that nothing lies on a disk."""
    reading, writing = os.pipe()
    failed: list[Exception] = []

    def write() -> None:
        try:
            with os.fdopen(writing, "w", encoding="utf-8", newline="") as out:
                out.writelines(map(_joined, records))
        except BrokenPipeError:
            pass  # nobody reads on
        except Exception as error:
            failed.append(error)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        yield f"/dev/fd/{reading}"
    finally:
        os.close(reading)
        writer.join()
    if failed:
        raise failed[0]


def _joined(record: Sequence[str]) -> str:
    """A record as one line. Line ends and separators within a value become blanks."""
    line = SEPARATOR.join(record)
    if "\n" in line or "\r" in line or line.count(SEPARATOR) >= len(record):
        line = SEPARATOR.join(re.sub(f"[\r\n{SEPARATOR}]", " ", value) for value in record)
    return line + "\n"


def _read_csv(
    path: str, columns: dict[str, str], delimiter: str, quote: str, header: bool = False, compression: str = "none"
) -> str:
    """The SQL that reads a CSV file of which all is known."""
    return (
        f"read_csv({path}, auto_detect = false, header = {str(header).lower()}, delim = {literal(delimiter)},"
        f" quote = {literal(quote)}, escape = {literal(quote)}, columns = {_struct(columns)},"
        f" compression = '{compression}', max_line_size = {4 * LONGEST_LINE})"
    )
