"""What the measures read: each as a transform, and which months of which tables of core a run needs for them.

No Dagster here, so that `rapport status` can ask without waiting for it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache

from assets.measures import Measure, atoms_query, dictionary
from assets.transforms import Transform, read_transform, transforms
from pipelines.months import months_between, shift
from pipelines.releasing import due_in

ROSTERS = "core.rosters"


@cache
def measure_transforms() -> dict[str, Transform]:
    """Each measure of the dictionary as a transform: see `measure_transform`."""
    return {name: measure_transform(measure) for name, measure in dictionary().measures.items()}


def measure_transform(measure: Measure) -> Transform:
    """A measure of the dictionary as a transform: its items, made into atoms, in the last month of their period or, of what looks
    ahead, in the month in which they are complete.

    Its header says what it reads beyond its period; the period's own months come from its grain. Rosters are those of
    the first of them.
    """
    transform = read_transform(f"measures.{measure.id}", atoms_query(measure))
    last = -measure.complete_after_months
    first = last + 1 - measure.grain.months
    reads = {
        table: (first, first) if table == ROSTERS else (first + before, last + after)
        for table, (before, after) in transform.reads.items()
    }
    return replace(transform, reads=reads, period_months=measure.grain.months, period_ends_before=-last)


def months_needed(months: Sequence[str], data_months: Sequence[str], measures: Collection[str]) -> dict[str, list[str]]:
    """The months of each table of core that a run of some months needs for these measures, in order.

    Those months themselves, and what lies beyond them: what the periods that end in the run read, and what that was made
    from in turn. A table that no measure reads needs none. Tables without months are listed with those of their readers.
    """
    tables = transforms("core")
    needed: dict[str, set[str]] = {transform.name: set() for transform in tables}

    def reads(transform: Transform, month: str, is_due: bool) -> None:
        for table, (before, after) in transform.reads.items():
            if table in needed:
                needed[table].update(months_between(shift(month, before), shift(month, after)) if is_due else [month])

    for month in months:
        due = due_in(month, data_months)
        for name in measures:
            reads(measure_transforms()[name], month, name in due)
    for transform in reversed(tables):
        for month in list(needed[transform.name]):
            reads(transform, month, is_due=True)
    is_there = {*months, *data_months}
    return {table: sorted(found & is_there) for table, found in needed.items()}
