"""Runs through Dagster on a small platform: months, borders, refusals, late rows, and what is never half-made."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from assets.release.folder import Releases
from examples.platform import simulate
from expectations.breakdowns import decide_breakdowns
from pipelines.auditing import StoppedError, certified
from pipelines.cli import main
from pipelines.definitions import REQUEST_JOB, build_defs
from pipelines.drawing import drawing
from pipelines.months import shift
from pipelines.needed import measure_transforms
from pipelines.releasing import Publisher, opened, policy_in_force
from pipelines.runs import Ended, prepare
from pipelines.settings import load_settings


def rapport(home: Path, *arguments: str) -> Result:
    """The command, in this process: Dagster and Great Expectations are imported once."""
    return CliRunner().invoke(main, ["--config", str(home / "rapport.toml"), *arguments])


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("platform") / "home"
    simulate(home, sessions=27_000, months=4, seed=5, last_month="2026-10")
    return home


@pytest.fixture(scope="module")
def whole(platform: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The platform run as one backfill."""
    home = copied(platform, tmp_path_factory.mktemp("whole") / "home")
    ran = rapport(home, "backfill")
    assert ran.exit_code == 0, ran.output
    return home


def copied(platform: Path, home: Path) -> Path:
    shutil.copytree(platform, home, symlinks=True)
    if not (home / "rapport.key").exists():
        assert rapport(home, "key").exit_code == 0
    return home


@pytest.fixture
def fresh(platform: Path, tmp_path: Path) -> Path:
    return copied(platform, tmp_path / "home")


@pytest.fixture
def done(whole: Path, tmp_path: Path) -> Path:
    return copied(whole, tmp_path / "home")


