"""Plotly charts of released figures of the organisation, as plain dicts: over time, and side by side at one time.

Specs hold released numbers, natural limits made from them, and words. How a chart is placed and sized belongs in the
templates, what places are drawn as small beside each other in `panels`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import Any

from markupsafe import Markup

from reports.monthly.figures import Figure, Level, Period
from reports.monthly.limits import Limits, Signal
from reports.monthly.words import Words

Spec = dict[str, Any]

FONT = "system-ui, sans-serif"
LEAST_SPAN = 20  # percentage points: a narrower chart would make noise look like news
TIME_HEIGHT, ROW_HEIGHT, CURVE_HEIGHT = 240, 44, 240
LEAST_BAND = 0.025  # of the chart, so that it is some 6 pixels on a narrow screen
LONGEST_LABEL = 44  # characters; the table beneath has the whole of it

# Mid tones, with a contrast of 3 or more on the light and on the dark page. CSS colours the texts.
MARK = "#3c86a8"
BAND = "rgba(60, 134, 168, 0.5)"
LIMITS = "rgba(128, 134, 140, 0.16)"
QUIET = "#858b92"
FAINT = "rgba(128, 134, 140, 0.28)"

_AXIS = {"fixedrange": True, "showgrid": False, "zeroline": False, "ticks": "", "tickfont": {"size": 12}}
LAYOUT: Spec = {
    "showlegend": False,
    "dragmode": False,
    "hovermode": "closest",
    "hoverdistance": 30,
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "font": {"family": FONT, "color": QUIET, "size": 12},
    "hoverlabel": {
        "bgcolor": "#20262b",
        "bordercolor": "#20262b",
        "font": {"family": FONT, "color": "#ffffff", "size": 12},
    },
    "xaxis": _AXIS,
    "yaxis": {**_AXIS, "gridcolor": FAINT},
}
TEMPLATE: Spec = {"layout": LAYOUT}


class ChartSheet:
    """All Plotly charts of a page by the ids of their elements, as the page's script reads them."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.charts: dict[str, Spec] = {}

    def json(self) -> str:
        return json.dumps({"template": TEMPLATE, "charts": self.charts}, separators=(",", ":"), allow_nan=False)

    def over_time(
        self,
        chart_id: str,
        figures: Sequence[Figure | None],
        places: Level,
        periods: Sequence[Period],
        limits: Limits | None,
        signal: Signal | None,
    ) -> None:
        """A line through what is published, bars for bands, dashes where nothing is shown; natural limits where there are some."""
        words, last = self.words, len(periods) - 1
        shown = {at: figure for at, figure in enumerate(figures) if figure and figure.is_shown}
        published = {at: figure for at, figure in shown.items() if figure.rate is not None}
        banded = {at: figure for at, figure in shown.items() if figure.status == "banded"}
        unseen = [at for at, figure in enumerate(figures) if figure and not figure.is_shown]
        ends = [end for figure in shown.values() for end in figure.extent]
        low, high = _window([*ends, *((limits.lower, limits.upper) if limits else ())])
        said = {at: f"{words.period(periods[at])}<br>{words.share_of(figure, places)}" for at, figure in shown.items()}
        bands = {at: figure.drawn_between(LEAST_BAND * (high - low)) for at, figure in banded.items()}
        rates = [published[at].rate if at in published else None for at in range(last + 1)]
        traces: list[Spec] = [
            {
                "mode": "lines+markers",
                "x": list(range(last + 1)),
                "y": [None if rate is None else round(rate, 1) for rate in rates],
                "connectgaps": False,
                "line": {"color": MARK, "width": 2},
                "marker": {
                    "color": MARK,
                    "opacity": 1,
                    "size": [11 if at == last else 7 for at in range(last + 1)],
                    "symbol": [
                        "diamond" if signal and signal.kind == "outside" and at == last else "circle"
                        for at in range(last + 1)
                    ],
                },
                "error_y": {
                    "color": MARK,
                    "thickness": 1,
                    "width": 0,
                    "array": [_distance(published.get(at), "upper") for at in range(last + 1)],
                    "arrayminus": [_distance(published.get(at), "lower") for at in range(last + 1)],
                },
                "text": [said.get(at, "") for at in range(last + 1)],
                "hovertemplate": "%{text}<extra></extra>",
            },
            {
                "mode": "markers",
                "x": list(banded),
                "y": [round(sum(ends) / 2, 2) for ends in bands.values()],
                "marker": {"color": BAND, "size": 9, "opacity": 0},
                "error_y": {
                    "color": BAND,
                    "thickness": 9,
                    "width": 0,
                    "array": [round((upper - lower) / 2, 2) for lower, upper in bands.values()],
                },
                "text": [said[at] for at in banded],
                "hovertemplate": "%{text}<extra></extra>",
            },
            {
                "mode": "markers",
                "x": unseen,
                "y": [round(low + (high - low) / 40, 2)] * len(unseen),
                "marker": {"color": QUIET, "size": 9, "symbol": "line-ew-open", "line": {"width": 2}},
                "text": [f"{words.period(periods[at])}<br>{words.share(figures[at])}" for at in unseen],
                "hovertemplate": "%{text}<extra></extra>",
            },
        ]
        new_years = [at for at, period in enumerate(periods) if period.start.month == 1 and 4 < at < last - 4]
        marked = [0, *new_years, last]
        newest = [_label(last, rates[last], words.share(figures[last]))] if rates[last] is not None else []
        self.charts[chart_id] = {
            "data": traces,
            "layout": {
                "height": TIME_HEIGHT,
                "margin": {"l": 44, "r": 56, "t": 12, "b": 32},
                "shapes": _limit_shapes(limits),
                "annotations": [*newest, *_limit_labels(limits, words)],
                "xaxis": {
                    "range": [-0.5, last + 0.5],
                    "ticklabelstandoff": 8,
                    "tickvals": marked,
                    "ticktext": [words.short_period(periods[at]) for at in marked],
                },
                "yaxis": {"range": [low, high], "dtick": _tick_step(high - low), "showgrid": True, "ticksuffix": " %"},
            },
        }

    def side_by_side(self, chart_id: str, bins: Mapping[str, Figure], places: Level) -> None:
        """A bar from nothing for each bin, in their order, with its label above it and its figure at its end. A band is the field
        in which the rate lies."""
        words, rows = self.words, len(bins)
        figures = {rows - 1 - at: figure for at, figure in enumerate(bins.values())}
        published = {at: figure for at, figure in figures.items() if figure.rate is not None}
        banded = {at: figure for at, figure in figures.items() if figure.status == "banded"}
        above = {**_TEXT, "xref": "paper", "x": 0, "xanchor": "left", "yshift": 17}
        labels = [
            {**above, "y": at, "text": label if at in published else f"{label}: {words.share(figures[at])}"}
            for label, at in zip(map(_short, bins), figures, strict=True)
        ]
        bar: Spec = {"type": "bar", "orientation": "h", "width": 0.36, "hovertemplate": "%{text}<extra></extra>"}
        ends = [figure.rate or 0 for figure in published.values()] + [figure.extent[1] for figure in banded.values()]
        bands = [figure.drawn_between(LEAST_BAND * _above(ends)) for figure in banded.values()]
        self.charts[chart_id] = {
            "data": [
                {
                    **bar,
                    "x": [round(figure.rate or 0, 1) for figure in published.values()],
                    "y": list(published),
                    "marker": {"color": MARK},
                    "texttemplate": [words.share(figure) for figure in published.values()],
                    "textposition": "outside",
                    "cliponaxis": False,
                    "text": [words.share_of(figure, places) for figure in published.values()],
                },
                {
                    **bar,
                    "base": [round(lower, 2) for lower, _ in bands],
                    "x": [round(upper - lower, 2) for lower, upper in bands],
                    "y": list(banded),
                    "marker": {"color": BAND},
                    "textposition": "none",
                    "text": [words.band(figure) for figure in banded.values()],
                },
            ],
            "layout": {
                "height": ROW_HEIGHT * rows + 20,
                "barmode": "overlay",
                "margin": {"l": 8, "r": 56, "t": 14, "b": 6},
                "annotations": labels,
                "xaxis": {"range": [0, _above(ends)], "showticklabels": False},
                "yaxis": {"range": [-0.5, rows - 0.3], "showticklabels": False, "showgrid": False},
            },
        }

    def curve(self, chart_id: str, by: str, bins: Mapping[str, Figure], places: Level) -> None:
        """A line through what is published at each cut-off, which lie as far from each other as they differ."""
        words = self.words
        points = {float(label): figure for label, figure in bins.items()}
        shown = {at: figure for at, figure in points.items() if figure.rate is not None}
        self.charts[chart_id] = {
            "data": [
                {
                    "mode": "lines+markers+text",
                    "x": list(shown),
                    "y": [round(figure.rate or 0, 1) for figure in shown.values()],
                    "line": {"color": MARK, "width": 2},
                    "marker": {"color": MARK, "size": 9},
                    "texttemplate": [words.share(figure) for figure in shown.values()],
                    "textposition": "top center",
                    "cliponaxis": False,
                    "text": [words.share_of(figure, places) for figure in shown.values()],
                    "hovertemplate": "%{text}<extra></extra>",
                }
            ],
            "layout": {
                "height": CURVE_HEIGHT,
                "margin": {"l": 44, "r": 32, "t": 24, "b": 28},
                "xaxis": {
                    "range": [min(points) - 2, max(points) + 2],
                    "tickvals": list(points),
                    "ticktext": [
                        words.bin(by, label) if at == max(points) else label
                        for label, at in zip(bins, points, strict=True)
                    ],
                },
                "yaxis": {
                    "range": [0, 105],
                    "tickvals": [0, 50, 100],
                    "ticktext": [words.percent(tick) for tick in (0, 50, 100)],
                    "showgrid": True,
                },
            },
        }


