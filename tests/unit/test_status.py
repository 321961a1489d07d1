"""What `rapport status` says of the checks: those that did not hold, by title, and nothing of those that did."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from pipelines.cli import main
from tests.unit.test_errors import CONFIGURATION

VERDICTS = (
    ("Every id is unique", "error", "failed"),
    ("No row came twice", "warn", "failed"),
    ("No file is without rows", "warn", "passed"),
)


def test_checks_that_did_not_hold_are_listed(tmp_path: Path) -> None:
    (tmp_path / "rapport.toml").write_text(CONFIGURATION, "utf-8")
    checks = tmp_path / "lake" / "checks"
    checks.mkdir(parents=True)
    told = [{"table": "raw.sessions", "title": t, "severity": s, "outcome": o} for t, s, o in VERDICTS]
    (checks / "raw.sessions.json").write_text(json.dumps(told), "utf-8")

    def status(*arguments: str) -> str:
        return CliRunner().invoke(main, ["--config", str(tmp_path / "rapport.toml"), "status", *arguments]).stdout

    text = status()
    assert "did not hold when they were last made (2; counts: rapport ui):" in text
    assert "\n  raw.sessions: Every id is unique (must hold)\n  raw.sessions: No row came twice\n" in text
    assert "No file is without rows" not in text
    assert [check["title"] for check in json.loads(status("--json"))["checks"]] == [
        "Every id is unique",
        "No row came twice",
    ]
