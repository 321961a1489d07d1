"""A release folder as it is read: the figures, the catalogue that explains them, the manifest.

Only reading belongs here; what the figures mean is in `figures`, how they are said in `words`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ("part", "base", "value", "lower", "upper")


@dataclass(frozen=True, eq=False)
class Release:
    """What was published for one month ("2026-10")."""

    month: str
    measures: pd.DataFrame
    catalogue: Mapping[str, Any]
    manifest: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Release:
        """Read a release folder; `FileNotFoundError` says which of its files is missing."""
        import pandas as pd

        for name in ("measures.csv", "catalogue.json", "manifest.json"):
            if not (folder / name).is_file():
                raise FileNotFoundError(f"{folder} is not a release: {name} is missing there")
        # Everything is text at first: a unit may be called "NA" or "007".
        measures = pd.read_csv(folder / "measures.csv", dtype=str, keep_default_na=False, encoding="utf-8")
        for column in NUMBERS:
            measures[column] = pd.to_numeric(measures[column])
        catalogue = json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return cls(manifest["month"], measures, catalogue, manifest)

    @property
    def band_limit(self) -> int:
        """The count below which this release's policy shows a band."""
        rules = self.manifest.get("policy", {}).get("rules", {})
        return int(rules.get("min_part", 10))
