"""Reading one source file: text to typed rows, each row's first fault, ids to keyed pseudonyms, parts written beside.

All of it is SQL made from the data contract; a table's own rules, which need more than one field, are in
`assets/raw/<table>.sql`. Which files are read, and what happens to what was read before, is `ingest`'s.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from assets.errors import InputError, nearest
from assets.raw.contract import DUCKDB_TYPES, TABLES, Field, Table
from assets.raw.sources import LINE, Expression, Opened, Source, literal, opened, opened_quickly, quoted
from assets.raw.workbooks import WHOLE_NUMBERS_END

READING = 2  # raise it when the same file under the same settings would now be read otherwise: all are read again then
FOLDER = Path(__file__).parent

OFFSET = r"':\d\d(\.\d+)? ?([Zz]|UTC|GMT|[+-][01]\d(:?\d\d)?)$'"
CLOCK_TIME = r"'^\d{4}-\d\d?-\d\d?[T ]\d\d?:\d\d(:\d\d(\.\d+)?)?$'"
EARLIEST, YEARS_AHEAD = dt.date(1900, 1, 1), 10  # a time that is not between is a slip of the pen

BLANKS = r"E' \t\r\n' || chr(160) || chr(65279)"
MANGLED_ID = r"'^([0-9]+([.,][0-9]+)?[eE][+]?[0-9]+|[0-9]+[.]0|#(REF!|NAME[?]|VALUE!|NUM!|N/A|#+))$'"
LETTER = r"[A-Za-z\x{80}-\x{10FFFF}]"  # \p{L} takes 20 ms to compile, once for each time it is written
SOME_WORDS = (
    rf"'^[^0-9]*({LETTER}{{2}}[.,]?[ ,]+{LETTER}|{LETTER}[.,]?[ ,]+{LETTER}{{2}})[^0-9]*$'"  # Anna Meyer, J Smith
)
NAME = rf"'@|^{LETTER}+[._]{LETTER}{{2,}}$|{SOME_WORDS[1:]}"  # or anna.meyer
ONE_WORD = rf"'^{LETTER}({LETTER}|[''’-]){{2,}}$'"
NOT_IN_A_WORD = r"""'[@,;!?<>"\[\]{}\r\n\t]'"""  # a category is a word or a few; no sentence, no address
PLAIN_ID = "'[0-9A-Za-z_-]+'"
MICROSECONDS_A_DAY = 24 * 3600 * 1_000_000
RECURRING = ("therapist", "client", "group_session")  # whose ids stand in many rows of a file
MEMORY_FOR_A_FILE = "3GB"
RULED_WHILE_READ = ("sessions",)  # its own rules look at one row alone: applied once, and not in each statement
LONGEST_ID, LONGEST_CATEGORY, MOST_CATEGORIES = 100, 60, 100


Known = Mapping[str, Mapping[str, str]]  # by field: texts as they stand in a file, and their values


@dataclass(frozen=True)
class Counts:
    """What became of a file's rows when it was read."""

    read: int
    stored: int
    quarantined: int


@cache
def _changes_of_the_clock(timezone: str) -> str:
    """The local days, 1990 to 2045, on which a time zone's clocks change, in the form of an SQL list of dates."""
    zone, day, days = ZoneInfo(timezone), dt.datetime(1990, 1, 1), []
    while day.year < 2046:
        following = day + dt.timedelta(days=1)
        if zone.utcoffset(day) != zone.utcoffset(following):
            days.append(f"'{day:%Y-%m-%d}'")
        day = following
    return f"[{', '.join(days)}]::DATE[]"


