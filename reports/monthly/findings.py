"""What the first screen says, by fixed rules: what changed, what to look into, what could not be measured or is not shown.

A rule looks at published figures and says one sentence, or nothing: it is silent where a figure is hidden, and where a change
is inside its natural limits. Each sentence leads to its charts. No adjectives, and nothing is put in the order of its figures:
rules speak in the order in which they stand here, measures in that of the dictionary, units by the alphabet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from markupsafe import Markup

from reports.intervals import Interval, Published, difference_interval, share_interval
from reports.monthly.figures import Division, Figure, History, MeasureHistory, Place
from reports.monthly.limits import FEWEST_POINTS, SHIFT, Limits, Signal
from reports.monthly.titles import LOAD
from reports.monthly.words import Words

MOST_SENTENCES = 5
MOST_NEWS = 3  # sentences on what changed and what to look into; the others are a click away
MOST_MEASURES, MOST_UNITS = 3, 3  # named in one sentence; the charts mark the others
HALF = 50  # percent
LEAST_STEP = 10  # percentage points that waiting must change before the curve is mentioned
MOST_LOADS, MOST_MONTHS = 2, 3  # over the threshold and other days; a quarter
ORGANISATION = Place("organisation", "")
QUOTA, COVERAGE, FIT, NEEDS = "quota_pull", "threshold_coverage", "wait_versus_fit", "unmet_needs"


class Series(NamedTuple):
    """One place's figures of one measure, with their natural limits and what the newest shows against them."""

    measure: MeasureHistory
    history: History
    limits: Limits | None
    signal: Signal | None

    @classmethod
    def of(cls, measure: MeasureHistory, history: History) -> Series:
        return cls(measure, history, history.limits, history.signal)


class Finding(NamedTuple):
    """A sentence of the first screen, and the rule that speaks."""

    rule: str
    text: Markup


@dataclass(frozen=True)
class Month:
    """What the rules look at: the measures as released, their series that have a figure in this release, and the words."""

    measures: Mapping[str, MeasureHistory]
    series: Sequence[Series]
    words: Words

    @cached_property
    def of_organisation(self) -> list[Series]:
        return [one for one in self.series if one.history.place.level == "organisation"]

    @cached_property
    def of_places(self) -> list[Series]:
        return [one for one in self.series if one.history.place.level != "organisation"]

    def link(self, measure_id: str, anchor: str = "") -> Markup:
        title = self.words.entry(measure_id, self.measures[measure_id].entry)["title"]
        return Markup('<a href="#{}">{}</a>').format(anchor or measure_id, title)

    def due(self, measure_id: str) -> MeasureHistory | None:
        """A measure that has figures in this release."""
        measure = self.measures.get(measure_id)
        return measure if measure and measure.is_due and measure.is_measured else None

    def whole(self, measure_id: str) -> Figure | None:
        """The organisation's published figure of a measure, if most places are in it."""
        measure = self.due(measure_id)
        now = measure.organisation.now if measure and measure.organisation else None
        return now if now and now.rate is not None and now.covers_half else None

    def bins(self, measure_id: str, by: str) -> dict[str, Figure]:
        """The organisation's figures of a measure by a breakdown or a curve, as far as they are shown."""
        measure = self.due(measure_id)
        found = measure.divisions_of(ORGANISATION) if measure else ()
        return {
            label: figure
            for division in found
            if division.by == by and division.covers_half
            for label, figure in division.now.items()
            if figure.is_shown
        }


Rule = Callable[[Month], Markup | None]


def organisation_outside(month: Month) -> Markup | None:
    """The organisation's figure of this period lies outside the natural limits of its own past."""
    return _of_organisation(month, "outside")


def organisation_shift(month: Month) -> Markup | None:
    """The organisation's last 7 figures lie on one side of their middle."""
    return _of_organisation(month, "shift")


def units_outside(month: Month) -> Markup | None:
    """A unit's figure of this period (or a service's, of measures of services) lies outside the natural limits of its own past."""
    return _of_places(month, "outside")


def units_shift(month: Month) -> Markup | None:
    """A unit's (or a service's) last 7 figures lie on one side of their middle."""
    return _of_places(month, "shift")


def load_and_understanding(month: Month) -> Markup | None:
    """Clients answered differently after days over the threshold than after other days: the 95 % interval of the difference
    lies on one side of nothing."""
    words = month.words
    for name, measure in month.measures.items():
        for division in measure.divisions_of(ORGANISATION) if month.due(name) else ():
            found = by_load(measure, division)
            if found is not None and not found.difference.holds_zero:
                one, other = (words.percent(round(share.value)) for share in (found.over, found.other))
                said, link = said_difference(words, found.difference), month.link(name, f"{name}-{LOAD}")
                return words.text(
                    "rules.load_and_understanding", link=link, one=one, other=other, difference=said, n=found.months
                )
    return None


