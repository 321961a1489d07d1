"""Plausible releases for the tests of the report, made without the pipeline: any months and units, all statuses.

Figures are drawn at random by seed and put through a small policy of their own. Nothing here is a test.
"""

from __future__ import annotations

import calendar
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from reports.monthly.figures import Figure, Period, Place
from reports.monthly.release import Release

COLUMNS = [
    "period_start",
    "period_end",
    "level",
    "unit",
    "service",
    "measure_id",
    "breakdown",
    "breakdown_value",
    "part",
    "base",
    "value",
    "lower",
    "upper",
    "coverage",
    "status",
]

PLACES = [
    *("Alder", "Birch", "Brook", "Chapel", "Dune", "Elm", "Ferry", "Garden", "Harbour", "Heath"),
    *("Island", "Juniper", "Kiln", "Lantern", "Linden", "Maple", "Meadow", "Mill", "Nettle", "Oak"),
    *("Orchard", "Pier", "Pine", "Quay", "Reed", "River", "Rowan", "Sandbank", "Spring", "Stone"),
    *("Tern", "Thistle", "Umber", "Valley", "Vine", "Wharf", "Willow", "Wood", "Yarrow", "Yew"),
]
SERVICES = ["Adults", "Children and families", "Trauma"]

# measure: title, part, base, what is counted, mean base of a unit, mean share, what it needs, its convention
MEASURES: dict[str, tuple[str, str, str, str, int, float, list[str], str]] = {
    "over_threshold_days": (
        "Days over the therapist's own threshold",
        "therapist-days with more attended sessions than the therapist's own threshold",
        "therapist-days with a declared threshold",
        "therapist-days",
        160,
        0.13,
        ["thresholds"],
        "",
    ),
    "sessions_over_threshold": (
        "Sessions beyond the threshold",
        "attended sessions beyond the threshold of their day",
        "attended sessions on days with a declared threshold",
        "sessions",
        680,
        0.05,
        ["thresholds"],
        "",
    ),
    "threshold_coverage": (
        "Days with a declared threshold",
        "therapist-days with a declared threshold",
        "therapist-days worked",
        "therapist-days",
        180,
        0.88,
        ["thresholds"],
        "",
    ),
    "repeated_over_threshold_days": (
        "Over-threshold days in succession",
        "over-threshold days that belong to three or more in succession",
        "days over the therapist's own threshold",
        "therapist-days",
        21,
        0.3,
        ["thresholds"],
        "Three days in succession is a convention.",
    ),
    "short_breaks": (
        "Breaks shorter than the therapist's own minimum",
        "pairs with a gap shorter than the therapist's own minimum break",
        "pairs of neighbouring attended sessions on one day",
        "pairs of sessions",
        520,
        0.22,
        [],
        "Where no minimum break is declared, 10 minutes is used: a convention.",
    ),
    "long_runs": (
        "Days with four or more sessions in a row",
        "therapist-days with four or more sessions in a row",
        "therapist-days worked",
        "therapist-days",
        180,
        0.18,
        [],
        "Four sessions in a row and a gap of 30 minutes are conventions.",
    ),
    "outside_own_hours": (
        "Sessions outside the therapist's own hours",
        "attended sessions that began before or ended after the therapist's own hours",
        "attended sessions on days with declared hours",
        "sessions",
        600,
        0.08,
        ["thresholds.day_starts"],
        "",
    ),
    "late_cancellations_absorbed": (
        "No-shows and late cancellations",
        "sessions the client missed, or cancelled within 24 hours",
        "booked sessions, all but those cancelled earlier",
        "sessions",
        840,
        0.11,
        ["sessions.cancelled_at"],
        "24 hours is a convention.",
    ),
    "caseload_spread": (
        "Clients seen for each session held",
        "pairs of therapist and client who met in the month",
        "attended sessions that are not group sessions",
        "sessions",
        700,
        0.38,
        [],
        "",
    ),
    "quota_pull": (
        "Days nearer the team's usual count than the own threshold",
        "therapist-days whose count is nearer to the unit's most usual count",
        "therapist-days on which the own threshold differs from that count",
        "therapist-days",
        110,
        0.35,
        ["thresholds"],
        "",
    ),
}


def catalogue(units: Sequence[str], measures: Iterable[str] = MEASURES) -> dict[str, Any]:
    """The catalogue of a release with these units and measures."""
    entries = {}
    for measure_id in measures:
        title, part, base, counted_in, _, _, needs, convention = MEASURES[measure_id]
        entries[measure_id] = {
            "section": "workload",
            "title": title,
            "question": f"What do we know about {title.lower()}?",
            "part": part,
            "base": base,
            "counted_in": counted_in,
            "grain": {"level": "unit", "period": "month"},
            "caveat": "Days without a declared threshold are in neither figure: see threshold_coverage.",
            "source": "Made up for the tests.",
            "needs": needs,
            **({"convention": convention} if convention else {}),
        }
    section = {"id": "workload", "title": "Workload", "question": "Do therapists carry more than they can?"}
    return {
        "measures": entries,
        "sections": [section],
        "units": [{"unit": unit, "service": _service(at), "teams": [unit]} for at, unit in enumerate(units)],
    }


