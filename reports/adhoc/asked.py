"""The log of what was asked: who, when, what and what was decided, without any value.

A file a person, so that nobody waits for another. Literals were taken out where the query was run: they could be names.
"""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = "queries"


def keep(home: Path, what: str, decided: str) -> None:
    """Adds a line to the log of the person who runs this, beside the releases or, where that cannot be, in their own state."""
    try:
        person = getpass.getuser()
    except (KeyError, OSError):  # a process whose user has no name
        person = f"user {os.getuid()}"
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    line = json.dumps({"at": at, "who": person, "asked": what, "decided": decided}, ensure_ascii=False) + "\n"
    for folder in (home / FOLDER, state_folder()):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            name = re.sub(r"[^\w.-]", "_", person)
            handle = os.open(folder / f"{name}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(line)
        return


def kept(home: Path) -> Iterator[dict[str, Any]]:
    """What was asked, oldest first; lines that cannot be read are left out."""
    lines = []
    for folder in {home / FOLDER, state_folder()}:
        for path in sorted(folder.glob("*.jsonl")) if folder.is_dir() else ():
            for line in path.read_text("utf-8", errors="replace").splitlines():
                try:
                    lines.append(json.loads(line))
                except ValueError:
                    continue
    yield from sorted(lines, key=lambda one: one.get("at", ""))


def state_folder() -> Path:
    """Where this person's history is: never with what is handed on."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "rapport"
