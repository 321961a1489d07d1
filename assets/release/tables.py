"""The tables of a release as they are written: measures.csv and the content of catalogue.json.

Only form: columns and rows are those that `derive` gives. No file is moved here, and no figure made.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from assets.measures import Dictionary
from assets.release.derive import Unit

if TYPE_CHECKING:
    import pandas as pd


def measures_csv(rows: pd.DataFrame) -> str:
    """The released rows as CSV: ISO dates, whole counts, bounds with one decimal, empty where nothing is."""
    texts = {name: [_text(value) for value in rows[name]] for name in rows.columns}
    return rows.assign(**texts).to_csv(index=False, lineterminator="\n")


def _text(value: Any) -> str:
    import pandas as pd

    if pd.isna(value):
        return ""
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return str(value)


def catalogue(dictionary: Dictionary, units: Iterable[Unit]) -> dict[str, Any]:
    """What the figures mean, for whoever reads a release: measures, sections, and units with their teams."""
    declared = sorted(units, key=lambda unit: unit.unit)
    return {
        **dictionary.catalogue(),
        "units": [{"unit": unit.unit, "service": unit.service, "teams": sorted(unit.teams)} for unit in declared],
    }
