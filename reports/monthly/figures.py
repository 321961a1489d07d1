"""Released figures side by side: each measure's units, services and organisation over all months.

The only place that interprets the rows of `measures.csv`. A figure that is not shown carries no number from
here on, whatever its row held. Wording belongs in `words`, drawing in `charts`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property, lru_cache
from typing import Any, Literal, NamedTuple

from reports.monthly.limits import Limits, Signal, natural_limits, signal
from reports.monthly.release import Release

Level = Literal["organisation", "service", "unit"]
Status = Literal["published", "banded", "not shown", "not measured"]

PERIOD_MONTHS = {"month": 1, "quarter": 3}
MOST_PERIODS = 24  # two years of months: what lies before is in earlier reports, and would make the page no clearer
LEVELS: tuple[Level, ...] = ("organisation", "service", "unit")
STATUSES: tuple[Status, ...] = ("published", "banded", "not shown", "not measured")
COLUMNS = (
    "period_start",
    "period_end",
    "level",
    "unit",
    "service",
    "measure_id",
    "breakdown",
    "breakdown_value",
    "part",
    "base",
    "value",
    "lower",
    "upper",
    "coverage",
    "status",
)


class Period(NamedTuple):
    """A month, a quarter or a year, by its first and its last day."""

    start: date
    end: date


class Place(NamedTuple):
    """Whom a figure is about: the organisation (no name), a service or a unit."""

    level: Level
    name: str

    @property
    def order(self) -> tuple[int, str, str]:
        """Organisation, services, units; names by the alphabet. Never by value."""
        return LEVELS.index(self.level), _folded(self.name), self.name


@dataclass(eq=False)  # one object a figure, never changed: what one report said of it is found again for the next
class Figure:
    """One released figure.

    `value`, `lower` and `upper` are percent; `coverage` is "7 of 9" units for a derived figure; `limit` is
    the count below which the policy of its release shows a band. `by` and `bin` are filled of a figure that is a measure's
    at one bin of a breakdown, or at one cut-off of a curve. `rate` is a published figure's percentage, from the counts as published.
    """

    measure_id: str
    place: Place
    service: str
    period: Period
    status: Status
    part: int | None
    base: int | None
    value: int | None
    lower: float | None
    upper: float | None
    coverage: str
    limit: int
    by: str = ""
    bin: str = ""
    rate: float | None = field(init=False)

    def __post_init__(self) -> None:
        self.rate = (
            100 * self.part / self.base if self.status == "published" and self.part is not None and self.base else None
        )

    @property
    def is_shown(self) -> bool:
        return self.status in ("published", "banded")

    @property
    def is_few(self) -> bool:
        """Of a band: few are in the part (else few are outside it)."""
        return self.lower == 0

    @property
    def included(self) -> tuple[int, int] | None:
        """Of a derived figure: how many places are in it, and how many there are."""
        included, _, places = self.coverage.partition(" of ")
        return (int(included), int(places)) if places else None

    @property
    def covers_half(self) -> bool:
        """Whether at least half of the units are in it: with fewer, it cannot stand for all of them."""
        return self.included is None or 2 * self.included[0] >= self.included[1]

    @cached_property
    def extent(self) -> tuple[float, float]:
        """The percentages a shown figure is drawn between: a point, or the width of a band or of an error."""
        point = self.value or 0
        if self.value is not None and not self.coverage:
            return point, point
        return point if self.lower is None else self.lower, point if self.upper is None else self.upper

    def drawn_between(self, least: float) -> tuple[float, float]:
        """Its extent, widened to so many percentage points where it is narrower: what is drawn has to be seen."""
        lower, upper = self.extent
        missing = max(0.0, least - (upper - lower))
        return (lower, upper + missing) if upper + missing <= 100 else (lower - missing, upper)


@dataclass(frozen=True)
class History:
    """One place's figures of one measure, one for each period of the measure (None: no such figure then)."""

    place: Place
    figures: tuple[Figure | None, ...]

    @property
    def now(self) -> Figure | None:
        return self.figures[-1]

    @cached_property
    def earlier(self) -> tuple[Figure, ...]:
        return tuple([figure for figure in self.figures[:-1] if figure])

    @cached_property
    def limits(self) -> Limits | None:
        """The natural limits of its own figures."""
        return natural_limits(self.figures)

    @cached_property
    def signal(self) -> Signal | None:
        """What the newest figure shows against them."""
        return signal(self.figures, self.limits)

    @property
    def where_most_is_covered(self) -> History:
        """Without the derived figures that lack most units: which units are in would look like change."""
        return History(self.place, tuple(f if f and f.covers_half else None for f in self.figures))

    @property
    def is_shown_ever(self) -> bool:
        return any(figure.is_shown for figure in self.figures if figure)


