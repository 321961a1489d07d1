"""Versions of rows, over files, months and runs, against a latest-version rule that a few lines of Python hold.

However a history of rows is split into files and runs: the same rows win, and each file's counts add up.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.raw_fixtures import HEADER, Home, pseudonym, session, source_of

STARTS = ("2026-08-31T23:30Z", "2026-09-01T00:30Z", "2026-10-05T09:00Z")
UPDATED = ("", "2026-10-01T00:00Z", "2026-10-02T00:00Z")


@dataclass(frozen=True)
class Row:
    """A version of a session. There are few values, so that equal and conflicting versions are common."""

    key: int
    start: str
    status: str
    updated_at: str

    @property
    def line(self) -> str:
        return session(self.key, self.start, self.status).replace("\n", f",{self.updated_at}\n")


def history(seed: int, runs: int, files: int, rows: int) -> list[list[list[Row]]]:
    """Runs of files of rows: up to 40 sessions with a few versions each, so that one example holds 40 histories."""
    chance = random.Random(seed)
    return [
        [
            [
                Row(
                    chance.randint(1, 40),
                    chance.choice(STARTS),
                    chance.choice(("attended", "no_show")),
                    chance.choice(UPDATED),
                )
                for _ in range(chance.randint(0, rows))
            ]
            for _ in range(chance.randint(1, files))
        ]
        for _ in range(runs)
    ]


HISTORIES = st.builds(
    history, seed=st.integers(0, 2**32), runs=st.integers(1, 4), files=st.integers(1, 2), rows=st.integers(1, 60)
)


def expected(files: list[list[Row]]) -> tuple[dict[int, Row], list[tuple[int, int, int]]]:
    """The winner of each key, and by file: accepted, superseded, duplicate. Files in the order of arrival."""
    arrived = [(row, file) for file, rows in enumerate(files) for row in rows]
    winners: dict[int, Row] = {}
    counts = [[0, 0, 0] for _ in files]
    for key in {row.key for row, _ in arrived}:
        # sort() is stable: among equals, the order of arrival stays
        versions = sorted((version for version in arrived if version[0].key == key), key=lambda it: it[0].updated_at)
        changes = [
            version for place, version in enumerate(versions) if not place or version[0] != versions[place - 1][0]
        ]
        winners[key] = changes[-1][0]
        counts[changes[-1][1]][0] += 1
        for _, file in changes[:-1]:
            counts[file][1] += 1
        for place, (row, file) in enumerate(versions):
            counts[file][2] += bool(place) and row == versions[place - 1][0]
    return winners, [(accepted, superseded, duplicate) for accepted, superseded, duplicate in counts]


def written(home: Home, history: list[list[list[Row]]]) -> list[list[Row]]:
    """Writes and reads a history run by run; returns its files in the order of arrival. No two files have the same bytes."""
    arrived = []
    for run, files in enumerate(history):
        for place, rows in enumerate(files):
            names = HEADER.replace("\n", f",updated_at,file {run} {place}\n")
            lines = [row.line.replace("\n", ",\n") for row in rows]
            home.write(f"{run}-{place}.csv", names + "".join(lines))
            arrived.append(rows)
        home.read()
    return arrived


def state(home: Home) -> tuple[dict[object, tuple[object, ...]], dict[str, tuple[int, ...]]]:
    rows = home.rows()
    won = {row["session_key"]: (row["starts_at"], row["status"], row["updated_at"]) for row in rows}
    assert len(won) == len(rows), "a session counts twice"
    by_month = [row for month in home.register.months("sessions") for row in home.rows(months=[month])]
    assert len(by_month) == len(rows), "months taken one by one hold other rows than all of them together"
    return won, home.outcomes()


def agree(runs: list[list[list[Row]]]) -> None:
    """The lake and Python agree; all in one run, and all read again, come to the same."""
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        home = Home(Path(one), sources=[source_of("sessions", "source/*.csv")])
        arrived = written(home, runs)
        winners, counts = expected(arrived)
        won, outcomes = state(home)
        assert {key: (value[0], value[1]) for key, value in won.items()} == {
            pseudonym("session", f"s{key}"): (dt.datetime.fromisoformat(row.start), row.status)
            for key, row in winners.items()
        }
        assert [found[1:4] for found in outcomes.values()] == counts
        assert [found[0] for found in outcomes.values()] == [len(rows) for rows in arrived]
        at_once = Home(Path(other), sources=home.sources)
        for path in sorted((Path(one) / "source").iterdir()):
            at_once.write(path.name, path.read_bytes())
        at_once.read()
        assert state(at_once) == (won, outcomes)
        at_once.sources = [source_of("sessions", "source/*.csv", values={"status": {"other": "no_show"}})]
        at_once.read()  # a mapping that changes nothing: all files are read again, and all is settled anew
        assert state(at_once) == (won, outcomes)


@settings(max_examples=2, deadline=None)
@given(runs=HISTORIES)
def test_the_latest_version_wins_however_rows_are_split_into_files_and_runs(runs: list[list[list[Row]]]) -> None:
    agree(runs)


@pytest.mark.long
@settings(max_examples=100, deadline=None)
@given(runs=HISTORIES)
def test_the_latest_version_wins_in_many_histories(runs: list[list[list[Row]]]) -> None:
    agree(runs)
