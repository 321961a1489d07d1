"""What the page shows of one measure: the organisation, a panel for each unit, the tables.

Decides what stands where and what is drawn; the wording belongs in `words`, the drawing in `charts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reports.monthly import words
from reports.monthly.charts import ChartSheet, Window, windows
from reports.monthly.figures import Figure, History, MeasureHistory

# What a measure's entry may leave out.
ENTRY = dict.fromkeys(("question", "convention", "caveat", "source"), "")


MOST_UNITS_DRAWN = 60  # a page of more panels than that is read by nobody: services and tables serve instead


@dataclass(frozen=True)
class Chart:
    """A chart's element in the page, and what it draws in words."""

    id: str
    alternative: str


@dataclass(frozen=True)
class Panel:
    """One unit: its figure now, in words, beside its own past, and its chart if there is anything to draw."""

    name: str
    share: str
    is_shown: bool
    note: str
    chart: Chart | None


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
class Block:
    """One measure as the page shows it. `earlier` are the rows of the table of earlier periods.

    With very many units only the organisation and the services are drawn; units are in the table of this period.
    """

    id: str
    entry: Mapping[str, Any]
    history: MeasureHistory
    organisation: Figure | None
    previous: Figure | None
    chart: Chart | None
    panels: list[Panel]
    hidden_units: list[str]
    rows: list[Row]
    earlier: list[tuple[str, list[str]]]
    draws_units: bool

    @cached_property
    def has_services(self) -> bool:
        return any(row.service for row in self.rows)

    @property
    def needs(self) -> str:
        return words.series([words.table_name(need) for need in self.entry.get("needs", [])])


def measure_block(measure: MeasureHistory, sheet: ChartSheet) -> Block:
    """The block of a measure; its charts are put on the sheet."""
    whole, units = measure.organisation, measure.at("unit")
    draws_units = len(units) <= MOST_UNITS_DRAWN
    return Block(
        id=measure.measure_id,
        entry={**ENTRY, **measure.entry},
        history=measure,
        organisation=whole.now if whole else None,
        previous=whole.figures[-2] if whole and len(whole.figures) > 1 else None,
        chart=_organisation_chart(measure, whole, sheet) if whole else None,
        panels=list(_panels(measure, units, sheet)) if draws_units else [],
        hidden_units=[history.place.name for history in units if not history.is_shown_ever],
        rows=[Row(words.place(history.place), history.now) for history in measure.histories if history.now],
        earlier=[
            (words.place(history.place), [words.share(figure) for figure in history.figures[:-1]])
            for history in measure.histories
            if history.earlier and (draws_units or history.place.level != "unit")
        ],
        draws_units=draws_units,
    )


def _organisation_chart(measure: MeasureHistory, whole: History, sheet: ChartSheet) -> Chart | None:
    """Drawn where most units are in it: else it would show which units are, and not how they do."""
    covered = whole.where_most_is_covered
    window = windows([covered]).get(covered.place)
    return _chart(measure, covered, f"chart-{measure.measure_id}", window, "wide", sheet)


def _panels(measure: MeasureHistory, units: tuple[History, ...], sheet: ChartSheet) -> Iterator[Panel]:
    """A panel for each unit that was ever shown, in the order of the units."""
    found = windows(units)
    for number, history in enumerate(units, start=1):
        if history.now and history.is_shown_ever:
            chart_id = f"chart-{measure.measure_id}-{number}"
            is_new = not history.earlier and len(measure.periods) > 1
            yield Panel(
                name=history.place.name,
                share=words.share(history.now),
                is_shown=history.now.is_shown,
                note="new" if is_new else words.earlier_range(history),
                chart=_chart(measure, history, chart_id, found[history.place], "panel", sheet),
            )


def _chart(
    measure: MeasureHistory, history: History, chart_id: str, window: Window | None, size: str, sheet: ChartSheet
) -> Chart | None:
    """A chart over time; none where nothing is shown or measured, or for a single period."""
    if window is None or not measure.is_measured or len(measure.periods) < 2:
        return None
    sheet.add(chart_id, measure, history, window, size)
    title = measure.entry["title"]
    return Chart(chart_id, words.chart_alternative(title, words.place(history.place), history, measure.periods))
