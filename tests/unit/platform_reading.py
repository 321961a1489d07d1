"""Reads a simulated platform's files back with plain pandas: a third way, for the simulator's tests only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from examples.platform.frames import where

PLATFORM = {
    "appointment_id": "session_id", "clinician": "therapist_id", "client": "client_id", "start": "starts_at",
    "minutes": "duration_minutes", "state": "status", "cancelled": "cancelled_at", "changed": "updated_at",
    "group_id": "group_session_id",
}  # fmt: skip
PRACTICE = {
    "Terminnummer": "session_id", "Behandler": "therapist_id", "Klient": "client_id", "Beginn": "starts_at",
    "Ende": "ends_at", "Status": "status", "Abgesagt am": "cancelled_at", "Gruppe": "group_session_id",
}  # fmt: skip
STATUSES = {
    "completed": "attended", "no-show": "no_show", "no show": "no_show",
    "cancelled by client": "cancelled_by_client", "client cancelled": "cancelled_by_client",
    "cancelled by therapist": "cancelled_by_therapist", "therapist cancelled": "cancelled_by_therapist",
    "cancelled by platform": "cancelled_by_platform", "booked": "scheduled",
    "1": "scheduled", "2": "no_show", "3": "attended", "4": "cancelled_by_client",
    "5": "cancelled_by_therapist", "6": "cancelled_by_platform",
}  # fmt: skip
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Simulated:
    """One simulated home: its truth, its session rows as they lie in the files, and what remains of them."""

    source: Path
    truth: dict[str, Any]
    rows: pd.DataFrame  # every row of every session file, as text, with its file; in order of arrival
    sessions: pd.DataFrame  # the latest version of each readable session

    def table(self, pattern: str) -> pd.DataFrame:
        files = sorted(self.source.glob(pattern))
        return pd.concat([pd.read_csv(file, dtype=str) for file in files], ignore_index=True)

    def workload(self, measure: str) -> dict[tuple[str, str], tuple[int, int]]:
        """(unit, month) → (base, part), as truth.json has it."""
        return {
            (row["unit"], row["month"]): (row["base"], row["part"])
            for row in self.truth["workload"]
            if row["measure_id"] == measure
        }


def read(home: Path) -> Simulated:
    source = home / "source"
    truth = json.loads((source / "truth.json").read_text(encoding="utf-8"))
    rows = pd.concat([_session_rows(file) for file in sorted(source.glob("*-*.csv*"))], ignore_index=True)
    return Simulated(source, truth, rows, _latest(_readable(rows)))


def _session_rows(file: Path) -> pd.DataFrame:
    if file.name.startswith("sessions-"):
        return pd.read_csv(file, dtype=str).rename(columns=PLATFORM).assign(file=file.name)
    if file.name.startswith("practice-"):
        rows = pd.read_csv(file, dtype=str, sep=";", encoding="latin-1")
        return rows.rename(columns=PRACTICE).assign(file=file.name)
    return pd.DataFrame()


def _readable(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with ids, a known status and times that say when; typed."""
    rows = rows.assign(
        status=rows.status.str.strip().str.lstrip("0").str.lower().map(STATUSES),
        start=rows.starts_at.map(_moment),
        end=rows.ends_at.map(_moment),
        cancelled=rows.cancelled_at.map(_moment),
    )
    has_ids = rows.session_id.str.fullmatch(r"\d{10}", na=False)
    has_ids &= rows.client_id.str.fullmatch(r"\d{14}", na=False)
    rows = where(rows, has_ids & rows.status.notna() & rows.start.notna())
    lasts = pd.to_datetime(rows.end, utc=True) - pd.to_datetime(rows.start, utc=True)
    minutes = rows.duration_minutes.astype(float).fillna(lasts.dt.total_seconds() / 60)
    return where(rows.assign(minutes=minutes), minutes > 0)


def _latest(rows: pd.DataFrame) -> pd.DataFrame:
    ordered = rows.assign(version=rows.updated_at.fillna("")).sort_values("version", kind="stable")
    latest = ordered.drop_duplicates("session_id", keep="last")
    utc = pd.to_datetime(latest.start, utc=True)
    notice_hours = (utc - pd.to_datetime(latest.cancelled, utc=True)).dt.total_seconds() / 3600
    wall = pd.to_datetime(latest.start.map(lambda moment: moment.replace(tzinfo=None)))
    return latest.assign(wall=wall, day=wall.dt.date, month=wall.dt.strftime("%Y-%m"), notice_hours=notice_hours)


def _moment(text: object) -> datetime | None:
    """A time with its zone; Berlin where the text has none; None where it says no time, or two."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = datetime.strptime(text, "%d.%m.%Y %H:%M")
        except ValueError:
            return None
    if moment.tzinfo is not None:
        return moment
    early, late = (moment.replace(tzinfo=BERLIN, fold=fold) for fold in (0, 1))
    return early if early.utcoffset() == late.utcoffset() else None