def released(home: Path, month: str) -> str:
    return (home / "releases" / month / "measures.csv").read_text("utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def edited(path: Path, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    edit(pd.read_csv(path, dtype=str, keep_default_na=False)).to_csv(path, index=False)


@pytest.mark.long
def test_month_by_month_is_the_same_as_one_backfill(fresh: Path, whole: Path) -> None:
    """Also of September's quarter, whose July was not asked for: but for July's returns, which stand beside July's release."""

    def lines(home: Path, month: str) -> list[str]:
        is_beside_nothing = month == "2026-09"
        return [
            line
            for line in released(home, month).splitlines()
            if not (is_beside_nothing and "return_in_context" in line)
        ]

    shutil.copy(whole / "rapport.key", fresh)  # of two sessions at one time, pseudonyms say which is the first
    for month in ("2026-08", "2026-09", "2026-10"):
        ran = rapport(fresh, "run", "--month", month)
        assert ran.exit_code == 0, ran.output
        assert lines(fresh, month) == lines(whole, month), month
    assert "2026-07-01,2026-09-30" in released(fresh, "2026-09")
    returns = [line for line in released(fresh, "2026-09").splitlines() if "return_in_context" in line]
    assert returns and all(line.endswith("not shown") for line in returns)


def test_running_again_changes_nothing_that_is_published(done: Path) -> None:
    before = contents(done / "releases")
    ran = rapport(done, "backfill", "--from", "2026-09", "--to", "2026-10")
    assert ran.exit_code == 0, ran.output
    assert "published before" in ran.output
    assert contents(done / "releases") == before


def test_a_month_that_is_not_closed_is_built_and_not_published(fresh: Path) -> None:
    config = fresh / "rapport.toml"
    config.write_text(config.read_text("utf-8").replace("closing_lag_days = 10", "closing_lag_days = 90"), "utf-8")
    ran = rapport(fresh, "run", "--month", "2026-10")
    assert ran.exit_code == 0 and "closes on 2027-01-30" in ran.output
    assert not (fresh / "releases").exists()
    assert (fresh / "lake" / "core" / "sessions" / "2026-10.parquet").exists()


def test_a_month_without_rows_says_so(done: Path) -> None:
    """Who names it has made a slip; a run of the last closed month without sessions has nothing to do."""
    ran = rapport(done, "run", "--month", "2019-04")
    assert ran.exit_code == 2, ran.output
    assert "2019-04: there is no session, so nothing is published\n" in ran.stderr
    assert "Sessions were read from 2026-07 to 2026-10" in ran.stderr and "newest report" not in ran.output


def test_a_run_of_a_last_closed_month_without_sessions_says_what_can_be_published(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.cli._last_closed", lambda settings: "2026-06")
    ran = rapport(fresh, "run")
    assert ran.exit_code == 0, ran.output
    assert "There is no session in 2026-06, the last month that is closed." in ran.output
    assert "Nothing is published yet, though 2026-07 to 2026-10 can be: rapport backfill" in ran.output


def test_a_month_that_cannot_be_run_is_told(fresh: Path) -> None:
    assert "2077-01 has not begun" in rapport(fresh, "run", "--month", "2077-01").stderr
    config = fresh / "rapport.toml"
    config.write_text(config.read_text("utf-8").replace("[calendar]", '[calendar]\nfirst_month = "2026-08"'), "utf-8")
    ran = rapport(fresh, "run", "--month", "2026-07")
    assert ran.exit_code == 2
    assert "key calendar.first_month: 2026-07 lies before the first month" in ran.stderr
    assert not (fresh / "lake").exists()


def test_what_checks_refuse_leaves_everything_as_it_was(done: Path) -> None:
    """A quarter of the rows has a status that nobody mapped: the file is not let in, and nothing is made from it."""
    last = sorted(done.glob("source/sessions-*.csv"))[-1]
    edited(
        last,
        lambda rows: rows.assign(state=["Unheard of" if i % 4 == 0 else state for i, state in enumerate(rows.state)]),
    )
    before = contents(done / "releases"), contents(done / "lake" / "raw"), contents(done / "lake" / "core")
    ran = rapport(done, "run", "--month", "2026-10")
    assert ran.exit_code == 1
    assert "not let in" in ran.output and "quarantined" in ran.output and "Traceback" not in ran.output
    assert (contents(done / "releases"), contents(done / "lake" / "raw"), contents(done / "lake" / "core")) == before


def test_late_rows_change_no_release_and_are_counted(done: Path) -> None:
    before = contents(done / "releases")
    late = sorted(done.glob("source/sessions-*.csv"))[-1]
    rows = pd.read_csv(late, dtype=str, keep_default_na=False).head(40)
    rows["appointment_id"] = [f"99{i:08d}" for i in range(len(rows))]
    rows.to_csv(done / "source" / "sessions-late.csv", index=False)
    ran = rapport(done, "run", "--month", "2026-10")
    assert ran.exit_code == 0, ran.output
    assert contents(done / "releases") == before
    files = json.loads(rapport(done, "status", "--json").stdout)["files"]
    file = next(file for file in files if file["name"] == "sessions-late.csv")
    assert file["late"] == file["accepted"] + file["superseded"] + file["duplicate"] > 0


@pytest.mark.long
def test_late_rows_of_an_earlier_month_make_it_stale(done: Path) -> None:
    early = pd.read_csv(sorted(done.glob("source/sessions-2026-09.csv"))[0], dtype=str, keep_default_na=False).head(40)
    early["appointment_id"] = [f"98{i:08d}" for i in range(len(early))]
    early.to_csv(done / "source" / "sessions-later.csv", index=False)
    assert rapport(done, "run", "--month", "2026-10").exit_code == 0
    months = {
        entry["month"]: entry["state"] for entry in json.loads(rapport(done, "status", "--json").stdout)["months"]
    }
    assert "changed" not in months["2026-09"], "the month before is built anew with the run"
    assert months["2026-09"].startswith("published")


def test_a_lost_key_stops_a_run(done: Path) -> None:
    (done / "rapport.key").unlink()
    ran = rapport(done, "run", "--month", "2026-10")
    assert ran.exit_code == 2 and "key of the pseudonyms is missing" in ran.output
    assert rapport(done, "key").exit_code == 2
    load_settings(done / "rapport.toml").make_key()
    ran = rapport(done, "run", "--month", "2026-10")
    assert ran.exit_code == 2 and "not the one" in ran.output and "Traceback" not in ran.output


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(b""), "the file is empty"),
        (lambda path: path.write_bytes(bytes(range(256)) * 40), "is not text"),
        (lambda path: path.write_text("appointment_id,clinician\n1,2\n", "utf-8"), 'has no column "client"'),
    ],
)
def test_a_file_that_cannot_be_read_is_a_mistake_with_its_mend(
    done: Path, spoil: Callable[[Path], None], words: str
) -> None:
    before = contents(done / "lake" / "raw")
    spoil(done / "source" / "sessions-2026-11.csv")
    ran = rapport(done, "run", "--month", "2026-10")
    assert ran.exit_code == 2
    assert words in ran.output and "sessions-2026-11.csv" in ran.output and "Traceback" not in ran.output
    assert contents(done / "lake" / "raw") == before


