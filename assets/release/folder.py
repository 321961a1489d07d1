"""Releases as folders, and the one step in which a folder and its lines in the ledger come to be.

    releases/2026-10/              what stands: a release, or the notice that it was withdrawn
    releases/withdrawn/2026-10/    what was published and does not stand any more
    releases/latest                points at the newest release that stands

A folder is written beside its place; the ledger's closing line commits it; then it is moved. Where each folder belongs
follows from the ledger alone, so a run that died after the commit is mended by moving what still waits: `settle` does
both. What stands in a release is decided elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assets.errors import InputError
from assets.release.ledger import RELEASED, REPLACED, WITHDRAWN, Closing, Ledger

MANIFEST = "manifest.json"
LEDGER = "ledger.jsonl"


class Releases:
    """The releases of a home with their ledger. Open it while the home is locked: opening mends."""

    def __init__(self, folder: Path) -> None:
        """Raises InputError where folders and ledger do not agree: says what to restore."""
        self.folder = folder
        self.ledger = Ledger(folder / LEDGER)
        if folder.exists():
            self.settle()
            self.ledger.cut()

    def settle(self) -> None:
        """Moves every folder to where the ledger says that it belongs. Does nothing where all is in its place."""
        for manifest in sorted(self.folder.glob(f"[0-9]*-[0-9]*/{MANIFEST}")):
            if manifest.parent.name not in self.ledger.decided:
                raise InputError(
                    "this release is not in the ledger, or its line was cut off", where=str(manifest.parent),
                    mend=f"Restore {LEDGER} from a copy; nothing is published until it is whole.",
                )  # fmt: skip
        for month in self.ledger.decided:
            self._settle(month)
        for left in self.folder.glob(".[0-9]*-[0-9]*.waiting"):
            shutil.rmtree(left)
        self._point_latest()

    def _settle(self, month: str) -> None:
        *past, now = self.ledger.of(month)
        place, waiting = self.folder / month, self._waiting(month)
        for kept, manifest in self._kept(past):
            if _manifest_hash(kept) != manifest:
                _expect(place, manifest, kept)
                kept.parent.mkdir(exist_ok=True)
                _move(place, kept)
        if _manifest_hash(place) != now.manifest:
            _expect(waiting, now.manifest, place)
            if place.exists():  # the notice, which a replacement takes the place of
                shutil.rmtree(place)
            _move(waiting, place)

    def _kept(self, past: Sequence[Closing]) -> Iterator[tuple[Path, str]]:
        """Where what was published and does not stand any more is kept, with the hash of its manifest."""
        for closing in past:
            if closing.event != WITHDRAWN:
                name = closing.month if closing.event == RELEASED else f"{closing.month}-replacement"
                yield self.folder / "withdrawn" / name, closing.manifest

    def _waiting(self, month: str) -> Path:
        return self.folder / f".{month}.waiting"

    def published(self) -> Iterator[tuple[Path, str]]:
        """The folders of all that was ever published, withdrawn or not, with the hash of each manifest."""
        for month in self.ledger.decided:
            *past, now = self.ledger.of(month)
            yield from self._kept(past)
            if now.event != WITHDRAWN:
                yield self.folder / month, now.manifest

    def check(self, event: str, month: str) -> None:
        """Raises InputError where this cannot happen to the month any more, or yet."""
        events = [closing.event for closing in self.ledger.of(month)]
        if event == RELEASED and events:
            raise InputError(f"{month} is published already", mend="A release is never changed. See: rapport status")
        if event != RELEASED and not events:
            raise InputError(f"{month} was never published", mend="What is published is listed by: rapport status")
        if event == WITHDRAWN and events[-1] == WITHDRAWN:
            raise InputError(f"{month} is withdrawn already", mend="Its notice stands in its place.")
        if event == REPLACED and self.ledger.is_replaced(month):
            raise InputError(f"{month} was replaced once already", mend="A month is replaced once, and not again.")
        if event == REPLACED and events[-1] != WITHDRAWN:
            raise InputError(f"{month} is not withdrawn", mend="Withdraw it first: rapport withdraw --help")

    def publish(
        self,
        event: str,
        month: str,
        files: Mapping[str, str | bytes],
        manifest: Mapping[str, Any],
        atoms: Sequence[str] = (),
        reason: str | None = None,
    ) -> Path:
        """Writes a release or a notice with its lines in the ledger: both, or neither. Returns the folder.

        `files` are texts (written as UTF-8) or bytes, by their path within the release, as units/North.html.
        `atoms` are the decided rows as `ledger.lines_of` tells them. Raises InputError as `check` does.
        """
        self.check(event, month)
        contents = {name: file.encode() if isinstance(file, str) else file for name, file in files.items()}
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        told = json.dumps({**manifest, "files": hashes}, indent=2, ensure_ascii=False) + "\n"
        waiting = self._waiting(month)
        shutil.rmtree(waiting, ignore_errors=True)
        waiting.mkdir(parents=True)
        for name, content in {**contents, MANIFEST: told.encode()}.items():
            _write(waiting / name, content)
        for folder in {(waiting / name).parent for name in contents} | {waiting}:
            _sync(folder)
        _sync(self.folder)
        told_hash = hashlib.sha256(told.encode()).hexdigest()
        policy, at = manifest["policy"]["hash"], manifest["made_at"]
        self.ledger.append(Closing(event, month, told_hash, policy, at, len(atoms), reason), atoms)
        self.settle()
        return self.folder / month

    def _point_latest(self) -> None:
        latest, beside = self.folder / "latest", self.folder / ".latest"
        newest = next(reversed(self.ledger.standing), None)
        if newest is None:
            latest.unlink(missing_ok=True)
        elif not latest.is_symlink() or str(latest.readlink()) != newest:
            beside.unlink(missing_ok=True)
            beside.symlink_to(newest, target_is_directory=True)
            beside.replace(latest)


def _expect(found: Path, manifest: str, target: Path) -> None:
    if _manifest_hash(found) != manifest:
        raise InputError(
            "what stands here is missing, or is not what the ledger knows", where=str(target),
            mend="Restore this folder from a copy. What was published is never decided again.",
        )  # fmt: skip


def _manifest_hash(folder: Path) -> str:
    path = folder / MANIFEST
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _move(folder: Path, target: Path) -> None:
    folder.rename(target)
    _sync(target.parent)


def _sync(folder: Path) -> None:
    """Makes what was written into a folder, or moved in it, outlast a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
