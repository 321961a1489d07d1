"""A release's figures as tables for other tools: a DuckDB file, and `measures` as Parquet.

Made from the rows as released: nothing is computed, so nothing can be in them that measures.csv does not say.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from reports.adhoc import columns

if TYPE_CHECKING:
    import pandas as pd

MART, PARQUET = "mart.duckdb", "measures.parquet"
_SMALL_BLOCKS = 16384  # bytes: of a quarter of a megabyte, as DuckDB takes by itself, a release would be mostly empty


def mart_files(released: pd.DataFrame, catalogue: Mapping[str, Any]) -> dict[str, bytes]:
    """mart.duckdb and measures.parquet for the rows of a release, in the columns of measures.csv."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        mart, parquet = Path(folder) / MART, Path(folder) / PARQUET
        connection.execute(f"ATTACH '{mart}' AS mart (BLOCK_SIZE {_SMALL_BLOCKS}); USE mart; BEGIN")
        create_measures(connection, released)
        for section, measures in columns.sections(catalogue).items():
            create_wide(connection, section, measures, catalogue)
        connection.execute(f"{_to_parquet(parquet)}; COMMIT; USE memory; DETACH mart")
        return {MART: mart.read_bytes(), PARQUET: parquet.read_bytes()}


def parquet_file(released: pd.DataFrame) -> bytes:
    """measures.parquet for rows of a release, or of an answer."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / PARQUET
        create_measures(connection, released)
        connection.execute(_to_parquet(path))
        return path.read_bytes()


def _to_parquet(path: Path) -> str:
    return f"COPY measures TO '{path}' (FORMAT parquet)"


def create_measures(connection: duckdb.DuckDBPyConnection, released: pd.DataFrame) -> None:
    """Makes the table `measures` of released rows, with its comments."""
    typed = ", ".join(f"{name}::{kind} AS {name}" for name, kind, _ in columns.measure_columns())
    connection.register("released", released)
    connection.execute(f"CREATE TABLE measures AS SELECT {typed} FROM released")
    connection.execute(columns.comments(columns.MEASURES, columns.MEASURES_IS, columns.measure_columns()))
    connection.unregister("released")


def create_wide(
    connection: duckdb.DuckDBPyConnection, section: str, measures: list[str], catalogue: Mapping[str, Any]
) -> None:
    """Makes the wide table of a section from `measures`, with its comments."""
    if not measures:
        return
    connection.execute(f"CREATE TABLE {section} AS {columns.wide_sql(measures)}")
    described = f"{section}: a row for each place and period, with part, base, percent and status of each measure"
    connection.execute(columns.comments(section, described, columns.wide_columns(measures, catalogue)))
