"""The whole page: what each section shows, arranged for the templates, and the one file that comes of it.

Reads nothing and writes nothing. What a figure says belongs in `words`, how it is drawn in `charts`, and
all that is laid out or said regardless of the data in the templates.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.monthly import charts, words
from reports.monthly.embedding import csp_hash, packed, plotly_script
from reports.monthly.figures import Figure, History, MeasureHistory, Period, Place, measure_histories
from reports.monthly.release import Release

TEMPLATES = Path(__file__).parent / "templates"

# What a section is about, for the sentence under the title.
SUBJECTS = {
    "workload": "how much therapists carried",
    "matching": "how clients and therapists were brought together",
    "care": "how care went and how it ended",
}
# What a manifest, its account of the data and a measure's entry may leave out.
MANIFEST = {"audited": False, "made_at": "", "code_version": "", "policy": {}, "data_quality": {}}
QUALITY = {
    **dict.fromkeys(("sources", "accounting", "quarantine_reasons", "checks"), ()),
    **dict.fromkeys(("late", "without_unit"), ""),
}
ENTRY = dict.fromkeys(("question", "convention", "caveat", "source"), "")


@dataclass(frozen=True)
class Panel:
    """One unit of one measure: its figure now, in words, and its chart where there is something to draw."""

    name: str
    share: str
    is_shown: bool
    note: str
    chart_id: str
    alternative: str


@dataclass(frozen=True)
class Row:
    """One row of a table of figures."""

    level: str
    name: str
    service: str
    figure: Figure


@dataclass(frozen=True)
class Block:
    """One measure as the page shows it."""

    id: str
    entry: Mapping[str, Any]
    history: MeasureHistory
    organisation: Figure | None
    previous: Figure | None
    wide_chart: Panel | None
    panels: list[Panel]
    hidden_units: list[str]
    rows: list[Row]
    earlier: list[tuple[Place, list[str]]]

    @property
    def needs(self) -> str:
        return words.series([words.table_name(need) for need in self.entry.get("needs", [])])


@dataclass(frozen=True)
class Section:
    """A section of measures."""

    id: str
    title: str
    question: str
    blocks: list[Block]

    @property
    def has_charts(self) -> bool:
        return any(panel.chart_id for block in self.blocks for panel in block.panels)


def render(release: Release, past: Sequence[Release]) -> str:
    """The report of one month as one HTML file that needs nothing else.

    `past` holds the earlier releases, oldest first: possibly none, possibly with other units or measures.
    The same releases give the same text.
    """
    specs: dict[str, charts.Spec] = {}
    axes: dict[str, charts.Spec] = {}
    blocks = [_block(measure, specs, axes) for measure in measure_histories(release, past)]
    sections = _sections(blocks, release.catalogue.get("sections", []))
    units = [figure for block in blocks for figure in block.history.now if figure.place.level == "unit"]
    statuses = Counter(figure.status for figure in units)
    measured = len(units) - statuses["not measured"]
    manifest = {**MANIFEST, **release.manifest}
    script = _source("charts.js")
    plotly = plotly_script() if specs else None
    content = {
        "manifest": manifest,
        "month": words.period(_month_of(manifest)),
        "subject": _subject(sections),
        "band_limit": release.band_limit,
        "quality": {**QUALITY, **manifest["data_quality"]},
        "sections": sections,
        "blocks": blocks,
        "unmeasured": [block for block in blocks if block.history.now and not block.history.is_measured],
        "units": {figure.place for figure in units},
        "statuses": statuses,
        "measured": measured,
        "is_mostly_hidden": 2 * statuses["not shown"] > measured,
        "style": Markup(_source("style.css")),
        "script": Markup(script),
        "script_hashes": Markup(" ".join([csp_hash(script), *([plotly.csp_hash] if plotly else [])])),
        "plotly": plotly,
        "chart_data": packed(_json({"templates": charts.TEMPLATES, "axes": axes, "charts": specs})),
        "linked": partial(_linked, titles={block.id: block.entry["title"] for block in blocks}),
    }
    return _environment().get_template("page.html").render(content)


def _block(measure: MeasureHistory, specs: dict[str, charts.Spec], axes: dict[str, charts.Spec]) -> Block:
    """One measure; its charts are put into `specs` and their time axis into `axes`."""
    units = measure.at("unit")
    organisation = measure.organisation
    covered = organisation.where_most_is_covered if organisation else None
    windows = {**charts.windows(units), **charts.windows([covered] if covered else [])}
    drawn = set(windows) if len(measure.periods) > 1 and measure.is_measured else set()

    def panel(history: History, chart_id: str, size: str) -> Panel:
        has_chart = history.place in drawn
        name = history.place.name
        alternative = ""
        if has_chart:
            specs[chart_id] = {
                "axis": measure.measure_id,
                **charts.chart(history, windows[history.place], size),
            }
            axes.setdefault(measure.measure_id, charts.time_axis(measure.periods))
            title = measure.entry["title"]
            alternative = words.chart_alternative(title, name or "the organisation", history, measure.periods)
        note = words.earlier_range(history)
        if not history.earlier and len(measure.periods) > 1:
            note = "new"
        is_shown = bool(history.now and history.now.is_shown)
        return Panel(
            name, words.share(history.now), is_shown, note, chart_id if has_chart else "", alternative
        )

    wide = panel(covered, f"chart-{measure.measure_id}", "wide") if covered else None
    panels = [
        panel(history, f"chart-{measure.measure_id}-{number}", "panel")
        for number, history in enumerate(units, start=1)
        if history.is_shown_ever
    ]
    return Block(
        id=measure.measure_id,
        entry={**ENTRY, **measure.entry},
        history=measure,
        organisation=organisation.now if organisation else None,
        previous=organisation.figures[-2] if organisation and len(organisation.figures) > 1 else None,
        wide_chart=wide if wide and wide.chart_id else None,
        panels=panels,
        hidden_units=[history.place.name for history in units if not history.is_shown_ever],
        rows=list(_rows(measure)),
        earlier=[(h.place, [words.share(f) for f in h.figures[:-1]]) for h in measure.histories if h.earlier],
    )


def _rows(measure: MeasureHistory) -> Iterator[Row]:
    for history in measure.histories:
        if history.now:
            place = history.place
            name = place.name or "Organisation"
            yield Row(place.level, name, "" if place.level == "service" else history.now.service, history.now)


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


def _json(content: Any) -> str:
    return json.dumps(content, separators=(",", ":"), allow_nan=False)


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
