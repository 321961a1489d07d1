"""The chain of the ledger: what is written can be read, and what was changed since is found, by its line."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from assets.errors import InputError
from assets.release.folder import Releases
from assets.release.ledger import REPLACED, Ledger, lines_of, rows_of
from tests.unit.release_fixtures import BANDED, NOT_SHOWN, PUBLISHED, answer, decided, refuse, release, withdraw


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The ledger of two released months, of three atoms each."""
    releases = Releases(tmp_path)
    release(releases, "2026-09")
    release(releases, "2026-10")
    return tmp_path / "ledger.jsonl"


def test_rows_are_read_as_they_were_decided() -> None:
    rows = decided(PUBLISHED, BANDED | {"unit": "007"}, NOT_SHOWN | {"unit": "Wil\nlow", "service": None})
    pd.testing.assert_frame_equal(rows_of(lines_of(rows, "2026-10")), rows, check_dtype=False)
    assert rows_of(lines_of(rows, "2026-10")).dtypes["base"] == "Int64"


def test_no_row_is_no_line() -> None:
    assert lines_of(decided(), "2026-10") == []
    assert rows_of([]).empty


def test_a_quarter_s_row_is_a_row_like_any_other() -> None:
    quarter = decided(PUBLISHED | {"period_start": pd.Timestamp("2026-07-01"), "level": "service", "unit": None})
    (line,) = lines_of(quarter, "2026-09")
    told = json.loads(line)
    assert (told["month"], told["period_start"], told["period_end"]) == ("2026-09", "2026-07-01", "2026-10-28")
    assert (told["level"], told["unit"]) == ("service", None)


