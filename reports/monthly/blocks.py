"""What the page shows of one measure: the organisation, a panel for each unit, breakdowns and curves, the tables.

Decides what stands where and what is drawn; the wording belongs in `words` and `titles`, the drawing in `charts` and `panels`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from reports.intervals import Interval, share_interval
from reports.monthly import titles
from reports.monthly.charts import ChartSheet
from reports.monthly.figures import Division, Figure, History, MeasureHistory, Place
from reports.monthly.findings import ORGANISATION, Series, by_load, published, said_difference
from reports.monthly.limits import Limits, Signal
from reports.monthly.panels import drawing, shared_span
from reports.monthly.words import Words

# What a measure's entry may leave out.
ENTRY = {**dict.fromkeys(("question", "convention", "caveat", "source"), ""), "needs": (), "curve": None}

MOST_UNITS_DRAWN = 60  # a page of more than that is read by nobody: services serve instead, and the units' own pages
RESPONSES, FEEDBACK = "response_rate", "feedback"  # the measure that stands beside whatever is made of that table


@dataclass(frozen=True)
class Chart:
    """A chart's element in the page, its title, and what it draws in words."""

    id: str
    title: str
    alternative: str
    limits: Limits | None = None


@dataclass(frozen=True)
class Panel:
    """One unit or service: its figure now, in words, beside its own past, and a drawing if there is anything to draw."""

    name: str
    share: str
    is_shown: bool
    note: str
    signal: str
    response_rate: str
    companion: str
    drawing: Markup


@dataclass(frozen=True)
class Row:
    """One row of a table of figures."""

    name: str
    figure: Figure

    @property
    def service(self) -> str:
        """The service that a unit lies in."""
        return self.figure.service if self.figure.place.level == "unit" else ""


@dataclass(frozen=True)
class DivisionBlock:
    """The organisation's figures by one breakdown or curve: its chart, its table, of two bins how far they differ, and of which units
    it is where these are not those of the organisation's figure."""

    id: str
    name: str
    chart: Chart
    rows: list[Row]
    coverage: str
    response_rate: str
    difference: str
    fewer_units: str
    is_curve: bool


@dataclass(frozen=True)
class Block:
    """One measure as the page shows it. `earlier` are the rows of the table of earlier periods.

    With very many units only the organisation and the services are here: each unit has its own page, and measures.csv has all.
    """

    id: str
    entry: Mapping[str, Any]
    history: MeasureHistory
    organisation: Figure | None
    previous: Figure | None
    interval: Interval | None
    response_rate: str
    companion: str
    chart: Chart | None
    strip: Markup
    limits: Limits | None
    signal: Signal | None
    panels: list[Panel]
    hidden: list[str]
    rows: list[Row]
    earlier: list[tuple[str, list[str]]]
    divisions: list[DivisionBlock]
    draws_units: bool

    @cached_property
    def has_services(self) -> bool:
        return any(row.service for row in self.rows)

    def needs(self, words: Words) -> list[str]:
        return [words.need(need) for need in self.entry["needs"]]


class Responses:
    """What must stand beside a figure: beside what is made of responses, their rate; beside what is shown only with another
    measure, that one."""

    def __init__(self, measures: Sequence[MeasureHistory], words: Words) -> None:
        self.words = words
        self.measures = {measure.measure_id: measure for measure in measures}
        responses = self.measures.get(RESPONSES)
        self.figures = {history.place: history.figures for history in responses.histories} if responses else {}

    def beside(self, measure: MeasureHistory, place: Place) -> str:
        """The response rate of a place in each month of a measure's last period, named where there are several; empty for what
        is not made of responses."""
        is_feedback = any(need.partition(".")[0] == FEEDBACK for need in measure.entry.get("needs", ()))
        if not is_feedback or measure.measure_id == RESPONSES or not measure.periods:
            return ""
        start, end = measure.periods[-1]
        figures = [
            figure
            for figure in self.figures.get(place, ())
            if figure and start <= figure.period.start and figure.period.end <= end
        ]
        words = self.words
        if len(figures) < 2:
            return "".join(map(words.share, figures))
        return words.series(
            words.text("response.of_month", month=words.bare_month(figure.period.start), share=words.share(figure))
            for figure in figures
        )

    def companion(self, measure: MeasureHistory, place: Place) -> str:
        """Of a measure that is shown only beside another: that one's figure of the same place and period."""
        other = self.measures.get(measure.entry.get("shown_beside", ""))
        if other is None or not measure.periods:
            return ""
        history = other.by_place.get(place)
        figures = [figure for figure in (history.figures if history else ()) if figure]
        title = self.words.named(f"measures.{other.measure_id}", "title", other.entry["title"])
        said = [self.words.share(figure) for figure in figures if figure.period == measure.periods[-1]]
        return self.words.text("response.companion", title=title, share=said[0]) if said else ""


