"""What `rapport status` tells the operator: every file's accounting, exact, the checks that did not hold, where each month stands."""

from __future__ import annotations

import datetime as dt
import glob
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from assets.errors import InputError
from assets.raw.contract import TABLES
from assets.release.folder import LEDGER
from assets.release.ledger import RELEASED, REPLACED, WITHDRAWN, Ledger
from assets.transforms import transforms
from pipelines.lake import Lake
from pipelines.months import closes_on
from pipelines.needed import months_needed
from pipelines.releasing import can_be_replaced, measured, why_incomplete
from pipelines.settings import Settings

MOST_LINES = 5
FILE_KEYS = ("name", "table", "read_at", "read", "accepted", "superseded", "duplicate", "quarantined", "late")


def status_of(settings: Settings) -> dict[str, Any]:
    """Files with their counts, quarantined places (file, line, field, reason: no values), the checks that did not hold when they
    were last made (table, title, severity), and each month's state."""
    lake = Lake(settings)
    try:
        files = [{key: getattr(file, key) for key in FILE_KEYS} for table in TABLES for file in lake.register.of(table)]
        return {
            "organisation": settings.organisation.name,
            "home": str(settings.home),
            "files": files,
            "quarantine": _quarantined(lake),
            "checks": [check for check in lake.kept_verdicts() if check["outcome"] != "passed"],
            **_published(lake),
        }
    finally:
        lake.close()


def _quarantined(lake: Lake) -> list[dict[str, Any]]:
    names = {file.number: (file.table, file.name) for file in lake.register.files}
    paths = [
        glob.escape(str(lake.folder / "raw" / file.quarantine)) for file in lake.register.files if file.quarantined
    ]
    if not paths:
        return []
    found = lake.connection.execute(
        """SELECT file_number, field, reason, count(*), list(line ORDER BY line)[:$most]
        FROM read_parquet($paths) GROUP BY ALL ORDER BY file_number, field, reason""",
        {"paths": paths, "most": MOST_LINES},
    ).fetchall()
    return [
        {"table": names[number][0], "file": names[number][1], "field": field, "reason": reason, "rows": rows,
         "lines": ", ".join(map(str, lines)) + (" …" if rows > len(lines) else "")}
        for number, field, reason, rows, lines in found
    ]  # fmt: skip


def _published(lake: Lake) -> dict[str, Any]:
    """The state of the ledger, and of each month; without a whole ledger, what is published is not known."""
    path = lake.settings.home / "releases" / LEDGER
    try:
        ledger = Ledger(path)
    except InputError as error:
        months = [{"month": month, "state": "not known without the ledger"} for month in lake.data_months()]
        return {"ledger": {"is_whole": False, "state": str(error)}, "months": months}
    return {
        "ledger": {"is_whole": True, "lines": ledger.lines, "events": len(ledger.closings), "head": ledger.head},
        "months": _months(lake, ledger),
    }


def _months(lake: Lake, ledger: Ledger) -> list[dict[str, str]]:
    today, lag = dt.datetime.now(dt.UTC).date(), lake.settings.calendar.closing_lag_days
    is_measured, span = measured(lake.present), lake.data_months()
    states = []
    for month in sorted({*span, *ledger.decided}):
        if month in ledger.decided:
            state = _event(ledger, month, lake)
        elif closes_on(month, lag) > today:
            state = f"open until {closes_on(month, lag)}"
        else:
            why = why_incomplete(lake, month)
            state = f"not published: {why}" if why else "closed, not published"
        if month not in ledger.standing and month in span:  # else what came later is late, and changes nothing
            needed = months_needed([month], span, is_measured)
            monthly = [t for t in transforms("core") if t.is_monthly and month in needed[t.name]]
            missing = [t.name for t in monthly if not lake.path(t.name, month).exists()]
            stale = [t.name for t in monthly if t.name not in missing and lake.is_stale(t, month)]
            state += "; not built" if missing else ""
            state += f"; changed since it was built ({', '.join(stale)})" if stale else ""
        states.append({"month": month, "state": state})
    return states


def spans(months: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    """Months one after another that are in the same state, as "2026-07 to 2026-09", with the state."""
    alike = [list(group) for _, group in groupby(months, key=lambda entry: entry["state"])]
    return [(as_span([entry["month"] for entry in group]), group[0]["state"]) for group in alike]


def as_span(months: Sequence[str]) -> str:
    return months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"


def not_published(settings: Settings) -> list[str]:
    """The months that are closed and were never published, and that nothing keeps from it."""
    lake = Lake(settings)
    try:
        decided, today = Ledger(settings.home / "releases" / LEDGER).decided, dt.datetime.now(dt.UTC).date()
        lag = settings.calendar.closing_lag_days
        closed = [month for month in lake.data_months() if month not in decided and closes_on(month, lag) <= today]
        return [month for month in closed if not why_incomplete(lake, month)]
    finally:
        lake.close()


def _event(ledger: Ledger, month: str, lake: Lake) -> str:
    last = ledger.of(month)[-1]
    if last.event != WITHDRAWN:
        return {RELEASED: "published", REPLACED: "replaced"}[last.event]
    what_next = f": rapport replace {month}" if can_be_replaced(ledger, lake, month) else "; cannot be published anew"
    return f"withdrawn ({last.reason}){what_next}"
