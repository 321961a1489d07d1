"""The whole page: sections and their surroundings, handed to the templates, and the one file that comes of it.

Reads nothing and writes nothing. What one measure shows belongs in `blocks`, what a figure says in `words`,
how it is drawn in `charts` and `panels`, which sentences stand first in `findings`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.monthly.blocks import Block, Responses, measure_block
from reports.monthly.charts import ChartSheet
from reports.monthly.embedding import csp_hash, packed, plotly_script
from reports.monthly.figures import MeasureHistory, Period
from reports.monthly.findings import counted_statuses, first_screen, month_of, shows_far_fewer
from reports.monthly.languages import ENGLISH
from reports.monthly.release import Release
from reports.monthly.titles import LOAD
from reports.monthly.words import ROW_OUTCOMES, Words, words_in
from reports.naming import with_titles

TEMPLATES = Path(__file__).parent / "templates"

MEETING = "meeting"  # the section on where load and care meet: these measures, and what is broken down by load
OF_MEETING = ("quota_pull", "understanding_by_load")
ANSWERS = ("over_threshold_days", "earliest_slot_premium", "closer_to_understanding")  # one for each section's question
# What a manifest and its account of the data may leave out.
MANIFEST = {
    **dict.fromkeys(("made_at", "code_version"), ""),
    **{name: {} for name in ("policy", "data_quality", "replaces")},
    "audited": False,
    "withdrawn_months": (),
    "language": ENGLISH,
}
POLICY = {"version": "", "hash": "", "rules": {}}
QUALITY = {
    **dict.fromkeys(("sources", "accounting", "quarantine_reasons", "checks"), ()),
    **dict.fromkeys(("late", "without_unit"), ""),
}


@dataclass(frozen=True)
class Section:
    """A section of measures; `borrowed` are those whose breakdown by load stands here, and all else in their own section."""

    id: str
    title: str
    question: str
    blocks: list[Block]
    borrowed: list[Block] = field(default_factory=list)


def render(release: Release, measures: Sequence[MeasureHistory]) -> str:
    """The report of one month as one HTML file that needs nothing else.

    `measures` are the release's beside its past, as `measure_histories` gives them. The same releases give the same text.
    """
    about = around(release)
    words: Words = about["words"]
    sheet, responses = ChartSheet(words), Responses(measures, words)
    dimensions = release.catalogue.get("breakdowns", {})
    blocks = [measure_block(measure, sheet, responses, dimensions) for measure in measures]
    sections = _sections(blocks, release.catalogue.get("sections", []), words)
    findings, more_findings = first_screen(month_of(measures, words))
    due = [measure for measure in measures if measure.is_due]
    statuses = counted_statuses(due)
    measured = sum(statuses.values()) - statuses["not measured"]
    script = source("charts.js")
    plotly = plotly_script() if sheet.charts else None
    content = {
        **about,
        "withdrawn_months": [words.month(name) for name in about["manifest"]["withdrawn_months"]],
        "row_outcomes": [
            outcome for outcome in ROW_OUTCOMES if any(outcome in row for row in about["quality"]["accounting"])
        ],
        "sections": sections,
        "of_meeting": OF_MEETING,
        "blocks": blocks,
        "answers": _answers(sections),
        "findings": findings,
        "more_findings": more_findings,
        "has_previous": any(block.previous for block in blocks),
        "has_limits": any(block.limits for block in blocks),
        "measures": sum(measure.is_measured for measure in due),
        "unmeasured": sum(not measure.is_measured for measure in due),
        "units": {history.place for measure in due for history in measure.at("unit")},
        "statuses": statuses,
        "measured": measured,
        "shows_far_fewer": shows_far_fewer(measures),
        "is_mostly_hidden": 2 * statuses["not shown"] > measured,
        "report_style": Markup(source("report.css")),
        "script": Markup(script),
        "script_hashes": Markup(" ").join([csp_hash(script), *([plotly.csp_hash] if plotly else [])]),
        "plotly": plotly,
        "chart_data": packed(sheet.json()),
        "linked": partial(linked, titles={block.id: block.entry["title"] for block in blocks}),
    }
    return environment().get_template("page.html").render(content)


def render_notice(manifest: Mapping[str, Any]) -> str:
    """What stands in the place of a report that was withdrawn, as one HTML file. `manifest` is the notice's own."""
    words = words_in(manifest.get("language", ENGLISH))
    content = {"manifest": manifest, "month": words.period(_month_of(manifest)), "style": Markup(source("style.css"))}
    return environment().get_template("notice.html").render(content, words=words, t=words.text)


def around(release: Release) -> dict[str, Any]:
    """What every page of a release says, whatever its figures: whose, of when, in which words."""
    manifest = {**MANIFEST, **release.manifest}
    manifest["policy"] = {**POLICY, **manifest["policy"]}
    words = words_in(manifest["language"])
    return {
        "manifest": manifest,
        "month": words.period(_month_of(manifest)),
        "quality": {**QUALITY, **manifest["data_quality"]},
        "band_limit": release.band_limit,
        "style": Markup(source("style.css")),
        "words": words,
        "t": words.text,
    }


def _answers(sections: Sequence[Section]) -> list[tuple[Section, Block]]:
    """For the question of each section the organisation's figure that says most of it, where it is shown."""
    blocks = {block.id: (section, block) for section in sections for block in section.blocks}
    found = [blocks[measure_id] for measure_id in ANSWERS if measure_id in blocks]
    return [
        (section, block)
        for section, block in found
        if block.organisation and block.organisation.is_shown and block.organisation.covers_half
    ]


def _sections(blocks: Sequence[Block], declared: Sequence[Mapping[str, str]], words: Words) -> list[Section]:
    """The sections that have measures, in the catalogue's order, and after them where load and care meet."""
    members: dict[str, list[Block]] = {}
    for block in blocks:
        members.setdefault(MEETING if block.id in OF_MEETING else block.entry["section"], []).append(block)
    entries = {entry["id"]: words.section({"question": "", **entry}) for entry in declared}
    entries |= {
        name: {"title": name.capitalize(), "question": ""} for name in members if name not in {*entries, MEETING}
    }
    sections = [
        Section(name, entry["title"], entry["question"], members[name])
        for name, entry in entries.items()
        if name in members
    ]
    borrowed = [block for block in blocks if any(each.id.endswith(f"-{LOAD}") for each in block.divisions)]
    borrowed = [block for block in borrowed if block.id not in OF_MEETING]
    if borrowed or MEETING in members:
        title, question = words.text("section.meeting"), words.text("section.meeting_question")
        sections.append(Section(MEETING, title, question, members.get(MEETING, []), borrowed))
    return sections


def _month_of(manifest: Mapping[str, Any]) -> Period:
    return Period(date.fromisoformat(manifest["period_start"]), date.fromisoformat(manifest["period_end"]))


def linked(text: str, titles: Mapping[str, str]) -> Markup:
    """A catalogue's text, escaped, with each measure id in it replaced by a link to that measure."""
    return Markup("").join(with_titles(text, titles, Markup('<a href="#{}">{}</a>').format))


@cache
def source(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


@cache
def environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