def mapped_columns(table: Table, source: Source, columns: dict[str, str], where: str) -> dict[str, str]:
    """Each field's SQL over the file's columns, absent fields left out. Raises InputError for a missing column."""
    by_folded_name = {name.casefold(): name for name in columns}
    mapped: dict[str, str] = {}
    for field in table.fields:
        given = source.columns.get(field.name, field.name)
        if isinstance(given, Expression):
            mapped[field.name] = f"({given.sql}\n)"
        elif (name := given if given in columns else by_folded_name.get(given.strip().casefold())) is not None:
            mapped[field.name] = quoted(name)
        elif field.required or field.name in source.columns:
            shown, listed = _listed(table, source, columns)
            raise InputError(
                f'has no column "{given}", which is to give {table.name}.{field.name}', where=where,
                mend=f'{nearest(given, shown)} Set {field.name} = "its column" under [source.columns]. {listed}'.lstrip(),
            )  # fmt: skip
    if table.name == "sessions" and not {"ends_at", "duration_minutes"} & mapped.keys():
        raise InputError(
            "tells no session's end", where=where,
            mend='Map ends_at or duration_minutes under [source.columns]; an expression will do: { sql = "50" }.',
        )  # fmt: skip
    return mapped


def _refuse_unfit_expressions(
    connection: duckdb.DuckDBPyConnection, table: Table, source: Source, columns: dict[str, str], where: str
) -> None:
    """Tries each expression on a row without values. Raises InputError for one that the file's columns do not allow."""
    nothing = ", ".join(f"NULL::{kind} AS {quoted(name)}" for name, kind in {LINE: "BIGINT", **columns}.items())
    for name, given in source.columns.items():
        if isinstance(given, Expression):
            try:
                connection.execute(f"DESCRIBE SELECT {quoted(LINE)}, ({given.sql}\n) FROM (SELECT {nothing})")
            except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException) as error:
                said = str(error).split("\n")[0].split(": ", 1)[-1].rstrip("!.")
                raise InputError(
                    f"the expression of {source.where('columns', name)} does not fit it: {said}",
                    where=where, mend=_listed(table, source, columns)[1],
                ) from None  # fmt: skip


def _listed(table: Table, source: Source, columns: dict[str, str]) -> tuple[list[str], str]:
    """The columns that an error may show, and the sentence that does."""
    expected = (*source.columns.values(), *(field.name for field in table.fields))
    if shown := _names_among(columns, {str(name).casefold() for name in expected}):
        return shown, f"Its columns: {', '.join(shown)}."
    return shown, "Its first line looks like a row: if it has no header, set header = false and names = [...]."


def _names_among(columns: dict[str, str], expected: set[str]) -> list[str]:
    """The columns that an error may show. Where a header is missing, what stands in its place are values of a person.

    It is a header if it holds a name that is expected, or no digit; a sentence or an address in it is never shown.
    """
    if not any(name.casefold() in expected for name in columns) and any(re.search(r"\d", name) for name in columns):
        return []
    return [name for name in columns if len(name) <= LONGEST_CATEGORY and not re.search(NOT_IN_A_WORD.strip("'"), name)]


def _text(field: Field, kind: str, source: Source) -> str:
    """A field as text without blanks around it (a list as a list), NULL where there is none."""
    given = quoted(field.name)
    if field.type == "list" and kind.endswith("[]"):
        return f"{given}::VARCHAR[]"
    if field.type in ("id", "name") and kind in ("DOUBLE", "FLOAT"):  # whole numbers, in a column that has gaps
        is_whole = f"{given} = trunc({given}) AND abs({given}) < {WHOLE_NUMBERS_END}"
        return f"CASE WHEN {is_whole} THEN try_cast({given} AS BIGINT)::VARCHAR ELSE {given}::VARCHAR END"
    text = f"{given}::VARCHAR"
    # trim() with blanks of all kinds is slow: measured 0.5 s for a million values, 0.07 s behind this look at the ends
    text = (f"CASE WHEN {text} < '!' OR {text} > '~' OR reverse({text}) NOT BETWEEN '!' AND '~' "
            f"THEN nullif(trim({text}, {BLANKS}), '') ELSE {text} END")  # fmt: skip
    return f"string_split({text}, {literal(source.list_separator)})" if field.type == "list" else text


