"""What several measures show together says no more of a cell than the measure says whose part it is.

Every count of A, of which B, of which C, in a range is decided; rows that look alike from outside are put
together. The least and the greatest count of a cell among rows that look alike in both measures must be those
among rows that look alike in the one that speaks of the cell. This is exact, and holds against a reader who
knows the policy.
"""

from __future__ import annotations

import pandas as pd
import pytest

from expectations.policy import NOT_SHOWN, decide, read_policy

LEAST, MOST = 20, 56


def atoms_of(cells: pd.DataFrame, base: str, part: str) -> pd.DataFrame:
    """Atoms with as many people as could be, each with one item, so that counts alone decide."""
    sides = {"base": cells[base], "part": cells[part], "rest": cells[base] - cells[part]}
    contributors = {
        f"{side}_{name}": counts if name in ("therapists", "clients") else counts.clip(upper=1)
        for side, counts in sides.items()
        for name in (
            "therapists",
            "clients",
            "largest_therapist",
            "second_therapist",
            "largest_client",
            "second_client",
        )
    }
    names = {"base_cell": base, "part_cell": part, "measure_id": f"{part} of {base}", "unit": cells.unit}
    period = {"period_start": "2026-10-01", "period_end": "2026-10-31", "level": "unit", "service": None}
    period |= {"breakdown": None, "breakdown_value": None, "concerns": "all", "therapists_behind": 0}
    return pd.DataFrame({**period, **names, "base": cells[base], "part": cells[part], "roster": 99, **contributors})


@pytest.fixture(scope="module", name="looks")
def fixture_looks() -> pd.DataFrame:
    """Every A, B, C, with what is seen of the two measures, where both show something."""
    counts = [(a, b, c) for a in range(LEAST, MOST) for b in range(LEAST - 10, a + 1) for c in range(b + 1)]
    cells = pd.DataFrame(counts, columns=["A", "B", "C"])
    cells["unit"] = cells.index.astype("str")
    atoms = pd.concat([atoms_of(cells, "A", "B"), atoms_of(cells, "B", "C")], ignore_index=True)
    rows = decide(atoms, read_policy())
    seen = rows.status
    for name in ("part", "base", "lower", "upper"):
        seen = seen + "|" + rows[name].astype("str")
    is_shown = rows.status != NOT_SHOWN
    outer, inner = slice(0, len(cells)), slice(len(cells), None)
    return cells.assign(
        outer=seen[outer].where(is_shown[outer]).to_numpy(),
        inner=seen[inner].where(is_shown[inner]).to_numpy(),
    )


@pytest.mark.parametrize(("cell", "speaks"), [("A", "outer"), ("B", "outer"), ("C", "inner")])
def test_two_measures_together_say_no_more_of_a_cell_than_the_one_that_speaks_of_it(
    looks: pd.DataFrame, cell: str, speaks: str
):
    alone = looks.groupby(speaks)[cell].agg(["min", "max"])
    together = looks.dropna(subset=["outer", "inner"]).groupby(["outer", "inner"])[cell].agg(["min", "max"])
    expected = alone.loc[together.index.get_level_values(speaks)].set_axis(together.index)
    assert len(together) > 30
    assert together.equals(expected)