@dataclass(frozen=True)
class Division:
    """A place's figures of one measure by the bins of a breakdown, or by the cut-offs of a curve, in their declared order.

    `histories` has for each bin its figures, one for each period of the measure.
    """

    place: Place
    by: str
    histories: Mapping[str, tuple[Figure | None, ...]]

    @property
    def now(self) -> dict[str, Figure]:
        """The bins that have a figure in the last period."""
        return {name: figures[-1] for name, figures in self.histories.items() if figures[-1]}

    @property
    def is_shown(self) -> bool:
        return any(figure.is_shown for figure in self.now.values())

    @property
    def covers_half(self) -> bool:
        """Whether it can stand for all units: each of its figures is from half of them or more."""
        return all(figure.covers_half for figure in self.now.values() if figure.is_shown)


@dataclass(frozen=True)
class MeasureHistory:
    """A measure with everything released of it, up to the period of this release.

    `is_due` is false when this release holds no figure of it, as with a quarterly measure in most months. `first_due` is
    the month whose report is to hold the first figure, as far as the releases tell.
    """

    measure_id: str
    entry: Mapping[str, Any]
    periods: tuple[Period, ...]
    histories: tuple[History, ...]
    divisions: tuple[Division, ...]
    is_due: bool
    first_due: Period

    @property
    def own_level(self) -> Level:
        """The level at which it is computed from people: nothing lies below."""
        return self.entry["grain"]["level"]

    @property
    def places(self) -> Level:
        """Of what a derived figure says how many are in it."""
        return "service" if self.own_level == "service" else "unit"

    def at(self, level: Level) -> tuple[History, ...]:
        """The histories of one level that have a figure in the last period."""
        return tuple(h for h in self.histories if h.place.level == level and h.now)

    @cached_property
    def organisation(self) -> History | None:
        return next(iter(self.at("organisation")), None)

    @cached_property
    def by_place(self) -> Mapping[Place, History]:
        return {history.place: history for history in self.histories}

    def divisions_of(self, place: Place) -> tuple[Division, ...]:
        """A place's divisions that have a figure in the last period."""
        return tuple(division for division in self.divisions if division.place == place and division.now)

    @cached_property
    def now(self) -> tuple[Figure, ...]:
        return tuple(history.now for history in self.histories if history.now)

    @cached_property
    def is_measured(self) -> bool:
        divided = (figure for division in self.divisions for figure in division.now.values())
        return any(figure.status != "not measured" for figure in (*self.now, *divided))

    @property
    def has_figures(self) -> bool:
        return bool(self.now) or any(division.now for division in self.divisions)


_Series = tuple[Place, str, str]  # place, breakdown, bin
_Figures = Mapping[Period, Mapping[_Series, Figure]]  # of one measure


def measure_histories(release: Release, past: Sequence[Release]) -> list[MeasureHistory]:
    """Every measure of the release's catalogue, in the catalogue's order.

    Where two releases hold the same figure the later one counts. Measures that only earlier releases know
    are left to these.
    """
    found = [_by_measure(each) for each in (*past, release)]
    due = set(release.measures["measure_id"])
    earliest = min(_number(each.month) for each in (*past, release))
    return [
        _measure_history(
            measure_id,
            entry,
            [figures[measure_id] for figures in found if measure_id in figures],
            measure_id in due,
            _first_due(
                earliest,
                _number(release.month),
                PERIOD_MONTHS[entry["grain"]["period"]],
                entry.get("complete_after_months") or 0,
            ),
        )
        for measure_id, entry in release.catalogue["measures"].items()
    ]


