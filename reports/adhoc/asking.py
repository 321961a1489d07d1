"""Questions to a worker: it is started, told what is asked, given its time, and ended when it does not answer.

The worker has the tables and the limits; here is nothing of DuckDB, so that a command starts at once.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECONDS, ROWS = 10.0, 10_000
_GRACE = 2.0  # until a worker that was to stop by itself is ended
_START = 60.0


class NotPublishedError(ValueError):
    """There is nothing to ask about: says where it was looked for."""


@dataclass(frozen=True)
class Answer:
    """The rows that were found, or the rule by which the question was refused, with what would work instead."""

    rule: str | None
    seen: str = "(no query)"
    columns: list[tuple[str, str]] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    is_cut: bool = False
    what: str = ""
    instead: str = ""

    @property
    def words(self) -> str:
        return f"{self.what}\n{self.instead}".strip()


class Asking:
    """A worker over a folder of releases. Use it as a context: at its end the worker ends."""

    def __init__(self, releases: Path, seconds: float = SECONDS, rows: int = ROWS) -> None:
        """Raises NotPublishedError."""
        self.releases, self.seconds, self.rows = releases, seconds, rows
        self.tables: dict[str, list[str]] = {}
        self._start()

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._worker.kill()
        self._worker.communicate()

    def ask(self, sql: str) -> Answer:
        """What became of a query. Never waits longer than its time."""
        if self._worker.poll() is not None:
            self._start()
        question = json.dumps({"sql": sql, "rows": self.rows, "seconds": self.seconds})
        assert self._worker.stdin is not None
        try:
            self._worker.stdin.write(question.encode() + b"\n")
            self._worker.stdin.flush()
            told = self._line(self.seconds + _GRACE)
        except BrokenPipeError:
            told = None
        if told is None:
            self.close()
            return Answer("limit", what="The query took more time or memory than one may take, and was ended.",
                          instead="Ask for less at once: fewer rows, fewer joins.")  # fmt: skip
        return Answer(**{**told, "columns": [tuple(one) for one in told.get("columns", [])]})

    def _start(self) -> None:
        environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self._worker = subprocess.Popen(
            [sys.executable, "-I", "-m", "reports.adhoc.worker", str(self.releases)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip
        self._left = b""
        told = self._line(_START)
        if told is None or not told["is_ready"]:
            self.close()
            raise NotPublishedError(told["what"] if told else "The worker did not start.")
        self.tables = told["tables"]

    def _line(self, seconds: float) -> dict[str, Any] | None:
        """The worker's next line; None where it ended, or did not say one in time."""
        import time

        assert self._worker.stdout is not None
        until = time.monotonic() + seconds
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._worker.stdout, selectors.EVENT_READ)
            while b"\n" not in self._left:
                if not waiting.select(until - time.monotonic()):
                    return None
                chunk = os.read(self._worker.stdout.fileno(), 1 << 16)
                if not chunk:
                    return None
                self._left += chunk
        line, self._left = self._left.split(b"\n", 1)
        return json.loads(line)
