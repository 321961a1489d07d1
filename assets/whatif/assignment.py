"""To whom a rule gives the requests of a month: one by one in order of asking, or many planned together.

Pure functions over frames. Who takes part, and what is free from when on, is said by the SQL of this folder; what comes of it is
counted elsewhere. What became of clients is in none of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assets.whatif import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

MOST_TOGETHER = 500  # of requests that may ask for the same therapists
NOBODY = -1

# What a place is worth: first that there is one, then that it lies within the limit, then each need covered, then each day less.
# Over MOST_TOGETHER requests, all that comes later never outweighs one of what comes before.
_A_PLACE, _WITHIN_LIMIT, _A_NEED, _A_DAY = 1e9, 1e5, 1.0, 1e-5


@dataclass(frozen=True)
class Choices:
    """The places that one request could be given, one entry each: on which day first, needs covered, and what it is worth."""

    place: Ints
    first_on: Ints
    covered: Ints
    worth: Floats

    def __getitem__(self, rows: Any) -> Choices:
        return Choices(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})

    def best(self, count: int) -> Choices:
        """So many that are worth most: of requests planned together, none needs more of them than there are requests."""
        return self if len(self.place) <= count else self[np.argpartition(-self.worth, count)[:count]]


class Declared:
    """Which words each of many lists holds. A word that is in none of them has a column as well, the last."""

    def __init__(self, lists: Iterable[Any]) -> None:
        held = [list(words) if np.iterable(words) else [] for words in lists]  # a list that declares nothing is null
        self._columns = {word: column for column, word in enumerate(sorted({word for words in held for word in words}))}
        self.holds = np.zeros((len(held), len(self._columns) + 1), np.bool_)
        for line, words in enumerate(held):
            self.holds[line, self.columns(words)] = True

    def columns(self, words: Iterable[str]) -> list[int]:
        return [self._columns.get(word, len(self._columns)) for word in words]


@dataclass(frozen=True)
class Offers:
    """Places, each with a profile of who would give it, one entry each. Days are counted from 1970."""

    place: Ints
    weekday: Ints  # 1: Monday
    free_from: Ints
    free_until: Ints  # the last day on which it can begin
    valid_from: Ints
    valid_until: Ints
    specialties: NDArray[np.bool_]  # a column a word

    def __getitem__(self, rows: Any) -> Offers:
        return Offers(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


class Month:
    """A month to be replayed: its requests in order of asking, and for each kind of them what could be given.

    Frames as `replayed.sql`, `therapists.sql` and `places.sql` give them.
    """

    def __init__(self, requests: pd.DataFrame, therapists: pd.DataFrame, places: pd.DataFrame) -> None:
        asked = requests[["team_id", "language", "modality"]].astype("object").fillna("")
        self.kinds = list(asked.itertuples(index=False, name=None))
        self.free = places.places.to_numpy(np.int64)
        self.patience = requests.patience_days.to_numpy(np.int64)
        self._asked_on, self._decided_on = _day_numbers(requests.requested_on), _day_numbers(requests.decided_on)
        at = places.reset_index(names="place").merge(therapists, on="therapist_key")
        specialties = Declared(at.specialties)
        self._needs = [specialties.columns(needs) for needs in requests.needs]
        self._offers = Offers(
            place=at.place.to_numpy(np.int64),
            weekday=at.weekday.to_numpy(np.int64),
            free_from=_day_numbers(at.free_from),
            free_until=_day_numbers(at.free_until),
            valid_from=_day_numbers(at.valid_from),
            valid_until=_day_numbers(at.valid_until),
            specialties=specialties.holds,
        )
        self._declared = Declared(at.languages), Declared(at.modalities)
        self._of_team = at.groupby("team_id").indices
        self.offers = {kind: self._offers_to(*kind) for kind in dict.fromkeys(self.kinds)}

    def _offers_to(self, team: str, language: str, modality: str) -> Offers:
        """What a kind of request could be given: team, language and modality are kept to wherever they are asked for."""
        rows = self._of_team.get(team, np.arange(0)) if team else np.arange(len(self._offers.place))
        for declared, word in zip(self._declared, (language, modality), strict=True):
            if word:
                rows = rows[declared.holds[rows][:, declared.columns([word])[0]]]
        return self._offers[rows]

    def choices(self, request: int, limit: int) -> Choices:
        """What a request could be given, for a rule that looks at fit within so many days of asking (-1: never)."""
        offers, decided_on = self.offers[self.kinds[request]], self._decided_on[request]
        earliest = np.maximum(decided_on, offers.free_from)
        first_on = earliest + (offers.weekday - _weekday(earliest)) % 7
        is_open = (
            (offers.valid_from <= decided_on) & (decided_on < offers.valid_until) & (first_on <= offers.free_until)
        )
        days = first_on - self._asked_on[request]
        covered = offers.specialties[:, self._needs[request]].sum(axis=1)
        worth = _A_PLACE - _A_DAY * days + (days <= limit) * (_WITHIN_LIMIT + _A_NEED * covered)
        return Choices(offers.place, first_on, covered, worth)[is_open]

    def blocks(self) -> list[Ints]:
        """The requests as they hang together, each block in order of asking: no two blocks reach for the same place."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        lengths = [len(offers.place) for offers in self.offers.values()]
        begins = np.repeat(np.arange(len(lengths)), lengths)
        ends = len(lengths) + np.concatenate([np.arange(0), *(offers.place for offers in self.offers.values())])
        nodes = len(lengths) + len(self.free)
        graph = coo_array((np.ones(len(ends)), (begins, ends)), shape=(nodes, nodes))
        numbers = {kind: number for number, kind in enumerate(self.offers)}
        block = connected_components(graph, directed=False)[1][[numbers[kind] for kind in self.kinds]]
        return [np.flatnonzero(block == number) for number in np.unique(block)]


