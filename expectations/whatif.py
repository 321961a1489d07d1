"""What may be published of a what-if: the figures of a quarter under each of the declared rules, side by side.

The rules are counted over the same people, so what two of them differ by is a count of people too, and a small one may be about
few. So a count is told as a class as wide as the policy's smallest count: 0 to 9, 10 to 19, and so on. Of two counts in one class
it is then known that they differ by fewer than ten, and of any other two it is known less: what the policy says of a small count
holds for each difference, whatever the counts are.

A figure is shown for all rules or for none. All is counted over the units whose own figures of the quarter are published, and what
these say is not counted again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectations.breakdowns import LEAST_UNITS, cells_over, without_one_unit
from expectations.policy import (
    NOT_SHOWN,
    PUBLISHED,
    Policy,
    Rules,
    is_base_safe,
    is_safe_from_colleagues,
    is_side_safe,
)

if TYPE_CHECKING:
    import pandas as pd

AS_IT_WAS = "as_it_was"
FITTING, PAIRINGS = (
    "needs_covered",
    "pairings",
)  # the measure whose units are replayed, and the cell in which requests lie
COLUMNS = (
    "figure",
    "rule",
    "least_part",
    "greatest_part",
    "least_base",
    "greatest_base",
    "value",
    "lower",
    "upper",
    "status",
)
_COUNTED = ["measure_id", "breakdown_value", "base", "part"]
_BOUNDS = dict.fromkeys(["least_part", "greatest_part", "least_base", "greatest_base", "value"], "Int64") | {
    "lower": "Float64",
    "upper": "Float64",
}


@dataclass(frozen=True)
class Published:
    """What the quarter's release shows of the units that are replayed: those of which it shows what all that is replayed lies in.

    `rows` are the release's rows as decided, `base_cells` the name of each measure's base.
    """

    rows: pd.DataFrame
    base_cells: Mapping[str, str]

    def bases(self, cell: str) -> pd.Series:
        """A count of each unit in which it is shown, by whichever measure."""
        is_shown = (
            (self.rows.measure_id.map(self.base_cells) == cell) & self.rows.breakdown.isna() & self.rows.base.notna()
        )
        return self.rows.loc[is_shown].groupby("unit").base.first()

    @property
    def fitting(self) -> pd.DataFrame:
        """The needs covered of the units that are replayed."""
        is_published = (self.rows.measure_id == FITTING) & (self.rows.status == PUBLISHED)
        return self.rows.loc[is_published & self.rows.unit.isin(self.bases(PAIRINGS).index)]

    @property
    def units(self) -> pd.Series:
        return self.fitting.unit


def decide_whatif(atoms_by: Mapping[str, pd.DataFrame], published: Published, policy: Policy) -> pd.DataFrame:
    """The rows that may be published, a figure and rule each: COLUMNS.

    `atoms_by` are the atoms of units, counted with the therapist whom a rule gives a request to, and with the one who had it:
    both must be safe. Their measure is the figure, what they are broken down by is the rule, and `lies_in` is the published
    count in which their base lies, '' where there is none. Raises ValueError if the two do not fit together.
    """
    units = published.units.to_frame("unit")
    cells_by = {
        by: cells_over(atoms, atoms[["measure_id"]].drop_duplicates().merge(units, how="cross"))
        for by, atoms in atoms_by.items()
    }
    cells, *others = cells_by.values()
    if any(not other[_COUNTED].equals(cells[_COUNTED]) for other in others):
        raise ValueError("counted by who has a request, and by who had it, a figure is not the same")
    rows = _classed(cells, policy.rules)
    is_safe = (rows.least_base >= 0) & (len(published.units) >= LEAST_UNITS)
    for counted in cells_by.values():
        is_safe &= _is_cell_safe(counted, policy.rules)
    lies_in = cells.measure_id.map(next(iter(atoms_by.values())).groupby("measure_id").lies_in.first())
    for cell in set(lies_in) - {""}:
        bases = published.bases(cell).reindex(published.units)
        is_safe &= (lies_in != cell) | _tells_nothing_of(bases, rows.least_base, policy.rules)
    is_shown = is_safe.groupby(rows.figure).transform("all")
    rows = _as_published(rows, published.fitting)
    status = is_shown.map({True: PUBLISHED, False: NOT_SHOWN})
    bounds = {name: rows[name].astype(kind).where(is_shown) for name, kind in _BOUNDS.items()}
    return rows.assign(**bounds, status=status).reindex(columns=COLUMNS)


def _is_cell_safe(cells: pd.DataFrame, rules: Rules) -> pd.Series:
    """Rules 1, 2 and 5, also of the base without any one unit. A side of fewer than ten is told as that, whoever they are."""
    rest = cells.base - cells.part
    are_sides_large = (cells.part >= rules.min_part) & (rest >= rules.min_part)
    return (
        is_base_safe(cells, rules)
        & is_base_safe(without_one_unit(cells), rules)
        & (is_side_safe(cells, "part", cells.part, rules) | (cells.part < rules.min_part))
        & (is_side_safe(cells, "rest", rest, rules) | (rest < rules.min_part))
        & (is_safe_from_colleagues(cells, rest, rules) | ~are_sides_large)
    )


def _classed(cells: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Part and base as the classes that they lie in, and between what percents the rate lies."""
    import pandas as pd

    width = rules.min_part
    least_part, least_base = cells.part // width * width, cells.base // width * width
    bounds = {
        "least_part": least_part,
        "greatest_part": least_part + width - 1,
        "least_base": least_base,
        "greatest_base": least_base + width - 1,
    }
    return _with_rates(pd.DataFrame({"figure": cells.measure_id, "rule": cells.breakdown_value, **bounds}))


def _with_rates(rows: pd.DataFrame) -> pd.DataFrame:
    """Adds the rate from the middles of the classes as a whole percent, and its bounds to the tenth beyond."""
    middle_part, middle_base = rows.least_part + rows.greatest_part, rows.least_base + rows.greatest_base
    value = (200 * middle_part + middle_base) // (2 * middle_base)
    lower = (1000 * rows.least_part // rows.greatest_base) / 10
    upper = (-(-1000 * rows.greatest_part // rows.least_base.clip(lower=1)) / 10).clip(upper=100)
    # as in the policy: the whole percent may lie outside by its own rounding
    return rows.assign(value=value, lower=lower.clip(upper=value), upper=upper.clip(lower=value))


def _as_published(rows: pd.DataFrame, fitting: pd.DataFrame) -> pd.DataFrame:
    """The needs covered as it was are those of the units, as published: they are not counted a second time."""
    sums: dict[str, Any] = {
        "least_part": fitting.least_part.sum(),
        "greatest_part": fitting.greatest_part.sum(),
        "least_base": fitting.greatest_base.sum(),  # the rate is greatest where the base is least
        "greatest_base": fitting.least_base.sum(),
    }
    is_published = (rows.figure == FITTING) & (rows.rule == AS_IT_WAS)
    return _with_rates(rows.assign(**{name: rows[name].mask(is_published, value) for name, value in sums.items()}))


def _tells_nothing_of(counts: pd.Series, least: pd.Series, rules: Rules) -> pd.Series:
    """Whether the units' counts, which add up to no less than `least`, are left as wide as their rounding.

    Each may be at its lower end, and so may one more that its lead knows, if the others, at their upper ends, make up for it.
    """
    half = rules.rounding // 2
    return least <= counts.sum() + half * (len(counts) - 4)