def usual_count_pulls(month: Month) -> Markup | None:
    """In a unit, more days are nearer to the unit's usual count than to the therapist's own threshold than chance alone has in all but
    a few units (the dictionary says how many), for all that rounding leaves open."""
    measure, words = month.due(QUOTA), month.words
    chance = (measure.entry.get("by_chance") or {}) if measure else {}
    if not measure or not chance:
        return None
    units = [
        history.place.name
        for history in measure.at("unit")
        if history.now and history.now.is_shown and (history.now.lower or 0) > chance["at_most"]
    ]
    if not units:
        return None
    said = _and_more(words, [Markup.escape(unit) for unit in units[:MOST_UNITS]], len(units), "places")
    limit, rest = words.percent(chance["at_most"]), words.percent(chance["error_percent"])
    return words.text("rules.usual_count_pulls", link=month.link(QUOTA), units=said, limit=limit, rest=rest)


def needs_without_room(month: Month) -> Markup | None:
    """More than half of the requests that name a need name one that nobody with room declares, for all that rounding leaves open."""
    if NEEDS not in month.measures:
        return None
    grain = month.measures[NEEDS].entry["grain"]
    bins = month.bins(NEEDS, grain.get("by", ""))
    found = [label for label, figure in bins.items() if (figure.lower or 0) > HALF]
    if not found:
        return None
    return month.words.text(
        "rules.needs_without_room", link=month.link(NEEDS), n=len(found), needs=month.words.series(found)
    )


def waiting_helps_fit(month: Month) -> Markup | None:
    """Within the longest wait of the curve, someone who fits had room for more requests than at once, by 10 percentage points or more
    for all that rounding leaves open."""
    curve = (month.measures[FIT].entry.get("curve") or {}) if FIT in month.measures else {}
    bins = month.bins(FIT, curve.get("by", ""))
    if len(bins) < 2 or any(figure.rate is None for figure in bins.values()):
        return None
    (_, first), *_, (label, last) = bins.items()
    if (last.lower or 0) - (first.upper or 0) < LEAST_STEP:
        return None
    words, wait = month.words, month.words.bin(curve["by"], label)
    return words.text(
        "rules.waiting_helps_fit", link=month.link(FIT), first=words.share(first), last=words.share(last), wait=wait
    )


def nothing_outside(month: Month) -> Markup | None:
    """There are natural limits, and no figure of this month lies outside of them or ends a shift."""
    limited = [one for one in month.series if one.limits]
    if not limited or any(one.signal for one in limited):
        return None
    return month.words.text("rules.nothing_outside", n=len(limited))


def too_early(month: Month) -> Markup | None:
    """No series is long enough for natural limits."""
    if any(one.limits for one in month.series):
        return None
    return month.words.text("rules.too_early", n=FEWEST_POINTS)


def reach_of_thresholds(month: Month) -> Markup | None:
    """Some of those who worked have declared no threshold, for all that rounding leaves open."""
    figure = month.whole(COVERAGE)
    if figure is None or figure.upper is None or figure.upper >= 100:
        return None
    return month.words.text("rules.reach_of_thresholds", link=month.link(COVERAGE), share=month.words.share(figure))


def not_measured(month: Month) -> Markup | None:
    """A measure that is due this month lacks a table or a field in the sources."""
    found = [month.link(name) for name, one in month.measures.items() if one.is_due and not one.is_measured]
    return month.words.text("rules.not_measured", n=len(found), measures=month.words.series(found)) if found else None


def not_shown(month: Month) -> Markup | None:
    """Figures of the release are not shown, or shown as a band only."""
    statuses = counted_statuses(month.measures.values())
    unseen, banded = statuses["not shown"], statuses["banded"]
    if not unseen and not banded:
        return None
    everything = sum(statuses.values()) - statuses["not measured"]
    words = month.words
    counts = {"unseen": words.amount(unseen), "banded": words.amount(banded)}
    return words.text("rules.not_shown", n=everything, **counts)


NEWS: tuple[Rule, ...] = (
    *(organisation_outside, organisation_shift, units_outside, units_shift),
    *(load_and_understanding, usual_count_pulls, needs_without_room, waiting_helps_fit),
)
STATE: tuple[Rule, ...] = (nothing_outside, too_early)
REACH: tuple[Rule, ...] = (not_measured, not_shown, reach_of_thresholds)
RULES: tuple[Rule, ...] = (*NEWS, *STATE, *REACH)


def month_of(measures: Sequence[MeasureHistory], words: Words) -> Month:
    """What the rules look at in a release: the organisation where most units are in it, and each measure's own places."""
    series = [
        Series.of(measure, history.where_most_is_covered if level == "organisation" else history)
        for measure in measures
        if measure.is_due and measure.is_measured
        for level in dict.fromkeys(("organisation", measure.own_level))
        for history in measure.at(level)
    ]
    return Month({measure.measure_id: measure for measure in measures}, series, words)


def first_screen(month: Month) -> tuple[list[Finding], list[Finding]]:
    """The sentences of the first screen, 3 to 5 where there is enough to say, and those for which it has no room."""
    news = list(_spoken(month, NEWS))
    reach = list(_spoken(month, REACH))
    shown = [*news[:MOST_NEWS], *_spoken(month, STATE)]
    room = MOST_SENTENCES - len(shown)
    return [*shown, *reach[:room]], [*news[MOST_NEWS:], *reach[room:]]


