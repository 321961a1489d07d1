"""Plotly charts of released figures, as plain dicts: one place's figures over time, beside no other's.

Every panel of a measure spans the same number of percentage points, so that an equal change looks equal,
but lies where that unit's own figures lie, so that heights cannot be compared from one panel to the next.
Specs hold numbers and fixed words, never names. How a chart is placed, sized and drawn belongs in the
templates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import ceil
from statistics import median
from typing import Any

from reports.monthly import words
from reports.monthly.figures import Figure, History, MeasureHistory, Period, Place

Spec = dict[str, Any]
Window = tuple[float, float]

FONT = "system-ui, sans-serif"
LEAST_SPAN = 20  # percentage points: a narrower panel would make noise look like news
FEWEST_EARLIER = 3  # published figures before a middle of them is drawn

# Mid tones, with a contrast of 3 or more on the light and on the dark page. CSS colours the texts.
MARK = "#3c86a8"
BAND = "rgba(60, 134, 168, 0.5)"
QUIET = "#858b92"
FAINT = "rgba(128, 134, 140, 0.28)"

# The period, which the page's script fills in, and the figure.
HOVER = "%{customdata}<br>%{text}<extra></extra>"


def template(height: int, marker_size: int, has_dates: bool) -> Spec:
    """The style of one size of chart. Its three traces are, in order: published, banded, not shown."""
    axis = {
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "tickfont": {"size": 11},
    }
    published = {
        "mode": "lines+markers",
        "connectgaps": False,
        "line": {"color": MARK, "width": 1.6},
        "marker": {"color": MARK, "size": marker_size},
        "error_y": {"color": MARK, "thickness": 1, "width": 0},
        "hovertemplate": HOVER,
    }
    banded = {
        "mode": "markers",
        "marker": {"color": BAND, "size": marker_size + 2, "opacity": 0},
        "error_y": {"color": BAND, "thickness": marker_size + 2, "width": 0},
        "hovertemplate": HOVER,
    }
    not_shown = {
        "mode": "markers",
        "marker": {"color": QUIET, "size": marker_size + 1, "symbol": "line-ew-open", "line": {"width": 1.5}},
        "hovertemplate": HOVER,
    }
    layout = {
        "height": height,
        "margin": {"l": 36, "r": 16, "t": 8, "b": 24 if has_dates else 8},
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "hoverdistance": 30,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "color": QUIET},
        "hoverlabel": {
            "bgcolor": "#20262b",
            "bordercolor": "#20262b",
            "font": {"family": FONT, "color": "#ffffff", "size": 12},
        },
        "xaxis": {**axis, "showticklabels": has_dates},
        "yaxis": {**axis, "showgrid": True, "gridcolor": FAINT, "ticksuffix": " %"},
    }
    return {"layout": layout, "data": {"scatter": [published, banded, not_shown]}}


TEMPLATES: Mapping[str, Spec] = {
    "panel": template(height=100, marker_size=4, has_dates=False),
    "wide": template(height=210, marker_size=7, has_dates=True),
}


class ChartSheet:
    """All charts of a page, with the styles and the time axes they share, as the page's script reads them."""

    def __init__(self) -> None:
        self.axes: dict[str, Spec] = {}
        self.charts: dict[str, Spec] = {}

    def add(self, chart_id: str, measure: MeasureHistory, history: History, window: Window, size: str) -> None:
        """Put a place's chart on the sheet; `size` names a template."""
        if measure.measure_id not in self.axes:
            self.axes[measure.measure_id] = time_axis(measure.periods)
        self.charts[chart_id] = {"template": size, "axis": measure.measure_id, **chart(history, window)}

    def json(self) -> str:
        content = {"templates": TEMPLATES, "axes": self.axes, "charts": self.charts}
        return json.dumps(content, separators=(",", ":"), allow_nan=False)


def time_axis(periods: Sequence[Period]) -> Spec:
    """The axis that all charts of one measure share; positions are 0, 1, 2 … along the periods."""
    last = len(periods) - 1
    new_years = [at for at, period in enumerate(periods) if period.start.month == 1 and 4 < at < last - 4]
    marked = [0, *new_years, last]
    return {
        "labels": [words.period(period) for period in periods],
        "xaxis": {
            "range": [-0.5, last + 0.5],
            "tickvals": marked,
            "ticktext": [words.short_period(periods[at]) for at in marked],
        },
    }


def chart(history: History, window: Window) -> Spec:
    """A place's figures of one measure: its published ones, its bands, and where nothing is shown."""
    published = [f if f and f.status == "published" else None for f in history.figures]
    banded = _placed(history, ("banded",))
    hidden = _placed(history, ("not shown", "not measured"))
    low, high = window
    spec: Spec = {
        "data": [
            {
                "y": [f.value if f else None for f in published],
                "error_y": {
                    "array": [_distance(f.value, f.upper) if f else 0 for f in published],
                    "arrayminus": [_distance(f.value, f.lower) if f else 0 for f in published],
                },
                "text": [words.share_of(f) if f else "" for f in published],
            },
            {
                "x": [position for position, _ in banded],
                "y": [round(sum(f.extent) / 2, 2) for _, f in banded],
                "error_y": {"array": [round((f.extent[1] - f.extent[0]) / 2, 2) for _, f in banded]},
                "text": [words.band(f) for _, f in banded],
            },
            {
                "x": [position for position, _ in hidden],
                "y": [round(low + (high - low) * 0.03, 2)] * len(hidden),
                "text": [f.status for _, f in hidden],
            },
        ],
        "layout": {"yaxis": {"range": [low, high], "dtick": _tick_step(high - low)}},
    }
    usual = _usual(history)
    if usual is not None:
        dotted = {"color": QUIET, "width": 1, "dash": "dot"}
        spec["layout"]["shapes"] = [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": usual, "y1": usual, "line": dotted}
        ]
    return spec


def windows(histories: Sequence[History]) -> dict[Place, Window]:
    """The range of each place's y axis: one span for all, around its own figures, within 0 to 100 %."""
    extents = {h.place: _extent(h) for h in histories if h.is_shown_ever}
    widest = max((most - least for least, most in extents.values()), default=0)
    span = min(100, max(LEAST_SPAN, ceil(widest * 1.15 / 10) * 10))
    return {place: _window(least, most, span) for place, (least, most) in extents.items()}


def _window(least: float, most: float, span: float) -> Window:
    low = min(max(0.0, round((least + most - span) / 2)), 100.0 - span)
    return low, low + span


def _extent(history: History) -> tuple[float, float]:
    extents = [figure.extent for figure in history.figures if figure and figure.is_shown]
    return min(least for least, _ in extents), max(most for _, most in extents)


def _usual(history: History) -> float | None:
    """The middle of a place's own earlier published figures, once there are a few."""
    values = [figure.value for figure in history.earlier if figure.value is not None]
    return median(values) if len(values) >= FEWEST_EARLIER else None


def _placed(history: History, statuses: tuple[str, ...]) -> list[tuple[int, Figure]]:
    return [(at, figure) for at, figure in enumerate(history.figures) if figure and figure.status in statuses]


def _distance(value: int | None, bound: float | None) -> float:
    return 0 if value is None or bound is None else round(abs(bound - value), 1)


def _tick_step(span: float) -> int:
    return 10 if span <= 30 else 20 if span <= 60 else 50