def _plain(field: Field, known: Known) -> str:
    """A field's value where a cheap look is enough, NULL for what needs care; '' where there is no cheap look.

    It is what the careful reading would give, and has no fault but that it may be out of range: an id of letters, digits,
    `_` and `-` alone, a time that ends in its offset, a value that was read with care among the first rows.
    """
    given = quoted(field.name)
    if field.type == "id":
        return f"CASE WHEN regexp_full_match({given}, {PLAIN_ID}) AND strlen({given}) <= {LONGEST_ID} THEN {given} END"
    if field.type == "instant":
        # the end of a full minute is seen for a tenth of what the pattern takes
        is_zoned = f"ends_with({given}, ':00Z') OR regexp_matches({given}, {OFFSET})"
        return f"CASE WHEN {is_zoned} THEN try_cast({given} AS TIMESTAMPTZ) END"
    whens = "".join(
        f" WHEN {literal(text)} THEN {literal(value)}::{DUCKDB_TYPES[field.type]}"
        for text, value in known.get(field.name, {}).items()
    )
    return f"CASE {given}{whens} END" if whens else ""


def _zoned_time(field: Field, source: Source) -> str:
    """A time that carries its offset; NULL where it is none."""
    text = quoted(field.name)
    compact = rf"regexp_replace(upper({text}), ' (Z|[+-][0-9:]+)$', '\1')"
    iso = f"coalesce(try_cast({text} AS TIMESTAMPTZ), try_cast({compact} AS TIMESTAMPTZ))"
    formats = [form for form in source.time_formats if re.search("%[zZ]", form)]
    others = "".join(f", try_strptime({text}, {literal(form)})" for form in formats)
    return f"coalesce(CASE WHEN regexp_matches({text}, {OFFSET}) THEN {iso} END{others})"


def _clock_time(field: Field, source: Source) -> str:
    """A time without an offset, to be read in the source's time zone; NULL where it is none."""
    text, zoned = quoted(field.name), quoted("zoned " + field.name)
    formats = [form for form in source.time_formats if re.search("%[HI]", form) and not re.search("%[zZ]", form)]
    others = ", ".join(["NULL", *(f"try_strptime({text}, {literal(form)})" for form in formats)])
    return (f"CASE WHEN {zoned} IS NOT NULL THEN NULL WHEN regexp_matches({text}, {CLOCK_TIME}) "
            f"THEN try_cast({text} AS TIMESTAMP) ELSE coalesce({others}) END")  # fmt: skip


def _mapping(text: str, values: dict[str, str], otherwise: str = "NULL") -> str:
    """Our value for theirs, whatever their case."""
    ours_of = {theirs.strip().lower(): ours for theirs, ours in values.items()}
    cases = "".join(f" WHEN {literal(theirs)} THEN {literal(ours)}" for theirs, ours in ours_of.items())
    return f"CASE lower({text}){cases} ELSE {otherwise} END" if cases else otherwise


def _value(field: Field, source: Source) -> str:
    """A field's typed value from its text; NULL where it cannot be read."""
    text, values = quoted(field.name), source.values.get(field.name, {})
    match field.type:
        case "instant":
            zoned, local = quoted("zoned " + field.name), quoted("local " + field.name)
            read = f"timezone({literal(source.timezone or 'UTC')}, {local})"
            return f"CASE WHEN {zoned} IS NOT NULL THEN {zoned} ELSE {read} END"
        case "date":
            formats = "".join(f", try_strptime({text}, {literal(form)})::DATE" for form in source.time_formats)
            return f"coalesce(try_cast({text} AS DATE), try_cast({text} AS TIMESTAMP)::DATE{formats})"
        case "status":
            return _mapping(text, {own: own for own in field.allowed} | values)
        case "category":
            word = f"length({text}) <= {LONGEST_CATEGORY} AND NOT regexp_matches({text}, {NOT_IN_A_WORD})"
            return _mapping(text, values, f"CASE WHEN {word} THEN lower({text}) END")
        case "list":
            items = f"list_transform({text}, lambda item: {_mapping('trim(item)', values, 'lower(trim(item))')})"
            return f"list_sort(list_distinct(list_filter({items}, lambda item: item <> '')))"
        case "boolean":
            return f"try_cast({_mapping(text, {'yes': 'true', 'no': 'false'} | values, text)} AS BOOLEAN)"
        case "integer":
            # 3.0 is 3, as some exports write whole numbers; 3.5 is not a whole number
            number = f"try_cast({text} AS DOUBLE)"
            return f"CASE WHEN {number} = round({number}) THEN try_cast({number} AS INTEGER) END"
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


