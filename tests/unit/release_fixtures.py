"""Decided rows and manifests for tests of ledger and folders, drawn by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from assets.release.folder import Releases
from assets.release.ledger import RELEASED, lines_of
from expectations.policy import DERIVING_COLUMNS, RELEASED_COLUMNS

_COUNTS = ("part", "base", "value", "least_part", "least_base", "greatest_part", "greatest_base")
PUBLISHED: dict[str, Any] = {
    "part": 40, "base": 160, "value": 25, "lower": 23.4, "upper": 26.6, "status": "published",
    "middle_part": 40.0, "least_part": 38, "least_base": 162, "greatest_part": 42, "greatest_base": 158,
}  # fmt: skip
BANDED: dict[str, Any] = {
    "base": 115, "lower": 0.0, "upper": 8.3, "status": "banded",
    "middle_part": 4.5, "least_part": 0, "least_base": 117, "greatest_part": 9, "greatest_base": 113,
}  # fmt: skip
NOT_SHOWN: dict[str, Any] = {"status": "not shown"}


def decided(*rows: dict[str, Any], month: str = "2026-10") -> pd.DataFrame:
    """Rows as `expectations.policy.decide` gives them; what is not said is the unit Harbour's `long_runs`."""
    usual = {
        "period_start": pd.Timestamp(f"{month}-01"), "period_end": pd.Timestamp(f"{month}-28"),
        "level": "unit", "unit": "Harbour", "service": "North", "measure_id": "long_runs",
        "breakdown": None, "breakdown_value": None, "coverage": None,
    }  # fmt: skip
    frame = pd.DataFrame([usual | row for row in rows], columns=[*RELEASED_COLUMNS, *DERIVING_COLUMNS])
    return frame.astype(dict.fromkeys(_COUNTS, "Int64") | dict.fromkeys(("lower", "upper", "middle_part"), "Float64"))


def manifest(month: str = "2026-10", at: str = "2026-11-12T05:00:00+00:00", **more: Any) -> dict[str, Any]:
    return {"month": month, "policy": {"hash": "9" * 64}, "made_at": at, **more}


def release(releases: Releases, month: str = "2026-10", event: str = RELEASED, text: str = "", **more: Any) -> Path:
    """Publishes a small release: three atoms, and a page that says the month and `text`."""
    rows = decided(PUBLISHED, BANDED | {"unit": "Quay — “n” 1\n"}, NOT_SHOWN | {"unit": "Willow"}, month=month)
    files = {"measures.csv": f"of {month} {text}\n", "report.html": f"<p>{month} {text}"}
    return releases.publish(event, month, files, manifest(month, **more), lines_of(rows, month))


def withdraw(releases: Releases, month: str = "2026-10") -> Path:
    notice = manifest(month, withdrawn={"reason": "wrong_source"})
    return releases.publish("withdrawn", month, {"report.html": "<p>withdrawn"}, notice, reason="wrong_source")


def answer(releases: Releases, month: str = "2026-10", subject: str = "cut-long_runs-by-weekday") -> Path:
    """Publishes a small answer: two bins."""
    bins = {"level": "organisation", "unit": None, "service": None, "breakdown": "weekday"}
    rows = decided(*(PUBLISHED | bins | {"breakdown_value": day} for day in ("Monday", "Tuesday")), month=month)
    about = manifest(month, answer={"kind": "cut", "subject": subject})
    return releases.answer(month, subject, {"measures.csv": f"{subject} of {month}\n"}, about, lines_of(rows, month))


def refuse(releases: Releases, month: str = "2026-10", subject: str = "cut-long_runs-by-kind") -> None:
    releases.refuse(month, subject, manifest(month))
