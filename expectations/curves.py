"""What may be published of a measure's curve: its part at further cut-offs, over the same base.

A curve is decided place by place, after the measure's own figure, and as a whole. What two neighbouring cut-offs
differ by is a count of people too, so every step (up to the first cut-off, between two, beyond the last) must be
safe by itself; and somebody who knows that each is, at least `min_part`, must learn nothing from that. So it is a
condition on rounded figures, too: a step of the least size can only stand beside a larger one. If the rounded
figures of neighbours differ by `min_part` or more, and those of neighbours' neighbours by twice that and both
roundings, each count, by itself, can be at both ends of its rounding, and so can each rest.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.policy import Policy, released_together

if TYPE_CHECKING:
    import pandas as pd

_SQL = Path(__file__).with_name("curves.sql")


def decide_curves(atoms: pd.DataFrame, rows: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """The rows that may be published for the curves of measures: one for each place and cut-off, also the own one.

    `atoms` are those of the measures' own figures and, with `breakdown` and `breakdown_value`, of the steps that end with each
    cut-off, and of what lies beyond the last (no value). `rows` are the own figures as decided. Raises ValueError where steps
    do not add up to the base, or those up to a cut-off to no part.
    """
    import duckdb
    import pandas as pd

    _check_steps(atoms)
    with duckdb.cursor() as connection:
        connection.register("atoms", atoms)
        connection.register("decided", rows)
        connection.register("rules", pd.DataFrame([asdict(policy.rules)]))
        cells = connection.execute(_SQL.read_text(encoding="utf-8")).df()
    return released_together(cells, cells.is_shown, policy.rules)


def _check_steps(atoms: pd.DataFrame) -> None:
    """The part of a step is all of it, up to the measure's own cut-off, and nothing beyond: so the steps cut the part."""
    place = [atoms[name].fillna("") for name in ("measure_id", "level", "unit", "service")]
    is_step = atoms.breakdown.notna()
    is_cut = is_step & (atoms.part != 0) & (atoms.part != atoms.base)
    sign = is_step.map({True: 1, False: -1})
    is_whole = [(sign * atoms[count]).groupby(place).sum().eq(0).all() for count in ("base", "part")]
    if is_cut.any() or not all(is_whole):
        raise ValueError("the steps of a curve do not add up to its base and part")
