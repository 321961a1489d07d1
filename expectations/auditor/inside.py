"""Two rules that are seen only inside, beside that on colleagues: only counts of figures come out, and pass or fail.

- A figure about clients alone was made up by no therapist, but may hang on therapists: on whether one of those who could
  take a client had room. It must hang on nobody, or on three or more (`clients.sql`).
- Of two counts that lie in one another the difference is a count as well: nothing, or enough of enough people (`nested.sql`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from expectations.auditor.colleagues import KEY
from expectations.auditor.reading import Catalogue

LEAST_THERAPISTS, P_PERCENT = 3, 15
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Inside:
    """Counts of shown figures: of those about clients, and of those whose base lies in another count."""

    of_clients: int
    not_as_published: int
    hanging_on_few: int
    in_another: int
    differing_by_few: int


def look_inside(rows: pd.DataFrame, declared: Catalogue, inside: pd.DataFrame) -> Inside:
    """Looks at every shown figure among `rows` (of `figures`, of one release); `inside` as for `colleagues`, and of what is about
    clients alone a row without `therapist`, with `therapists_behind`."""
    shown = rows.loc[rows.is_atom & rows.is_shown, [*KEY, "place", "base", "part", "half", "is_of_clients"]]
    shown = shown.reset_index(names="figure")
    bases = declared.measures[["measure_id", "base_cell"]].set_axis(["outer_measure", "outer_cell"], axis=1)
    nested = pd.DataFrame(declared.lies_within, columns=["measure_id", "outer_cell"], dtype="str").merge(bases)
    values = {"least": int(rows.few.max()) + 1, "least_therapists": LEAST_THERAPISTS, "percent": P_PERCENT}
    with duckdb.cursor() as connection:
        columns = [*KEY, "therapist", "base", "part", "therapists_behind"]
        connection.register("inside", inside.reindex(columns=columns))
        connection.register("nested", nested)
        connection.register("shown", shown)
        differences = connection.execute((_FOLDER / "nested.sql").read_text("utf-8"), values).df()
        connection.register("shown", shown.loc[shown.is_of_clients.eq(True)])
        values = {"least": LEAST_THERAPISTS}
        clients = connection.execute((_FOLDER / "clients.sql").read_text("utf-8"), values).df()
    return Inside(
        of_clients=len(clients),
        not_as_published=int((~clients.is_as_published).sum()),
        hanging_on_few=int(clients.hangs_on_few.sum()),
        in_another=len(shown[["measure_id"]].merge(nested, on="measure_id")),
        differing_by_few=int((~differences.is_safe).sum()),
    )