def test_a_policy_looser_than_the_floor_is_refused(done: Path) -> None:
    with (done / "rapport.toml").open("a", encoding="utf-8") as config:
        config.write("\n[policy]\nmin_therapists = 3\n")
    ran = rapport(done, "run", "--month", "2026-10")
    assert ran.exit_code == 2 and "min_therapists" in ran.output and "looser" in ran.output


def test_two_runs_at_once_do_not_mix(done: Path) -> None:
    from pipelines.lake import Lake

    lake = Lake(load_settings(done / "rapport.toml"))
    try:
        with lake.locked():
            ran = rapport(done, "run", "--month", "2026-10")
    finally:
        lake.close()
    assert ran.exit_code == 2 and "another run is at work" in ran.output


@pytest.mark.long
def test_the_months_it_was_not_asked_for_stay_as_they_are(done: Path) -> None:
    def earlier() -> dict[str, bytes]:
        return {
            name: content
            for name, content in contents(done / "lake" / "core").items()
            if "2026-10" not in name and "all" not in name
        }

    before = earlier()
    assert rapport(done, "run", "--month", "2026-10").exit_code == 0
    assert earlier() == before != {}


def test_nothing_of_dagster_is_kept_outside_the_home_nor_sent(done: Path) -> None:
    configured = (done / "dagster" / "dagster.yaml").read_text("utf-8")
    assert re.search(r"telemetry:\n  enabled: false", configured)


# Withdrawing and replacing


def mended(home: Path, month: str, share_of_team: dict[str, int], few_of_team: dict[str, int]) -> None:
    """A later file in which sessions that had taken place turn out as no-shows: one in so many, or so many, of a team."""
    team_of = pd.read_csv(home / "source" / "therapists.csv", dtype=str).set_index("clinician").team
    rows = pd.read_csv(home / "source" / f"sessions-{month}.csv", dtype=str, keep_default_na=False)
    is_whole = (rows.state == "Completed") & rows.changed.str.startswith("2026") & (rows.group_id == "")
    rows = rows.loc[is_whole & ~rows.appointment_id.duplicated()]
    rows = rows.assign(team=rows.clinician.map(team_of[~team_of.index.duplicated()]))
    found = [rows[rows.team == team].iloc[::every] for team, every in share_of_team.items()]
    found += [rows[rows.team == team].head(number) for team, number in few_of_team.items()]
    mend = pd.concat(found).assign(state="No-show", changed="2026-11-20T00:00:00Z").drop(columns="team")
    mend.to_csv(home / "source" / f"sessions-mended-{month}.csv", index=False)


def figures(folder: Path) -> pd.DataFrame:
    rows = pd.read_csv(folder / "measures.csv", dtype=str, keep_default_na=False)
    return rows[rows.level == "unit"].set_index(["measure_id", "unit"])


def test_a_month_is_withdrawn_and_replaced(done: Path) -> None:
    assert rapport(done, "withdraw", "2026-09", "--reason", "wrong_source", "--yes").exit_code == 0
    others = {month: contents(done / "releases" / month) for month in ("2026-07", "2026-08", "2026-10")}
    mended(done, "2026-09", share_of_team={"T05": 4}, few_of_team={"T01": 3})  # Summit, Willow

    ran = rapport(done, "replace", "2026-09")

    assert ran.exit_code == 0, ran.output
    assert {month: contents(done / "releases" / month) for month in others} == others
    before, now = figures(done / "releases" / "withdrawn" / "2026-09"), figures(done / "releases" / "2026-09")
    strictness = {"published": 0, "banded": 1, "not shown": 2}
    assert (now.status.map(strictness) >= before.status.map(strictness)).all()
    untouched = [unit for unit in before.index.unique("unit") if unit not in ("Summit", "Willow")]
    is_curve = before.breakdown == "within_days"  # how the steps of one changed is not counted: it is not shown again
    assert set(now.status[is_curve]) == {"not shown"} and "published" in set(before.status[is_curve])
    is_same = before.index.isin(untouched, "unit") & ~is_curve
    assert before[is_same].equals(now[is_same])
    booked = "late_cancellations_absorbed"
    assert before.status[booked, "Willow"] == "published" and now.status[booked, "Willow"] == "not shown"
    assert before.status[booked, "Summit"] == now.status[booked, "Summit"] == "published"
    assert int(now.part[booked, "Summit"]) - int(before.part[booked, "Summit"]) > 100
    assert now.base[booked, "Summit"] == before.base[booked, "Summit"]

    manifest = json.loads((done / "releases" / "2026-09" / "manifest.json").read_text("utf-8"))
    assert manifest["replaces"]["reason"] == "wrong_source"
    late = manifest["data_quality"]["late"]
    assert late in ("none", "under 1 %"), "only those are late that the clock of UTC puts into October"
    assert "This report replaces an earlier one" in (done / "releases" / "2026-09" / "report.html").read_text("utf-8")
    months = {
        entry["month"]: entry["state"] for entry in json.loads(rapport(done, "status", "--json").stdout)["months"]
    }
    assert months == {"2026-07": "published", "2026-08": "published", "2026-09": "replaced", "2026-10": "published"}
    assert rapport(done, "withdraw", "2026-09", "--reason", "software_error", "--yes").exit_code == 0
    again = rapport(done, "replace", "2026-09")
    assert again.exit_code == 2 and "replaced once already" in again.output


