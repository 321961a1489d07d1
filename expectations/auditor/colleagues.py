"""Colleagues: whether somebody who knows their own figures, and everybody's base, can work out another's part.

Looked at inside, before a release, from each therapist's base and part. Only counts come out: no key, no place.
The logic is `colleagues.sql`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from expectations.auditor.reading import PUBLISHED

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

    `inside`: a row for each therapist with a base in such an atom: KEY (empty or missing where an atom has none: a
    unit above the units, a service of no unit, a breakdown), `base`, `part`.
    """
    shown = rows.loc[(rows.is_atom | rows.is_breakdown) & (rows.status == PUBLISHED)].reset_index(drop=True)
    slack = shown.half.where(~shown.is_base_by_band, shown.base_hi - shown.base_lo)
    published = shown[[*KEY, "part", "base"]].assign(atom=range(len(shown)), base_slack=slack)
    with duckdb.connect() as connection:
        connection.register("published", published)
        connection.register("inside", inside.reindex(columns=[*KEY, "base", "part"]))
        few = shown.few.max() if len(shown) else 0
        values = {"half": int(shown.half.max() if len(shown) else 0), "least": int(few) + 1}
        values |= {"percent": COLLEAGUE_PERCENT, "widest": LEAST_WIDTH}
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

