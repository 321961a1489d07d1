"""What may be published of a figure that looks ahead, and so comes later than the other figures of its month.

Those were published, and stand. So the figure is held to them, and to nothing else:

- A measure that is shown only beside another is not shown where that one was not.
- A base that was the part of another measure then is one count with it. It is shown only where that part was published, and
  only as it was: rows that came late since would be a published difference, and a part that was banded or not shown would
  be given away. That it is shown must not narrow it either: it says that the base has at least `min_base`.

Pure functions over frames of decided rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from expectations.policy import BANDED, NOT_SHOWN, PUBLISHED, Policy, hidden

if TYPE_CHECKING:
    import pandas as pd

_PLACE = ["period_start", "period_end", "level", "unit", "service"]


def held_to(
    rows: pd.DataFrame,
    stands: pd.DataFrame,
    measure: str,
    beside: str | None,
    cells: Mapping[str, tuple[str, str]],
    policy: Policy,
) -> pd.DataFrame:
    """The rows, with those of a measure not shown that do not go with what stands of their own month.

    `stands` are the rows decided for that month (none: it was withdrawn, or never published), `beside` is the measure that must
    be shown there, and `cells` gives for each measure the names of its base and its part.
    """
    outers = [name for name, (_, part) in cells.items() if part == cells[measure][0]]
    figures = stands.loc[stands.breakdown.isna() & stands.measure_id.isin([*outers, beside])].assign(place=_places)
    own = rows.loc[(rows.measure_id == measure) & (rows.status != NOT_SHOWN)].assign(place=_places)
    may_be_shown = own.base - policy.rules.rounding // 2 >= policy.rules.min_base
    if beside:
        shown = figures.loc[(figures.measure_id == beside) & figures.status.isin([PUBLISHED, BANDED])]
        may_be_shown &= own.place.isin(shown.place)
    for outer in outers:
        published = figures.loc[(figures.measure_id == outer) & (figures.status == PUBLISHED)]
        may_be_shown &= (own.place.map(published.set_index("place").part) == own.base).fillna(False)
    return hidden(rows, rows.index.to_series().isin(own.index[~may_be_shown]))


def _places(rows: pd.DataFrame) -> pd.Series:
    """Period and place as one text; days without the time that a frame may give them."""
    texts = rows[_PLACE].astype("object").fillna("").astype("str")
    start, end = texts.period_start.str.slice(stop=10), texts.period_end.str.slice(stop=10)
    return start.str.cat([end, texts.level, texts.unit, texts.service], sep="\n")