@pytest.mark.long
def test_a_withdrawn_month_is_not_published_by_a_run(done: Path) -> None:
    assert rapport(done, "withdraw", "2026-09", "--reason", "wrong_source", "--yes").exit_code == 0
    before = contents(done / "releases")
    ran = rapport(done, "run", "--month", "2026-09")
    assert ran.exit_code == 0 and "withdrawn; to publish it anew: rapport replace 2026-09" in ran.output
    assert contents(done / "releases") == before


def test_where_nothing_may_be_told_the_notice_stays(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every therapist's id is written anew: who changed cannot be told from who did not."""
    assert rapport(done, "withdraw", "2026-10", "--reason", "wrong_mapping", "--yes").exit_code == 0
    notice = contents(done / "releases")
    for kept in done.glob("lake/published/2026-10/core/rosters/*.parquet"):  # of October, and of August's returns
        duckdb.sql(f"COPY (SELECT * REPLACE (uuid() AS therapist_key) FROM '{kept}') TO '{kept}.new' (FORMAT parquet)")
        Path(f"{kept}.new").replace(kept)
    monkeypatch.setattr("pipelines.runs.build_month", lambda *given: Ended("all is built already"))
    ran = rapport(done, "replace", "2026-10")
    assert ran.exit_code == 1 and "2026-10 is not replaced" in ran.output and "Traceback" not in ran.output
    assert contents(done / "releases") == notice


def test_a_notice_says_why_and_holds_no_figure(done: Path) -> None:
    asked = rapport(done, "withdraw", "2026-10", "--reason", "wrong_mapping")
    assert asked.exit_code == 1 and (done / "releases" / "2026-10" / "measures.csv").exists(), "nobody said yes"
    assert rapport(done, "withdraw", "2026-10", "--reason", "wrong_mapping", "--yes").exit_code == 0
    notice = done / "releases" / "2026-10"
    assert {path.name for path in notice.iterdir()} == {"report.html", "manifest.json"}
    page = (notice / "report.html").read_text("utf-8")
    assert "October 2026" in page and "withdrawn on" in page and "read wrongly" in page
    assert not re.search(r"<(table|svg|script)|\d %", page)
    manifest = json.loads((notice / "manifest.json").read_text("utf-8"))
    assert manifest["withdrawn"]["reason"] == "wrong_mapping" and "data_quality" not in manifest
    assert (done / "releases" / "latest").resolve().name == "2026-09"
    assert rapport(done, "status").output.count("withdrawn (wrong_mapping): rapport replace 2026-10") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("withdraw", "2026-05", "--reason", "wrong_source", "--yes"), "never published"),
        (("withdraw", "2026-10", "--yes"), "Missing option '--reason'"),
        (("withdraw", "2026-10", "--reason", "a secret", "--yes"), "is not one of"),
        (("withdraw", "October", "--reason", "wrong_source"), "give a month as 2026-10"),
        (("replace", "2026-05"), "never published"),
        (("replace", "2026-10"), "not withdrawn"),
    ],
)
def test_a_withdrawal_that_cannot_be_is_a_mistake(done: Path, arguments: tuple[str, ...], words: str) -> None:
    before = contents(done / "releases")
    ran = rapport(done, *arguments)
    assert ran.exit_code == 2 and words in ran.output
    assert contents(done / "releases") == before


def test_without_what_was_published_nothing_can_be_replaced(done: Path) -> None:
    rapport(done, "withdraw", "2026-10", "--reason", "wrong_source", "--yes")
    kept = done / "lake" / "published" / "2026-10" / "kept.json"
    kept.write_text(re.sub(r'"key_check": "\w+"', '"key_check": "another"', kept.read_text("utf-8")), "utf-8")
    ran = rapport(done, "replace", "2026-10")
    assert ran.exit_code == 2 and "the key of the pseudonyms has changed" in ran.output
    shutil.rmtree(done / "lake" / "published")
    ran = rapport(done, "replace", "2026-10")
    assert ran.exit_code == 2 and "is not kept any more" in ran.output


