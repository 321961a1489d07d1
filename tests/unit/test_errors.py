"""What the system refuses is told as a person's mistake is: the file or folder, what is wrong, the mend, and nothing of a row."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from assets.errors import refused_by_system
from pipelines.cli import main

# As Python, DuckDB, SQLite and Dagster (with the class before it) have been seen to say it, {home} for the folder
SAID = {
    "PermissionError: [Errno 13] Permission denied: '{home}/releases/.2026-10.waiting'": "releases: may not be written",
    "[Errno 30] Read-only file system: '{home}/lake/lock'": "lake: the disk is read-only",
    "[Errno 28] No space left on device": "home: the disk is full",
    '_duckdb.IOException: IO Error: Cannot open file "{home}/lake/core/x.waiting": Permission denied': "lake: may not be written",
    'IO Error: Async write failed for range [offset=5, size=4]: {{"exception_type":"IO","exception_message":'
    '"Could not write file \\"{home}/lake/x.parquet\\": No space left on device","errno":"28"}}': "x.parquet: the disk is full",
    "Out of Memory Error: failed to offload data block of size 256.0 KiB (5.1 MiB/5.2 MiB used).\n"
    "This limit was set by the 'max_temp_directory_size' setting.": "lake: the disk is full",
    "(sqlite3.OperationalError) attempt to write a readonly database": "dagster: may not be written",
    "(sqlite3.OperationalError) disk I/O error": "dagster: the disk is full, or failing",
    "[Errno 20] Not a directory: '{home}/lake/raw'": "raw: cannot be used: Not a directory",
}


@pytest.fixture(name="home")
def fixture_home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    for folder in ("lake", "releases", "dagster"):
        (home / folder).mkdir(parents=True)
    return home


@pytest.mark.parametrize(("said", "told"), SAID.items())
def test_what_the_system_refuses_is_told_with_its_place_and_its_mend(home: Path, said: str, told: str) -> None:
    error = refused_by_system(said.format(home=home), home)
    assert error and error.mend
    assert f"{error.where}: {error.what}".endswith(told)
    assert error.where.startswith(str(home))


@pytest.mark.parametrize(
    "said",
    [
        "[Errno 32] Broken pipe",
        "[Errno 2] No such file or directory: '/elsewhere/policy.toml'",
        "Conversion Error: Could not convert string '/etc' to INT32: Permission denied",
        "KeyError: 'Permission denied'",
        "",
    ],
)
def test_what_a_person_cannot_mend_is_a_fault(home: Path, said: str) -> None:
    assert refused_by_system(said, home) is None


def test_a_full_disk_is_known_by_the_systems_own_words(home: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("a device of Linux")
    with pytest.raises(OSError) as full, Path("/dev/full").open("w") as file:
        file.write("x" * 100_000)
    with pytest.raises(duckdb.Error) as missing, duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1) TO '{home}/nowhere/x.parquet'")
    assert "the disk is full" in str(refused_by_system(str(full.value), home))
    told = f"{home}/nowhere/x.parquet: cannot be used: {os.strerror(2)}\n"
    assert str(refused_by_system(str(missing.value), home)).startswith(told)


CONFIGURATION = """
[organisation]
name = "Small Care"
timezone = "Europe/Berlin"
[[source]]
table = "sessions"
files = "sessions.csv"
[[source]]
table = "therapists"
files = "therapists.csv"
"""


def rapport(home: Path, *arguments: str) -> Result:
    (home / "rapport.toml").write_text(CONFIGURATION, "utf-8")
    return CliRunner().invoke(main, ["--config", str(home / "rapport.toml"), *arguments])


@pytest.mark.parametrize("arguments", [("run",), ("backfill",), ("key", "--rotate"), ("ui",)], ids=" ".join)
def test_a_home_that_cannot_be_written_ends_in_words(
    home: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    def refuse(folder: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setenv("RAPPORT_KEY", "k" * 40)
    if "key" in arguments:
        monkeypatch.delenv("RAPPORT_KEY")
        assert rapport(home, "key").exit_code == 0
    for folder in ("lake", "dagster"):
        (home / folder).rmdir()
    monkeypatch.setattr(Path, "mkdir", refuse)
    ran = rapport(home, *arguments)
    assert (ran.exit_code, type(ran.exception)) == (2, SystemExit)
    assert f"{home}: may not be written\n  Give this account the right to" in ran.stderr


def test_what_the_system_refuses_within_a_run_is_told_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source file that may not be read: through Dagster, which keeps the words of an error only."""

    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("assets.raw.ingest._sha256", refuse)
    monkeypatch.setenv("RAPPORT_KEY", "k" * 40)
    for name in ("sessions.csv", "therapists.csv"):
        (home / name).write_text("x\n", "utf-8")
    ran = rapport(home, "run")
    assert ran.exit_code == 2, ran.output
    assert f"{home / 'sessions.csv'}: may not be" in ran.stderr
    assert "broke" not in ran.output and "Traceback" not in ran.output
