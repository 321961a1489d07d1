"""The one error that a user's mistake ends in. What a row may hold against it is a quarantine reason, not this."""

from __future__ import annotations

import difflib
import errno
import os
import re
from collections.abc import Iterable
from pathlib import Path

# Of the words of Python, DuckDB and SQLite only the path and the number of the fault are taken.
_BY_PYTHON = re.compile(r"""\[Errno (?P<number>\d+)\] [^:]*(?:: (?P<quote>['"])(?P<path>.*?)(?P=quote))?""")
_BY_DUCKDB = re.compile(r"""^(?:[\w.]+: )?IO Error: .*?["'](?P<path>/[^"'\\]*)""")
_WITHOUT_PATH = {
    "attempt to write a readonly database": (errno.EACCES, "dagster"),
    "unable to open database file": (errno.EACCES, "dagster"),
    "database or disk is full": (errno.ENOSPC, "dagster"),
    "disk I/O error": (errno.EIO, "dagster"),
    "'max_temp_directory_size' setting": (errno.ENOSPC, "lake"),
}
_DENIED, _FULL = (errno.EACCES, errno.EPERM), (errno.ENOSPC, errno.EDQUOT, errno.EIO)


class InputError(Exception):
    """Something a person gave cannot be used.

    `what` was wrong, `where` (file, line, column or key), and what `mend`s it. Never holds a value out of a source
    that could be an id, a name or free text.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what, self.where, self.mend = what, where, mend
        super().__init__(f"{where}: {what}" if where else what)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n  {self.mend}" if self.mend else head


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean "…"?` when one of the known words is near, else nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f'Did you mean "{near[0]}"?' if near else ""


def refused_by_system(said: str, home: Path) -> InputError | None:
    """What the operating system did not let a program do, out of the words of its error; None where a person can mend nothing.

    Rights, a full disk and a read-only one are a person's to mend wherever they are, all else only in the home.
    """
    number, named = _number_and_path(said, home)
    path = named or home
    if number in _FULL:
        what = "the disk is full" + (", or failing" if number == errno.EIO else "")
        return InputError(what, where=str(path), mend="Make room there, and give the command again.")
    place = next(place for place in (path, *path.parents) if os.path.lexists(place))
    if number == errno.EROFS:
        return InputError("the disk is read-only", where=str(place), mend="Mount it so that it can be written.")
    if number in _DENIED:
        right = "written" if os.access(place, os.R_OK) else "read"
        mend = "Give this account the right to, or run Rapport as the account that has it."
        return InputError(f"may not be {right}", where=str(place), mend=mend)
    if number and named and named.is_relative_to(home):
        mend = "See that it is there, as Rapport or you left it."
        return InputError(f"cannot be used: {os.strerror(number)}", where=str(path), mend=mend)
    return None


def _number_and_path(said: str, home: Path) -> tuple[int, Path | None]:
    """The number of a fault, 0 where there is none, and the path that it is about, if it says one."""
    if found := _BY_PYTHON.search(said):
        return int(found["number"]), Path(found["path"]) if found["path"] else None
    if found := _BY_DUCKDB.search(said):
        numbers = (*_DENIED, *_FULL, errno.EROFS, errno.ENOENT)
        return next((number for number in numbers if os.strerror(number) in said), 0), Path(found["path"])
    found = next((fault for words, fault in _WITHOUT_PATH.items() if words in said), (0, ""))
    return found[0], home / found[1]