def counted_statuses(measures: Iterable[MeasureHistory]) -> Counter[str]:
    """How many figures of this release at a measure's own level have which status."""
    return Counter(
        figure.status
        for measure in measures
        if measure.is_due
        for figure in measure.now
        if figure.place.level == measure.own_level
    )


def shows_far_fewer(measures: Iterable[MeasureHistory]) -> bool:
    """Whether at least half of the units' figures that were shown the month before are not shown now: of units that there still are,
    and of measures of months."""
    pairs = [
        history.figures[-2:]
        for measure in measures
        if measure.is_due and measure.entry["grain"]["period"] == "month" and len(measure.periods) > 1
        for history in measure.at("unit")
    ]
    still_shown = [now.is_shown for before, now in pairs if before and now and before.is_shown]
    return bool(still_shown) and 2 * still_shown.count(False) >= len(still_shown)


class ByLoad(NamedTuple):
    """What came of days over the threshold and of other days, in so many months together, and how much they differ."""

    over: Interval
    other: Interval
    difference: Interval
    months: int


def by_load(measure: MeasureHistory, division: Division) -> ByLoad | None:
    """The two bins of a breakdown by load, in the last months that are published, three at most: what one month leaves open,
    a quarter may not. None of other breakdowns, where the last month is not published, or without a design effect.
    """
    effect = measure.entry.get("design_effect")
    if division.by != LOAD or effect is None or len(division.now) != MOST_LOADS or not division.covers_half:
        return None
    months = [
        [published(figure) for figure in figures if figure]
        for figures in zip(*division.histories.values(), strict=True)
    ][-MOST_MONTHS:]
    known = [pair for pair in months if len(pair) == MOST_LOADS and None not in pair]
    if not known or known[-1] is not months[-1]:
        return None
    over, other = (share_interval([one for one in side if one], float(effect)) for side in zip(*known, strict=True))
    return ByLoad(over, other, difference_interval(over, other), len(known))


def published(figure: Figure) -> Published | None:
    """A published figure as intervals read it; none for none of the base, or all of it."""
    if figure.part is None or figure.base is None or figure.lower is None or figure.upper is None:
        return None
    return Published(figure.part, figure.base, figure.lower, figure.upper) if 0 < figure.part < figure.base else None


def said_difference(words: Words, difference: Interval) -> Markup:
    """2 to 10 percentage points fewer; of an interval that holds nothing, from how many fewer to how many more."""
    low, high = round(difference.lower), round(difference.upper)
    if difference.holds_zero:
        return words.text("difference.open", fewer=words.count(abs(low)), more=words.count(abs(high)))
    key = "difference.more" if low >= 0 else "difference.fewer"
    least, most = (low, high) if low >= 0 else (-high, -low)
    return words.text(key, least=words.count(least), most=words.count(most))


def _spoken(month: Month, rules: Iterable[Rule]) -> Iterator[Finding]:
    for rule in rules:
        text = rule(month)
        if text is not None:
            yield Finding(rule.__name__, text)


def _of_organisation(month: Month, kind: str) -> Markup | None:
    found = [one for one in month.of_organisation if one.signal and one.signal.kind == kind]
    if not found:
        return None
    words = month.words
    said = []
    for one in found[:MOST_MEASURES]:
        assert one.signal and one.limits and one.history.now
        share, limits = words.share(one.history.now), words.limits(one.limits)
        side, link = words.text(f"sides.{one.signal.side}"), month.link(one.measure.measure_id)
        said.append(words.text(f"rules.organisation_{kind}_one", link=link, share=share, side=side, limits=limits))
    return words.text(
        f"rules.organisation_{kind}", measures=_and_more(words, said, len(found), "measures"), shift=SHIFT
    )


def _of_places(month: Month, kind: str) -> Markup | None:
    found: dict[str, list[Series]] = {}
    for one in month.of_places:
        if one.signal and one.signal.kind == kind:
            found.setdefault(one.measure.measure_id, []).append(one)
    if not found:
        return None
    words = month.words
    said = []
    for measure_id, places in islice(found.items(), MOST_MEASURES):
        names = [
            words.text("rules.place", name=one.history.place.name, side=words.text(f"sides.{one.signal.side}"))
            for one in places[:MOST_UNITS]
            if one.signal
        ]
        units = _and_more(words, names, len(places), "places")
        said.append(words.text("rules.units_one", link=month.link(measure_id), units=units))
    return words.text(f"rules.units_{kind}", measures=_and_more(words, said, len(found), "measures"), shift=SHIFT)


def _and_more(words: Words, said: Sequence[str], number: int, what: str) -> Markup:
    """Those that are named, and how many more there are."""
    more = number - len(said)
    items = [*said, words.text(f"more.{what}", n=more)] if more else said
    return Markup("; ").join(items) if what == "measures" else words.series(items)
