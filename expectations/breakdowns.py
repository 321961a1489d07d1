"""What may be published of a measure's breakdown: by weekday, hour of the day, modality, kind.

A breakdown is decided over the units whose atom is published, for the organisation, and as a whole: every cell
of it is safe, or none is shown. The cells of a breakdown, and of each other breakdown of the same measure and
period, add up to the same counts as the units do; so it is also shown only if these sums tell nothing of any
cell or unit beyond its own rounding. That is a condition on rounded figures alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.policy import (
    PUBLISHED,
    Policy,
    Rules,
    is_base_safe,
    is_safe_from_colleagues,
    is_side_safe,
    released_together,
    rounded,
)

if TYPE_CHECKING:
    import pandas as pd

LEAST_UNITS = 3
MOST_BREAKDOWNS = 3
OTHER = "other"  # the name of the bin of what lies in no bin
SIDES = ("base", "part", "rest")
_BREAKDOWN = ["breakdown", "breakdown_value"]
_BIN = ["period_start", "period_end", "measure_id", *_BREAKDOWN]
_SQL = Path(__file__).with_name("breakdowns.sql")

Bounds = tuple[int, int]  # the least and the greatest that a count can be


def decide_breakdowns(
    bins: pd.DataFrame, units: pd.DataFrame, policy: Policy, beside: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The rows that may be published for the breakdowns of one measure in one period, in their order.

    `bins` are atoms of units, with `breakdown` and `breakdown_value`: one for each declared bin, zero or not, and
    one without a value for what lies in no bin. They come in the order of the breakdowns and of their bins. `units`
    are the units' rows as decided; `beside` the rows of other breakdowns of the same measure and period that were decided
    before. Raises ValueError for more than three breakdowns, those before included.
    """
    shown = units.loc[units.status == PUBLISHED]
    return decide_cells(cells_over(bins, shown), shown, policy, beside)


