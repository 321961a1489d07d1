"""A release as a folder: written whole beside the others, then moved into place in one step, and never changed.

What stands in it is decided elsewhere. The ledger will be written in this same step.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


def published_months(releases: Path) -> list[str]:
    """The months that have a release, oldest first."""
    return sorted(path.parent.name for path in releases.glob(f"[0-9]*-[0-9]*/{MANIFEST}"))


def publish(releases: Path, month: str, files: Mapping[str, str], manifest: Mapping[str, Any]) -> Path:
    """Writes a release and moves it into place; `releases/latest` then points at the newest.

    Raises FileExistsError where the month is published already: a release is immutable.
    """
    target = releases / month
    if target.exists():
        raise FileExistsError(f"{month} is published already")
    waiting = releases / f".{month}.waiting"
    shutil.rmtree(waiting, ignore_errors=True)
    waiting.mkdir(parents=True)
    for name, text in files.items():
        _write(waiting / name, text)
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}
    _write(waiting / MANIFEST, json.dumps({**manifest, "files": hashes}, indent=2, ensure_ascii=False) + "\n")
    waiting.rename(target)
    _point_latest(releases)
    return target


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _point_latest(releases: Path) -> None:
    beside = releases / ".latest"
    beside.unlink(missing_ok=True)
    beside.symlink_to(published_months(releases)[-1], target_is_directory=True)
    beside.replace(releases / "latest")
