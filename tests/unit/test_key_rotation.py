"""The key beside the lake: when one is made, and how a new one takes its place.

The old lake goes only once the new key is in place, and nothing is lost that the sources do not hold.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assets.errors import InputError
from pipelines import rotation
from pipelines.cli import main
from pipelines.lake import Lake
from pipelines.rotation import rotate_key
from pipelines.settings import load_settings

CONFIGURATION = """
[organisation]
name = "Small Care"
timezone = "Europe/Berlin"
[[source]]
table = "sessions"
files = "source/sessions-*.csv"
[[source]]
table = "therapists"
files = "source/therapists.csv"
"""


@pytest.fixture(name="home")
def fixture_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a key and a lake of three files, one of them a register whose file has changed since."""
    monkeypatch.delenv("RAPPORT_KEY", raising=False)
    (tmp_path / "rapport.toml").write_text(CONFIGURATION, "utf-8")
    load_settings(tmp_path / "rapport.toml").make_key()
    source = tmp_path / "source"
    source.mkdir()
    for name in ("sessions-1.csv", "sessions-2.csv", "therapists.csv"):
        (source / name).write_text(name, "utf-8")
    files = [
        {"table": name.split("-")[0].split(".")[0], "number": number, "name": name, "mapping": "", "read_at": "", "read": 1,
         "content": hashlib.sha256(name.encode()).hexdigest(), "quarantined": 0, "parts": {}, "quarantine": "", "stored": 1}
        for number, name in enumerate(["sessions-1.csv", "sessions-2.csv", "therapists.csv"])
    ]  # fmt: skip
    (source / "therapists.csv").write_text("other", "utf-8")
    for name in ("raw/sessions", "core/sessions", "measures/long_runs", "checks"):
        (tmp_path / "lake" / name).mkdir(parents=True)
    (tmp_path / "lake" / "core" / "sessions" / "2026-10.parquet").touch()
    (tmp_path / "lake" / "raw" / "register.json").write_text(
        json.dumps({"key_check": "mark", "files": files, "outcomes": {}}), "utf-8"
    )
    (tmp_path / "releases" / "2026-10").mkdir(parents=True)
    (tmp_path / "releases" / "2026-10" / "measures.csv").write_text("figures", "utf-8")
    return tmp_path


def rotated(home: Path, forgets_missing: bool = False) -> None:
    rotate_key(load_settings(home / "rapport.toml"), forgets_missing)


def test_a_new_key_empties_the_lake_and_leaves_releases_and_sources(home: Path) -> None:
    old = (home / "rapport.key").read_text("utf-8")
    rotated(home)
    new = home / "rapport.key"
    assert new.read_text("utf-8") != old and len(new.read_text("utf-8").strip()) == 64
    assert new.stat().st_mode & 0o777 == 0o600
    assert not list((home / "lake").rglob("*.parquet")) and not (home / "lake" / "raw").exists()
    assert (home / "releases" / "2026-10" / "measures.csv").read_text("utf-8") == "figures"
    assert len(list((home / "source").iterdir())) == 3
    assert [path.name for path in home.glob("rapport.key*")] == ["rapport.key"]


def test_rows_whose_files_are_gone_are_not_lost_by_mistake(home: Path) -> None:
    before = (home / "rapport.key").read_bytes()
    (home / "source" / "sessions-2.csv").unlink()
    with pytest.raises(InputError, match=r"1 of the files .* would be lost: sessions-2\.csv") as refused:
        rotated(home)
    assert "--forget-missing" in refused.value.mend
    assert (home / "rapport.key").read_bytes() == before and (home / "lake" / "raw" / "register.json").exists()
    rotated(home, forgets_missing=True)
    assert (home / "rapport.key").read_bytes() != before and not (home / "lake" / "raw").exists()


def test_no_key_is_changed_under_a_run(home: Path) -> None:
    before = (home / "rapport.key").read_bytes()
    lake = Lake(load_settings(home / "rapport.toml"))
    try:
        with lake.locked(), pytest.raises(InputError, match="another run is at work"):
            rotated(home)
    finally:
        lake.close()
    assert (home / "rapport.key").read_bytes() == before and (home / "lake" / "raw" / "register.json").exists()


def test_a_rotation_that_died_is_done_by_the_next(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It dies while the lake goes: then what tells the old key is still there, and no run takes the rest for its own."""
    with monkeypatch.context() as dying:
        dying.setattr(rotation.shutil, "rmtree", lambda folder: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            rotated(home)
    assert (home / "lake" / "raw" / "register.json").exists()
    rotated(home)
    assert not (home / "lake" / "core").exists() and not (home / "lake" / "raw").exists()


def test_what_was_made_from_raw_goes_before_raw(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[str] = []
    monkeypatch.setattr(rotation.shutil, "rmtree", lambda folder: gone.append(folder.name))
    rotated(home)
    assert gone[-1] == "raw" and {"core", "measures"} < set(gone)


def test_a_key_of_the_environment_is_changed_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_KEY", "x" * 40)
    with pytest.raises(InputError, match="environment"):
        rotated(home)
    assert (home / "lake" / "raw" / "register.json").exists()


# The first key, and one of no use


def rapport(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--config", str(home / "rapport.toml"), *arguments])


def test_beside_a_lake_no_other_key_is_made(home: Path) -> None:
    (home / "rapport.key").unlink()
    ran = rapport(home, "key")
    assert ran.exit_code == 2 and not (home / "rapport.key").exists()
    assert f"{home / 'rapport.key'}: the key that the lake's pseudonyms were made with is missing" in ran.stderr
    assert "Put it back" in ran.stderr and "remove the folder lake, make a key with: rapport key" in ran.stderr
    shutil.rmtree(home / "lake")
    assert rapport(home, "key").exit_code == 0 and (home / "rapport.key").exists()


@pytest.mark.parametrize("command", [("key",), ("key", "--rotate"), ("run",), ("backfill",)], ids=" ".join)
def test_a_key_that_is_too_short_has_one_way_out_whatever_is_asked(home: Path, command: tuple[str, ...]) -> None:
    key = home / "rapport.key"
    key.write_text("short", "utf-8")
    ran = rapport(home, *command)
    assert ran.exit_code == 2 and f"{key}: the key is shorter than 32 characters" in ran.stderr
    assert "Put the key back that the lake's pseudonyms were made with" in ran.stderr
    assert "remove the folder lake and this file" in ran.stderr
    shutil.rmtree(home / "lake")
    ran = rapport(home, *command)
    assert ran.exit_code == 2 and "Nothing was read with it yet: remove this file" in ran.stderr
    key.unlink()
    assert rapport(home, "key").exit_code == 0 and len(load_settings(home / "rapport.toml").key()) == 64


def test_beside_a_key_of_the_environment_no_file_is_made(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "rapport.key").unlink()
    monkeypatch.setenv("RAPPORT_KEY", "short")
    assert "the key is in the environment" in rapport(home, "key").stderr and not (home / "rapport.key").exists()
    assert "Set it to the key of this home, or unset it" in rapport(home, "run").stderr
