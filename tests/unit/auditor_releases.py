"""Releases written by hand for the auditor's tests: from true counts to the text of measures.csv, in plain Python.

A second implementation of `docs/releases.md`, apart from the one that makes releases and from the one that audits
them. By the count alone: what depends on people is for the tests of the policy.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from expectations.auditor import ReleaseTables

Rows = list[dict[str, Any]]
Sabotage = Callable[[Rows], Rows | None]

RULES = {
    "min_therapists": 5,
    "min_clients": 10,
    "min_base": 20,
    "max_therapist_share_percent": 50,
    "max_client_share_percent": 25,
    "min_part": 10,
    "min_side_therapists": 3,
    "min_side_clients": 5,
    "p_percent": 15,
    "colleague_percent": 30,
    "rounding": 5,
}
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
# measure: base cell, part cell, level, period. Two share their base.
MEASURES = {
    "over_days": ("days", "over_days", "unit", "month"),
    "run_days": ("days", "run_days", "unit", "month"),
    "planned": ("endings", "planned_endings", "unit", "month"),
}
SERVICE = {"Ash": "Adult", "Birch": "Adult", "Cedar": "Adult", "Dogwood": "Young", "Elm": "Young"}
# what is true: base and part. Published, banded of either kind, not shown for its base, for both sides
COUNTS: dict[tuple[str, str], tuple[int, int]] = {
    ("over_days", "Ash"): (203, 41),
    ("over_days", "Birch"): (118, 4),
    ("over_days", "Cedar"): (97, 51),
    ("over_days", "Dogwood"): (151, 30),
    ("over_days", "Elm"): (88, 21),
    ("run_days", "Ash"): (203, 100),
    ("run_days", "Birch"): (118, 61),
    ("run_days", "Cedar"): (97, 90),
    ("run_days", "Dogwood"): (151, 22),
    ("run_days", "Elm"): (88, 2),
    ("planned", "Ash"): (46, 22),
    ("planned", "Birch"): (14, 8),
    ("planned", "Cedar"): (53, 32),
    ("planned", "Dogwood"): (7, 3),
    ("planned", "Elm"): (61, 38),
}
DAYS = {"2026-04": 30, "2026-05": 31, "2026-06": 30, "2026-07": 31, "2026-08": 31, "2026-09": 30, "2026-10": 31}


def nearest(count: int) -> int:
    return 5 * round(Fraction(count, 5))


def atom(base: int, part: int, around: int | None = None) -> dict[str, Any]:
    """The figures and status of one atom, by its counts.

    `around` is the rounded base of the banded measure of whose base this base is all but fewer than 10.
    """
    shown, few, rest_few = nearest(base), part < 10, base - part < 10
    if base < 20 or (few and rest_few):
        return {"status": "not shown"}
    low, high = shown - 2, shown + 2
    if around is not None:
        shown, low, high = around - 5, around - 2 - 9, around + 2
    if few:
        return {"status": "banded", "base": shown, "lower": "0.0", "upper": up(Fraction(9, low))}
    if rest_few:
        return {"status": "banded", "base": shown, "lower": down(Fraction(low - 9, low)), "upper": "100.0"}
    rounded = nearest(part)
    ends = Fraction(rounded - 2, high), Fraction(rounded + 2, low)
    return {"status": "published", "part": rounded, "base": shown} | rate(Fraction(rounded, shown), *ends)


def rate(value: Fraction, least: Fraction, greatest: Fraction) -> dict[str, Any]:
    """A whole percent, halves upwards, and tenths on both sides that hold it."""
    percent = math.floor(100 * value + Fraction(1, 2))
    lower, upper = down(max(least, Fraction(0))), up(min(greatest, Fraction(1)))
    return {
        "value": percent,
        "lower": min(lower, f"{percent}.0", key=float),
        "upper": max(upper, f"{percent}.0", key=float),
    }


def down(share: Fraction) -> str:
    return f"{math.floor(1000 * share) / 10:.1f}"


def up(share: Fraction) -> str:
    return f"{math.ceil(1000 * share) / 10:.1f}"


def above(atoms: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What a service or the organisation shows, made from the rows below it."""
    rows = list(atoms)
    shown = [row for row in rows if row["status"] in ("published", "banded")]
    if not any(row["status"] == "published" for row in rows):
        return {"status": "not shown", "coverage": f"0 of {len(rows)}"}
    part, least, greatest, least_base, greatest_base = Fraction(0), 0, 0, 0, 0
    for row in shown:
        low, high, of_others = row["base"] - 2, row["base"] + 2, row["upper"] == "100.0"
        if row["status"] == "published":
            part, least, greatest = part + row["part"], least + row["part"] - 2, greatest + row["part"] + 2
        elif of_others:
            part, least, greatest = part + row["base"] - Fraction(9, 2), least + low - 9, greatest + high
        else:
            part, greatest = part + Fraction(9, 2), greatest + 9
        is_banded_high = row["status"] == "banded" and of_others
        least_base += low if is_banded_high else high
        greatest_base += high if is_banded_high else low
    base = sum(row["base"] for row in shown)
    return {
        "status": "published",
        "part": math.floor(part + Fraction(1, 2)),
        "base": base,
        "coverage": f"{len(shown)} of {len(rows)}",
    } | rate(part / base, Fraction(least, least_base), Fraction(greatest, greatest_base))