def _fault(table: Table, field: Field, source: Source, latest: dt.date, has_plain: bool) -> str:
    """A CASE giving 'field|reason' for what is wrong with one field of a row, NULL where nothing is."""
    text, value, whens = quoted(field.name), quoted("value " + field.name), []
    if field.required:
        missing = {"id": "missing_id", "instant": "missing_time", "date": "missing_time"}.get(
            field.type, "missing_value"
        )
        whens.append((f"{text} IS NULL", missing))
    if field.type == "id":
        words = f"(contains({text}, ' ') OR contains({text}, ',')) AND regexp_matches({text}, {SOME_WORDS})"
        whens.append((f"contains({text}, '@') OR strlen({text}) > {LONGEST_ID} OR ({words})", "free_text_id"))
        mangled = " OR ".join(f"contains({text}, '{sign}')" for sign in ("E+", "e+", ".0", "#"))
        whens.append((f"({mangled}) AND regexp_matches({text}, {MANGLED_ID})", "mangled_id"))
    elif field.type == "list":
        long = f"length(item) > {LONGEST_CATEGORY} OR regexp_matches(item, {NOT_IN_A_WORD})"
        whens.append((f"len(list_filter({value}, lambda item: {long})) > 0", "unknown_value"))
    elif field.type in UNREADABLE:
        reason = "unknown_status" if field.name == "status" else UNREADABLE[field.type]
        whens.append((f"{text} IS NOT NULL AND {value} IS NULL", reason))
    if field.type == "instant" or field.name == table.month:
        kind = DUCKDB_TYPES[field.type]
        whens.append((f"{value} NOT BETWEEN {kind} '{EARLIEST}' AND {kind} '{latest}'", "out_of_range"))
    if field.type == "instant":
        timezone, local = source.timezone or "UTC", quoted("local " + field.name)
        zone = literal(timezone)
        # not IN, which DuckDB turns into a join that carries all columns along
        changing = f"{local} IS NOT NULL AND list_position(getvariable('clock_changes'), {local}::DATE) > 0"
        again = " OR ".join(f"timezone({zone}, {value} {sign} INTERVAL {minutes} MINUTE) = {local}"
                            for sign in "+-" for minutes in (30, 60))  # fmt: skip
        whens.append((f"{changing} AND timezone({zone}, {value}) <> {local}", "nonexistent_local_time"))
        whens.append((f"{changing} AND ({again})", "ambiguous_local_time"))
    if field.between:
        whens.append((f"{value} NOT BETWEEN {field.between[0]} AND {field.between[1]}", "out_of_range"))
    if not whens:
        return "NULL"
    plain = f"WHEN {quoted('plain ' + field.name)} IS NOT NULL THEN NULL " if has_plain and field.type == "id" else ""
    return (
        f"CASE {plain}"
        + " ".join(f"WHEN {test} THEN {literal(f'{field.name}|{reason}')}" for test, reason in whens)
        + " END"
    )


