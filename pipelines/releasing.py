"""From a month's atoms to its release: hands what the lake holds to the policy, derivation, report and folder."""

from __future__ import annotations

import datetime as dt
import glob
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from assets.measures import dictionary
from assets.raw.contract import TABLES
from assets.release.classes import share_class
from assets.release.derive import Due, Period, Unit, release_rows
from assets.release.folder import publish, published_months
from assets.release.tables import catalogue, measures_csv
from expectations.policy import Policy, decide
from pipelines.lake import Lake
from pipelines.months import closes_on, first_and_last_day, period_ending_with
from reports.monthly.release import Release


def present_in(lake: Lake) -> dict[str, set[str]]:
    """The tables that were read, and of each those fields that a measure needs and that hold anything."""
    present: dict[str, set[str]] = {name: set() for name in TABLES if lake.register.of(name)}
    needs = {need for measure in dictionary().measures.values() for need in measure.needs}
    for table, _, field in (need.partition(".") for need in sorted(needs)):
        if field and table in present:
            lake.show(f"raw.{table}", lake.register.months(table))
            column = TABLES[table].field(field).column
            found = lake.connection.execute(f"SELECT 1 FROM raw.{table} WHERE {column} IS NOT NULL LIMIT 1").fetchall()
            present[table] |= {field} if found else set()
    return present


def measured(present: dict[str, set[str]]) -> set[str]:
    """The measures whose needs the sources meet."""
    return {name for name, measure in dictionary().measures.items() if not measure.unmet_needs(present)}


def due_in(month: str, data_months: Sequence[str]) -> dict[str, list[str]]:
    """The measures whose figures belong to a month's release, each with the months of its period.

    A period belongs to the release of its last month, and has figures if there is data from its first month on.
    """
    periods = {name: period_ending_with(month, measure.grain.months) for name, measure in dictionary().measures.items()}
    return {name: months for name, months in periods.items() if months and months[0] in data_months}


def declared_units(lake: Lake, day: dt.date) -> list[Unit]:
    """The reporting units at the first moment of a day, with their teams."""
    lake.show("core.team_memberships", [])
    found = lake.connection.execute(
        """SELECT reporting_unit, nullif(any_value(service), ''), list(DISTINCT team_id ORDER BY team_id)
        FROM core.team_memberships
        WHERE valid_from <= timezone(timezone, ?::TIMESTAMP) AND valid_until > timezone(timezone, ?::TIMESTAMP)
        GROUP BY reporting_unit ORDER BY reporting_unit""",
        [day, day],
    ).fetchall()
    return [Unit(unit, service, tuple(teams)) for unit, service, teams in found]


def due_figures(lake: Lake, month: str, present: dict[str, set[str]]) -> list[Due]:
    """What a month's release holds, in the order of the dictionary; each period with the units as of its first day."""

    @cache
    def period(first: str) -> Period:
        start, end = first_and_last_day(first)[0], first_and_last_day(month)[1]
        return Period(start, end, tuple(declared_units(lake, start)))

    return [
        Due(name, dictionary().measures[name].grain.level, period(months[0]), name in measured(present))
        for name, months in due_in(month, lake.data_months()).items()
    ]


def release_month(
    lake: Lake,
    month: str,
    present: dict[str, set[str]],
    policy: Policy,
    checks: Sequence[dict[str, str]],
    now: dt.datetime,
) -> Path:
    """Publishes a closed month from the measures in the lake. Returns the release's folder."""
    import pandas as pd

    from reports.monthly.page import render

    due = due_figures(lake, month, present)
    paths = [glob.escape(str(lake.path(f"measures.{one.measure_id}", month))) for one in due if one.is_measured]
    atoms = lake.connection.execute("FROM read_parquet($paths)", {"paths": paths}).df()
    rows = release_rows(decide(atoms, policy), due)
    start, end = first_and_last_day(month)
    releases = lake.settings.home / "releases"
    manifest = {
        "organisation": lake.settings.organisation.name,
        "month": month,
        "period_start": start.isoformat(),
        "period_end": end.isoformat(),
        "closed_on": closes_on(month, lake.settings.calendar.closing_lag_days).isoformat(),
        "made_at": now.isoformat(timespec="seconds"),
        "code_version": version("rapport"),
        "policy": policy.manifest(),
        "audited": False,
        "data_quality": data_quality(lake, month, present, checks),
    }
    in_time = sorted({one.period for one in due}, key=lambda period: period.start)
    units = {unit.unit: unit for period in in_time for unit in period.units}  # of a unit that changed, as it is now
    explained = catalogue(dictionary(), units.values())
    past = [_read_release(releases / earlier) for earlier in published_months(releases) if earlier < month]
    table = measures_csv(rows)
    files = {"measures.csv": table, "catalogue.json": _json(explained)}
    released = rows.assign(
        **{name: pd.to_datetime(rows[name]).dt.strftime("%Y-%m-%d") for name in ("period_start", "period_end")}
    )
    files["report.html"] = render(Release(month, released, explained, manifest), past)
    return publish(releases, month, files, manifest)


@cache  # a release never changes, and the reports of a range of months share their past
def _read_release(folder: Path) -> Release:
    return Release.read(folder)


def _json(content: Any) -> str:
    import json

    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def data_quality(
    lake: Lake, month: str, present: dict[str, set[str]], checks: Sequence[dict[str, str]]
) -> dict[str, Any]:
    """What the report says of the data: classes only. Exact counts are for the operator (`rapport status`)."""
    accounting, reasons, late, stored = [], [], 0, 0
    for name, table in TABLES.items():
        files = [f for f in lake.register.of(name) if not table.is_log or month in f.parts]
        if not files:
            continue
        read = sum(file.read for file in files)
        accounting.append({"table": name} | {
            outcome: share_class(sum(getattr(file, outcome) for file in files), read)
            for outcome in ("accepted", "superseded", "duplicate", "quarantined")
        })  # fmt: skip
        late += sum(file.late for file in files)
        stored += sum(file.stored for file in files)
        paths = [glob.escape(str(lake.folder / "raw" / file.quarantine)) for file in files]
        found = lake.connection.execute(
            "SELECT reason, count(*) FROM read_parquet($paths) GROUP BY reason ORDER BY reason", {"paths": paths}
        ).fetchall()
        reasons += [{"table": name, "reason": reason, "share": share_class(rows, read)} for reason, rows in found]
    lake.show("core.sessions", [month])
    lake.show("core.rosters", [month])
    outside, sessions = lake.connection.execute(
        "SELECT count(*) FILTER (therapist_key NOT IN (SELECT therapist_key FROM core.rosters)), count(*) FROM core.sessions"
    ).fetchall()[0]
    return {
        "sources": [{"table": name, "present": name in present} for name in TABLES],
        "accounting": accounting,
        "quarantine_reasons": reasons,
        "late": share_class(late, stored),
        "without_unit": share_class(outside, sessions),
        "checks": list(checks),
    }