def test_a_new_key_leaves_no_month_to_replace_and_says_so_before_and_after(done: Path) -> None:
    assert "rapport replace 2026-09" in rapport(done, "withdraw", "2026-09", "--reason", "wrong_source", "--yes").output
    key = (done / "rapport.key").read_bytes()
    asked = rapport(done, "key", "--rotate")
    assert asked.exit_code == 1 and (done / "rapport.key").read_bytes() == key, "nobody said yes"
    assert "never to be replaced or asked for new cuts: 2026-07, 2026-08, 2026-09, 2026-10" in asked.output
    assert rapport(done, "key", "--rotate", "--yes").exit_code == 0
    assert (done / "rapport.key").read_bytes() != key
    status = rapport(done, "status").output
    assert "withdrawn (wrong_source); cannot be published anew" in status and "rapport replace" not in status
    withdrawn = rapport(done, "withdraw", "2026-10", "--reason", "wrong_source", "--yes").output
    assert "It cannot be published anew" in withdrawn and "rapport replace" not in withdrawn
    replaced = rapport(done, "replace", "2026-10")
    assert replaced.exit_code == 2 and "if that was emptied for a new key" in replaced.output
    again = rapport(done, "key", "--rotate")
    assert again.exit_code == 0 and "never to be" not in again.output, "there is nothing to lose any more"


def test_a_ledger_that_was_changed_stops_a_run(done: Path) -> None:
    path = done / "releases" / "ledger.jsonl"
    path.write_text(path.read_text("utf-8").replace('"status":"published"', '"status":"banded"', 1), "utf-8")
    before = contents(done / "releases")
    ran = rapport(done, "run", "--month", "2026-10")
    assert ran.exit_code == 2 and "the chain breaks at line" in ran.output and "Restore" in ran.output
    assert contents(done / "releases") == before
    asked = rapport(done, "status")
    assert asked.exit_code == 1 and "the chain breaks at line" in asked.output
    assert "not known without the ledger" in rapport(done, "status", "--json").stdout


# Months that may not be all there, and units that change


def test_a_month_that_may_lack_a_file_is_not_published(fresh: Path) -> None:
    """Unless it is declared whole: see `tests/unit/test_periods.py`."""
    source = fresh / "source"
    edited(source / "sessions-2026-10.csv", lambda table: table.head(20))
    edited(source / "feedback-2026-10.csv", lambda table: table.head(0))
    ran = rapport(fresh, "run", "--month", "2026-10")
    assert ran.exit_code == 0, ran.output
    assert "2026-10: it has fewer than half of the attended sessions of 2026-0" in ran.output
    assert not (fresh / "releases" / "2026-10").exists()
    assert "rapport backfill" in ran.output.splitlines()[-1] and "2026-07 to 2026-09 can be" in ran.output
    status = rapport(fresh, "status").output
    assert "2026-10             not published: it has fewer than half of the attended sessions of 2026-0" in status


def test_a_team_that_begins_within_the_year_is_published_from_then_on(fresh: Path) -> None:
    """Also in what is of a time before it: a quarter, and what looks ahead. Its people have held no session yet."""
    people = pd.DataFrame({"clinician": [f"th-99{n}" for n in range(8)], "team": "T99", "from": "2026-09-01"})
    edited(fresh / "source" / "therapists.csv", lambda table: pd.concat([table, people]))
    team = pd.DataFrame({"team": ["T99"], "name": ["Newbuild"], "timezone": ["Europe/Berlin"]})
    edited(fresh / "source" / "teams.csv", lambda table: pd.concat([table, team]))
    ran = rapport(fresh, "backfill", "--from", "2026-09", "--to", "2026-10")
    assert ran.exit_code == 0, ran.output
    of: dict[str, pd.DataFrame] = {}
    for month in ("2026-09", "2026-10"):
        figures = pd.read_csv(fresh / "releases" / month / "measures.csv")
        of[month] = figures.loc[figures.unit == "Newbuild"]
        assert len(of[month]) == len(figures.loc[figures.unit == "Willow"]), month
    assert set(pd.concat(of).status) == {"not shown"}
    starts = {month: set(figures.period_start) for month, figures in of.items()}
    assert starts["2026-09"] == {"2026-07-01", "2026-09-01"} and starts["2026-10"] == {"2026-08-01", "2026-10-01"}