def typed_select(
    table: Table, source: Source, file: Opened, where: str, latest: dt.date, known: Known | None = None
) -> str:
    """The SELECT that types a file's rows: one column a field (ids still as text), and `fault`.

    What a cheap look tells is not read with care: a month of 467,000 sessions takes 1.1 CPU seconds so, and 1.9 with care.
    """
    mapped = mapped_columns(table, source, file.columns, where)
    kinds = {quoted(name): kind for name, kind in file.columns.items()}
    carried = [file.carried] if file.carried else []
    given, plains, texts, zoned, clocks, values, faults = list(carried), ["*"], list(carried), ["*"], ["*"], ["*"], []
    for field in table.fields:
        name, value, plain = quoted(field.name), quoted("value " + field.name), quoted("plain " + field.name)
        if field.name not in mapped:
            values.append(f"NULL::{'VARCHAR' if field.type == 'id' else DUCKDB_TYPES[field.type]} AS {value}")
            continue
        given.append(f"{mapped[field.name]} AS {name}")
        kind = kinds.get(mapped[field.name])
        text, zoned_time = _text(field, kind or "VARCHAR", source), _zoned_time(field, source)
        typed_value = _value(field, source)
        if look := _plain(field, known or {}) if kind == "VARCHAR" else "":
            plains.append(f"{look} AS {plain}")
            texts.append(plain)
            text, zoned_time = (
                f"CASE WHEN {plain} IS NULL THEN {text} ELSE {name} END",
                f"coalesce({plain}, {zoned_time})",
            )
            if field.type not in ("id", "instant"):  # theirs are text, and zoned_time
                typed_value = f"coalesce({plain}, {typed_value})"
        texts.append(f"{text} AS {name}")
        if field.type == "instant":
            zoned.append(f"{zoned_time} AS {quoted('zoned ' + field.name)}")
            clocks.append(f"{_clock_time(field, source)} AS {quoted('local ' + field.name)}")
        values.append(f"{typed_value} AS {value}")
        faults.append(_fault(table, field, source, latest, bool(look)))
    outcome = [*carried, *(f"{quoted('value ' + field.name)} AS {quoted(field.name)}" for field in table.fields)]
    return (
        f"WITH given AS (SELECT {', '.join(given)} FROM {file.relation}),\n"
        f"plains AS (SELECT {', '.join(plains)} FROM given),\n"
        f"texts AS (SELECT {', '.join(texts)} FROM plains),\n"
        f"offsets AS (SELECT {', '.join(zoned)} FROM texts),\n"
        f"clocks AS (SELECT {', '.join(clocks)} FROM offsets),\n"
        f"readings AS (SELECT {', '.join(values)} FROM clocks)\n"
        f"SELECT {', '.join(outcome)}, coalesce({', '.join(faults)}) AS fault FROM readings"
    )


def _known_values(
    connection: duckdb.DuckDBPyConnection, table: Table, source: Source, file: Opened, where: str
) -> Known:
    """The few values that a file's first rows hold, each read with care."""
    mapped = mapped_columns(table, source, file.columns, where)
    known: dict[str, dict[str, str]] = {}
    for field in table.fields:
        texts = next((few for name, few in file.few.items() if quoted(name) == mapped.get(field.name)), [])
        if texts and field.type in ("status", "category", "boolean", "integer", "number"):
            name = quoted(field.name)
            found = connection.execute(
                f"""SELECT given, {_value(field, source)}::VARCHAR AS value
                FROM (SELECT {name} AS given, {_text(field, "VARCHAR", source)} AS {name} FROM (SELECT unnest(?) AS {name}))""",
                [texts],
            ).fetchall()
            known[field.name] = {given: value for given, value in found if value is not None}
    return known


@contextmanager
def reading_connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of its own for what holds ids as text: it never spills, so that none of it is ever on a disk.

    DuckDB encrypts what it spills only with an extension that it has to download. A file of ten million sessions took
    1.8 GB; with DuckDB's own threshold for flushing parts, 3.8 GB.
    """
    with duckdb.connect(":memory:", config={"temp_directory": "", "memory_limit": MEMORY_FOR_A_FILE}) as connection:
        connection.execute("SET autoinstall_known_extensions = false; SET enable_progress_bar = false")
        connection.execute("SET TimeZone = 'UTC'; SET partitioned_write_flush_threshold = 122880")
        yield connection


def define_pseudonyms(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Defines the macro pseudonym(namespace, id): HMAC-SHA-256 (RFC 2104), its first 128 bits, as a UUID.

    The key is bound, so that it stands in no SQL text, and lives in the connection only.
    """
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    connection.execute("SET VARIABLE inner_pad = ?::BLOB", [bytes(byte ^ 0x36 for byte in block)])
    connection.execute("SET VARIABLE outer_pad = ?::BLOB", [bytes(byte ^ 0x5C for byte in block)])
    connection.execute("""
        CREATE OR REPLACE TEMP MACRO pseudonym(namespace, id) AS unhex(left(sha256(
            getvariable('outer_pad') || unhex(sha256(getvariable('inner_pad') || encode(namespace || ':') || encode(id)))
        ), 32))::UUID""")


