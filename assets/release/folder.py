"""Releases as folders, and the one step in which a folder and its lines in the ledger come to be.

    releases/2026-10/              what stands: a release, or the notice that it was withdrawn
    releases/answers/2026-10/…/    what was asked for beside it, and answered: a folder each, with a manifest of its own
    releases/withdrawn/2026-10/    what was published and does not stand any more; answers went with their release
    releases/latest                points at the newest release that stands

A folder is written beside its place; the ledger's closing line commits it; then it is moved. Where each folder belongs
follows from the ledger alone, so a run that died after the commit is mended by moving what still waits: `settle` does
both. What stands in a release is decided elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.errors import InputError
from assets.release.ledger import ANSWERED, REFUSED, RELEASED, REPLACED, WITHDRAWN, Closing, Ledger

MANIFEST = "manifest.json"
LEDGER = "ledger.jsonl"
ANSWERS = "answers"
WRITTEN_AT_ONCE = 4  # files are waited for until they are on the disk, 555 of them half as long again if one by one
_SUBJECT = re.compile(r"[a-z][a-z0-9_-]*")


@dataclass(frozen=True)
class Published:
    """A folder of what was ever published, withdrawn or not: its month, and its subject if it is an answer."""

    folder: Path
    manifest: str
    month: str
    subject: str | None = None


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
        of_answers = {(one.month, one.subject) for one in self.ledger.answers() if one.event == ANSWERED}
        known = {self.folder / month for month in self.ledger.decided}
        known |= {self.folder / ANSWERS / month / str(subject) for month, subject in of_answers}
        for manifest in sorted(
            [*self.folder.glob(f"[0-9]*-[0-9]*/{MANIFEST}"), *self.folder.glob(f"{ANSWERS}/*/*/{MANIFEST}")]
        ):
            if manifest.parent not in known:
                raise InputError(
                    "this release is not in the ledger, or its line was cut off", where=str(manifest.parent),
                    mend=f"Restore {LEDGER} from a copy; nothing is published until it is whole.",
                )  # fmt: skip
        for month in self.ledger.decided:
            self._settle(month)
        for answer in self.ledger.answers():
            self._settle_answer(answer)
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

    def _settle_answer(self, answer: Closing) -> None:
        """An answer lies in its place, and with what was withdrawn once its release was."""
        if answer.event != ANSWERED:
            return
        place = self.answer_folder(answer)
        if _manifest_hash(place) != answer.manifest:
            before = self.folder / ANSWERS / answer.month / str(answer.subject)
            found = before if _manifest_hash(before) else self._waiting(answer.month, answer.subject)
            _expect(found, answer.manifest, place)
            place.parent.mkdir(parents=True, exist_ok=True)
            _move(found, place)
            for above in place.relative_to(self.folder).parents:
                _sync(self.folder / above)

    def answer_folder(self, answer: Closing) -> Path:
        """Where an answer stands."""
        home = self.folder / "withdrawn" if self.ledger.is_taken_back(answer) else self.folder
        return home / ANSWERS / answer.month / str(answer.subject)

    def _kept(self, past: Sequence[Closing]) -> Iterator[tuple[Path, str]]:
        """Where what was published and does not stand any more is kept, with the hash of its manifest."""
        for closing in past:
            if closing.event != WITHDRAWN:
                name = closing.month if closing.event == RELEASED else f"{closing.month}-replacement"
                yield self.folder / "withdrawn" / name, closing.manifest

    def _waiting(self, month: str, subject: str | None = None) -> Path:
        return self.folder / f".{month}{f'.{subject}' if subject else ''}.waiting"

    def published(self) -> Iterator[Published]:
        """All that was ever published, withdrawn or not: releases by month, each with the answers beside it."""
        for month in self.ledger.decided:
            *past, now = self.ledger.of(month)
            yield from (Published(folder, manifest, month) for folder, manifest in self._kept(past))
            if now.event != WITHDRAWN:
                yield Published(self.folder / month, now.manifest, month)
            for one in self.ledger.answers(month):
                if one.event == ANSWERED:
                    yield Published(self.answer_folder(one), one.manifest, month, one.subject)

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
        self._write(self._waiting(month), files, manifest)
        self._commit(
            Closing(event, month, _manifest_hash(self._waiting(month)), *_made(manifest), len(atoms), reason), atoms
        )
        return self.folder / month

    def check_answer(self, month: str, subject: str) -> None:
        """Raises InputError where nothing can be answered about a month, or the subject was decided already."""
        if not _SUBJECT.fullmatch(subject):
            raise ValueError(f"{subject!r} is no subject: small letters, digits, hyphens and underscores")
        if month not in self.ledger.decided:
            raise InputError(f"{month} is not published", mend="What is published is listed by: rapport status")
        if any(closing.event == WITHDRAWN for closing in self.ledger.of(month)):
            mend = "Ask about another month. What was withdrawn is not counted again, also once it was replaced."
            raise InputError(f"{month} was withdrawn", mend=mend)
        if self.ledger.answer(month, subject):
            raise InputError(f"{subject} of {month} is decided already", mend="It is decided once: read its answer.")

    def answer(
        self,
        month: str,
        subject: str,
        files: Mapping[str, str | bytes],
        manifest: Mapping[str, Any],
        atoms: Sequence[str],
    ) -> Path:
        """Publishes an answer beside the release of a month, as `publish` does a release. Returns its folder.

        `subject` names what was asked for, with its kind first: cut-long_runs-by-weekday. The manifest says so too, as
        the auditor reads it: `month`, and `answer` with `kind` and `subject`. Raises InputError as `check_answer` does.
        """
        self.check_answer(month, subject)
        waiting = self._waiting(month, subject)
        self._write(waiting, files, manifest)
        closing = Closing(ANSWERED, month, _manifest_hash(waiting), *_made(manifest), len(atoms), subject=subject)
        self._commit(closing, atoms)
        return self.answer_folder(closing)

    def refuse(self, month: str, subject: str, manifest: Mapping[str, Any], atoms: Sequence[str] = ()) -> None:
        """Records that a subject is refused, so that it is whenever it is asked for again. There is no folder, and no reason."""
        self.check_answer(month, subject)
        self._commit(Closing(REFUSED, month, "", *_made(manifest), len(atoms), subject=subject), atoms)

    def _commit(self, closing: Closing, atoms: Sequence[str]) -> None:
        self.ledger.append(closing, atoms)
        self.settle()

    def _write(self, waiting: Path, files: Mapping[str, str | bytes], manifest: Mapping[str, Any]) -> None:
        """Writes files with their manifest beside the place that they are for, where they wait."""
        contents = {name: file.encode() if isinstance(file, str) else file for name, file in files.items()}
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        told = json.dumps({**manifest, "files": hashes}, indent=2, ensure_ascii=False) + "\n"
        shutil.rmtree(waiting, ignore_errors=True)
        waiting.mkdir(parents=True)
        everything = [(waiting / name, content) for name, content in [*contents.items(), (MANIFEST, told.encode())]]
        folders = {path.parent for path, _ in everything}
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(WRITTEN_AT_ONCE) as pool:
            list(pool.map(_write, [everything[at::WRITTEN_AT_ONCE] for at in range(WRITTEN_AT_ONCE)]))
        for folder in folders:
            _sync(folder)
        _sync(self.folder)

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


def _made(manifest: Mapping[str, Any]) -> tuple[str, str]:
    """By which policy, and when."""
    return manifest["policy"]["hash"], manifest["made_at"]


def _manifest_hash(folder: Path) -> str:
    path = folder / MANIFEST
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _write(files: Iterable[tuple[Path, bytes]]) -> None:
    for path, content in files:
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
