"""What is wrong with the session files: duplicates, corrections, moves, damage. The truth is never changed.

Every kind adds rows that a reader must recognise (a duplicate, an older version, an unreadable row), or
writes a clean row in another form. Each has its outcome: what must become of such a row. Rows are text here,
with our field names and a `place` in the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain

import numpy as np
import pandas as pd

from examples.platform.days import clock_changes
from examples.platform.layouts import PRACTICE, Layout

Rows = pd.DataFrame
FIRST_DAMAGED_ID = 2_000_000_001
MOVED_BY_DAYS = 21
MOVABLE_DAYS = 14  # moved sessions lie in the first days of their month, and so once lay in the month before
BERLIN = 0
ABOUT_CLOCK_CHANGE = 2


@dataclass(frozen=True)
class Kind:
    """One kind of dirt: what it must come to, and how much of it a file holds."""

    outcome: str  # duplicate, superseded, quarantined or accepted
    share: float  # of the file's rows
    least: int


PLATFORM_KINDS = {
    "duplicate_row": Kind("duplicate", 0.0008, 4),
    "duplicate_in_later_file": Kind("duplicate", 0.0003, 3),
    "correction": Kind("superseded", 0.004, 12),
    "late_correction": Kind("superseded", 0.0015, 6),
    "moved_to_later_month": Kind("superseded", 0.0005, 3),
    "unknown_status": Kind("quarantined", 0.0004, 3),
    "mangled_session_id": Kind("quarantined", 0.0001, 1),
    "mangled_client_id": Kind("quarantined", 0.0003, 3),
    "missing_client_id": Kind("quarantined", 0.0001, 1),
    "shifted_columns": Kind("quarantined", 0.0003, 3),
    "ambiguous_local_time": Kind("quarantined", 0, ABOUT_CLOCK_CHANGE),
    "nonexistent_local_time": Kind("quarantined", 0, ABOUT_CLOCK_CHANGE),
    "unknown_therapist": Kind("accepted", 0.0004, 4),
    "start_without_offset": Kind("accepted", 0.0008, 5),
    "start_in_other_form": Kind("accepted", 0.0008, 5),
}
PRACTICE_KINDS = {
    "duplicate_row": Kind("duplicate", 0.003, 3),
    "correction": Kind("superseded", 0.005, 4),
    "moved_to_later_month": Kind("superseded", 0.002, 2),
    "unknown_status": Kind("quarantined", 0.003, 2),
    "mangled_client_id": Kind("quarantined", 0.002, 2),
    "ambiguous_local_time": Kind("quarantined", 0, ABOUT_CLOCK_CHANGE),
    "nonexistent_local_time": Kind("quarantined", 0, ABOUT_CLOCK_CHANGE),
    "ends_before_starts": Kind("quarantined", 0.002, 2),
}
OUTCOMES = {name: kind.outcome for name, kind in (PLATFORM_KINDS | PRACTICE_KINDS).items()}
NEEDS_NEXT_FILE = {"duplicate_in_later_file", "late_correction", "moved_to_later_month"}
BERLIN_ONLY = {
    "start_without_offset",
    "start_in_other_form",
    "ambiguous_local_time",
    "nonexistent_local_time",
}


@dataclass
class Soil:
    """What dirt does to one file."""

    added: list[Rows] = field(default_factory=list)
    left_out: list[float] = field(default_factory=list)  # places of clean rows not written as they are
    for_next_file: list[Rows] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)  # by kind, as they lie in this file
    counts_next: dict[str, int] = field(default_factory=dict)  # by kind, as they lie in the next


class Dirt:
    """Soils one file of one layout after another."""

    def __init__(self, layout: Layout, rng: np.random.Generator):
        self.layout, self.rng = layout, rng
        self.kinds = PRACTICE_KINDS if layout is PRACTICE else PLATFORM_KINDS
        self.next_id = FIRST_DAMAGED_ID + (500_000_000 if layout is PRACTICE else 0)

    def soil(self, month: str, clean: Rows, text: Callable[[str, list[float]], Rows], following: Rows | None) -> Soil:
        """Choose rows of `clean` and soil them. `text` gives rows of "clean" or "following" as text."""
        soil = Soil()
        chosen = self._chosen(month, clean, following)
        moved = chosen.pop("moved_to_later_month", [])
        rows_of = _split(text("clean", list(chain.from_iterable(chosen.values()))), chosen)
        if following is not None:
            rows_of["moved_to_later_month"] = text("following", moved)
        for kind, rows in rows_of.items():
            if kind == "duplicate_in_later_file":
                soil.for_next_file.append(rows)
                soil.counts_next[kind] = len(rows)
                continue
            soil.counts[kind] = len(rows)
            if kind in ("late_correction", "start_without_offset", "start_in_other_form"):
                soil.left_out += chosen[kind]
            if kind == "late_correction":
                soil.for_next_file.append(rows)
            soil.added.append(self._soiled(kind, rows.copy(), month, len(clean)))
        return soil

    def _chosen(self, month: str, clean: Rows, following: Rows | None) -> dict[str, list[float]]:
        """The places of the rows for each kind, no row twice."""
        forward, back = clock_changes(month)
        happens = {"ambiguous_local_time": back is not None, "nonexistent_local_time": forward is not None}
        order = self.rng.permutation(len(clean))
        is_taken = np.zeros(len(clean), bool)
        in_berlin = clean.zone.to_numpy() == BERLIN
        chosen: dict[str, list[float]] = {}
        for name, kind in self.kinds.items():
            if not happens.get(name, True) or (name in NEEDS_NEXT_FILE and following is None):
                continue
            wanted = max(kind.least, round(kind.share * len(clean)))
            if name == "moved_to_later_month" and following is not None:
                begun = following.place[following.day < following.day.min() + MOVABLE_DAYS].to_numpy()
                chosen[name] = sorted(self.rng.choice(begun, min(wanted, len(begun)), replace=False).tolist())
                continue
            is_free = ~is_taken & in_berlin if name in BERLIN_ONLY else ~is_taken
            taken = order[is_free[order]][:wanted]
            is_taken[taken] = True
            chosen[name] = sorted(clean.place.to_numpy()[taken].tolist())
        return chosen

    def _soiled(self, kind: str, rows: Rows, month: str, length: int) -> Rows:
        """The rows as text → what is written in their stead or beside them."""
        if kind in ("duplicate_row", "start_without_offset", "start_in_other_form"):
            pass
        elif kind in ("correction", "late_correction", "moved_to_later_month"):
            rows = self._older(rows)
        else:
            rows["session_id"] = [str(self.next_id + turn) for turn in range(len(rows))]
            rows["place"] += self.rng.uniform(0.1, 0.9, len(rows))
            rows["group_session_id"] = None
            self.next_id += len(rows)
        clock_change = next((day for day in clock_changes(month) if day), date.min)
        match kind:
            case "duplicate_row":
                rows["place"] += self.rng.uniform(0.1, 200, len(rows))
            case "correction" | "late_correction":
                rows["place"] -= self.rng.uniform(0.1, 0.9, len(rows))
            case "moved_to_later_month":
                rows["place"] = self.rng.uniform(0, length, len(rows))
                for name in {"starts_at", "ends_at"} & set(rows):
                    rows[name] = [_moved(text, self.layout.time_form, -MOVED_BY_DAYS) for text in rows[name]]
            case "start_without_offset":
                rows["starts_at"] = rows.starts_at.str[:19]
            case "start_in_other_form":
                rows["starts_at"] = [f"{at[8:10]}.{at[5:7]}.{at[:4]} {at[11:16]}" for at in rows.starts_at]
            case "unknown_status":
                rows["status"] = self.rng.choice(["Pending review", "TBC", "99"], len(rows))
            case "mangled_session_id":
                rows["session_id"] = "1.00001E+09"
            case "mangled_client_id":
                rows["client_id"] = "2.98725E+13"
            case "missing_client_id":
                rows["client_id"] = None
            case "unknown_therapist":
                rows["therapist_id"] = [f"th-99{number:03d}" for number in self.rng.integers(0, 5, len(rows))]
            case "shifted_columns":
                fields = [name for name in self.layout.headers if name != "group_session_id"]
                rows[fields] = np.roll(rows[fields].to_numpy(), 1, axis=1)
            case "ends_before_starts":
                rows[["starts_at", "ends_at"]] = rows[["ends_at", "starts_at"]].to_numpy()
            case "ambiguous_local_time" | "nonexistent_local_time" if "ends_at" in rows:
                rows["starts_at"] = f"{clock_change:%d.%m.%Y} 02:30"
                rows["ends_at"] = f"{clock_change:%d.%m.%Y} 03:20"
            case "ambiguous_local_time" | "nonexistent_local_time":
                rows["starts_at"] = f"{clock_change:%Y-%m-%d}T02:30:00"
        return rows

    def _older(self, rows: Rows) -> Rows:
        """An earlier version of each row, which said otherwise of what became of it."""
        attended = rows.status.str.strip().str.lstrip("0").str.lower() == self.layout.has_seen.lower()
        rows["status"] = np.where(attended, self.layout.has_missed, self.layout.has_seen)
        rows["cancelled_at"] = None
        if "updated_at" in rows:
            changed = pd.to_datetime(rows.updated_at) - pd.to_timedelta(self.rng.integers(30, 3000, len(rows)), "min")
            rows["updated_at"] = changed.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        return rows


def _split(rows: Rows, chosen: dict[str, list[float]]) -> dict[str, Rows]:
    """The rows of each kind, from those of all kinds together."""
    by_place = rows.set_index("place", drop=False)
    return {kind: by_place.loc[places].reset_index(drop=True) for kind, places in chosen.items()}


def _moved(text: str | None, form: str, days: int) -> str | None:
    """A time as text, `days` later; what stands behind the wall-clock time (an offset) stays."""
    if not isinstance(text, str):
        return None
    length = len(datetime(2000, 1, 1).strftime(form))
    return (datetime.strptime(text[:length], form) + timedelta(days=days)).strftime(form) + text[length:]