@contextmanager
def typed(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    path: Path,
    read_at: dt.datetime,
    most_rows: int | None = None,
) -> Iterator[Table]:
    """Makes the TEMP view `judged`: a file's rows, typed, with `line` and `fault`; ids are text.

    Beside it are `typed`, the same before the table's own rules, and `unreadable`, the lines that are no row at all.
    Raises InputError for a file that cannot be read, a column that is not there, or names where ids belong.
    """
    table = TABLES[source.table]
    connection.execute("SET VARIABLE read_at = ?::TIMESTAMPTZ", [read_at])
    connection.execute(f"SET VARIABLE clock_changes = {_changes_of_the_clock(source.timezone or 'UTC')}")
    file = _loaded(connection, table, source, path, dt.date(read_at.year + YEARS_AHEAD, 1, 1), most_rows)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE unreadable AS SELECT unnest(?::BIGINT[]) AS line", [file.unreadable]
    )
    rest = f"* EXCLUDE ({file.carried})" if file.carried else "*"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW typed AS SELECT {file.line} AS line, {rest} FROM typed_rows")
    rules = "FROM typed" if table.name in RULED_WHILE_READ else _own_rules(table)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW judged AS {rules}")
    try:
        _refuse_names(connection, table, path)
        yield table
    except duckdb.OutOfMemoryException as error:
        raise _explained(error, source, path) from None
    finally:
        connection.execute("DROP VIEW judged; DROP VIEW typed; DROP TABLE typed_rows; DROP TABLE unreadable")


def columns_of(connection: duckdb.DuckDBPyConnection, source: Source, path: Path) -> dict[str, str]:
    """Each field's SQL over a file's columns; its rows are not looked at. Raises InputError where a field lacks its column."""
    try:
        with opened(connection, source, path, most_rows=1) as file:
            table = TABLES[source.table]
            _refuse_unfit_expressions(connection, table, source, file.columns, path.name)
            return mapped_columns(table, source, file.columns, path.name)
    except duckdb.Error as error:
        raise _explained(error, source, path) from None  # a cause would be logged, and may hold a value


def _own_rules(table: Table) -> str:
    """The SELECT from `typed` that adds what a table's own rules say."""
    rules = FOLDER / f"{table.name}.sql"
    return rules.read_text() if rules.exists() else "FROM typed"


def _loaded(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    source: Source,
    path: Path,
    latest: dt.date,
    most_rows: int | None,
) -> Opened:
    """Makes the TEMP table `typed_rows`: quickly if the file allows it and all its rows come, else with care."""

    def load(file: Opened, known: Known | None = None) -> int:
        _refuse_unfit_expressions(connection, table, source, file.columns, path.name)
        select = typed_select(table, source, file, path.name, latest, known)
        if table.name in RULED_WHILE_READ:
            select = f"WITH typed AS ({select}) FROM ({_own_rules(table)}\n)"
        return connection.execute(f"CREATE OR REPLACE TEMP TABLE typed_rows AS {select}").fetchall()[0][0]

    try:
        if most_rows is None and (quick := opened_quickly(source, path)):
            with suppress(duckdb.InvalidInputException):
                if load(quick, _known_values(connection, table, source, quick, path.name)) == quick.rows:
                    return quick
        with opened(connection, source, path, most_rows) as file:
            rows = load(file)
    except duckdb.Error as error:
        raise _explained(error, source, path) from None  # a cause would be logged, and may hold a value
    if file.rows is not None and rows != file.rows:
        raise InputError(
            "not all of its rows could be read", where=path.name, mend="Split the file into smaller ones, and tell us."
        )
    return file


