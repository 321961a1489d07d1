"""The whole page: sections and their surroundings, handed to the templates, and the one file that comes of it.

Reads nothing and writes nothing. What one measure shows belongs in `blocks`, what a figure says in `words`,
how it is drawn in `charts`, and all that is said regardless of the data in the templates.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.monthly import words
from reports.monthly.blocks import Block, measure_block
from reports.monthly.charts import ChartSheet
from reports.monthly.embedding import csp_hash, packed, plotly_script
from reports.monthly.figures import Period, measure_histories
from reports.monthly.release import Release

TEMPLATES = Path(__file__).parent / "templates"

# What a section is about, for the sentence under the title.
SUBJECTS = {
    "workload": "how much therapists carried",
    "matching": "how clients and therapists were brought together",
    "care": "how care went and how it ended",
}
# What a manifest and its account of the data may leave out.
MANIFEST = {
    **dict.fromkeys(("made_at", "code_version"), ""),
    **{name: {} for name in ("policy", "data_quality", "replaces")},
    "audited": False,
    "withdrawn_months": (),
}
POLICY = {"version": "", "hash": "", "rules": {}}
QUALITY = {
    **dict.fromkeys(("sources", "accounting", "quarantine_reasons", "checks"), ()),
    **dict.fromkeys(("late", "without_unit"), ""),
}


@dataclass(frozen=True)
class Section:
    """A section of measures."""

    id: str
    title: str
    question: str
    blocks: list[Block]

    @property
    def has_charts(self) -> bool:
        return any(panel.chart for block in self.blocks for panel in block.panels)


def render(release: Release, past: Sequence[Release]) -> str:
    """The report of one month as one HTML file that needs nothing else.

    `past` holds the earlier releases, oldest first: possibly none, possibly with other units or measures.
    The same releases give the same text.
    """
    sheet = ChartSheet()
    blocks = [measure_block(measure, sheet) for measure in measure_histories(release, past)]
    sections = _sections(blocks, release.catalogue.get("sections", []))
    due = [block.history for block in blocks if block.history.is_due]
    figures = [figure for history in due for figure in history.now if figure.place.level == history.own_level]
    statuses = Counter(figure.status for figure in figures)
    measured = len(figures) - statuses["not measured"]
    manifest = {**MANIFEST, **release.manifest}
    manifest["policy"] = {**POLICY, **manifest["policy"]}
    quality = {**QUALITY, **manifest["data_quality"]}
    script = _source("charts.js")
    plotly = plotly_script() if sheet.charts else None
    content = {
        "manifest": manifest,
        "month": words.period(_month_of(manifest)),
        "withdrawn_months": [words.month(name) for name in manifest["withdrawn_months"]],
        "subject": _subject(sections),
        "band_limit": release.band_limit,
        "quality": quality,
        "row_outcomes": {
            outcome: title
            for outcome, title in words.ROW_OUTCOMES.items()
            if any(outcome in row for row in quality["accounting"])
        },
        "sections": sections,
        "blocks": blocks,
        "has_previous": any(block.previous for block in blocks),
        "measures": sum(history.is_measured for history in due),
        "unmeasured": sum(not history.is_measured for history in due),
        "units": {figure.place for figure in figures if figure.place.level == "unit"},
        "statuses": statuses,
        "measured": measured,
        "is_mostly_hidden": 2 * statuses["not shown"] > measured,
        "style": Markup(_source("style.css")),
        "script": Markup(script),
        "script_hashes": Markup(" ".join([csp_hash(script), *([plotly.csp_hash] if plotly else [])])),
        "plotly": plotly,
        "chart_data": packed(sheet.json()),
        "linked": partial(_linked, titles={block.id: block.entry["title"] for block in blocks}),
    }
    return _environment().get_template("page.html").render(content)


def render_notice(manifest: Mapping[str, Any]) -> str:
    """What stands in the place of a report that was withdrawn, as one HTML file. `manifest` is the notice's own."""
    style, month = Markup(_source("style.css")), words.period(_month_of(manifest))
    return _environment().get_template("notice.html").render(manifest=manifest, month=month, style=style)


def _sections(blocks: Sequence[Block], declared: Sequence[Mapping[str, str]]) -> list[Section]:
    """The sections that have measures, in the catalogue's order."""
    members: dict[str, list[Block]] = {}
    for block in blocks:
        members.setdefault(block.entry["section"], []).append(block)
    entries = {entry["id"]: entry for entry in declared}
    entries |= {name: {"title": name.capitalize()} for name in members if name not in entries}
    return [
        Section(name, entry["title"], entry.get("question", ""), members[name])
        for name, entry in entries.items()
        if name in members
    ]


def _subject(sections: Sequence[Section]) -> str:
    """How much therapists carried and how care went."""
    subjects = words.series([SUBJECTS.get(section.id, section.title) for section in sections])
    return subjects[:1].upper() + subjects[1:]


def _month_of(manifest: Mapping[str, Any]) -> Period:
    return Period(date.fromisoformat(manifest["period_start"]), date.fromisoformat(manifest["period_end"]))


def _linked(text: str, titles: Mapping[str, str]) -> Markup:
    """A catalogue's text, escaped, with each measure id in it replaced by a link to that measure."""
    return Markup("").join(
        Markup('<a href="#{}">{}</a>').format(word, titles[word]) if word in titles else word
        for word in re.split(r"(\w+)", text)
    )


@cache
def _source(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(words=words)
    return environment