def measure_block(
    measure: MeasureHistory, sheet: ChartSheet, responses: Responses, dimensions: Mapping[str, Any]
) -> Block:
    """The block of a measure; its charts are put on the sheet. `dimensions` are the catalogue's breakdowns."""
    words, whole, places = sheet.words, measure.organisation, measure.at(measure.own_level)
    draws_units = len(places) <= MOST_UNITS_DRAWN
    told = [history for history in measure.histories if draws_units or history.place.level != "unit"]
    own = places if measure.own_level != "organisation" else ()
    covered = Series.of(measure, whole.where_most_is_covered) if whole else None
    now = whole.now if whole else None
    entry = {**ENTRY, **words.entry(measure.measure_id, measure.entry)}
    return Block(
        id=measure.measure_id,
        entry=entry,
        history=measure,
        organisation=now,
        previous=whole.figures[-2] if whole and len(whole.figures) > 1 else None,
        interval=interval(measure, now),
        response_rate=responses.beside(measure, ORGANISATION),
        companion=responses.companion(measure, ORGANISATION),
        signal=covered.signal if covered else None,
        chart=_chart_over_time(measure, covered, entry["title"], sheet) if covered else None,
        strip=_strip(covered, words) if covered else Markup(""),
        limits=covered.limits if covered else None,
        panels=list(_panels(measure, own, words, responses, entry["title"])) if draws_units else [],
        hidden=[history.place.name for history in own if not history.is_shown_ever],
        rows=[Row(words.place(history.place), history.now) for history in told if history.now],
        earlier=[
            (words.place(history.place), [words.share(figure) for figure in history.figures[:-1]])
            for history in told
            if history.earlier
        ],
        divisions=[
            _division(measure, division, dimensions.get(division.by, {}).get("title"), sheet, responses)
            for division in measure.divisions_of(ORGANISATION)
        ],
        draws_units=draws_units,
    )


def interval(measure: MeasureHistory, figure: Figure | None) -> Interval | None:
    """The 95 % interval of a published figure, where the catalogue says how much answers of one therapist are alike."""
    effect, counts = measure.entry.get("design_effect"), published(figure) if figure else None
    return share_interval([counts], float(effect)) if effect is not None and counts else None


def _chart_over_time(measure: MeasureHistory, series: Series, title: str, sheet: ChartSheet) -> Chart | None:
    """Drawn where most units are in it: else it would show which units are, and not how they do. None for a single period."""
    history, words = series.history, sheet.words
    if not history.is_shown_ever or not measure.is_measured or len(measure.periods) < 2:
        return None
    chart_id = f"chart-{measure.measure_id}"
    sheet.over_time(chart_id, history.figures, measure.places, measure.periods, series.limits, series.signal)
    said = titles.over_time(words, history, measure.periods[-1], series.limits, series.signal)
    return Chart(chart_id, said, words.drawn(title, history, measure.periods, series.limits), series.limits)


def _strip(series: Series, words: Words) -> Markup:
    """The organisation's figures over time, small, for the table at the beginning."""
    history = series.history
    if len(history.figures) < 2 or not history.is_shown_ever:
        return Markup("")
    return drawing(
        history.figures, series.limits, series.signal, shared_span([history], {history.place: series.limits}), ""
    )