def _explained(error: duckdb.Error, source: Source, path: Path) -> InputError:
    has_expressions = any(isinstance(given, Expression) for given in source.columns.values())
    where = f"rapport.toml, source of {source.table}"
    if isinstance(error, duckdb.OutOfMemoryException):
        return InputError(
            f"takes more than {MEMORY_FOR_A_FILE} of memory to read",
            where=path.name, mend="Split it into smaller files, by month for example.",
        )  # fmt: skip
    if isinstance(error, duckdb.BinderException | duckdb.ParserException | duckdb.CatalogException) and has_expressions:
        return InputError(
            "an expression under [source.columns] does not fit the columns: " + str(error).split("\n")[0],
            where=where, mend=f"See the columns that rapport check lists for {path.name}.",
        )  # fmt: skip
    if isinstance(error, duckdb.DataError | duckdb.InvalidInputException) and has_expressions:
        return InputError(
            f"an expression under [source.columns] cannot be computed for some row of {path.name}",
            where=where, mend="Let it give NULL there: try_cast, try_strptime, TRY( … ).",
        )  # fmt: skip
    line = re.search(r"in line (\d+)", str(error))
    return InputError(
        f"cannot be read as {source.form_of(path)} ({type(error).__name__.removesuffix('Exception')})",
        where=f"{path.name}, line {line.group(1)}" if line else path.name,
        mend="Check that it is complete, and set format to what it is.",
    )


def _refuse_names(connection: duckdb.DuckDBPyConnection, table: Table, path: Path) -> None:
    """Refuses a person's id column that mostly holds names, and a category column that holds free text.

    Names are e-mail addresses, several words without a digit, logins like anna.meyer, and single words when they are of
    more than two lengths: codes made of letters (AM, KLB, QXZV) have one or two. Looks at up to 2,000 of the values.
    """
    for field in table.fields:
        name = quoted(field.name)
        if field.person in ("therapist", "client"):
            share = connection.execute(f"""
                WITH ids AS (SELECT DISTINCT {name} AS id FROM typed WHERE {name} IS NOT NULL LIMIT 2000)
                SELECT avg((regexp_matches(id, {NAME}) OR (regexp_matches(id, {ONE_WORD}) AND lengths > 2))::INTEGER)
                FROM ids, (SELECT count(DISTINCT length(id)) AS lengths FROM ids)""").fetchall()[0][0]
            if (share or 0) > 0.5:
                raise InputError(
                    f"the column that gives {table.name}.{field.name} looks like names or e-mail addresses, not ids",
                    where=path.name,
                    mend=f"Map {field.name} to a column that holds an id: names are never read in. "
                    'If these are ids all the same, give a code instead: { sql = "md5(column)" }.',
                )  # fmt: skip
        elif field.type == "category":
            values = connection.execute(f"SELECT count(DISTINCT {name}) FROM typed").fetchall()[0][0]
            if values > MOST_CATEGORIES:
                raise InputError(
                    f"the column that gives {table.name}.{field.name} looks like free text: "
                    f"more than {MOST_CATEGORIES} different values",
                    where=path.name, mend=f"Map {field.name} to a column of categories, or leave it out.",
                )  # fmt: skip


