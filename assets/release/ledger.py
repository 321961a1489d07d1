"""The ledger of a home: a line for every atom ever decided and a closing line for every event, chained by hashes.

An event is of a month's release, or of an answer to what somebody asked for beside it (a cut, a what-if).

`releases/ledger.jsonl` is append-only, and each line carries the SHA-256 of the line before. A closing line is the commit
point of the lines before it: what stands after the last one was left by a run that died, and does not count. What is in
the ledger is read, and never decided again. It holds nothing that is not public; the folders belong to `folder`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assets.errors import InputError
from expectations.policy import DERIVING_COLUMNS, RELEASED_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

RELEASED, WITHDRAWN, REPLACED = "released", "withdrawn", "replaced"
ANSWERED, REFUSED = "answered", "refused"  # of what somebody asked for beside the releases: each has a subject
REASONS = ("wrong_source", "wrong_mapping", "wrong_configuration", "software_error")
ATOM_COLUMNS = tuple(name for name in (*RELEASED_COLUMNS, *DERIVING_COLUMNS) if name != "coverage")

_BEGINNING = "0" * 64
_BEFORE_KIND = len(f'{{"previous":"{_BEGINNING}",')
_CLOSING = b'"kind":"closing"'
_MEND = "Restore the releases folder from a copy; nothing is published until it is whole."
_PERIOD = ["period_start", "period_end"]
_COUNTS = ["part", "base", "value", "least_part", "least_base", "greatest_part", "greatest_base"]
_SHARES = ["lower", "upper", "middle_part"]


@dataclass(frozen=True)
class Closing:
    """One event of a month. `manifest` is the SHA-256 of the manifest.json that has stood in the month's place since.

    With a `subject` it is the answer to a question about what the month's release holds: the subject says which, and the
    manifest is the answer's own, '' where it was refused.
    """

    event: str
    month: str
    manifest: str
    policy: str
    at: str
    atoms: int
    reason: str | None = None
    subject: str | None = None


@dataclass(frozen=True)
class _Stretch:
    """From which byte to which the atoms of a closing lie."""

    begin: int
    end: int


class Ledger:
    """The committed lines of a ledger, whose chain was followed. Reading changes nothing on disk."""

    def __init__(self, path: Path) -> None:
        """Raises InputError where the chain is broken: names the line."""
        self.path = path
        self.head, self.lines, self.size = _BEGINNING, 0, 0
        self.closings: list[Closing] = []
        self._stretches: list[_Stretch] = []
        if path.exists():
            self._follow()

    def _follow(self) -> None:
        previous, offset, number, broken = _BEGINNING, 0, 0, 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.startswith(b'{"previous":"%b",' % previous.encode()):
                    broken = broken or number
                previous = hashlib.sha256(line).hexdigest()
                if line.startswith(_CLOSING, _BEFORE_KIND) and line.endswith(b"\n"):
                    if broken:
                        raise self._damaged(f"the chain breaks at line {broken}: it, or one before it, was changed")
                    self._close(line, number, offset)
                    self.head, self.lines, self.size = previous, number, offset + len(line)
                offset += len(line)

    def _close(self, line: bytes, number: int, offset: int) -> None:
        try:
            told = json.loads(line)
            closing = Closing(**{name: told[name] for name in Closing.__dataclass_fields__ if name in told})
        except (ValueError, TypeError) as error:
            raise self._damaged(f"line {number} cannot be read") from error
        if closing.atoms != number - self.lines - 1:
            raise self._damaged(f"line {number} closes {closing.atoms} atoms, and not so many stand before it")
        self.closings.append(closing)
        self._stretches.append(_Stretch(self.size, offset))

    def _damaged(self, what: str) -> InputError:
        return InputError(f"the ledger is damaged: {what}", where=str(self.path), mend=_MEND)

    def of(self, month: str) -> list[Closing]:
        """The events of a month's release, oldest first."""
        return [closing for closing in self._of_releases() if closing.month == month]

    def _of_releases(self) -> Iterator[Closing]:
        return (closing for closing in self.closings if closing.subject is None)

    @property
    def decided(self) -> list[str]:
        """The months that were ever decided, and so never will be again."""
        return sorted({closing.month for closing in self._of_releases()})

    @property
    def standing(self) -> list[str]:
        """The months whose figures stand: published or replaced, and not withdrawn since."""
        return [month for month in self.decided if self.of(month)[-1].event != WITHDRAWN]

    def is_replaced(self, month: str) -> bool:
        """Whether the month has had its one replacement."""
        return any(closing.event == REPLACED for closing in self.of(month))

    @property
    def last_published_at(self) -> str:
        """When figures were last published, '' if never."""
        return max((closing.at for closing in self._of_releases() if closing.event != WITHDRAWN), default="")

    def answers(self, month: str | None = None) -> list[Closing]:
        """What was answered or refused beside the releases, of a month or of all, oldest first."""
        return [one for one in self.closings if one.subject is not None and month in (None, one.month)]

    def answer(self, month: str, subject: str) -> Closing | None:
        """What was decided about a subject of a month: once, and never again."""
        return next((one for one in self.answers(month) if one.subject == subject), None)

    def is_taken_back(self, answer: Closing) -> bool:
        """Whether the release that an answer belongs to was withdrawn since: the answer went with it."""
        later = self.closings[self.closings.index(answer) :]
        return any(one.event == WITHDRAWN and one.month == answer.month for one in later)

    def atoms(self, month: str, subject: str | None = None) -> pd.DataFrame:
        """The rows of a month, or of one answer about it, as they were last decided, withdrawn or not: as from
        `expectations.policy.decide`."""
        at = max(
            at
            for at, closing in enumerate(self.closings)
            if (closing.month, closing.subject) == (month, subject) and closing.event != WITHDRAWN
        )
        stretch = self._stretches[at]
        with self.path.open("rb") as file:
            file.seek(stretch.begin)
            return rows_of(file.read(stretch.end - stretch.begin).splitlines())

    def append(self, closing: Closing, atoms: Iterable[str] = ()) -> None:
        """Writes atoms (from `lines_of`) and their closing line, which commits them. Call `cut` before, once a run."""
        head, lines = self.head, []
        for body in [*atoms, json.dumps({"kind": "closing", **asdict(closing)}, separators=(",", ":"))]:
            lines.append(f'{{"previous":"{head}",{body[1:]}\n'.encode())
            head = hashlib.sha256(lines[-1]).hexdigest()
        with self.path.open("ab") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        end = self.size + sum(map(len, lines))
        self.closings.append(closing)
        self._stretches.append(_Stretch(self.size, end - len(lines[-1])))
        self.head, self.lines, self.size = head, self.lines + len(lines), end

    def cut(self) -> None:
        """Takes away what a run that died has left after the last closing line."""
        if self.path.exists() and self.path.stat().st_size > self.size:
            os.truncate(self.path, self.size)


def lines_of(rows: pd.DataFrame, month: str) -> list[str]:
    """Decided rows as JSON, one text a row, for the release of a month."""
    texts = rows.assign(**{name: rows[name].astype("str").str[:10] for name in _PERIOD})
    told = texts[list(ATOM_COLUMNS)].to_json(orient="records", lines=True, force_ascii=False)
    return [f'{{"kind":"atom","month":"{month}",{line[1:]}' for line in (told or "").splitlines() if line]


def rows_of(lines: Iterable[str | bytes]) -> pd.DataFrame:
    """The rows of `lines_of`, or of lines of the ledger, in the columns and types that the policy gives."""
    import pandas as pd

    told = json.loads(f"[{','.join(line if isinstance(line, str) else line.decode() for line in lines)}]")
    rows = pd.DataFrame(told, columns=[*RELEASED_COLUMNS, *DERIVING_COLUMNS])
    types = dict.fromkeys(_COUNTS, "Int64") | dict.fromkeys(_SHARES, "Float64")
    return rows.astype(types).assign(coverage=None, **{name: pd.to_datetime(rows[name]) for name in _PERIOD})