def _panels(
    measure: MeasureHistory, places: Sequence[History], words: Words, responses: Responses, title: str
) -> Iterator[Panel]:
    """A panel for each place that was ever shown, in the order of the places."""
    shown = {history.place: Series.of(measure, history) for history in places if history.is_shown_ever}
    limits = {place: series.limits for place, series in shown.items()}
    span = shared_span([series.history for series in shown.values()], limits)
    for place, series in shown.items():
        history, now = series.history, series.history.now
        if now is None or not measure.is_measured:
            continue
        is_new = not history.earlier and len(measure.periods) > 1
        label = words.drawn(title, history, measure.periods, series.limits)
        yield Panel(
            name=place.name,
            share=words.share(now),
            is_shown=now.is_shown,
            note=words.text("words.new") if is_new else panel_note(words, series),
            signal=signal_note(words, series.signal),
            response_rate=responses.beside(measure, place) if now.is_shown else "",
            companion=responses.companion(measure, place) if now.is_shown else "",
            drawing=drawing(history.figures, series.limits, series.signal, span, label)
            if len(measure.periods) > 1
            else Markup(""),
        )


def panel_note(words: Words, series: Series) -> str:
    """The place's own natural limits, or as long as there are none the extent of its own past."""
    return (
        words.text("panel.limits", limits=words.limits(series.limits)) if series.limits else words.past(series.history)
    )


def signal_note(words: Words, signal: Signal | None) -> str:
    return words.text(f"panel.{signal.kind}_{signal.side}") if signal else ""


def _division(
    measure: MeasureHistory, division: Division, dimension: str | None, sheet: ChartSheet, responses: Responses
) -> DivisionBlock:
    words, by = sheet.words, division.by
    curve = measure.entry.get("curve")
    is_curve = bool(curve) and curve["by"] == by
    name = words.dimension(by, dimension or by.replace("_", " "))
    title = words.entry(measure.measure_id, measure.entry)["title"]
    bins, chart_id = division.now, f"chart-{measure.measure_id}-{by}"
    compared = by_load(measure, division)
    is_drawn = division.is_shown and division.covers_half
    if is_drawn:
        if is_curve:
            sheet.curve(chart_id, by, bins, measure.places)
        else:
            named = {words.bin(by, label): figure for label, figure in bins.items()}
            sheet.side_by_side(chart_id, named, measure.places)
    if division.covers_half:
        said = titles.curve(words, by, bins) if is_curve else titles.side_by_side(words, by, name, bins)
    else:
        said = words.text("title.few_units", name=name)
    drawn = [
        words.text("drawn.bin", bin=words.bin(by, label), share=words.share(figure)) for label, figure in bins.items()
    ]
    first = next(iter(bins.values()))
    return DivisionBlock(
        id=f"{measure.measure_id}-{by}",
        name=name,
        chart=Chart(chart_id if is_drawn else "", said, Markup(" ").join([Markup.escape(f"{title}."), *drawn])),
        rows=[Row(words.bin(by, label), figure) for label, figure in bins.items()],
        coverage=words.coverage(first, measure.places),
        response_rate=responses.beside(measure, ORGANISATION),
        difference=words.text(
            "division.difference", difference=said_difference(words, compared.difference), n=compared.months
        )
        if compared
        else "",
        fewer_units=_fewer_units(measure, division, is_curve, words),
        is_curve=is_curve,
    )


def _fewer_units(measure: MeasureHistory, division: Division, is_curve: bool, words: Words) -> str:
    """Of which units a breakdown or a curve is, where the organisation's figure is of more. What these units have together is told
    where the bins tell it: where each is published, and no item is in two of them."""
    whole, bins = measure.organisation.now if measure.organisation else None, [*division.now.values()]
    these = bins[0].included
    if not whole or not whole.included or not these or not division.is_shown or these == whole.included:
        return ""
    said = {"share": words.share(whole), "whole": words.coverage(whole, measure.places)}
    if is_curve:
        return words.text("division.fewer_curve", coverage=words.coverage(bins[0], measure.places), **said)
    fewer = words.text("division.fewer_units", n=these[0], **said)
    counts = [(bin.part, bin.base) for bin in bins if bin.part is not None and bin.base is not None]
    if len(counts) < len(bins):
        return fewer
    part, base = map(sum, zip(*counts, strict=True))
    return Markup(" ").join([fewer, words.text("division.together", share=words.percent(round(100 * part / base)))])
