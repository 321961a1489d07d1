"""The auditor before a release: what it is handed, and what becomes of its word. It decides nothing here, and mends nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.measures import dictionary
from assets.release.folder import Releases
from pipelines.lake import Lake

if TYPE_CHECKING:
    import pandas as pd

    from expectations.auditor import Finding, ReleaseTables

_INSIDE = Path(__file__).with_name("inside.sql")


class StoppedError(Exception):
    """The auditor stopped a release. Each finding names a rule and a place; no count of people is in it."""

    def __init__(self, month: str, findings: Sequence[Finding]) -> None:
        self.month, self.findings = month, findings
        lines = [f"  {finding.rule}: {finding.place}" for finding in findings]
        what = f"{month}: the auditor stopped the release, and nothing was published:"
        mend = "A release that the rules allow passes: this is a fault in Rapport. Please report these lines."
        super().__init__("\n".join([what, *lines, mend]))


def inside(lake: Lake, paths: Sequence[str], decided: pd.DataFrame) -> pd.DataFrame:
    """Base and part of each therapist in each atom and cut-off, and in each bin of a breakdown over the published units.

    As Arrow has them: it is read by DuckDB again, 100,000 rows at a time.
    """
    import pandas as pd

    measures = dictionary().measures.values()
    values = {
        "paths": list(paths),
        "curves": [measure.id for measure in measures if measure.curve],
        "values": [measure.id for measure in measures if measure.grain.by],
    }
    lake.connection.register("decided", decided[["measure_id", "level", "unit", "status"]])
    try:
        found = lake.connection.sql(_INSIDE.read_text("utf-8"), params=values).to_arrow_table()
        return found.to_pandas(types_mapper=pd.ArrowDtype)
    finally:
        lake.connection.unregister("decided")


def certified(
    releases: Releases, month: str, files: Mapping[str, str], manifest: Mapping[str, Any], people: pd.DataFrame | None
) -> dict[str, Any]:
    """Has a release, or an answer beside one, audited as it will be written. Returns the certificate.

    It is read beside all that was published of its year up to its month: no period reaches beyond a year or into another
    month's release, nor does what may not change between months. Raises StoppedError.
    """
    from expectations.auditor import ReleaseTables, audit

    year = [
        _tables(one.folder, one.manifest)
        for one in releases.published()
        if one.month[:4] == month[:4] and one.month <= month
    ]
    found = audit([*year, ReleaseTables.from_texts(files, manifest)], people, newest_only=True)
    if not found.passed:
        raise StoppedError(month, found.findings)
    return found.certificate


@cache  # what has another manifest is another release
def _tables(folder: Path, manifest_hash: str) -> ReleaseTables:
    from expectations.auditor import ReleaseTables

    return ReleaseTables.from_folder(folder)