def test_a_unit_that_changes_within_the_year_is_refused_with_what_to_declare(done: Path) -> None:
    not_yet_released(done, "2026-10")
    before = contents(done / "releases")
    edited(done / "source" / "teams.csv", lambda table: table.replace("Willow", "Willow House"))
    declared = '[[unit]]\nname = "Willow"\nteams = ["T01"]\n'
    checked, ran = rapport(done, "check"), rapport(done, "run", "--month", "2026-10")
    assert (checked.exit_code, ran.exit_code) == (1, 2), ran.output
    for told in (checked.stdout, ran.stderr):
        assert "[[unit]]: units are not what they were in 2026-09: Willow\n" in told
        assert declared in told.replace("\n  ", "\n")
    assert contents(done / "releases") == before


def test_a_declared_unit_that_is_called_as_another_team_is_told(fresh: Path) -> None:
    config = fresh / "rapport.toml"
    config.write_text(config.read_text("utf-8") + '\n[[unit]]\nname = "Beacon"\nteams = ["T01"]\n', "utf-8")
    checked = rapport(fresh, "check")
    assert checked.exit_code == 1
    assert '[[unit]]: the unit "Beacon" is also what the sources call T02\n' in checked.stdout


@pytest.mark.long
@pytest.mark.parametrize("is_gone", [False, True], ids=["renamed", "gone"])
def test_what_a_unit_that_changed_is_told_to_declare_is_what_mends_it(done: Path, is_gone: bool) -> None:
    not_yet_released(done, "2026-10")
    if is_gone:
        edited(done / "source" / "therapists.csv", lambda table: table.loc[table.team != "T01"])
    else:
        edited(done / "source" / "teams.csv", lambda table: table.replace("Willow", "Willow House"))
    ran = rapport(done, "run", "--month", "2026-10")
    assert ran.exit_code == 2 and "units are not what they were in 2026-09: Willow\n" in ran.stderr, ran.output
    config = done / "rapport.toml"
    told = ran.stderr[ran.stderr.index("[[unit]]\n") :]
    config.write_text(config.read_text("utf-8") + "\n" + told, "utf-8")
    ran = rapport(done, "run", "--month", "2026-10")
    assert ran.exit_code == 0 and "2026-10: published" in ran.output, ran.output
    figures = pd.read_csv(done / "releases" / "2026-10" / "measures.csv")
    assert ("published" in set(figures.loc[figures.unit == "Willow"].status)) != is_gone


# A release after others, without Dagster: from what the lake holds


def not_yet_released(home: Path, month: str) -> None:
    """Takes the last release back, as if it had not been made yet."""
    releases = home / "releases"
    lines = (releases / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line)["month"] != month]
    (releases / "ledger.jsonl").write_bytes(b"".join(kept))
    shutil.rmtree(releases / month)


def publish(
    home: Path, month: str, audit: Callable[..., dict[str, Any]] = certified, following: str | None = None
) -> dict[str, Any]:
    settings = load_settings(home / "rapport.toml")
    with opened(settings) as (lake, releases), drawing() as pool:
        now = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
        policy = policy_in_force(settings)
        folder = Publisher(lake, releases, measure_transforms(), policy, now, pool, audit).release(month, following)
    return json.loads((folder / "manifest.json").read_text("utf-8"))


def test_the_next_release_leaves_a_withdrawn_month_out_and_says_so(done: Path) -> None:
    not_yet_released(done, "2026-10")
    assert rapport(done, "withdraw", "2026-09", "--reason", "wrong_source", "--yes").exit_code == 0
    assert publish(done, "2026-10")["withdrawn_months"] == ["2026-09"]
    page = (done / "releases" / "2026-10" / "report.html").read_text("utf-8")
    assert "because withdrawn: September 2026" in page


