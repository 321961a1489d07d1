"""All that stands in a folder of releases, as tables of one DuckDB connection that can do nothing else.

Releases and answers are moved into place whole, so what is read is whole. Nothing is locked, and nobody waits.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from reports.adhoc import columns
from reports.adhoc.mart import PARQUET, create_wide

MEMORY_LIMIT = "512MB"
THREADS = 2
_LOCKED = f"""
SET memory_limit = '{MEMORY_LIMIT}';
SET threads = {THREADS};
SET temp_directory = '';
SET TimeZone = 'UTC';
SET autoinstall_known_extensions = false;
SET autoload_known_extensions = false;
SET allow_community_extensions = false;
SET python_enable_replacements = false;
SET enable_external_access = false;
SET lock_configuration = true
"""
_ATTEMPTS = 3


class NothingPublishedError(ValueError):
    """A folder that holds no release: says what was looked for."""


def published(releases: str | os.PathLike[str] = "releases") -> duckdb.DuckDBPyConnection:
    """A connection with the tables of all releases and answers in a folder, and no way to anything else.

    `measures` has every figure; a table for each section has a row for each place and period. Raises NothingPublishedError.
    """
    folder = Path(releases)
    for attempt in range(_ATTEMPTS):
        try:
            return _locked(_loaded(folder))
        except (FileNotFoundError, duckdb.IOException):  # a release was withdrawn while it was read: look again
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError


def standing(folder: Path) -> list[Path]:
    """The folders of releases and answers that stand, oldest month first."""
    places = [*folder.glob("[0-9]*-[0-9]*"), *folder.glob("answers/[0-9]*-[0-9]*/*")]
    return sorted(place for place in places if (place / "measures.csv").is_file())


def _loaded(folder: Path) -> duckdb.DuckDBPyConnection:
    places = standing(folder)
    newest = max((place for place in places if place.parent == folder), default=None)
    if newest is None:
        raise NothingPublishedError(f"{folder}: there is no release here, as {folder}/2026-10")
    catalogue: Mapping[str, Any] = json.loads((newest / "catalogue.json").read_text("utf-8"))
    connection = duckdb.connect()
    connection.execute("BEGIN")
    types = ", ".join(f"{name} {kind}" for name, kind, _ in columns.measure_columns())
    connection.execute(f"CREATE TABLE measures ({types})")
    names = ", ".join(columns.MEASURE_COLUMNS)
    parquet = [str(place / PARQUET) for place in places if (place / PARQUET).is_file()]
    if parquet:
        connection.execute(f"INSERT INTO measures SELECT {names} FROM read_parquet($files)", {"files": parquet})
    csv = [str(place / "measures.csv") for place in places if not (place / PARQUET).is_file()]
    if csv:  # of a version that wrote no Parquet
        typed = ", ".join(
            f"{name}::DOUBLE::BIGINT" if kind == "BIGINT" else f"{name}::{kind}"
            for name, kind, _ in columns.measure_columns()
        )
        query = f"INSERT INTO measures SELECT {typed} FROM read_csv($files, header = true, all_varchar = true)"
        connection.execute(query, {"files": csv})
    connection.execute(columns.comments(columns.MEASURES, columns.MEASURES_IS, columns.measure_columns()))
    for section, measures in columns.sections(catalogue).items():
        create_wide(connection, section, measures, catalogue)
    connection.execute("COMMIT")
    return connection


def _locked(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    connection.execute(_LOCKED)
    return connection
