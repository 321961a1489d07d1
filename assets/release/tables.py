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
    return rows.to_csv(index=False, lineterminator="\n", float_format="%.1f", date_format="%Y-%m-%d")


def catalogue(
    dictionary: Dictionary, units: Iterable[Unit], bins: Iterable[tuple[str, str | None, str | None, int]] = ()
) -> dict[str, Any]:
    """What the figures mean, for whoever reads a release: measures, sections, breakdowns, and units with their teams.

    `bins` are those in force, as `Settings.bins` gives them: breakdown, value, bin, number.
    """
    breakdowns: dict[str, Any] = {}
    for name, value, label, _ in bins:
        entry = breakdowns.setdefault(name, {"title": dictionary.dimensions[name].title, "bins": {}})
        if label is not None:
            entry["bins"].setdefault(label, []).append(value)
    declared = sorted(units, key=lambda unit: unit.unit)
    return {
        **dictionary.catalogue(),
        "breakdowns": breakdowns,
        "units": [{"unit": unit.unit, "service": unit.service, "teams": sorted(unit.teams)} for unit in declared],
    }
