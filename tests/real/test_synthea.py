# pyright: reportOptionalMemberAccess=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportGeneralTypeIssues=false
"""A clinic log that nobody made for Rapport: it runs as it is, and hides what it must."""

from __future__ import annotations

import csv
import json
import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.integration.test_demo import rapport

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("RAPPORT_REAL_DATA", ROOT.parent / "shared" / "data")) / "synthea"

pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason="the real log is not there; RAPPORT_REAL_DATA names its folder"),
]


def run_months(home: Path, configuration: str, first: str, last: str) -> pd.DataFrame:
    home.mkdir()
    shutil.copy(ROOT / "examples" / "synthea" / configuration, home / "rapport.toml")
    (home / "source").symlink_to(DATA)
    config = home / "rapport.toml"
    assert rapport("key", config=config).returncode == 0
    ran = rapport("backfill", "--from", first, "--to", last, config=config)
    assert ran.returncode == 0, ran.stderr
    paths = sorted(home.glob("releases/[0-9]*/measures.csv"))
    assert [path.parent.name for path in paths] == [str(month) for month in pd.period_range(first, last, freq="M")]
    return pd.concat([pd.read_csv(path, keep_default_na=False) for path in paths])


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    home = tmp_path_factory.mktemp("synthea") / "cities"
    return home, run_months(home, "rapport.toml", "2018-08", "2018-10")


def test_every_encounter_is_accounted_for(cities: tuple[Path, pd.DataFrame]) -> None:
    found = json.loads(rapport("status", "--json", config=cities[0] / "rapport.toml").stdout)
    encounters = next(file for file in found["files"] if file["table"] == "sessions")
    with (DATA / "encounters.csv").open(encoding="utf-8", newline="") as file:
        rows = [(*map(datetime.fromisoformat, row[2:4]), row[5]) for row in csv.reader(file)]
    nobodys = sum(not provider for _, _, provider in rows)
    years_long = sum(bool(provider) and ended - began > timedelta(days=1) for began, ended, provider in rows)
    assert encounters["read"] == len(rows) == 7587
    assert encounters["accepted"] == 7587 - nobodys - years_long
    assert {place["reason"]: place["rows"] for place in found["quarantine"]} == {
        "lasts_over_a_day": years_long,
        "missing_id": nobodys,
    }


def test_no_city_is_shown_and_the_report_says_it_calmly(cities: tuple[Path, pd.DataFrame]) -> None:
    home, figures = cities
    assert set(figures.status) <= {"not shown", "not measured"}
    assert set(figures[figures.measure_id == "over_threshold_days"].status) == {"not measured"}
    report = (home / "releases" / "2018-10" / "report.html").read_text("utf-8")
    assert "not shown" in report and "error" not in report.split("<script")[0].lower()


def test_the_providers_names_were_never_read(cities: tuple[Path, pd.DataFrame]) -> None:
    with (DATA / "providers.csv").open(encoding="utf-8", newline="") as file:
        names = {row[2] for row in csv.reader(file)}
    assert len(names) > 100
    for path in cities[0].rglob("*"):
        if path.is_file() and "source" not in path.relative_to(cities[0]).parts:
            content = path.read_bytes()
            assert not any(name.encode() in content for name in names), path.name


@pytest.mark.long
def test_larger_units_show_more(tmp_path: Path) -> None:
    figures = run_months(tmp_path / "regions", "regions.toml", "2018-01", "2018-12")
    shown = figures[figures.status.isin(["published", "banded"])]
    assert len(shown) > 0
    sessions = (
        duckdb.sql(f"""SELECT strftime(timezone('America/New_York', column02::TIMESTAMPTZ), '%Y-%m') AS month, count(*) AS sessions
        FROM read_csv('{DATA}/encounters.csv', header = false, all_varchar = true)
        WHERE column03::TIMESTAMPTZ <= column02::TIMESTAMPTZ + INTERVAL 1 DAY GROUP BY month""")
        .df()
        .set_index("month")
        .sessions
    )
    spread = shown[shown.measure_id == "caseload_spread"]
    assert (pd.to_numeric(spread.base) <= spread.period_start.str[:7].map(sessions) + 2).all()
