"""The files of the simulated platform hold what truth.json says, and the same seed gives the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from assets.errors import InputError
from examples.platform import simulate
from examples.platform.teams import expected_sessions
from pipelines.cli import main
from tests.unit.platform_reading import Simulated, read

ADDS_ONE_ROW = {
    "duplicate_row", "duplicate_in_later_file", "correction", "late_correction", "moved_to_later_month",
    "unknown_status", "mangled_session_id", "mangled_client_id", "missing_client_id", "shifted_columns",
    "ambiguous_local_time", "nonexistent_local_time", "ends_before_starts", "unknown_therapist",
}  # fmt: skip
ANOTHER_FORM = {"start_without_offset", "start_in_other_form"}
UNKNOWN_STATUSES = ["Pending review", "TBC", "99"]


@pytest.fixture(scope="module")
def autumn(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """August to October 2026, as small as it gets: the clocks go back in its last month."""
    home = tmp_path_factory.mktemp("autumn")
    simulate(home, sessions=1, months=3, seed=7)
    return read(home)


def dirt(simulated: Simulated, kind: str) -> dict[str, int]:
    """How often truth.json says that this kind lies in each session file."""
    session_files = set(simulated.rows.file)
    return {
        file: kinds[kind]
        for file, kinds in simulated.truth["dirt"].items()
        if file in session_files and kinds.get(kind)
    }


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("once", 3), ("again", 3), ("other", 4)):
        simulate(tmp_path / name, sessions=1, months=1, seed=seed)
    once, again, other = (hashes(tmp_path / name) for name in ("once", "again", "other"))
    assert once == again
    assert once["source/practice-2026-10.csv"] != other["source/practice-2026-10.csv"]


def test_how_many_sessions_there_will_be_is_known_before(
    autumn: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of the fewest, which are more than were asked for; and the command says so."""
    assert expected_sessions(1, 3) == pytest.approx(autumn.truth["sessions"], rel=0.05)
    assert expected_sessions(100_000, 6) == 100_000

    def stop(*_: object, **__: object) -> None:
        raise InputError("stopped")

    monkeypatch.setattr("examples.platform.simulate", stop)
    for months, said in (("6", "about 66,000 sessions over 6 months"), ("1", "about 20,000 sessions over 1 month …")):
        asked = ["demo", "--home", str(tmp_path), "--sessions", "20000", "--months", months]
        assert said in CliRunner().invoke(main, asked).output
    assert CliRunner().invoke(main, ["demo", "--home", str(tmp_path), "--sessions", "0"]).exit_code == 2


def test_a_second_simulation_removes_the_files_of_the_first_and_nothing_else(tmp_path: Path) -> None:
    simulate(tmp_path, sessions=1, months=2)
    (tmp_path / "source" / "mine.csv").write_text("kept", encoding="utf-8")
    simulate(tmp_path, sessions=1, months=1)
    names = {file.name for file in (tmp_path / "source").iterdir()}
    assert "mine.csv" in names
    assert not any("2026-09" in name for name in names)


def test_workload_truth_is_left_out_where_not_wanted(tmp_path: Path) -> None:
    simulate(tmp_path, sessions=1, months=1, truth=False)
    assert json.loads((tmp_path / "source" / "truth.json").read_text(encoding="utf-8"))["workload"] is None


def test_progress_is_told_after_each_month(tmp_path: Path) -> None:
    told = []
    simulate(tmp_path, sessions=1, months=2, progress=lambda *step: told.append(step))
    assert told == [(1, 2, "2026-09"), (2, 2, "2026-10")]


@pytest.mark.parametrize(
    "wrong",
    [{"sessions": 0}, {"months": 0}, {"months": 121}, {"last_month": "2026-13"}, {"last_month": "soon"}],
)
def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        simulate(tmp_path / "home", **wrong)
    assert not (tmp_path / "home").exists()


def test_rows_of_session_files_are_those_counted(autumn: Simulated) -> None:
    expected = {file: autumn.truth["rows"][file] for file in set(autumn.rows.file)}
    assert Counter(autumn.rows.file) == expected
    assert len(expected) == 6  # two softwares, three months


def test_rows_of_all_other_files_are_those_counted(autumn: Simulated) -> None:
    others = {file: rows for file, rows in autumn.truth["rows"].items() if file not in set(autumn.rows.file)}
    assert others == {file: len(autumn.table(file)) for file in others}
    assert {"therapists.csv", "teams.csv", "thresholds.csv", "profiles.csv"} < set(others)


def test_every_row_is_a_session_or_counted_dirt(autumn: Simulated) -> None:
    kinds = Counter()
    for file in set(autumn.rows.file):
        kinds.update(autumn.truth["dirt"][file])
    assert set(kinds) <= ADDS_ONE_ROW | ANOTHER_FORM
    assert {autumn.truth["outcomes"][kind] for kind in ADDS_ONE_ROW & set(kinds)} == {
        "duplicate", "superseded", "quarantined", "accepted",
    }  # fmt: skip
    assert len(autumn.rows) == autumn.truth["sessions"] + sum(kinds[kind] for kind in ADDS_ONE_ROW)


def test_readable_sessions_are_the_clean_ones_and_those_of_unknown_therapists(autumn: Simulated) -> None:
    is_unknown = autumn.sessions.therapist_id.str.startswith("th-99")
    assert int((~is_unknown).sum()) == autumn.truth["sessions"]
    assert int(is_unknown.sum()) == sum(dirt(autumn, "unknown_therapist").values())


