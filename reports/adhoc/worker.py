"""The process in which queries run: it has the published tables, and can neither write a file nor take more than its share.

Reads a question a line from standard input, as JSON, and answers each with a line. `asking` starts and stops it.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import resource
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from reports.adhoc.checking import RefusedError, binding_error, check, known_tables, without_values
from reports.adhoc.tables import NothingPublishedError, published

MEMORY = 3 << 30  # of address space; DuckDB's own limit is far below
MOST_BYTES = 32 << 20  # of one answer


class TooMuchError(Exception):
    """More than one question may take: says of what."""


def main(folder: Path) -> None:
    """Answers questions until there are no more."""
    for limit, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (most, most))
    try:
        connection = published(folder)
    except NothingPublishedError as error:
        _say({"is_ready": False, "what": str(error)})
        return
    known = known_tables(connection)
    _say({"is_ready": True, "tables": known})
    for line in sys.stdin:
        asked = json.loads(line)
        _say(_answer(connection, known, asked["sql"], asked["rows"], asked["seconds"]))


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def _answer(
    connection: duckdb.DuckDBPyConnection, known: dict[str, list[str]], sql: str, rows: int, seconds: float
) -> dict[str, Any]:
    """What became of one query. `seen` is how the log keeps it."""
    seen = "(no query)"
    try:
        check(sql, connection)
        seen = without_values(sql, known)
        return {"rule": None, "seen": seen, **_run(connection, sql, rows, seconds)}
    except RefusedError as refused:
        return _refused(refused.rule, refused.what, refused.instead, seen)
    except TooMuchError as much:
        return _refused("limit", str(much), "Ask for less at once: fewer rows, fewer joins.", seen)
    except duckdb.InterruptException:
        return _refused("limit", f"The query took longer than {seconds:g} s.", "Ask for less at once.", seen)
    except (duckdb.OutOfMemoryException, MemoryError):
        return _refused("limit", "The query needs more memory than one may take.", "Ask for less at once.", seen)
    except duckdb.Error as error:
        refused = binding_error(error, known)
        return _refused(refused.rule, refused.what, refused.instead, seen)


def _refused(rule: str, what: str, instead: str, seen: str) -> dict[str, Any]:
    return {"rule": rule, "what": what, "instead": instead, "seen": seen}


def _run(connection: duckdb.DuckDBPyConnection, sql: str, rows: int, seconds: float) -> dict[str, Any]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = math.ceil(used.ru_utime + used.ru_stime)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (spent + 4 * math.ceil(seconds) + 1, hard))
    with _stopping_after(seconds, connection.interrupt):
        found = connection.execute(sql)
        columns = [(name, str(kind)) for name, kind, *_ in found.description or []]
        told, size = [], 0
        while batch := found.fetchmany(min(1000, rows + 1 - len(told))):
            for row in batch:
                told.append([_plain(value) for value in row])
                size += len(json.dumps(told[-1]))
                if size > MOST_BYTES:
                    raise TooMuchError(f"The answer is larger than {MOST_BYTES >> 20} MB.")
            if len(told) > rows:
                break
    return {"columns": columns, "rows": told[:rows], "is_cut": len(told) > rows}


class _stopping_after:  # noqa: N801 (a context manager)
    def __init__(self, seconds: float, stop: Callable[[], None]) -> None:
        self._timer = threading.Timer(seconds, stop)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _plain(value: Any) -> Any:
    """A value as JSON has it: dates as ISO text, decimals as numbers, NaN as text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case decimal.Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dt.date() | dt.time():
            return value.isoformat()
        case list() | tuple():
            return [_plain(one) for one in value]
        case dict():
            return {str(key): _plain(one) for key, one in value.items()}
        case _:
            return str(value)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
