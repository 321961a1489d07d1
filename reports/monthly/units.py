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
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

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
SAME = ("key", "unit_reading", "limits")  # what every page holds word for word
LONGEST_NAME = 60  # characters of a file's name, without its ending
# Names that Windows keeps for itself, whatever their ending.
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}


@dataclass(frozen=True)
class Whole:
    """What the pages of all units say alike of a measure; of one that is not one of units they say no more."""

    id: str
    title: str
    section: str
    periods: tuple[Period, ...]
    first: str
    last: str
    begun: Markup
    span: Markup
    organisation: Markup
    alone: Markup
    months: Markup


class Own(NamedTuple):
    """What a unit's page says of the unit's own figures of a measure. `past` is a row of the table's cells."""

    title: str
    signal: str
    drawing: Markup
    details: list[str]
    past: Markup


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
    same = {name: Markup(environment().get_template(f"{name}.html").render(about)) for name in SAME}
    own: dict[Place, dict[str, Series]] = {place: {} for place in places}
    for measure in measures:
        for history in measure.at("unit") if measure.is_measured else ():
            if history.place in own:
                own[history.place][measure.measure_id] = Series.of(measure, history)
    alike = environment().get_template("unit_measure.html").make_module(about)
    sections: dict[str, list[Whole]] = {}
    measure_titles = about["words"].titles(release.catalogue["measures"])
    for measure in measures:
        if measure.now and measure.is_measured:
            whole = _whole(measure, responses, measure_titles, alike)
            sections.setdefault(whole.section, []).append(whole)
    for place in places:
        yield paths[place.name], template.render({**about, **same, **_content(place, own[place], sections, responses)})


def _content(
    place: Place, series: Mapping[str, Series], sections: Mapping[str, Sequence[Whole]], responses: Responses
) -> dict[str, Any]:
    due = [one for one in series.values() if one.measure.is_due]
    blocks = {
        title: [(whole, _own(whole, series[whole.id], responses) if whole.id in series else None) for whole in wholes]
        for title, wholes in sections.items()
    }
    figures = [one.history.now for one in due if one.history.now]
    return {
        "unit": place.name,
        "outstanding": [
            (whole, own.signal)
            for found in blocks.values()
            for whole, own in found
            if own and own.signal and series[whole.id].measure.is_due
        ],
        "limited": sum(one.limits is not None for one in due),
        "figures": len(figures),
        "statuses": Counter(figure.status for figure in figures),
        "sections": [(title, found, _tables(found)) for title, found in blocks.items()],
    }


def _whole(measure: MeasureHistory, responses: Responses, titles: Mapping[str, str], alike: Any) -> Whole:
    """What every page says of a measure, with the macros for it."""
    words, whole, period = responses.words, measure.organisation, measure.periods[-1]
    entry = {**ENTRY, **words.entry(measure.measure_id, measure.entry), "id": measure.measure_id}
    entry |= {key: words.told(entry[key], titles) for key in ("part", "base")}
    now = whole.now if whole and whole.now and whole.now.covers_half else None
    share = words.share_of(now, measure.places) if now and now.is_shown else words.share(now)
    beside = responses.beside(measure, ORGANISATION), responses.companion(measure, ORGANISATION)
    months = [words.short_period(each) for each in measure.periods]
    return Whole(
        id=measure.measure_id,
        title=entry["title"],
        section=words.named("sections", f"{entry['section']}.title", entry["section"].capitalize()),
        periods=measure.periods,
        first=months[0],
        last=months[-1],
        begun=alike.begun(entry),
        span=alike.span(months[0], months[-1]),
        organisation=alike.organisation(share),
        alone=alike.alone(entry, words.period(period), share, *beside),
        months=alike.months(months),
    )


def _own(whole: Whole, series: Series, responses: Responses) -> Own:
    words, (measure, history, limits, signal) = responses.words, series
    title, now = titles.over_time(words, history, whole.periods[-1], limits, signal), history.now
    details: list[str] = []
    if now and now.is_shown:
        if companion := responses.companion(measure, history.place):
            details.append(companion)
        if response_rate := responses.beside(measure, history.place):
            details.append(words.text("response.long", share=response_rate))
        details.append(Markup(", ").join(filter(None, (words.share_of(now, measure.places), words.whole_bounds(now)))))
    return Own(
        title=title,
        signal=title if signal else "",
        drawing=_drawing(series, words.drawn(whole.title, history, whole.periods, limits)),
        details=details,
        past=Markup("".join(map(partial(_cell, words), history.figures))),
    )


@lru_cache(maxsize=500_000)  # a figure stands in the pages of each later month as well
def _cell(words: Words, figure: Figure | None) -> str:
    return f"<td>{escape(words.share(figure))}</td>"


def _tables(blocks: Iterable[tuple[Whole, Own | None]]) -> list[tuple[str, str, Markup, list[tuple[str, Markup]]]]:
    """What stands together in a table, as it is of the same periods: the first, the last, the heads of all, and the rows."""
    tables: dict[tuple[Period, ...], tuple[str, str, Markup, list[tuple[str, Markup]]]] = {}
    for whole, own in blocks:
        if own:
            table = tables.setdefault(whole.periods, (whole.first, whole.last, whole.months, []))
            table[-1].append((whole.title, own.past))
    return list(tables.values())


def _drawing(series: Series, label: str) -> Markup:
    history = series.history
    if len(history.figures) < 2 or not history.is_shown_ever:
        return Markup("")
    span = shared_span([history], {history.place: series.limits})
    return drawing(history.figures, series.limits, series.signal, span, label)
