"""A page for each unit's lead: the unit beside its own past, with the figures of the organisation, and no other unit.

It needs no script: what is drawn is SVG, and small, since a large organisation has hundreds of such pages. Nothing of another
unit may be here, its name included; what is said of the whole belongs in `page`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

from reports.monthly import titles
from reports.monthly.blocks import ENTRY, ORGANISATION, Responses
from reports.monthly.figures import Figure, MeasureHistory, Period, Place
from reports.monthly.findings import Series
from reports.monthly.page import around, environment
from reports.monthly.panels import drawing, shared_span
from reports.monthly.release import Release
from reports.monthly.words import Words

FOLDER = "units"
LONGEST_NAME = 60  # characters of a file's name, without its ending
# Names that Windows keeps for itself, whatever their ending.
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}


@dataclass(frozen=True)
class UnitBlock:
    """One measure on a unit's page. Of a measure that is not one of units there is the organisation's figure alone: the same block
    on every page, and what all others are made from."""

    id: str
    title: str
    section: str
    period: str
    organisation: str
    response_rate: str
    companion: str
    first: str
    last: str
    periods: tuple[Period, ...]
    now: Figure | None = None
    title_of_chart: str = ""
    signal: str = ""
    drawing: str = ""  # markup, as the past is
    past: str = ""


def file_names(units: Iterable[str]) -> dict[str, str]:
    """The path of each unit's page within a release: safe on every system, and no two the same, also where capitals make no
    difference. It is the unit's name as far as that can be, and otherwise carries a hash of it.
    """
    safe = {unit: _safe(unit) for unit in units}
    times = Counter(name.casefold() for name in safe.values())

    def is_told_apart(unit: str) -> bool:
        name = safe[unit].casefold()
        return bool(name) and name not in RESERVED and times[name] == 1

    paths = {unit: name if is_told_apart(unit) else _with_hash(name, unit) for unit, name in safe.items()}
    return {unit: f"{FOLDER}/{name}.html" for unit, name in paths.items()}


def _safe(unit: str) -> str:
    """A name in ASCII letters, digits and hyphens; of some scripts nothing is left."""
    letters = unicodedata.normalize("NFKD", unit).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", letters).strip("-")[:LONGEST_NAME].strip("-")


def _with_hash(name: str, unit: str) -> str:
    """The name with a hash behind it; no safe name looks so by itself, for two hyphens never follow each other in one."""
    digest = hashlib.sha256(unit.encode()).hexdigest()[:16]
    return f"{name or 'unit'}--{digest}"


def unit_pages(release: Release, measures: Sequence[MeasureHistory]) -> Iterator[tuple[str, str]]:
    """The pages of all units that have a figure in this release, each with its path, by the alphabet."""
    places = sorted(
        {history.place for measure in measures for history in measure.at("unit") if measure.is_due},
        key=lambda place: place.order,
    )
    paths = file_names(place.name for place in places)
    about = around(release)
    template, responses = environment().get_template("unit.html"), Responses(measures, about["words"])
    same = {name: Markup(environment().get_template(f"{name}.html").render(about)) for name in ("key", "limits")}
    own: dict[Place, dict[str, Series]] = {place: {} for place in places}
    for measure in measures:
        for history in measure.at("unit") if measure.is_measured else ():
            if history.place in own:
                own[history.place][measure.measure_id] = Series.of(measure, history)
    whole = [_of_organisation(measure, responses) for measure in measures if measure.now and measure.is_measured]
    for place in places:
        yield paths[place.name], template.render({**about, **same, **_content(place, own[place], whole, responses)})


def _content(
    place: Place, own: Mapping[str, Series], whole: Sequence[UnitBlock], responses: Responses
) -> dict[str, Any]:
    words = responses.words
    blocks = [_block(block, own[block.id], responses) if block.id in own else block for block in whole]
    due = [series for series in own.values() if series.measure.is_due]
    limited = sum(series.limits is not None for series in due)
    figures = [series.history.now for series in due if series.history.now]
    statuses = Counter(figure.status for figure in figures)
    sections = {
        words.named("sections", f"{name}.title", name.capitalize()): [
            block for block in blocks if block.section == name
        ]
        for name in dict.fromkeys(block.section for block in blocks)
    }
    return {
        "unit": place.name,
        "outstanding": [block for block in blocks if block.signal and own[block.id].measure.is_due],
        "limited": limited,
        "figures": len(figures),
        "statuses": statuses,
        "sections": {title: (found, _tables(found, words)) for title, found in sections.items()},
    }


def _of_organisation(measure: MeasureHistory, responses: Responses) -> UnitBlock:
    """What every page says of a measure."""
    words, whole, period = responses.words, measure.organisation, measure.periods[-1]
    entry = {**ENTRY, **words.entry(measure.measure_id, measure.entry)}
    now = whole.now if whole and whole.now and whole.now.covers_half else None
    return UnitBlock(
        id=measure.measure_id,
        title=entry["title"],
        section=entry["section"],
        period=words.period(period),
        organisation=words.share_of(now) if now and now.is_shown else words.share(now),
        response_rate=responses.beside(measure, ORGANISATION),
        companion=responses.companion(measure, ORGANISATION),
        first=words.short_period(measure.periods[0]),
        last=words.short_period(period),
        periods=measure.periods,
    )


def _block(whole: UnitBlock, series: Series, responses: Responses) -> UnitBlock:
    """The block of a measure with a unit's own figures."""
    words, (measure, history, limits, signal) = responses.words, series
    said = titles.over_time(words, history, measure.periods[-1], limits, signal)
    return replace(
        whole,
        now=history.now,
        title_of_chart=said,
        signal=said if signal else "",
        drawing=_drawing(series, words.drawn(whole.title, history, measure.periods, limits)),
        past=Markup("".join([_cell(words, figure) for figure in history.figures])),
        response_rate=responses.beside(measure, history.place),
        companion=responses.companion(measure, history.place),
    )


@lru_cache(maxsize=500_000)  # a figure stands in the pages of each later month as well
def _cell(words: Words, figure: Figure | None) -> str:
    return f"<td>{escape(words.share(figure))}</td>"


def _tables(blocks: Sequence[UnitBlock], words: Words) -> list[tuple[list[str], list[UnitBlock]]]:
    """What stands together in a table, as it is of the same periods: their names, and the measures."""
    own = [block for block in blocks if block.past]
    return [
        ([words.short_period(period) for period in periods], [block for block in own if block.periods == periods])
        for periods in dict.fromkeys(block.periods for block in own)
    ]


def _drawing(series: Series, label: str) -> Markup:
    history = series.history
    if len(history.figures) < 2 or not history.is_shown_ever:
        return Markup("")
    span = shared_span([history], {history.place: series.limits})
    return drawing(history.figures, series.limits, series.signal, span, label)