def write_parts(
    connection: duckdb.DuckDBPyConnection, table: Table, folder: Path, part: str, file_number: int
) -> tuple[Counts, dict[str, list[str]]]:
    """Writes the view `judged` into `folder`: accepted rows by UTC month, quarantined ones without their values.

    Returns the counts and, by month ('' for a snapshot), the parts' paths relative to `folder`.
    """
    persons = sorted({field.person for field in table.fields if field.person in RECURRING})
    for person in persons:  # each is hashed once
        name = next(quoted(field.name) for field in table.fields if field.person == person)
        connection.execute(f"""CREATE OR REPLACE TEMP TABLE {person}_pseudonyms AS
            SELECT id, pseudonym({literal(person)}, id) AS key
            FROM (SELECT DISTINCT {name} AS id FROM typed_rows) WHERE id IS NOT NULL""")
    columns, joins = [], []
    for field in table.kept:
        name = quoted(field.name)
        if field.type != "id":
            columns.append(f"judged.{name}")
        elif field.person in persons:
            joins.append(f"LEFT JOIN {field.person}_pseudonyms AS {field.column} ON {field.column}.id = judged.{name}")
            columns.append(f"{field.column}.key AS {field.column}")
        else:
            columns.append(f"pseudonym({literal(field.person)}, judged.{name}) AS {field.column}")
    rows = f"""SELECT {", ".join(columns)}, {file_number} AS file_number, judged.line
        FROM judged {" ".join(joins)} WHERE fault IS NULL"""
    target = folder / table.name
    target.mkdir(parents=True, exist_ok=True)
    stored = (
        _write_months(connection, table, rows, target, part)
        if table.is_log
        else _write(connection, rows, target / f"{part}.parquet")
    )
    for person in persons:
        connection.execute(f"DROP TABLE {person}_pseudonyms")
    (target / "quarantine").mkdir(exist_ok=True)
    quarantined = connection.execute(f"""COPY (
        SELECT {file_number} AS file_number, line,
            split_part(fault, '|', 1) AS field, split_part(fault, '|', 2) AS reason
        FROM judged WHERE fault IS NOT NULL
        UNION ALL SELECT {file_number}, line, '', 'unreadable_row' FROM unreadable ORDER BY line
        ) TO {literal(f"{target}/quarantine/{part}.parquet")} (FORMAT parquet)""").fetchall()[0][0]
    read = connection.execute(
        "SELECT (SELECT count(*) FROM typed_rows) + (SELECT count(*) FROM unreadable)"
    ).fetchall()[0][0]
    parts: dict[str, list[str]] = {}
    for path in sorted(target.glob(f"month=*/{part}_*.parquet")):
        parts.setdefault(path.parent.name.removeprefix("month="), []).append(str(path.relative_to(folder)))
    if not table.is_log:
        parts[""] = [f"{table.name}/{part}.parquet"]
    return Counts(read, stored, quarantined), parts


def _write_months(connection: duckdb.DuckDBPyConnection, table: Table, rows: str, target: Path, part: str) -> int:
    """Writes a log's rows by UTC month, and returns how many.

    Most files hold one month and a few rows of others. The month with most rows is written by itself, and only the others
    are sorted out: 420,000 ready rows take 0.27 CPU seconds by themselves, 0.66 as partitions.
    """
    when = f"judged.{table.month}"
    months = connection.execute(f"""SELECT date_trunc('month', DATE '1970-01-01' + day::INTEGER)::DATE AS month, sum(rows)::BIGINT
        FROM (SELECT epoch_us({when}) // {MICROSECONDS_A_DAY} AS day, count(*) AS rows FROM judged WHERE fault IS NULL GROUP BY ALL)
        GROUP BY ALL ORDER BY 2 DESC, 1""").fetchall()
    if not months:
        return 0
    main = months[0][0]
    is_main = f"({when} >= DATE '{main}' AND {when} < DATE '{main}' + INTERVAL 1 MONTH)"
    folder = target / f"month={main:%Y-%m}"
    folder.mkdir(exist_ok=True)
    stored = _write(connection, f"{rows} AND {is_main}", folder / f"{part}_0.parquet")
    if stored == sum(rows_of_month for _, rows_of_month in months):
        return stored
    others = rows.replace("SELECT ", f"SELECT strftime({when}, '%Y-%m') AS month, ", 1)
    options = f", PARTITION_BY (month), FILENAME_PATTERN '{part}_{{i}}', OVERWRITE_OR_IGNORE"
    return stored + _write(connection, f"{others} AND NOT {is_main}", target, options)


def _write(connection: duckdb.DuckDBPyConnection, rows: str, target: Path, options: str = "") -> int:
    to = f"{literal(str(target))} (FORMAT parquet, PARQUET_VERSION v2{options})"
    return connection.execute(f"COPY ({rows}) TO {to}").fetchall()[0][0]
