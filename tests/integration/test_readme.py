"""What the README shows to an operator and to an analyst, done: its configuration, its commands, its Python."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text("utf-8")
OPERATOR = README.split("\n## If you run it", 1)[1].split("\n## ", 1)[0]
ANALYST = README.split("\n## If you analyse", 1)[1].split("\n## ", 1)[0]


def block(text: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]


def write_csv(path: Path, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heads, *rows])


@pytest.fixture(name="home", scope="module")
def fixture_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the README's rapport.toml and a month of two teams of eight, in the columns that it names."""
    home = tmp_path_factory.mktemp("a home")
    (home / "source").mkdir()
    (home / "rapport.toml").write_text(block(OPERATOR, "toml"), "utf-8")
    draw = random.Random(1)
    therapists = [f"th-{number}" for number in range(16)]
    sessions = [
        [f"s-{day}-{name}-{hour}", name, f"cl-{name}-{draw.randrange(20)}", f"2026-09-{day:02}T{hour:02}:00+02:00", 50,
         "No show" if draw.random() < 0.1 else "Completed"]
        for day in range(1, 31) for name in therapists for hour in range(9, 9 + draw.randint(3, 7))
    ]  # fmt: skip
    teams = [[name, "North" if number < 8 else "South"] for number, name in enumerate(therapists)]
    source = home / "source"
    write_csv(
        source / "sessions-2026-09.csv", ["appointment", "clinician", "client", "start", "minutes", "state"], sessions
    )
    write_csv(source / "therapists.csv", ["clinician", "team"], teams)
    write_csv(
        source / "thresholds.csv", ["clinician", "sessions_a_day"], [[name, draw.randint(4, 6)] for name in therapists]
    )
    return home


@pytest.fixture(name="said", scope="module")
def fixture_said(home: Path) -> dict[str, str]:
    """What each of the operator's commands said, in the README's order."""
    environment = {name: value for name, value in os.environ.items() if name != "RAPPORT_KEY"}
    said: dict[str, str] = {}
    for line in block(OPERATOR, "sh").splitlines():
        words = shlex.split(line, comments=True)
        command = [sys.executable, "-m", "pipelines.cli", *words[1:]]
        done = subprocess.run(
            command,
            cwd=home,
            env={**environment, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        said[words[1]] = done.stdout
    return said


def test_the_operators_commands_lead_to_a_report(home: Path, said: dict[str, str]) -> None:
    assert list(said) == ["key", "check", "backfill", "status"]
    assert "Ready: rapport backfill" in said["check"]
    assert re.search(r"^2026-09 +published$", said["status"], re.MULTILINE)
    assert (home / "releases" / "latest" / "report.html").is_file()


def test_the_analysts_lines_print_figures(home: Path, said: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", block(ANALYST, "python")],
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert re.search(r"North +2026-09-01 +\d+(\.0)? +published", done.stdout), done.stdout
    words = shlex.split(block(ANALYST, "sh"))
    asked = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *words[1:]],
        cwd=home, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    rows = [line.split()[:2] for line in asked.stdout.splitlines()[2:-1]]
    assert rows == [["North", "2026-09-01"], ["South", "2026-09-01"]], asked.stdout


def test_docs_tell_what_a_release_holds(home: Path, said: dict[str, str]) -> None:
    text = (ROOT / "docs" / "releases.md").read_text("utf-8")
    release = home / "releases" / "2026-09"
    manifest = text.split("\n## manifest.json\n", 1)[1]
    keys = [
        key for cells in re.findall(r"^\| (`.+?) \|", manifest, re.MULTILINE) for key in re.findall(r"`(\w+)`", cells)
    ]
    of_some = {"replaces", "withdrawn"}
    assert sorted({*keys} - of_some) == sorted(json.loads((release / "manifest.json").read_text("utf-8")))
    assert set(re.findall(r"^      ([\w.]+)/? ", text, re.MULTILINE)) == {path.name for path in release.iterdir()}
