"""Small drawings of one place's figures over time, as SVG inside the page: no script is needed to see them.

A drawing has no scale of values: its middle is the place's own middle, and all drawings of a measure span the same number of
percentage points, so an equal change looks equal and no height can be compared with another place's. It holds no text, and
stretches to the width it is given. How it is coloured belongs in the style sheet, what it says in `words`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from markupsafe import Markup, escape

from reports.monthly.figures import Figure, History, Place
from reports.monthly.limits import Limits, Signal

LEAST_SPAN = 20  # percentage points: a narrower one would make noise look like news
LEAST_BAND = 0.08  # of the height
STEP, HEIGHT = 10, 100  # of the drawing's own units: from one period to the next, and from lower to upper edge
HIDDEN_AT = HEIGHT - 3


def middle_of(figures: Sequence[Figure | None], limits: Limits | None) -> float | None:
    """The middle of a place's own figures: of its limits, else the mean of what is published, else of its bands' middles."""
    if limits:
        return limits.middle
    rates = [figure.rate for figure in figures if figure and figure.rate is not None]
    middles = rates or [sum(figure.extent) / 2 for figure in figures if figure and figure.is_shown]
    return fmean(middles) if middles else None


def shared_span(histories: Sequence[History], limits: Mapping[Place, Limits | None]) -> float:
    """The percentage points that every drawing of these spans: twice the furthest that any figure lies from its own middle."""
    furthest = LEAST_SPAN / 2
    for history in histories:
        middle = middle_of(history.figures, limits[history.place])
        if middle is not None:
            lower, upper = zip(
                *[figure.extent for figure in history.figures if figure and figure.is_shown], strict=True
            )
            furthest = max(furthest, middle - min(lower), max(upper) - middle)
    return 2.1 * furthest


def drawing(
    figures: Sequence[Figure | None], limits: Limits | None, signal: Signal | None, span: float, label: str
) -> Markup:
    """A place's figures as SVG: a line through what is published, bars for bands, dashes at the edge where nothing is shown."""
    middle = middle_of(figures, limits)
    if middle is None:
        return Markup("")

    def at(percent: float) -> int:
        return round(HEIGHT * (0.5 - (percent - middle) / span))

    width = STEP * len(figures)
    paths = {"limits": "", "middle": f"M0 {at(middle)}H{width}"} if limits else {}
    if limits:
        paths["limits"] = f"M0 {at(limits.upper)}H{width}V{at(limits.lower)}H0z"
    points: dict[int, int] = {}
    bands = line = unseen = ""
    for x, figure in zip(range(STEP // 2, width, STEP), figures, strict=True):
        if figure is None:
            continue
        if (rate := figure.rate) is not None:
            points[x] = y = at(rate)
            line += f"{'L' if x - STEP in points else 'M'}{x} {y}"
        elif figure.status == "banded":
            lower, upper = figure.drawn_between(LEAST_BAND * span)
            bands += f"M{x} {at(lower)}V{at(upper)}"
        elif not figure.is_shown:
            unseen += f"M{x - 2} {HIDDEN_AT}h4"
    alone = [f"M{x} {y}h0" for x, y in points.items() if x - STEP not in points and x + STEP not in points]
    paths |= {"bands": bands, "line": line, "points": "".join(alone), "unseen": unseen}
    newest = width - STEP // 2
    if newest in points:
        paths["outside" if signal and signal.kind == "outside" else "newest"] = f"M{newest} {points[newest]}h0"
    drawn = "".join([f'<path class="{name}" d="{path}"/>' for name, path in paths.items() if path])
    size = f'viewBox="0 0 {width} {HEIGHT}" preserveAspectRatio="none"'
    return Markup(f'<svg class="plot" {size} role="img" aria-label="{escape(label)}">{drawn}</svg>')