class Given:
    """What was given to whom so far, and what is left."""

    def __init__(self, month: Month) -> None:
        self.month, self.free = month, month.free.copy()
        self.place, self.first_on, self.covered = np.full((3, len(month.kinds)), NOBODY)

    def choices(self, request: int, limit: int) -> Choices:
        """What is left for a request."""
        choices = self.month.choices(request, limit)
        return choices[self.free[choices.place] > 0]

    def give(self, request: int, choices: Choices, number: int) -> None:
        for name in ("place", "first_on", "covered"):
            getattr(self, name)[request] = getattr(choices, name)[number]
        self.free[choices.place[number]] -= 1

    def frame(self) -> pd.DataFrame:
        first_on = self.first_on.astype("datetime64[D]").astype("datetime64[s]")
        numbers = {"request": np.arange(len(self.place)), "place": self.place, "covered": self.covered}
        return pd.DataFrame({**numbers, "first_on": first_on}).loc[self.place != NOBODY]


def given(month: Month, rule: Rule) -> pd.DataFrame:
    """What a rule gives, a line a request: `request` and `place` by their lines in the frames, `first_on`, needs `covered`.

    A request for which nothing is left has no line.
    """
    limits = month.patience if rule.limit is None else np.full(len(month.kinds), rule.limit)
    return together(month, limits) if rule.is_planned else in_order(month, limits)


def in_order(month: Month, limits: Ints) -> pd.DataFrame:
    """Gives each request, in order of asking, the best that is left; of what is worth the same, the first of the places.

    `limits` is for each request within how many days of asking the rule looks at fit.
    """
    so_far = Given(month)
    for request, limit in enumerate(limits):
        choices = so_far.choices(request, int(limit))
        if len(choices.place):
            so_far.give(request, choices, int(choices.worth.argmax()))
    return so_far.frame()


def together(month: Month, limits: Ints, most: int = MOST_TOGETHER) -> pd.DataFrame:
    """The same with hindsight: the requests of a block are planned together, so that all that is given is worth most.

    A block of more than `most` is planned so many at a time, in order of asking: each with what those before have left.
    """
    so_far = Given(month)
    for block in month.blocks():
        for start in range(0, len(block), most):
            _plan(so_far, limits, block[start : start + most])
    return so_far.frame()


def _plan(so_far: Given, limits: Ints, requests: Ints) -> None:
    from scipy.optimize import linear_sum_assignment

    found = [so_far.choices(request, int(limits[request])).best(len(requests)) for request in requests]
    places = np.unique(np.concatenate([choices.place for choices in found]))
    worth = np.full((len(requests), len(places)), -1.0)  # less than to be given nothing
    for line, choices in enumerate(found):
        worth[line, np.searchsorted(places, choices.place)] = choices.worth
    columns = np.repeat(np.arange(len(places)), np.minimum(so_far.free[places], len(requests)))
    nothing = np.zeros((len(requests), len(requests)))
    chosen = linear_sum_assignment(np.hstack([worth[:, columns], nothing]), maximize=True)[1]
    for line in np.flatnonzero(chosen < len(columns)):
        at = np.flatnonzero(found[line].place == places[columns[chosen[line]]])
        so_far.give(requests[line], found[line], int(at[0]))


def _weekday(days: Ints) -> Ints:
    return (days + 3) % 7 + 1


def _day_numbers(days: Any) -> Ints:
    return pd.to_datetime(pd.Series(days)).to_numpy("datetime64[D]").astype(np.int64)