def decide_all_breakdowns(bins: pd.DataFrame, units: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """The same for several measures, one after the other: together, as each by itself would take as long as all of them."""
    import pandas as pd

    shown = units.loc[units.status == PUBLISHED]
    cells = _judged(cells_over(bins, shown), policy.rules)
    is_shown = [
        _is_shown(found, shown.loc[shown.measure_id == measure], policy.rules)
        for measure, found in cells.groupby("measure_id", sort=False)
    ]
    return _released(cells, pd.concat(is_shown), policy.rules).reset_index(drop=True)


def cells_over(bins: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """The atoms of the organisation over some units of each measure: a row a bin, with what a single unit has of each count at
    most. `units` has the columns measure_id and unit.
    """
    import duckdb

    with duckdb.cursor() as connection:  # of the database in memory that the process has: another takes 20 ms
        connection.register("bins", bins)
        connection.register("units", units[["measure_id", "unit"]])
        counts = connection.execute(_SQL.read_text(encoding="utf-8")).df()
    cells = bins[_BIN].drop_duplicates().merge(counts, how="left", on=["measure_id", *_BREAKDOWN])
    zeros = dict.fromkeys(counts.columns.difference(_BIN), 0)
    of_units = {"concerns": bins.concerns.iloc[0], "therapists_behind": 0}
    cells = cells.fillna(zeros).astype(dict.fromkeys(zeros, "int64"))
    return cells.assign(level="organisation", unit=None, service=None, **of_units)


def decide_cells(
    cells: pd.DataFrame, shown_units: pd.DataFrame, policy: Policy, beside: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The same from cells, as `cells_over` gives them, and the rows of the units they are over."""
    cells = _judged(cells, policy.rules)
    return _released(cells, _is_shown(cells, shown_units, policy.rules, beside), policy.rules)


def _judged(cells: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """The cells without those of no bin that hold nothing; `is_safe` is said of each by itself."""
    cells = cells.loc[cells.breakdown_value.notna() | (cells.base > 0)].reset_index(drop=True)
    return cells.assign(is_safe=_is_cell_safe(cells, rules) & _is_cell_safe(without_one_unit(cells), rules))


def _is_shown(
    cells: pd.DataFrame, shown_units: pd.DataFrame, rules: Rules, beside: pd.DataFrame | None = None
) -> pd.Series:
    """Which cells of one measure are in a breakdown that may be shown."""
    published = {} if beside is None else dict(list(beside.loc[beside.status == PUBLISHED].groupby("breakdown")))
    of_breakdown = dict(list(cells.groupby("breakdown", sort=False)))
    before = set() if beside is None else set(beside.breakdown)
    many = len(of_breakdown) + len(before)
    if many > MOST_BREAKDOWNS or before.intersection(of_breakdown):
        raise ValueError(f"{many} breakdowns of one measure and period; {MOST_BREAKDOWNS} are the most, each once")
    groups = [_counts(shown_units), *(_counts(found, rules.rounding) for found in published.values())]
    accepted = []
    for name, found in of_breakdown.items() if len(shown_units) >= LEAST_UNITS else ():
        if found.is_safe.all() and _tells_nothing_more([*groups, _counts(found, rules.rounding)], rules):
            groups.append(_counts(found, rules.rounding))
            accepted.append(name)
    return cells.breakdown.isin(accepted)


def _counts(rows: pd.DataFrame, rounding: int = 1) -> list[tuple[int, int]]:
    """Base and part of each row, rounded."""
    return list(zip(rounded(rows.base, rounding).tolist(), rounded(rows.part, rounding).tolist(), strict=True))


def _released(cells: pd.DataFrame, is_shown: pd.Series, rules: Rules) -> pd.DataFrame:
    """What holds the rows of no bin is named only where it is shown."""
    cells = cells.loc[is_shown | cells.breakdown_value.notna()]
    return released_together(cells.fillna({"breakdown_value": OTHER}), is_shown.reindex(cells.index), rules)


def _is_cell_safe(cells: pd.DataFrame, rules: Rules) -> pd.Series:
    """Rules 1, 2, 4 and 5; a cell of a breakdown is published, or not shown: never a band."""
    rest = cells.base - cells.part
    return (
        is_base_safe(cells, rules)
        & (cells.part >= rules.min_part)
        & (rest >= rules.min_part)
        & is_side_safe(cells, "part", cells.part, rules)
        & is_side_safe(cells, "rest", rest, rules)
        & is_safe_from_colleagues(cells, rest, rules)
    )


def without_one_unit(cells: pd.DataFrame) -> pd.DataFrame:
    """Each cell with any one unit taken out, at its least: the most that one unit has of each count is gone.

    The largest therapist and client stay, as they may be in another unit.
    """
    counts = {
        name: cells[name] - cells[f"{name}_in_one_unit"]
        for side in SIDES
        for name in (side, f"{side}_therapists", f"{side}_clients")
        if name != "rest"
    }
    least_rest = cells.base - cells.part - cells.rest_in_one_unit
    counts["base"] = (counts["part"] + least_rest).clip(lower=0)
    return cells.assign(roster=cells.roster - cells.roster_in_one_unit, **counts)


def _tells_nothing_more(groups: Sequence[Sequence[tuple[int, int]]], rules: Rules) -> bool:
    """Whether units and each breakdown, whose bases and parts all add up to one count, leave each as wide as its status does.

    A count that is shown is its rounding, and no less than the floor of what is shown. Where the rest may be at its
    floor too, base and part say something of each other, and sums of them both: then nothing more is told.
    """
    half = rules.rounding // 2

    def leaves_all_as_wide(count: int, floor: int) -> bool:
        units, *partitions = [[(max(one[count] - half, floor), one[count] + half) for one in group] for group in groups]
        return sums_leave_all_as_wide(units, partitions)

    return (
        all(base - part - 2 * half >= rules.min_part for group in groups for base, part in group)
        and leaves_all_as_wide(0, rules.min_base)
        and leaves_all_as_wide(1, rules.min_part)
    )


def sums_leave_all_as_wide(units: Sequence[Bounds], partitions: Sequence[Sequence[Bounds]]) -> bool:
    """Whether counts may take both their bounds, each by itself, if all groups have one true sum.

    The groups are the units and each partition. One of the units is known exactly to its lead: at either bound, that
    leaves the least to the others. A count of width w can be at its upper bound if the sum can be w above the least sum of
    its group, and at its lower bound if it can be as much below the greatest: so the widest of a group is asked about.
    """
    groups = [units, *partitions]
    least, greatest = ([sum(bounds[end] for bounds in group) for group in groups] for end in (0, 1))
    widest = [max(high - low for low, high in group) for group in groups]
    widths = sorted([0, *(high - low for low, high in units)])

    def leave_all_as_wide(width: int, known: int) -> bool:
        of_others = widths[-2 if width == widths[-1] else -1]
        lows, highs = [least[0] + known, *least[1:]], [greatest[0] - width + known, *greatest[1:]]
        return all(can_move(place, width, lows, highs) for place, width in enumerate([of_others, *widest[1:]]))

    def can_move(place: int, width: int, least: list[int], greatest: list[int]) -> bool:
        low = max([*least[:place], *least[place + 1 :]])
        high = min([*greatest[:place], *greatest[place + 1 :]])
        return max(low, least[place] + width) <= min(high, greatest[place]) and max(low, least[place]) <= min(
            high, greatest[place] - width
        )

    return all(leave_all_as_wide(width, known) for width in set(widths[1:]) for known in (0, width))
