"""Releases as folders: in one step with the ledger, mended wherever a run died, and never decided twice."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assets.errors import InputError
from assets.release.folder import Releases
from assets.release.ledger import REPLACED, Ledger
from tests.unit.release_fixtures import answer, manifest, refuse, release, withdraw

Found = dict[str, bytes | str]


def contents(folder: Path) -> Found:
    """Every file with its bytes, and where links lead."""
    paths = sorted(folder.rglob("*"))
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in paths
        if path.is_symlink() or path.is_file()
    }


def replace(releases: Releases) -> Path:
    return release(releases, "2026-10", REPLACED, "anew")


def before(folder: Path) -> Releases:
    """Two months: what every step begins with."""
    releases = Releases(folder)
    release(releases, "2026-08")
    release(releases, "2026-09")
    return releases


def one_step(number: int) -> Callable[[Releases], object]:
    return (lambda releases: release(releases, "2026-10"), answer, refuse, withdraw, replace, withdraw)[number]


STEPS = {0: "released", 1: "answered", 2: "refused", 3: "withdrawn", 4: "replaced", 5: "withdrawn again"}
WITHDRAWN, REPLACED_ONCE, WITHDRAWN_AGAIN = 4, 5, 6  # so many steps were done


def after(folder: Path, steps: int) -> Releases:
    releases = before(folder)
    for number in range(steps):
        one_step(number)(releases)
    return releases


def test_a_release_is_what_was_given_with_the_hashes_of_its_files(tmp_path: Path) -> None:
    found = release(Releases(tmp_path))
    assert found == tmp_path / "2026-10"
    assert {path.name for path in found.iterdir()} == {"measures.csv", "report.html", "manifest.json"}
    files = json.loads((found / "manifest.json").read_text("utf-8"))["files"]
    assert set(files) == {"measures.csv", "report.html"}
    assert (tmp_path / "latest").readlink() == Path("2026-10")


def test_a_withdrawn_month_has_a_notice_and_what_was_published_is_kept(tmp_path: Path) -> None:
    releases = after(tmp_path, 3)
    published = contents(tmp_path / "2026-10")
    withdraw(releases)
    assert {path.name for path in (tmp_path / "2026-10").iterdir()} == {"report.html", "manifest.json"}
    assert contents(tmp_path / "withdrawn" / "2026-10") == published
    assert (tmp_path / "latest").readlink() == Path("2026-09")


def test_latest_is_gone_when_nothing_stands(tmp_path: Path) -> None:
    releases = Releases(tmp_path)
    release(releases)
    withdraw(releases)
    assert not (tmp_path / "latest").is_symlink()


def test_a_replacement_takes_the_place_of_the_notice(tmp_path: Path) -> None:
    releases = after(tmp_path, REPLACED_ONCE)
    assert "anew" in (tmp_path / "2026-10" / "report.html").read_text("utf-8")
    assert (tmp_path / "latest").readlink() == Path("2026-10")
    published = contents(tmp_path / "2026-10")
    withdraw(releases)
    assert contents(tmp_path / "withdrawn" / "2026-10-replacement") == published
    assert "anew" not in (tmp_path / "withdrawn" / "2026-10" / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("steps", "step", "words"),
    [
        (1, 0, "published already"),
        (WITHDRAWN, 0, "published already"),
        (0, 1, "not published"),
        (2, 1, "decided already"),
        (3, 2, "decided already"),
        (WITHDRAWN, 1, "was withdrawn"),
        (REPLACED_ONCE, 1, "was withdrawn"),
        (0, 3, "never published"),
        (WITHDRAWN, 3, "withdrawn already"),
        (0, 4, "never published"),
        (1, 4, "not withdrawn"),
        (REPLACED_ONCE, 4, "replaced once already"),
        (WITHDRAWN_AGAIN, 4, "replaced once already"),
        (WITHDRAWN_AGAIN, 5, "withdrawn already"),
    ],
)
def test_what_cannot_happen_is_a_mistake_and_changes_nothing(tmp_path: Path, steps: int, step: int, words: str) -> None:
    releases = after(tmp_path, steps)
    there = contents(tmp_path)
    with pytest.raises(InputError, match=words):
        one_step(step)(releases)
    assert contents(tmp_path) == there


# Answers


def test_an_answer_lies_beside_its_release_and_changes_nothing_else(tmp_path: Path) -> None:
    releases = after(tmp_path, 1)
    was = contents(tmp_path)
    found = answer(releases)
    assert found == tmp_path / "answers" / "2026-10" / "cut-long_runs-by-weekday"
    assert {path.name for path in found.iterdir()} == {"measures.csv", "manifest.json"}
    now = contents(tmp_path)
    assert {name: now[name] for name in was if name != "ledger.jsonl"} == {
        name: file for name, file in was.items() if name != "ledger.jsonl"
    }
    assert now["ledger.jsonl"][: len(was["ledger.jsonl"])] == was["ledger.jsonl"]


def test_a_refusal_leaves_a_line_and_nothing_else(tmp_path: Path) -> None:
    releases = after(tmp_path, 1)
    was = set(contents(tmp_path))
    refuse(releases)
    assert set(contents(tmp_path)) == was
    assert [one.event for one in Releases(tmp_path).ledger.answers()] == ["refused"]


def test_what_was_refused_is_not_answered_later(tmp_path: Path) -> None:
    releases = after(tmp_path, 1)
    refuse(releases, subject="cut-long_runs-by-weekday")
    there = contents(tmp_path)
    with pytest.raises(InputError, match="decided already"):
        answer(Releases(tmp_path))
    assert contents(tmp_path) == there


def test_answers_are_of_one_month_each(tmp_path: Path) -> None:
    releases = after(tmp_path, 2)
    answer(releases, "2026-09")
    assert [one.month for one in releases.published()] == ["2026-08", "2026-09", "2026-09", "2026-10", "2026-10"]
    assert [one.subject for one in releases.ledger.answers("2026-09")] == ["cut-long_runs-by-weekday"]
    withdraw(releases)
    folders = [str(one.folder.relative_to(tmp_path)) for one in releases.published() if one.subject]
    kept = "withdrawn/answers/2026-10/cut-long_runs-by-weekday"
    assert folders == ["answers/2026-09/cut-long_runs-by-weekday", kept]


def test_an_answer_goes_with_the_release_that_it_belongs_to(tmp_path: Path) -> None:
    releases = after(tmp_path, 3)
    answered = contents(tmp_path / "answers")
    withdraw(releases)
    assert contents(tmp_path / "withdrawn" / "answers") == answered
    assert contents(tmp_path / "answers") == {}


def test_a_subject_cannot_lead_elsewhere(tmp_path: Path) -> None:
    releases = after(tmp_path, 1)
    for subject in ("../2026-09", "cut/x", "", ".x", "Cut"):
        with pytest.raises(ValueError, match="no subject"):
            releases.answer("2026-10", subject, {}, manifest(), [])


def test_an_answer_that_the_ledger_does_not_know_stops_everything(tmp_path: Path) -> None:
    after(tmp_path, 2)
    shutil.copytree(tmp_path / "answers" / "2026-10", tmp_path / "answers" / "2026-09")
    with pytest.raises(InputError, match="not in the ledger"):
        Releases(tmp_path)


# A run that dies


class DiedError(Exception):
    """Stands for a loss of power: nothing more is done."""


CALLS = ((os, "fsync"), (os, "open"), (Path, "mkdir"), (Path, "rename"), (Path, "symlink_to"), (Path, "replace"),
         (Path, "unlink"), (shutil, "rmtree"))  # fmt: skip


@contextmanager
def dying_at(monkeypatch: pytest.MonkeyPatch, call: int) -> Iterator[None]:
    """Every change to the file system counts; the one with this number is not done any more."""
    calls = itertools.count()

    def counting(real: Callable[..., object]) -> Callable[..., object]:
        def counted(*given: object, **more: object) -> object:
            if next(calls) >= call:  # also for what happens beside it
                raise DiedError
            return real(*given, **more)

        return counted

    with monkeypatch.context() as patched:
        for owner, name in CALLS:
            patched.setattr(owner, name, counting(getattr(owner, name)))
        yield


@pytest.mark.parametrize(
    "number", [number for number, event in STEPS.items() if event != "refused"]
)  # that is one write
def test_a_run_that_dies_anywhere_leaves_all_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    was, whole = tmp_path / "was", tmp_path / "whole"
    after(was, number)
    shutil.copytree(was, whole, symlinks=True)
    one_step(number)(Releases(whole))
    seen = set()
    for call in itertools.count():
        home = tmp_path / f"died at {call}"
        shutil.copytree(was, home, symlinks=True)
        if is_done(home, number, monkeypatch, call):
            break
        Releases(home)
        found = contents(home)
        assert found in (contents(was), contents(whole)), f"died at {call}"
        seen.add(found == contents(whole))
        if found == contents(was):
            one_step(number)(Releases(home))
        assert contents(home) == contents(whole)
    assert seen == {True, False}


def is_done(home: Path, number: int, monkeypatch: pytest.MonkeyPatch, call: int) -> bool:
    """Does a step until it dies at a call, or is done."""
    releases = Releases(home)
    try:
        with dying_at(monkeypatch, call):
            one_step(number)(releases)
    except DiedError:
        return False
    return True


def test_a_line_that_was_half_written_is_cut_off(tmp_path: Path) -> None:
    after(tmp_path / "was", 0)
    shutil.copytree(tmp_path / "was", tmp_path / "whole", symlinks=True)
    release(Releases(tmp_path / "whole"), "2026-10")
    was, whole = ((tmp_path / name / "ledger.jsonl").read_bytes() for name in ("was", "whole"))
    ends = [at for at in range(len(was), len(whole)) if whole[at : at + 1] == b"\n"]
    home = tmp_path / "home"
    for end in sorted({*range(len(was), len(whole), 97), *ends, *(at + 1 for at in ends)}):
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(tmp_path / "was", home, symlinks=True)
        shutil.copytree(tmp_path / "whole" / "2026-10", home / ".2026-10.waiting")
        (home / "ledger.jsonl").write_bytes(whole[:end])
        Releases(home)
        expected = "whole" if end == len(whole) else "was"
        assert contents(home) == contents(tmp_path / expected), f"{end - len(was)} bytes were written"


def test_what_is_mended_goes_on(tmp_path: Path) -> None:
    after(tmp_path, 0)
    with (tmp_path / "ledger.jsonl").open("ab") as file:
        file.write(b'{"previous":"torn')
    release(Releases(tmp_path), "2026-10")
    assert Ledger(tmp_path / "ledger.jsonl").decided == ["2026-08", "2026-09", "2026-10"]


# What a person did


def test_a_ledger_that_is_gone_stops_everything(tmp_path: Path) -> None:
    before(tmp_path)
    (tmp_path / "ledger.jsonl").unlink()
    there = contents(tmp_path)
    with pytest.raises(InputError, match="not in the ledger") as error:
        Releases(tmp_path)
    assert "Restore ledger.jsonl" in error.value.mend
    assert contents(tmp_path) == there


def test_a_ledger_that_was_cut_short_stops_everything_and_is_left_as_it_is(tmp_path: Path) -> None:
    before(tmp_path)
    path = tmp_path / "ledger.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    for kept in (lines[:4], lines[:6], lines[:7], [*lines[:7], lines[7][:-1]]):
        path.write_bytes(b"".join(kept))
        there = contents(tmp_path)
        with pytest.raises(InputError, match="not in the ledger"):
            Releases(tmp_path)
        assert contents(tmp_path) == there


@pytest.mark.parametrize(
    "where", ["2026-08", "withdrawn/2026-10", "withdrawn/answers/2026-10/cut-long_runs-by-weekday"]
)
def test_a_folder_that_is_gone_has_to_be_restored(tmp_path: Path, where: str) -> None:
    after(tmp_path, WITHDRAWN)
    shutil.move(tmp_path / where, tmp_path / "elsewhere")
    with pytest.raises(InputError, match="missing") as error:
        Releases(tmp_path)
    assert where in str(error.value) and "from a copy" in error.value.mend
    shutil.move(tmp_path / "elsewhere", tmp_path / where)
    assert Releases(tmp_path).ledger.standing == ["2026-08", "2026-09"]


def test_a_manifest_that_was_changed_is_found(tmp_path: Path) -> None:
    before(tmp_path)
    path = tmp_path / "2026-09" / "manifest.json"
    path.write_text(path.read_text("utf-8").replace("2026-09", "2026-07"), "utf-8")
    with pytest.raises(InputError, match="not what the ledger knows"):
        Releases(tmp_path)


def test_a_folder_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    before(tmp_path)
    (tmp_path / "2026-07").mkdir()
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    Releases(tmp_path)
    assert (tmp_path / "2026-07").is_dir() and (tmp_path / "notes.txt").exists()