_TEXT: Spec = {"showarrow": False, "font": {"size": 13}}


def _label(at: int, rate: float | None, text: str) -> Spec:
    return {**_TEXT, "x": at, "y": rate, "xanchor": "left", "xshift": 9, "text": f"<b>{text}</b>"}


def _limit_shapes(limits: Limits | None) -> list[Spec]:
    """The field between the limits, and the middle as a line."""
    if limits is None:
        return []
    across = {"xref": "paper", "x0": 0, "x1": 1, "layer": "below"}
    edge = {"color": QUIET, "width": 1, "dash": "dash"}
    field = {
        "type": "rect",
        **across,
        "y0": limits.lower,
        "y1": limits.upper,
        "fillcolor": LIMITS,
        "line": {"width": 0},
    }
    lines = [
        {"type": "line", **across, "y0": at, "y1": at, "line": line}
        for at, line in ((limits.lower, edge), (limits.upper, edge), (limits.middle, {**edge, "dash": "solid"}))
    ]
    return [_rounded(field), *map(_rounded, lines)]


def _rounded(shape: Spec) -> Spec:
    return {name: round(value, 1) if isinstance(value, float) else value for name, value in shape.items()}


def _limit_labels(limits: Limits | None, words: Words) -> list[Spec]:
    if limits is None:
        return []
    text = {**_TEXT, "font": {"size": 11}, "xref": "paper", "x": 0, "xanchor": "left"}
    upper = words.text("chart.upper_limit", limit=words.percent(ceil(limits.upper)))
    lower = words.text("chart.lower_limit", limit=words.percent(floor(limits.lower)))
    return [
        {**text, "y": round(limits.upper, 1), "yanchor": "bottom", "text": upper},
        {**text, "y": round(limits.lower, 1), "yanchor": "top", "text": lower},
    ]


def _window(ends: Sequence[float]) -> tuple[float, float]:
    """The range of the y axis: around what is drawn, within 0 to 100 %, and never very narrow."""
    least, most = min(ends), max(ends)
    span = min(100, max(LEAST_SPAN, ceil((most - least) * 1.25)))
    low = min(max(0.0, round((least + most - span) / 2)), 100.0 - span)
    return low, low + span


def _above(rates: Sequence[float]) -> float:
    return max(10.0, *rates) * 1.02 if rates else 10.0


def _distance(figure: Figure | None, end: str) -> float:
    bound = getattr(figure, end, None)
    return 0 if figure is None or figure.rate is None or bound is None else round(abs(bound - figure.rate), 1)


def _short(label: str) -> str:
    """A label as the drawing has room for, with nothing in it that Plotly would take for a tag."""
    return str(Markup.escape(label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"))


def _tick_step(span: float) -> int:
    return 10 if span <= 40 else 20 if span <= 80 else 50