def test_each_line_carries_the_hash_of_the_line_before(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 8
    assert json.loads(lines[0])["previous"] == "0" * 64
    for before, line in pairwise(lines):
        assert json.loads(line)["previous"] == hashlib.sha256(before).hexdigest()
    assert [json.loads(line)["kind"] for line in lines] == (["atom"] * 3 + ["closing"]) * 2


def test_a_line_holds_what_is_public_and_nothing_else(path: Path) -> None:
    told = json.loads(path.read_text("utf-8").splitlines()[0])
    figures = {"part", "base", "value", "lower", "upper", "status"}
    deriving = {"middle_part", "least_part", "least_base", "greatest_part", "greatest_base"}
    names = {"period_start", "period_end", "level", "unit", "service", "measure_id", "breakdown", "breakdown_value"}
    assert set(told) == {"previous", "kind", "month"} | names | figures | deriving


def test_a_closing_line_says_what_was_closed(path: Path) -> None:
    closing = Ledger(path).closings[-1]
    written = (path.parent / "2026-10" / "manifest.json").read_bytes()
    assert closing.manifest == hashlib.sha256(written).hexdigest()
    assert (closing.event, closing.month, closing.policy, closing.at, closing.atoms, closing.reason) == (
        "released", "2026-10", "9" * 64, "2026-11-12T05:00:00+00:00", 3, None,
    )  # fmt: skip


def test_the_atoms_of_a_month_are_those_last_published(tmp_path: Path) -> None:
    releases = Releases(tmp_path)
    release(releases, "2026-09")
    release(releases, "2026-10")
    withdraw(releases, "2026-09")
    assert list(releases.ledger.atoms("2026-09").unit) == ["Harbour", "Quay — “n” 1\n", "Willow"]
    rows = decided(NOT_SHOWN, month="2026-09")
    files = {"measures.csv": "anew\n"}
    about = {"policy": {"hash": ""}, "made_at": "2026-12-01T00:00:00+00:00"}
    releases.publish(REPLACED, "2026-09", files, about, lines_of(rows, "2026-09"))
    for ledger in (releases.ledger, Ledger(tmp_path / "ledger.jsonl")):
        assert list(ledger.atoms("2026-09").status) == ["not shown"]
        assert list(ledger.atoms("2026-10").status) == ["published", "banded", "not shown"]


def test_months_that_stand_and_months_that_were_decided(tmp_path: Path) -> None:
    releases = Releases(tmp_path)
    for month in ("2026-10", "2026-08", "2026-09"):
        release(releases, month, at=f"2026-11-{month[-2:]}T05:00:00+00:00")
    withdraw(releases, "2026-10")
    ledger = Ledger(tmp_path / "ledger.jsonl")
    assert ledger.decided == ["2026-08", "2026-09", "2026-10"]
    assert ledger.standing == ["2026-08", "2026-09"]
    assert ledger.last_published_at == "2026-11-10T05:00:00+00:00"


def test_an_answer_is_no_release(tmp_path: Path) -> None:
    releases = Releases(tmp_path)
    release(releases, "2026-09")
    release(releases, "2026-10", at="2026-11-12T05:00:00+00:00")
    atoms = releases.ledger.atoms("2026-09")
    answer(releases, "2026-09")
    refuse(releases, "2026-09")
    for ledger in (releases.ledger, Ledger(tmp_path / "ledger.jsonl")):
        assert ledger.decided == ledger.standing == ["2026-09", "2026-10"]
        assert [closing.event for closing in ledger.of("2026-09")] == ["released"]
        pd.testing.assert_frame_equal(ledger.atoms("2026-09"), atoms)
        assert list(ledger.atoms("2026-09", "cut-long_runs-by-weekday").breakdown_value) == ["Monday", "Tuesday"]
        events = [(closing.event, closing.subject) for closing in ledger.answers("2026-09")]
        assert events == [("answered", "cut-long_runs-by-weekday"), ("refused", "cut-long_runs-by-kind")]
        assert ledger.answers("2026-10") == [] and ledger.answer("2026-10", "cut-long_runs-by-kind") is None
        assert not any(ledger.is_taken_back(one) for one in ledger.answers())


def test_an_answer_does_not_make_rows_late(tmp_path: Path) -> None:
    """Rows are late that came since figures were last published for everybody's months."""
    releases = Releases(tmp_path)
    release(releases, "2026-10", at="2026-11-12T05:00:00+00:00")
    releases.refuse("2026-10", "cut-x", {"policy": {"hash": ""}, "made_at": "2027-01-01T00:00:00+00:00"})
    assert releases.ledger.last_published_at == "2026-11-12T05:00:00+00:00"


def test_a_ledger_from_before_there_were_answers_is_read(path: Path) -> None:
    lines, previous = [], "0" * 64
    for line in path.read_bytes().splitlines():
        told = json.loads(line) | {"previous": previous}
        told.pop("subject", None)
        lines.append(json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")
        previous = hashlib.sha256(lines[-1]).hexdigest()
    path.write_bytes(b"".join(lines))
    assert Ledger(path).standing == ["2026-09", "2026-10"] and Ledger(path).answers() == []


def test_without_a_ledger_there_is_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    assert (ledger.decided, ledger.lines, ledger.last_published_at, ledger.head) == ([], 0, "", "0" * 64)


@pytest.mark.parametrize(
    ("line", "old", "new", "found"),
    [
        (1, b'"base":160', b'"base":165', "line 2"),
        (4, b'"event":"released"', b'"event":"replaced"', "line 5"),
        (6, b'"status":"banded"', b'"status":"published"', "line 7"),
        (7, b'"previous":"', b'"previous":"f', "line 7"),
        (8, b'"atoms":3', b'"atoms":2', "line 8"),
        (8, b'"kind":"closing",', b'"kind":"closing",,', "line 8"),
        (8, b'"month"', b'"week"', "line 8"),
    ],
)
def test_a_line_that_was_changed_is_found(path: Path, line: int, old: bytes, new: bytes, found: str) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    path.write_bytes(b"".join(lines))
    with pytest.raises(InputError, match=found) as error:
        Ledger(path)
    assert "ledger.jsonl" in str(error.value) and "Restore" in error.value.mend


def test_a_line_that_was_taken_out_or_put_in_is_found(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    for changed in (lines[1:], lines[:2] + lines[3:], [*lines[:3], lines[2], *lines[3:]], lines[4:] + lines[:4]):
        path.write_bytes(b"".join(changed))
        with pytest.raises(InputError, match="chain breaks"):
            Ledger(path)


def test_what_was_changed_is_told_without_what_it_held(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"unit":"Harbour"', b'"unit":"Harbor"', 1))
    with pytest.raises(InputError) as error:
        Ledger(path)
    assert "Harbo" not in str(error.value)