def test_the_next_release_tells_what_came_late_since_the_last_one(done: Path) -> None:
    not_yet_released(done, "2026-10")
    path = done / "lake" / "raw" / "register.json"
    register = json.loads(path.read_text("utf-8"))
    late = next(file for file in register["files"] if file["name"] == "sessions-2026-09.csv")  # has no row of October
    later = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30)
    late |= {"late": late["stored"] // 2, "read_at": later.isoformat(timespec="seconds")}
    path.write_text(json.dumps(register), "utf-8")
    assert publish(done, "2026-10")["data_quality"]["late"] == "20 % to 80 %"


def test_what_a_release_is_made_from_is_kept(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = done / "lake"
    month = lake / "published" / "2026-10"
    days = Path("core", "therapist_days", "2026-10.parquet")
    for is_linked in (True, False):  # False: a file system without links
        not_yet_released(done, "2026-10")
        if not is_linked:
            monkeypatch.setattr(Path, "hardlink_to", lambda *given: os.link(done, done))
        publish(done, "2026-10")
        assert (month / days).samefile(lake / days) == is_linked
        assert (month / days).read_bytes() == (lake / days).read_bytes()
    assert {str(path.parent.relative_to(month)) for path in month.rglob("*.parquet")} == {
        "core/clients_seen", "core/feedback", "core/rosters", "core/sessions", "core/therapist_days",
    }  # fmt: skip
    assert {path.stem for path in month.rglob("therapist_days/*")} == {"2026-10"}, "no quarter ends with it"
    was = (month / days).read_bytes()
    (lake / days).with_suffix(".waiting").write_bytes(b"built anew")
    (lake / days).with_suffix(".waiting").replace(lake / days)
    assert (month / days).read_bytes() == was


def test_measures_read_core_alone_so_that_what_they_read_can_be_kept() -> None:
    read = {table.split(".")[0] for measure in measure_transforms().values() for table in measure.reads}
    assert read == {"core", "settings"}
    assert (
        "settings.bins" in measure_transforms()["over_threshold_days"].reads
    )  # what lies in which bin is counted anew


def test_what_an_auditor_stops_is_not_published(done: Path) -> None:
    not_yet_released(done, "2026-10")
    before = contents(done / "releases")

    def changed(releases: Releases, month: str, files: dict[str, str], manifest: Any, people: Any) -> dict[str, Any]:
        """The auditor's word on the release with a figure of the organisation that is one more than the units give."""
        table = pd.read_csv(io.StringIO(files["measures.csv"]), dtype=str, keep_default_na=False)
        is_it = (table.level == "organisation") & (table.measure_id == "caseload_spread")
        table.loc[is_it, "base"] = str(int(table.base[is_it].iloc[0]) + 1)
        wrong = files | {"measures.csv": table.to_csv(index=False, lineterminator="\n")}
        return certified(releases, month, wrong, manifest, people)

    with pytest.raises(StoppedError, match="caseload_spread of organisation"):
        publish(done, "2026-10", changed)
    assert contents(done / "releases") == before
    certificate = publish(done, "2026-10")["audited"]
    assert certificate["atoms"] > 60 and not certificate["colleagues"]["narrowed_by_one"]


def test_a_month_that_cannot_be_decided_keeps_no_other_from_being_published(done: Path) -> None:
    not_yet_released(done, "2026-10")
    assert publish(done, "2026-10", following="2026-11")["month"] == "2026-10"  # of which there are no measures
    assert (done / "releases" / "2026-10" / "report.html").exists()


@pytest.mark.parametrize(("months_back", "ready"), [(2, ["2026-09", "2026-10"]), (1, ["2026-09"])])
def test_a_month_that_looks_back_at_the_one_before_waits_until_it_stands(
    done: Path, monkeypatch: pytest.MonkeyPatch, months_back: int, ready: list[str]
) -> None:
    for month in ("2026-10", "2026-09"):
        not_yet_released(done, month)
    looked_back_at = "pipelines.releasing._months_looked_back_at"
    monkeypatch.setattr(looked_back_at, lambda month: {"return_in_context": shift(month, -months_back)})
    made: list[str] = []
    figures = Publisher._figures
    monkeypatch.setattr(Publisher, "_figures", lambda self, month: made.append(month) or figures(self, month))
    publish(done, "2026-09", following="2026-10")
    assert made == ready


# Cuts that are asked for


def test_a_cut_is_answered_once_and_is_a_part_of_all_that_was_published(done: Path) -> None:
    before = contents(done / "releases")
    ran = rapport(done, "request", "--measure", "short_breaks", "--by", "weekday", "--month", "2026-10")
    assert ran.exit_code == 0, ran.output
    place = done / "releases" / "answers" / "2026-10" / "cut-short_breaks-by-weekday"
    figures = pd.read_csv(place / "measures.csv")
    assert list(figures.breakdown_value) == ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday to Sunday"]
    assert set(figures.status) == {"published"}
    # the bins are of the units that are published: their sums can differ by roundings alone
    released = pd.read_csv(done / "releases" / "2026-10" / "measures.csv")
    units = released.query("measure_id == 'short_breaks' and level == 'unit' and status == 'published'")
    for count in ("base", "part"):
        assert abs(sum(figures[count].tolist()) - sum(units[count].tolist())) <= 2 * (len(figures) + len(units))
    now = contents(done / "releases")
    assert {name: now[name] for name in before if name != "ledger.jsonl"} == {
        name: file for name, file in before.items() if name != "ledger.jsonl"
    }
    again = rapport(done, "request", "--measure", "short_breaks", "--by", "weekday", "--month", "2026-10")
    assert again.exit_code == 0 and "Answered before" in again.output
    assert contents(done / "releases") == now
    assert rapport(done, "audit", str(done / "releases" / "2026-09")).exit_code == 0
    assert "cut-short_breaks-by-weekday" in rapport(done, "audit", str(place)).output
    related = rapport(done, "request", "--measure", "long_runs", "--by", "weekday", "--month", "2026-10")
    assert related.exit_code == 2 and "shares a count" in related.output
    assert rapport(done, "withdraw", "2026-10", "--reason", "wrong_source", "--yes").exit_code == 0
    assert not place.exists()
    gone = rapport(done, "request", "--measure", "response_rate", "--by", "weekday", "--month", "2026-10")
    assert gone.exit_code == 2 and "was withdrawn" in gone.output


def test_a_cut_is_counted_from_what_the_month_was_published_from(done: Path, tmp_path: Path) -> None:
    """Sessions that came since, or went, change nothing: the lake as it is now is not looked at."""
    other = copied(done, tmp_path / "other")
    for path in [*(done / "lake" / "core").rglob("2026-*.parquet")]:
        path.unlink()
    for home in (done, other):
        ran = rapport(home, "request", "--measure", "short_breaks", "--by", "weekday", "--month", "2026-09")
        assert ran.exit_code == 0, ran.output
    name = "answers/2026-09/cut-short_breaks-by-weekday"
    assert released(done, name) == released(other, name)


def test_a_refused_cut_stays_refused_and_has_no_reason(done: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = ("request", "--measure", "sessions_over_threshold", "--by", "hour_band", "--month", "2026-10")
    first = rapport(done, *ask)
    assert first.exit_code == 1 and "is refused for 2026-10, as a whole" in first.output
    assert "response_rate by weekday" in first.output  # what can be asked instead
    assert not (done / "releases" / "answers").exists()
    monkeypatch.setattr("pipelines.requesting.decide_breakdowns", lambda *given: pytest.fail("it was decided already"))
    again = rapport(done, *ask)
    assert (again.exit_code, again.output) == (1, first.output)


def test_a_cut_that_the_auditor_stops_is_neither_answered_nor_refused(
    done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_bin_more(*given: Any) -> pd.DataFrame:
        rows = decide_breakdowns(*given)
        return rows.assign(base=rows.base.where(rows.index != rows.index[0], rows.base + 40))

    before = contents(done / "releases")
    monkeypatch.setattr("pipelines.requesting.decide_breakdowns", one_bin_more)
    ran = rapport(done, "request", "--measure", "short_breaks", "--by", "weekday", "--month", "2026-10")
    assert ran.exit_code == 1 and "the auditor stopped" in ran.output and "contradiction" in ran.output
    assert contents(done / "releases") == before


def test_requests_that_cannot_be_are_mistakes(done: Path) -> None:
    asked = done / "asked.toml"
    asked.write_text('measure = "short_breaks"\nby = "weekday"\nmonth = "2031-01"\n', "utf-8")
    assert "2031-01 is not published" in rapport(done, "request", str(asked)).output
    asked.write_text('measures = "short_breaks"\n', "utf-8")
    assert (
        'asked.toml, key measures: there is no such key\n  Did you mean "measure"?'
        in rapport(done, "request", str(asked)).output
    )
    assert "needs a measure and a dimension" in rapport(done, "request").output
    listed = rapport(done, "request", "--list", "--month", "2026-10")
    assert listed.exit_code == 0 and "long_runs by weekday" in listed.output.splitlines()


def test_a_cut_is_answered_from_dagster_too(done: Path) -> None:
    settings = load_settings(done / "rapport.toml")
    prepare(settings)
    asked = {"measure": "short_breaks", "by": "weekday", "month": "2026-10"}
    config = {"ops": {"answer": {"config": asked}}}
    with dg.DagsterInstance.get() as instance:
        job = build_defs(settings).resolve_job_def(REQUEST_JOB)
        result = job.execute_in_process(instance=instance, run_config=config, raise_on_error=False)
        assert result.success
        assert (done / "releases" / "answers" / "2026-10" / "cut-short_breaks-by-weekday").is_dir()
        config = {"ops": {"answer": {"config": asked | {"by": "therapist"}}}}
        refused = job.execute_in_process(instance=instance, run_config=config, raise_on_error=False)
        failures = [event.step_failure_data for event in refused.all_events if event.is_step_failure]
        assert "the smallest group is a unit" in str(failures[0].user_failure_data)
