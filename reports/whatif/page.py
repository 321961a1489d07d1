"""An answer to a what-if in words: a table for the terminal, and a page that opens anywhere.

Reads nothing and writes nothing. What a rule or a figure means is in the answer's catalogue; what is said regardless of the
figures is in the template.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"
NOT_SHOWN = "not shown"

Row = Mapping[str, Any]  # of whatif.csv, numbers as numbers


def render(rows: Sequence[Row], catalogue: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """The page, as one HTML file that needs nothing else. The same answer gives the same text."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(
        catalogue=catalogue,
        cells={(row["figure"], row["rule"]): _cell(row) for row in rows},
        shown=_shown(rows, catalogue),
        hidden=[figure for figure in catalogue["figures"] if figure not in _shown(rows, catalogue)],
        manifest=manifest,
        quarter=quarter(manifest),
        width=manifest["policy"]["rules"]["min_part"],
        precision=precision(rows),
    )


def as_text(rows: Sequence[Row], catalogue: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """A table for the terminal: a line a rule, a column a figure that is shown."""
    shown, values = _shown(rows, catalogue), {(row["figure"], row["rule"]): row["value"] for row in rows}
    titles = [catalogue["figures"][figure]["title"].split() for figure in shown]
    depth, wide = max(map(len, titles)), max(len(word) for words in titles for word in words) + 2
    first = max(map(len, catalogue["rules"].values())) + 2
    heads = [
        " " * first + "".join(f"{([''] * (depth - len(words)) + words)[line]:>{wide}}" for words in titles)
        for line in range(depth)
    ]
    lines = [
        f"{title:{first}}" + "".join(f"{f'{values[figure, rule]} %':>{wide}}" for figure in shown)
        for rule, title in catalogue["rules"].items()
    ]
    hidden = [entry["title"] for figure, entry in catalogue["figures"].items() if figure not in shown]
    told = [f"Each share is off by {precision(rows)} points at most. What the rules and figures mean: docs/whatif.md"]
    told += [f"Not shown, under no rule: {', '.join(hidden)}"] if hidden else []
    return "\n".join([f"{manifest['organisation']}, {quarter(manifest)}", "", *heads, *lines, "", *told])


def quarter(manifest: Mapping[str, Any]) -> str:
    """`July to September 2026`"""
    start, end = (date.fromisoformat(manifest[name]) for name in ("period_start", "period_end"))
    return f"{start:%B} to {end:%B %Y}"


def precision(rows: Sequence[Row]) -> int:
    """How far a share may be from the exact one at most, in points: it is made of classes."""
    shown = [row for row in rows if row["status"] != NOT_SHOWN]
    return math.ceil(max(max(row["value"] - row["lower"], row["upper"] - row["value"]) for row in shown))


def _shown(rows: Sequence[Row], catalogue: Mapping[str, Any]) -> list[str]:
    shown = {row["figure"] for row in rows if row["status"] != NOT_SHOWN}
    return [figure for figure in catalogue["figures"] if figure in shown]


def _cell(row: Row) -> dict[str, str]:
    if row["status"] == NOT_SHOWN:
        return {"value": NOT_SHOWN, "counts": ""}
    counts = [f"{row[f'least_{name}']:,}–{row[f'greatest_{name}']:,}" for name in ("part", "base")]
    return {"value": f"{row['value']} %", "counts": f"{counts[0]} of {counts[1]}"}
