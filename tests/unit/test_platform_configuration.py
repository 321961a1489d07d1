"""The simulated platform's rapport.toml fits its files: every file is named, every column and value is mapped."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from examples.platform import simulate
from examples.platform.frames import where

CHOICES = {
    "status": {
        "attended", "no_show", "cancelled_by_client", "cancelled_by_therapist", "cancelled_by_platform",
        "scheduled",
    },
    "kind": {"individual", "couple", "group"},
    "modality": {"video", "in_person", "phone"},
    "paired_by": {"client", "coordinator", "algorithm"},
    "pairing_basis": {"best_fit", "earliest_slot", "client_choice", "continuity"},
    "ending": {"planned", "client_stopped", "lost_contact", "transferred"},
}  # fmt: skip
DAMAGED = {"Pending review", "TBC", "99"}
TABLES = {"sessions", "therapists", "teams", "thresholds", "profiles", "requests", "feedback", "endings"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    simulate(home, sessions=1, months=1)
    return home


@pytest.fixture(scope="module")
def sources(home: Path) -> list[dict[str, Any]]:
    return tomllib.loads((home / "rapport.toml").read_text(encoding="utf-8"))["source"]


def frames(home: Path, source: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """File name → rows as text, under the source's own headers."""
    globs = [source["files"]] if isinstance(source["files"], str) else source["files"]
    return {
        file.name: pd.read_csv(
            file, dtype=str, sep=source.get("delimiter", ","), encoding=source.get("encoding", "utf-8")
        )
        for glob in globs
        for file in home.glob(glob)
    }


def test_every_table_has_a_source_and_every_file_belongs_to_one(home: Path, sources: list[dict[str, Any]]) -> None:
    assert {source["table"] for source in sources} == TABLES
    read = [file for source in sources for file in frames(home, source)]
    assert sorted(read) == sorted(file.name for file in (home / "source").glob("*.csv*"))


def test_every_mapped_column_is_there(home: Path, sources: list[dict[str, Any]]) -> None:
    for source in sources:
        for rows in frames(home, source).values():
            assert set(source["columns"].values()) <= set(rows)


def test_every_value_is_mapped_or_ours_but_for_the_damaged_rows(home: Path, sources: list[dict[str, Any]]) -> None:
    for source in sources:
        for field, choices in CHOICES.items():
            mapped = {theirs.casefold(): ours for theirs, ours in source.get("values", {}).get(field, {}).items()}
            assert set(mapped.values()) <= choices
            for rows in frames(home, source).values():
                column = source["columns"].get(field, field)
                if column not in rows or (field == "modality" and source["table"] == "profiles"):
                    continue
                readable = where(rows, ~rows[column].isin(list(DAMAGED)))
                if source["table"] == "sessions" and "start" in rows:  # shifted rows say no time at all
                    readable = where(readable, readable["start"].str.contains(":", na=False))
                values = {value.strip().casefold() for value in readable[column].dropna()}
                assert values <= set(mapped) | choices, (source["table"], field)