def _first_due(earliest: int, now: int, length: int, complete_after: int) -> Period:
    """The month whose release is to hold the first period of so many months: the first that begins with the earliest release, and
    is complete, so many months after its end, no sooner than now."""
    start = -(-max(earliest, now - complete_after - length + 1) // length) * length
    return _period(start + length - 1 + complete_after, 1)


def _measure_history(
    measure_id: str, entry: Mapping[str, Any], found: Sequence[_Figures], is_due: bool, first_due: Period
) -> MeasureHistory:
    """A measure of what one release after the other has of it."""
    figures: _Figures = {}
    for period, released in (each for one in found for each in one.items()):
        figures[period] = {**figures[period], **released} if period in figures else released
    series = dict.fromkeys(each for one in found for released in one.values() for each in released)
    periods = _without_gaps({*figures})[-MOST_PERIODS:]
    columns = [figures.get(period, {}).get for period in periods]
    lined_up = {each: tuple([figure(each) for figure in columns]) for each in series}
    places = sorted([place for place, by, _ in series if not by], key=lambda place: place.order)
    histories = tuple(History(place, lined_up[place, "", ""]) for place in places)
    divided: dict[tuple[Place, str], dict[str, tuple[Figure | None, ...]]] = {}
    for place, by, label in series:
        if by:
            divided.setdefault((place, by), {})[label] = lined_up[place, by, label]
    divisions = tuple(Division(place, by, bins) for (place, by), bins in divided.items())
    return MeasureHistory(measure_id, entry, periods, histories, divisions, is_due, first_due)


@lru_cache(maxsize=64)  # the reports of a range of months share their past
def _by_measure(release: Release) -> Mapping[str, _Figures]:
    found: dict[str, dict[Period, dict[_Series, Figure]]] = {}
    for figure in read_figures(release):
        released = found.setdefault(figure.measure_id, {}).setdefault(figure.period, {})
        released[figure.place, figure.by, figure.bin] = figure
    return found


def read_figures(release: Release) -> Iterator[Figure]:
    """The figures of one release, without the numbers that their status does not show; `ValueError` for rows of another kind."""
    frame = release.measures
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise ValueError(f"the measures of {release.month} lack the columns {', '.join(missing)}")
    columns = (frame[column].to_numpy(dtype=object, na_value=None) for column in COLUMNS)
    limit = release.band_limit
    for row in zip(*columns, strict=True):
        start, end, level, unit, service, measure_id, by, label, *numbers, coverage, status = row
        if status not in STATUSES or level not in LEVELS:
            raise ValueError(f"{measure_id} of {release.month}: unknown status {status!r} or level {level!r}")
        name = {"unit": unit, "service": service, "organisation": ""}[level]
        part, base, value, lower, upper = numbers
        if status != "published":
            part = value = None
        if status not in ("published", "banded"):
            base = lower = upper = None
        yield _figure(
            measure_id,
            Place(level, name or ""),
            service or "",
            Period(_day(str(start)[:10]), _day(str(end)[:10])),
            status,
            _whole(part),
            _whole(base),
            _whole(value),
            _exact(lower),
            _exact(upper),
            coverage or "",
            limit,
            by or "",
            label or "",
        )


_figure = lru_cache(maxsize=500_000)(Figure)  # what was just released is read again as the past of the next month


def _without_gaps(periods: set[Period]) -> tuple[Period, ...]:
    """The periods in order, with those between them that no release holds: a gap looks like one."""
    for length in PERIOD_MONTHS.values():
        starts = [_number(f"{period.start:%Y-%m}") for period in periods]
        if starts and periods == {_period(start, length) for start in starts}:
            return tuple(_period(start, length) for start in range(min(starts), max(starts) + 1, length))
    return tuple(sorted(periods))


def _number(month: str) -> int:
    """How many months a month ("2026-10") comes after January of the year 0."""
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _period(number: int, length: int) -> Period:
    """So many months from the month of this number on."""
    first, after = (date(n // 12, n % 12 + 1, 1) for n in (number, number + length))
    return Period(first, date.fromordinal(after.toordinal() - 1))


def _whole(cell: Any) -> int | None:
    return None if cell is None else int(cell)


def _exact(cell: Any) -> float | None:
    return None if cell is None else float(cell)


@cache
def _day(text: str) -> date:
    return date.fromisoformat(text)


@cache
def _folded(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