def rows_of(
    month: str = "2026-10",
    counts: Mapping[tuple[str, str], tuple[int, int]] = COUNTS,
    service: Mapping[str, str] = SERVICE,
    measures: Iterable[str] = tuple(MEASURES),
    atoms: Mapping[tuple[str, str], dict[str, Any]] | None = None,
) -> Rows:
    """The rows of a release; `atoms` are rows below the services that are not to be as their counts say."""
    rows: Rows = []
    for measure in measures:
        of_units = {
            unit: (atoms or {}).get((measure, unit)) or atom(*counts[measure, unit]) for unit in sorted(service)
        }
        places = [("organisation", "", "", above(of_units.values()))]
        for name in sorted({name for name in service.values() if name}):
            inside = [row for unit, row in of_units.items() if service[unit] == name]
            places.append(("service", "", name, above(inside)))
        places += [("unit", unit, service[unit], row) for unit, row in of_units.items()]
        for level, unit, of_service, figures in places:
            where = {"level": level, "unit": unit, "service": of_service, "measure_id": measure}
            rows.append({**period(month), **where, **figures})
    return rows


def period(month: str) -> dict[str, str]:
    return {"period_start": f"{month}-01", "period_end": f"{month}-{DAYS[month]}"}


def catalogue(
    service: Mapping[str, str] = SERVICE,
    measures: Mapping[str, tuple[str, str, str, str]] = MEASURES,
    teams: Mapping[str, list[str]] | None = None,
    bins: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    return {
        "measures": {
            name: {
                "base_cell": base,
                "part_cell": part,
                "grain": {"level": level, "period": of},
                "breakdowns": list(bins or {}),
            }
            for name, (base, part, level, of) in measures.items()
        },
        "breakdowns": {name: {"bins": values} for name, values in (bins or {}).items()},
        "units": [
            {"unit": unit, "service": service[unit] or None, "teams": (teams or {}).get(unit, [f"Team {unit}"])}
            for unit in sorted(service)
        ],
    }


def manifest(month: str = "2026-10", rules: Mapping[str, int] = RULES, **more: Any) -> dict[str, Any]:
    return {"month": month, "policy": {"version": "2", "rules": dict(rules)}, **more}


def text_of(rows: Rows, columns: Iterable[str] = COLUMNS) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def release(
    rows: Rows | None = None,
    month: str = "2026-10",
    columns: Iterable[str] = COLUMNS,
    is_withdrawn: bool = False,
    of_catalogue: Mapping[str, Any] | None = None,
    **of_manifest: Any,
) -> ReleaseTables:
    """A release that is not in its place yet."""
    files = {
        "measures.csv": text_of(rows_of(month) if rows is None else rows, columns),
        "catalogue.json": json.dumps(of_catalogue or catalogue()),
    }
    name = f"withdrawn/{month}" if is_withdrawn else month
    return ReleaseTables.from_texts(files, manifest(month, **of_manifest), name=name, is_withdrawn=is_withdrawn)


def row_of(rows: Rows, measure: str, place: str = "", level: str = "") -> dict[str, Any]:
    """One row, to be spoilt: of a unit or a service by its name, or of the organisation."""
    names = [row for row in rows if row["measure_id"] == measure and not row.get("breakdown")]
    level = level or ("unit" if place in SERVICE else "service" if place else "organisation")
    return next(row for row in names if row["level"] == level and place in ("", row["unit"], row["service"]))
