"""Runs through Dagster on a small platform: months, borders, refusals, late rows, and what is never half-made."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from examples.platform import simulate
from pipelines.cli import main

pytestmark = pytest.mark.xdist_group("runs")


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


def test_month_by_month_is_the_same_as_one_backfill(fresh: Path, whole: Path) -> None:
    """Also of September's quarter, whose July was not asked for."""
    for month in ("2026-08", "2026-09", "2026-10"):
        ran = rapport(fresh, "run", "--month", month)
        assert ran.exit_code == 0, ran.output
        assert released(fresh, month) == released(whole, month), month
    assert "2026-07-01,2026-09-30" in released(fresh, "2026-09")


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


def test_a_month_without_rows_says_so(fresh: Path) -> None:
    ran = rapport(fresh, "run", "--month", "2026-04")
    assert ran.exit_code == 0, ran.output
    assert "2026-04: there is no session in this month" in ran.output


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
    assert rapport(done, "key").exit_code == 0
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
    from pipelines.settings import load_settings

    lake = Lake(load_settings(done / "rapport.toml"))
    try:
        with lake.locked():
            ran = rapport(done, "run", "--month", "2026-10")
    finally:
        lake.close()
    assert ran.exit_code == 2 and "another run is at work" in ran.output


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
