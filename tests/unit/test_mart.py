"""The mart of a release: the rows of measures.csv and nothing else, with NULL and a status where nothing is shown."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from reports.adhoc import published
from reports.adhoc.columns import MEASURE_COLUMNS
from reports.adhoc.mart import mart_files, parquet_file
from reports.adhoc.tables import NothingPublishedError
from tests.unit.auditor_releases import catalogue, rows_of, text_of

CATALOGUE: dict[str, Any] = catalogue() | {"sections": [{"id": "workload", "title": "Workload", "question": "?"}]}
for number, entry in enumerate(CATALOGUE["measures"].values()):
    entry |= {"section": "workload", "title": f"Measure {number}, one's own"}
BIN = {"level": "organisation", "measure_id": "over_days", "breakdown": "weekday", "breakdown_value": "early"}


def as_released(month: str, *more: dict[str, Any]) -> pd.DataFrame:
    rows = [*rows_of(month), *more]
    return pd.read_csv(io.StringIO(text_of(rows)), dtype_backend="numpy_nullable")


def write(folder: Path, month: str, with_parquet: bool = True, *more: dict[str, Any], place: str = "") -> Path:
    release = folder / (place or month)
    release.mkdir(parents=True)
    rows = list(more) if place else [*rows_of(month), *more]
    (release / "measures.csv").write_text(text_of(rows), "utf-8")
    (release / "catalogue.json").write_text(json.dumps(CATALOGUE), "utf-8")
    if with_parquet:
        rows_as_frame = pd.read_csv(release / "measures.csv", dtype_backend="numpy_nullable")
        (release / "measures.parquet").write_bytes(parquet_file(rows_as_frame))
    return release


@pytest.fixture(scope="module")
def mart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mart")
    for name, content in mart_files(as_released("2026-10"), CATALOGUE).items():
        (folder / name).write_bytes(content)
    return folder


def test_measures_are_the_rows_as_they_were_released(mart: Path) -> None:
    told = list(csv.DictReader(io.StringIO(text_of(rows_of("2026-10")))))
    with duckdb.connect(str(mart / "mart.duckdb"), read_only=True) as connection:
        for source in ("measures", f"read_parquet('{mart / 'measures.parquet'}')"):
            found = connection.execute(f"SELECT * FROM {source}").fetchall()
            as_text = [["" if value is None else str(value) for value in row] for row in found]
            assert as_text == [list(row.values()) for row in told]


def test_what_is_hidden_is_null_with_a_status_and_never_zero(mart: Path) -> None:
    with duckdb.connect(str(mart / "mart.duckdb"), read_only=True) as connection:
        hidden = "part, base, value FROM measures WHERE status = 'not shown' AND level = 'unit'"
        assert set(connection.execute(f"SELECT {hidden}").fetchall()) == {(None, None, None)}
        row = "planned, planned_part, planned_base, planned_status FROM workload WHERE unit = 'Birch'"
        assert connection.execute(f"SELECT {row}").fetchall() == [(None, None, None, "not shown")]
        assert connection.execute("SELECT count(*) FROM measures WHERE 0 IN (part, base)").fetchall() == [(0,)]


def test_a_wide_table_has_a_row_a_place_with_each_measure(mart: Path) -> None:
    with duckdb.connect(str(mart / "mart.duckdb"), read_only=True) as connection:
        ash = "over_days, over_days_part, over_days_base, run_days_status FROM workload WHERE unit = 'Ash'"
        assert connection.execute(f"SELECT {ash}").fetchall() == [(20, 40, 205, "published")]
        assert connection.execute("SELECT count(*) FROM workload").fetchall() == [(8,)]  # all, two services, five units


def test_every_column_says_what_it_holds(mart: Path) -> None:
    with duckdb.connect(str(mart / "mart.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
    assert {table for table, _, _ in found} == {"measures", "workload"}
    assert all(comment for _, _, comment in found)
    assert ("workload", "over_days_part") in {(table, column) for table, column, _ in found}


def test_all_that_stands_is_read_together(tmp_path: Path) -> None:
    write(tmp_path, "2026-09", with_parquet=False)
    write(tmp_path, "2026-10")
    cut = {"period_start": "2026-10-01", "period_end": "2026-10-31", **BIN, "status": "not shown"}
    write(tmp_path, "2026-10", True, cut, place="answers/2026-10/cut-over_days-by-weekday")
    write(tmp_path, "2026-08", place="withdrawn/2026-08")
    write(tmp_path, "2026-11", place=".2026-11.waiting")
    notice = tmp_path / "2026-07"
    notice.mkdir()
    (notice / "manifest.json").write_text("{}", "utf-8")
    tables = published(tmp_path)
    months = tables.execute("SELECT month(period_end), count(*) FROM measures GROUP BY 1 ORDER BY 1").fetchall()
    assert months == [(9, 24), (10, 25)]
    assert tables.execute("SELECT breakdown_value FROM measures WHERE breakdown IS NOT NULL").fetchall() == [("early",)]
    assert list(tables.sql("FROM measures LIMIT 1").df()) == list(MEASURE_COLUMNS)


def test_a_folder_without_a_release_is_told(tmp_path: Path) -> None:
    with pytest.raises(NothingPublishedError, match="there is no release here"):
        published(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM '/etc/hostname'",
        "COPY measures TO '/tmp/never.csv'",
        "ATTACH '/tmp/never.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET threads = 8",
        "SET enable_external_access = true",
        "RESET memory_limit",
        "EXPORT DATABASE '/tmp/never'",
        "SELECT * FROM mine",
    ],
)
def test_the_connection_can_do_nothing_else(tmp_path: Path, statement: str) -> None:
    """Whatever is asked of it, the file system and the settings are out of its reach, as are variables of Python."""
    write(tmp_path, "2026-10")
    mine = pd.DataFrame({"secret": [1]})
    tables = published(tmp_path)
    with pytest.raises(duckdb.Error):
        tables.execute(statement)
    assert len(mine) == 1
