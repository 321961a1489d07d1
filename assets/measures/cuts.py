"""A cut: one measure broken down by one dimension in one period, asked for by somebody. Which cuts there can be.

That follows from the dictionary, from the bins in force and from what was decided before, all of which are public. No data
is looked at here: whether a cut may be shown is the policy's (`expectations.breakdowns`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache

from assets.errors import InputError, nearest
from assets.measures import CLIENTS, Dictionary, Measure, items_sql
from expectations.breakdowns import MOST_BREAKDOWNS
from expectations.replacing import families

KIND = "cut"
_PERSONS = ("therapist", "client", "clinician", "patient", "person", "practitioner")


@dataclass(frozen=True)
class Cut:
    """What is asked for. `month` is that of the release in which the measure's period is published."""

    measure: str
    by: str
    month: str

    @property
    def subject(self) -> str:
        """The name of its answer, in the ledger and as a folder."""
        return f"{KIND}-{self.measure}-by-{self.by}"


Decided = Collection[tuple[str, str]]  # measure and dimension of what was decided of a month, shown or refused


def decided_cuts(subjects: Iterable[str | None]) -> set[tuple[str, str]]:
    """Measure and dimension of the answers that are cuts."""
    cuts = [subject.removeprefix(f"{KIND}-") for subject in subjects if subject and subject.startswith(f"{KIND}-")]
    return {(measure, by) for measure, _, by in (cut.partition("-by-") for cut in cuts)}


def check_cut(cut: Cut, dictionary: Dictionary, with_bins: Collection[str], decided: Decided) -> Measure:
    """The measure of a cut that can be asked for. Raises InputError: which rule forbids it, and what can be asked instead.

    `with_bins` are the dimensions that have bins; `decided` is what was answered or refused of the month already.
    """
    if not (measure := dictionary.measures.get(cut.measure)):
        mend = nearest(cut.measure, dictionary.measures) or "The measures are listed by: rapport explain"
        raise InputError(f'there is no measure "{cut.measure}"', mend=mend)
    instead = [one.by for one in possible_cuts(dictionary, with_bins, decided, cut.month) if one.measure == measure.id]
    mend = (
        f"It can be cut by: {', '.join(instead)}." if instead else "See what can be asked for: rapport request --list"
    )
    if what := _forbidden(cut, measure, dictionary, with_bins, decided):
        raise InputError(f"{measure.id} by {cut.by}: {what}", mend=mend)
    return measure


def possible_cuts(dictionary: Dictionary, with_bins: Collection[str], decided: Decided, month: str) -> list[Cut]:
    """All cuts that can be asked for of a month, in the order of the dictionary."""
    cuts = [Cut(measure, by, month) for measure in dictionary.measures for by in dictionary.dimensions]
    return [
        cut for cut in cuts if not _forbidden(cut, dictionary.measures[cut.measure], dictionary, with_bins, decided)
    ]


def _forbidden(
    cut: Cut, measure: Measure, dictionary: Dictionary, with_bins: Collection[str], decided: Decided
) -> str | None:
    """Why there can be no such cut, in words; None where it can be asked for."""
    if any(word in cut.by.lower() for word in _PERSONS):
        return f"figures are not kept by {cut.by}: the smallest group is a unit of five therapists or more"
    if not (dimension := dictionary.dimensions.get(cut.by)):
        return f'there is no dimension "{cut.by}"'
    if measure.grain.level != "unit":
        return f"it is counted for the {measure.grain.level}; only what is counted for units can be cut"
    if measure.concerns == CLIENTS or measure.grain.by or measure.curve:
        return "it is divided in a way of its own already"
    if int(cut.month[5:]) % measure.grain.months:
        return (
            f"it is counted by {measure.grain.period}, whose release is that of its last month, and {cut.month} is not"
        )
    if cut.by in measure.breakdowns:
        return "every release holds it already"
    if (measure.id, cut.by) in decided:
        return "it is decided already"
    if dimension.column not in selected_columns(items_sql(measure)):
        return f"its SQL does not select {dimension.column}, of which {cut.by} is made"
    if cut.by not in with_bins:
        return (
            f"{cut.by} has no bins: whoever operates Rapport declares them in rapport.toml, under [breakdowns.{cut.by}]"
        )
    taken = {by for name, by in decided if name == measure.id} | set(measure.breakdowns)
    if len(taken) >= MOST_BREAKDOWNS:
        return f"{MOST_BREAKDOWNS} partitions of one measure and period are the most, and these are: {', '.join(sorted(taken))}"
    if other := _related(cut, measure, dictionary, decided):
        return f"{other} shares a count with it and is cut by {cut.by}; over other units, the two would tell of these"
    return None


def _related(cut: Cut, measure: Measure, dictionary: Dictionary, decided: Decided) -> str | None:
    """Another measure that is cut by the same dimension, and shares a count with this one or lies in one."""
    cells = {
        f"{one.id} {number}": pair
        for one in dictionary.measures.values()
        for number, pair in enumerate([(one.base_cell, one.part_cell), *((one.base_cell, c) for c in one.lies_within)])
    }
    family = families(cells)
    broken = {*decided, *((one.id, by) for one in dictionary.measures.values() for by in one.breakdowns)}
    return min(
        (
            name
            for name, by in broken
            if by == cut.by and name != measure.id and family.get(f"{name} 0") == family[f"{measure.id} 0"]
        ),
        default=None,
    )


@cache
def selected_columns(sql: str) -> list[str]:
    """The columns that a measure's SQL selects of its items."""
    import sqlglot
    from sqlglot import exp

    query = sqlglot.parse_one(sql, dialect="duckdb")
    return query.named_selects if isinstance(query, exp.Query) else []
