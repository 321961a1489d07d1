"""Colleagues: whether somebody who knows their own figures, and everybody's base, can work out another's part.

Looked at inside, before a release, from each therapist's base and part. Only counts come out: no key, no place.
The logic is `colleagues.sql`. What no therapist made up is for `inside`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

KEY = ["period_start", "period_end", "level", "unit", "service", "measure_id", "breakdown", "breakdown_value"]
COLLEAGUE_PERCENT = 30  # how wide another's part must stay, as a share of the smaller of part and rest
LEAST_WIDTH = 3
_SQL = Path(__file__).with_name("colleagues.sql")


@dataclass(frozen=True)
class Colleagues:
    """Counts over the published parts. `narrowed`: therapists of whom some colleague could work out too much."""

    parts: int
    parts_not_as_published: int
    therapists: int
    narrowed: int
    smallest_width: int | None
    pairs: int
    narrowing_pairs: int


def look_at_colleagues(rows: pd.DataFrame, inside: pd.DataFrame) -> Colleagues:
    """Looks at every published part among `rows` (of `figures`, of one release), atoms and cells of breakdowns.

    Between two cut-offs of a curve, what they differ by is a part as well. `inside`: a row for each therapist with a base in
    such an atom: KEY (empty or missing where an atom has none: a unit above the units, a service of no unit, a breakdown),
    `therapist` (any number), `base`, `part`.
    """
    is_looked_at = (rows.is_atom | rows.is_breakdown) & rows.is_published & ~rows.is_of_clients.eq(True)
    shown = rows.loc[is_looked_at].reset_index(drop=True)
    slack = shown.half.where(~shown.is_base_by_band, shown.base_hi - shown.base_lo)
    parts = shown[[*KEY, "part", "base", "half"]].assign(base_slack=slack, before=-1)
    published = pd.concat([parts, _steps(parts.assign(cutoff=shown.cutoff))], ignore_index=True)
    published["atom"] = range(len(published))
    with duckdb.cursor() as connection:  # of the database in memory that the process has: another takes 20 ms
        connection.register("published", published)
        connection.register("inside", inside.reindex(columns=[*KEY, "therapist", "base", "part"]))
        few = shown.few.max() if len(shown) else 0
        values = {"least": int(few) + 1, "percent": COLLEAGUE_PERCENT, "widest": LEAST_WIDTH}
        found = connection.execute(_SQL.read_text(encoding="utf-8"), values).df()
    width = found.smallest_width.min()
    return Colleagues(
        parts=len(found),
        parts_not_as_published=int((~found.is_as_published).sum()),
        therapists=int(found.therapists.sum()),
        narrowed=int(found.narrowed.sum()),
        smallest_width=None if pd.isna(width) else int(width),
        pairs=int(found.pairs.sum()),
        narrowing_pairs=int(found.narrowing_pairs.sum()),
    )


def _steps(parts: pd.DataFrame) -> pd.DataFrame:
    """The parts between the cut-offs of curves: `before` is the atom it begins at. Two roundings make it twice as unsure."""
    curves = parts.loc[parts.cutoff.notna()].sort_values(by=[*KEY[:-2], "cutoff"])
    earlier = curves.assign(atom=curves.index).groupby(KEY[:-2])[["atom", "part"]].shift().dropna()
    steps = curves.loc[earlier.index, parts.columns.drop("cutoff")]
    return steps.assign(part=steps.part - earlier.part, half=2 * steps.half, before=earlier.atom.astype(int))