def test_duplicates_repeat_a_row_in_the_same_file_or_in_a_later_one(autumn: Simulated) -> None:
    content = [column for column in autumn.rows if column != "file"]
    again = autumn.rows[autumn.rows.duplicated(content)]
    in_same_file = autumn.rows[autumn.rows.duplicated([*content, "file"])]
    assert Counter(in_same_file.file) == dirt(autumn, "duplicate_row")
    in_later = again.drop(in_same_file.index)
    assert Counter(in_later.file) == dirt(autumn, "duplicate_in_later_file")
    assert "sessions-2026-08.csv.gz" not in dirt(autumn, "duplicate_in_later_file")


def test_older_versions_are_superseded(autumn: Simulated) -> None:
    versions = autumn.rows.drop(columns="file").drop_duplicates()
    is_id = versions.session_id.str.fullmatch(r"\d{10}", na=False)
    older = len(versions[is_id]) - versions[is_id].session_id.nunique()
    kinds = ("correction", "late_correction", "moved_to_later_month")
    assert older == sum(sum(dirt(autumn, kind).values()) for kind in kinds)


def test_moved_sessions_lie_in_the_month_after(autumn: Simulated) -> None:
    rows = autumn.rows[autumn.rows.session_id.isin(autumn.sessions.session_id)]
    month_of_file = rows.file.str[9:16]
    by_session = month_of_file.groupby(rows.session_id).agg(["min", "max"])
    spread = by_session[by_session["min"] != by_session["max"]]
    first_start = rows.loc[rows.session_id.isin(spread.index)].groupby("session_id").starts_at.nunique()
    assert int((first_start > 1).sum()) == sum(dirt(autumn, "moved_to_later_month").values())


def test_damage_is_found_where_it_is_counted(autumn: Simulated) -> None:
    rows = autumn.rows
    seen = {
        "unknown_status": rows.status.isin(UNKNOWN_STATUSES),
        "mangled_session_id": rows.session_id == "1.00001E+09",
        "mangled_client_id": rows.client_id == "2.98725E+13",
        "missing_client_id": rows.client_id.isna(),
        "shifted_columns": rows.status.str.fullmatch(r"45|50|60|90", na=False),
        "ambiguous_local_time": rows.starts_at.isin(["2026-10-25T02:30:00", "25.10.2026 02:30"]),
        "unknown_therapist": rows.therapist_id.str.startswith("th-99", na=False),
        "start_without_offset": rows.starts_at.str.fullmatch(r"\d{4}-\d\d-\d\dT(?!02:30)\d\d:\d\d:00", na=False),
        "start_in_other_form": rows.starts_at.str.match(r"\d\d\.\d\d\.\d{4}", na=False)
        & rows.file.str.startswith("sessions-"),
    }
    for kind, is_seen in seen.items():
        assert Counter(rows.file[is_seen]) == dirt(autumn, kind), kind
        assert dirt(autumn, kind), kind


def test_some_practice_sessions_end_before_they_start(autumn: Simulated) -> None:
    practice = autumn.rows[autumn.rows.file.str.startswith("practice-")]
    ends_before = practice.ends_at.str[-5:] < practice.starts_at.str[-5:]
    assert Counter(practice.file[ends_before]) == dirt(autumn, "ends_before_starts")


def test_clock_change_dirt_lies_in_october_only(autumn: Simulated) -> None:
    assert dirt(autumn, "ambiguous_local_time") == {"sessions-2026-10.csv": 2, "practice-2026-10.csv": 2}
    assert dirt(autumn, "nonexistent_local_time") == {}


def test_a_local_time_that_never_was_lies_in_march(tmp_path: Path) -> None:
    simulate(tmp_path, sessions=1, months=1, last_month="2026-03")
    rows = read(tmp_path).rows
    never = rows.starts_at.isin(["2026-03-29T02:30:00", "29.03.2026 02:30"])
    assert Counter(rows.file[never]) == {"sessions-2026-03.csv.gz": 2, "practice-2026-03.csv": 2}


def test_columns_of_the_third_month_come_in_another_order(autumn: Simulated) -> None:
    second, third = (
        (autumn.source / f"sessions-2026-{month}.csv").open(encoding="utf-8").readline().strip().split(",")
        for month in ("09", "10")
    )
    assert second != third
    assert sorted(second) == sorted(third)


def test_statuses_are_spelled_in_several_ways(autumn: Simulated) -> None:
    assert {"Completed", "completed", "COMPLETED ", "3", " 3", "03"} <= set(autumn.rows.status)


def test_logs_hold_duplicates_and_impossible_scores_as_counted(autumn: Simulated) -> None:
    for month in autumn.truth["months"]:
        counted = autumn.truth["dirt"][f"feedback-{month}.csv"]
        answers = autumn.table(f"feedback-{month}.csv")
        assert int(answers.duplicated().sum()) == counted["duplicate_row"]
        assert int((answers.understanding == "9").sum()) == counted["score_out_of_range"]
        assert int((~answers.appointment.isin(autumn.rows.session_id)).sum()) == counted["unknown_session"]
        for log in ("requests", "endings"):
            again = autumn.table(f"{log}-{month}.csv").duplicated().sum()
            assert int(again) == autumn.truth["dirt"][f"{log}-{month}.csv"]["duplicate_row"]


def test_three_thresholds_are_impossible(autumn: Simulated) -> None:
    declared = autumn.table("thresholds.csv").sessions_a_day.astype(int)
    assert sorted(declared[(declared < 1) | (declared > 24)]) == [-3, 0, 400]
    assert autumn.truth["dirt"]["thresholds.csv"] == {"threshold_out_of_range": 3}
