"""What the auditor objects to: a named rule, the row's place, what is wrong there, and what it would let someone work out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Finding:
    """`release` is its name; `place` a file of it, a row of its measures.csv, or a unit; `tells` what could be worked out."""

    rule: str
    release: str
    place: str
    what: str
    tells: str = ""

    def __str__(self) -> str:
        return f"{self.release}, {self.place}: {self.what}" + (f" {self.tells}" if self.tells else "")


def place_of(row: pd.Series) -> str:
    """`measures.csv line 12, over_threshold_days of unit Beacon`: where a person finds the row (of `figures`)."""
    name = f" {row.place}" if row.place else ""
    bin_name = f", {row.breakdown} {row.breakdown_value}" if row.breakdown else ""
    return f"measures.csv line {row.line}, {row.measure_id} of {row.level}{name}{bin_name}"


def rows_found(
    rule: str, rows: pd.DataFrame, is_odd: pd.Series | np.ndarray, names: list[str], what: str, tells: str = ""
) -> Iterator[Finding]:
    """One finding for each of the rows (of `figures`) that is odd, in their order."""
    for at in np.flatnonzero(is_odd):
        row = rows.iloc[at]
        yield Finding(rule, names[row.release], place_of(row), what, tells)