def manifest(month: str, organisation: str = "Lindenhof Care") -> dict[str, Any]:
    """The manifest of a month's release, with an account of the data."""
    year, number = int(month[:4]), int(month[5:])
    after = date(year + number // 12, number % 12 + 1, 10)
    return {
        "organisation": organisation,
        "month": month,
        "period_start": f"{month}-01",
        "period_end": f"{month}-{calendar.monthrange(year, number)[1]}",
        "closed_on": after.isoformat(),
        "made_at": f"{after.isoformat()}T04:00:00+00:00",
        "code_version": "0.1.0",
        "policy": {
            "version": "1",
            "hash": "9f2c" * 16,
            "rules": {"min_therapists": 5, "min_clients": 10, "min_base": 20, "min_part": 10, "rounding": 5},
        },
        "audited": False,
        "data_quality": {
            "sources": [
                {"table": "sessions", "present": True, "rows_in_class": "10,000 to 100,000"},
                {"table": "therapists", "present": True, "rows_in_class": "100 to 1,000"},
                {"table": "thresholds", "present": True, "rows_in_class": "100 to 1,000"},
                {"table": "feedback", "present": False, "rows_in_class": ""},
            ],
            "accounting": [
                {
                    "table": "sessions",
                    "read": "10,000 to 100,000",
                    "accepted": "95 % or more",
                    "superseded": "under 1 %",
                    "duplicate": "under 1 %",
                    "quarantined": "1 % to 5 %",
                }
            ],
            "quarantine_reasons": [
                {"table": "sessions", "reason": "unknown_status", "share": "under 1 %"},
                {"table": "sessions", "reason": "ambiguous_local_time", "share": "under 1 %"},
            ],
            "late": "under 1 %",
            "without_unit": "under 1 %",
            "checks": [
                _check(
                    "sessions", "Every row read is accepted, superseded, a duplicate or quarantined", "error", "passed"
                ),
                _check("sessions", "Every status of the source is mapped", "warn", "failed"),
                _check("endings", "Every ending is one of the four", "error", "not applicable"),
            ],
        },
        "files": {},
    }


def releases(
    months: int = 6,
    units: int | Sequence[str] = 18,
    last_month: str = "2026-10",
    seed: int = 1,
    measures: Sequence[str] = tuple(MEASURES),
    not_measured: Sequence[str] = (),
    hidden_share: float = 0.04,
    organisation: str = "Lindenhof Care",
) -> list[Release]:
    """Releases of so many months in a row, oldest first; `units` is how many, or their names."""
    names = PLACES[:units] if isinstance(units, int) else list(units)
    chance = random.Random(seed)
    usual = {
        (measure_id, unit): (
            MEASURES[measure_id][4] * chance.uniform(0.6, 1.5),
            min(0.97, max(0.01, MEASURES[measure_id][5] * chance.uniform(0.5, 1.7))),
        )
        for measure_id in measures
        for unit in names
    }
    found = []
    last = int(last_month[:4]) * 12 + int(last_month[5:]) - 1
    for number in range(last - months + 1, last + 1):
        month = f"{number // 12}-{number % 12 + 1:02}"
        about = manifest(month, organisation)
        rows: list[dict[str, Any]] = []
        for measure_id in measures:
            in_units = []
            for at, unit in enumerate(names):
                base, share = usual[measure_id, unit]
                figure = (
                    {"status": "not measured"}
                    if measure_id in not_measured
                    else _decided(chance, round(base * chance.uniform(0.9, 1.1)), share, hidden_share)
                )
                in_units.append({"level": "unit", "unit": unit, "service": _service(at), **figure})
            services = sorted({row["service"] for row in in_units})
            derived = [{"level": "organisation", "unit": "", "service": "", **_added_up(in_units)}]
            for service in services:
                of_it = [row for row in in_units if row["service"] == service]
                derived.append({"level": "service", "unit": "", "service": service, **_added_up(of_it)})
            period = {
                "period_start": about["period_start"],
                "period_end": about["period_end"],
                "measure_id": measure_id,
            }
            rows += [{**period, **row} for row in derived + sorted(in_units, key=lambda row: row["unit"])]
        frame = pd.DataFrame(rows).reindex(columns=COLUMNS)
        for column in ("part", "base", "value"):
            frame[column] = frame[column].astype("Int64")
        texts = ["unit", "service", "breakdown", "breakdown_value", "coverage"]
        frame[texts] = frame[texts].fillna("")
        found.append(Release(month, frame, catalogue(names, measures), about))
    return found


def with_measure(release: Release, measure_id: str, rows: Sequence[dict[str, Any]], **entry: Any) -> Release:
    """A release that also has this measure; of a row only what differs from an empty one has to be given."""
    about = release.manifest
    filled = [
        {"period_start": about["period_start"], "period_end": about["period_end"], "level": "organisation",
         "measure_id": measure_id, "status": "published", **row}
        for row in rows
    ]  # fmt: skip
    frame = pd.concat([release.measures, pd.DataFrame(filled).reindex(columns=COLUMNS)], ignore_index=True)
    texts = ["unit", "service", "breakdown", "breakdown_value", "coverage"]
    frame[texts] = frame[texts].fillna("")
    first = next(iter(release.catalogue["measures"].values()))
    title = measure_id.replace("_", " ").capitalize()
    measures = {**release.catalogue["measures"], measure_id: {**first, "title": title, "needs": [], **entry}}
    return replace(release, measures=frame, catalogue={**release.catalogue, "measures": measures})


def counts(part: int, base: int, slack: int = 2) -> dict[str, Any]:
    """The numbers of a published row with these counts, each of which may be so much off."""
    return _published(part, base, slack)


def history_of(rates: Sequence[int | None], unit: str = "Harbour", measure_id: str = "long_runs") -> list[Release]:
    """Releases of a unit's monthly figures of one measure, oldest first, of 1,000 each; none stands for not shown."""
    found = releases(months=len(rates), units=[unit], measures=[measure_id], hidden_share=1)
    for release, rate in zip(found, rates, strict=True):
        if rate is not None:
            numbers = {"status": "published", **counts(10 * rate, 1000, 0)}
            release.measures.loc[release.measures.level == "unit", list(numbers)] = list(numbers.values())
    return found


def figure(
    status: str = "published",
    part: int | None = None,
    base: int | None = None,
    value: int | None = None,
    lower: float | None = None,
    upper: float | None = None,
    coverage: str = "",
    limit: int = 10,
) -> Figure:
    """One figure of the unit Harbour in October 2026."""
    return Figure(
        "over_threshold_days",
        Place("unit", "Harbour"),
        "",
        Period(date(2026, 10, 1), date(2026, 10, 31)),
        status,  # pyright: ignore[reportArgumentType]
        part,
        base,
        value,
        lower,
        upper,
        coverage,
        limit,
    )


def write(release: Release, folder: Path) -> Path:
    """The release as a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    release.measures.to_csv(folder / "measures.csv", index=False)
    (folder / "catalogue.json").write_text(json.dumps(release.catalogue), encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps(release.manifest), encoding="utf-8")
    return folder


def _decided(chance: random.Random, base: int, share: float, hidden_share: float) -> dict[str, Any]:
    """One unit's figure: hidden now and then, banded where few, else published."""
    part = sum(chance.random() < share for _ in range(base))
    few, most = part < 10, base - part < 10
    if base < 20 or (few and most) or chance.random() < hidden_share:
        return {"status": "not shown"}
    rounded = 5 * round(base / 5)
    if few:
        return {"status": "banded", "base": rounded, "lower": 0.0, "upper": _percent(9, rounded)}
    if most:
        return {"status": "banded", "base": rounded, "lower": _percent(rounded - 9, rounded), "upper": 100.0}
    return {"status": "published", **_published(5 * round(part / 5), rounded, 2)}


def _added_up(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The sum of the shown figures, a band counted as its middle."""
    if all(row["status"] == "not measured" for row in rows):
        return {"status": "not measured"}
    shown = [row for row in rows if row["status"] in ("published", "banded")]
    if not shown:
        return {"status": "not shown", "coverage": f"0 of {len(rows)}"}
    base = sum(row["base"] for row in shown)
    part = sum(row["part"] if row["status"] == "published" else _middle(row) for row in shown)
    error = sum(2 if row["status"] == "published" else 5 for row in shown)
    return {
        "status": "published",
        "coverage": f"{len(shown)} of {len(rows)}",
        **_published(round(part), base, error),
    }


def _middle(row: dict[str, Any]) -> float:
    return 4.5 if row["lower"] == 0 else row["base"] - 4.5


def _published(part: int, base: int, error: int) -> dict[str, Any]:
    return {
        "part": part,
        "base": base,
        "value": round(100 * part / base),
        "lower": max(0.0, _percent(part - error, base)),
        "upper": min(100.0, _percent(part + error, base)),
    }


def _percent(part: int, base: int) -> float:
    return round(100 * part / base, 1)


def _check(table: str, title: str, severity: str, outcome: str) -> dict[str, str]:
    return {"table": table, "title": title, "severity": severity, "outcome": outcome}


def _service(at: int) -> str:
    return SERVICES[at % len(SERVICES)]
