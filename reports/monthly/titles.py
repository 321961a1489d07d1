"""A chart's title, which says what the chart shows, by rule: the same figures give the same words.

Only titles of single charts; what the first screen says of the month is in `findings`.
"""

from __future__ import annotations

from collections.abc import Mapping

from reports.monthly.figures import Figure, History, Period
from reports.monthly.limits import Limits, Signal
from reports.monthly.words import Words

LOAD = "load"  # the dimension whose two bins are compared


def over_time(words: Words, history: History, period: Period, limits: Limits | None, signal: Signal | None) -> str:
    """19 % in October 2026, inside the natural limits of its own past."""
    now = history.now
    if now is None or not now.is_shown:
        return words.text("title.not_shown", period=words.period(period), status=words.share(now))
    said = {"share": words.share(now), "period": words.period(period)}
    if now.status == "banded":
        return words.text("title.alone", **said)
    if limits is None:
        before = history.figures[-2] if len(history.figures) > 1 else None
        if before is not None and before.is_shown:
            return words.text("title.after", before=words.share(before), **said)
        return words.text("title.alone", **said)
    said["limits"] = words.limits(limits)
    return words.text(f"title.{signal.kind}_{signal.side}" if signal else "title.inside", **said)


def side_by_side(words: Words, by: str, name: str, bins: Mapping[str, Figure]) -> str:
    """19 % to 26 %, depending on the day of the week; of two bins, both."""
    rates = [figure.value for figure in bins.values() if figure.value is not None]
    if not rates:
        return words.text("title.none_shown", name=name)
    if by == LOAD and len(rates) == len(bins) == 2:  # the two that are to be compared
        (first, one), (second, other) = bins.items()
        said = {"first": words.bin(by, first), "second": words.bin(by, second)}
        return _begun(words.text("title.two", one=words.share(one), other=words.share(other), **said))
    if min(rates) == max(rates):
        return words.text("title.same", share=words.percent(rates[0]), name=name)
    said = {"least": words.percent(min(rates)), "most": words.percent(max(rates)), "name": name}
    banded = sum(figure.status == "banded" for figure in bins.values())
    return words.text("title.depending_banded", n=banded, **said) if banded else words.text("title.depending", **said)


def curve(words: Words, by: str, bins: Mapping[str, Figure]) -> str:
    """Within 7 days 31 %, within 28 days 84 %."""
    shown = [(words.bin(by, label), figure) for label, figure in bins.items() if figure.rate is not None]
    if not shown:
        return words.text("title.none_shown", name=words.dimension(by, by))
    said = [words.text("title.at", bin=label, share=words.share(figure)) for label, figure in (shown[0], shown[-1])]
    return _begun(words.series(said if len(shown) > 1 else said[:1]))


def _begun(text: str) -> str:
    """With a capital, as a title begins."""
    return text[:1].upper() + text[1:]
