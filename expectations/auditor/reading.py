"""Releases as the auditor reads them: the text of their files, and the figures and places that the text gives.

Nothing is judged here, and nothing looked up in the code that makes releases: what a column holds is read off
`docs/releases.md`, what a measure counts off the release's own catalogue.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

COLUMNS = (
    "period_start",
    "period_end",
    "level",
    "unit",
    "service",
    "measure_id",
    "breakdown",
    "breakdown_value",
    "part",
    "base",
    "value",
    "lower",
    "upper",
    "coverage",
    "status",
)
PUBLISHED, BANDED, NOT_SHOWN, NOT_MEASURED = "published", "banded", "not shown", "not measured"
STATUSES = (PUBLISHED, BANDED, NOT_SHOWN, NOT_MEASURED)
LEVELS = ("organisation", "service", "unit")
MANIFEST, MEASURES, CATALOGUE = "manifest.json", "measures.csv", "catalogue.json"
WITHDRAWN, ANSWERS, CUT, WHATIF = "withdrawn", "answers", "cut", "whatif"
WHATIF_FILE = "whatif.csv"
_MONTH = "[0-9]*-[0-9]*"


class NotAReleaseError(ValueError):
    """A folder or text that cannot be read as a release: says what is missing or wrong in it."""


@dataclass(frozen=True)
class ReleaseTables:
    """One release, or one answer beside it, as it stands in its files or is about to. A notice has no `measures`.

    `measures`, and the `whatif` of an answer of that kind, are text throughout, empty where nothing is; `hashes` are the
    SHA-256 of its files but the manifest.
    """

    name: str
    measures: pd.DataFrame | None
    catalogue: Mapping[str, Any]
    manifest: Mapping[str, Any]
    hashes: Mapping[str, str]
    is_withdrawn: bool = False
    whatif: pd.DataFrame | None = None

    @classmethod
    def from_texts(
        cls, files: Mapping[str, str], manifest: Mapping[str, Any], *, name: str = "", is_withdrawn: bool = False
    ) -> ReleaseTables:
        """A release that is not in its place yet: its files' texts by name, and its manifest."""
        hashes = {file: hashlib.sha256(text.encode()).hexdigest() for file, text in files.items()}
        return cls._of(name or _name(manifest), files, manifest, hashes, is_withdrawn)

    @classmethod
    def from_folder(cls, folder: Path) -> ReleaseTables:
        """A release folder. Raises NotAReleaseError."""
        if not (folder / MANIFEST).is_file():
            raise NotAReleaseError(f"has no {MANIFEST}")
        others = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
        contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in others}
        hashes = {file: hashlib.sha256(content).hexdigest() for file, content in contents.items()}
        try:
            manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
            texts = {
                file: contents[file].decode("utf-8") for file in (MEASURES, CATALOGUE, WHATIF_FILE) if file in contents
            }
        except ValueError as error:
            raise NotAReleaseError("holds a file that is no text, or a manifest that is no JSON") from error
        if not isinstance(manifest, dict):
            raise NotAReleaseError(f"{MANIFEST} is not a table of keys")
        home = _home(folder)
        name = folder.resolve().relative_to(home).as_posix()
        return cls._of(name, texts, manifest, hashes, name.startswith(f"{WITHDRAWN}/"))

    @classmethod
    def _of(
        cls, name: str, texts: Mapping[str, str], manifest: Mapping[str, Any], hashes: Mapping[str, str], gone: bool
    ) -> ReleaseTables:
        try:
            whatif = _table(texts[WHATIF_FILE]) if WHATIF_FILE in texts else None
        except ValueError as error:
            raise NotAReleaseError(f"{WHATIF_FILE} cannot be read") from error
        if MEASURES not in texts:
            return cls(name, None, {}, manifest, hashes, gone, whatif)
        try:
            measures = _table(texts[MEASURES])
            catalogue = json.loads(texts[CATALOGUE])
            Catalogue(catalogue)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise NotAReleaseError(f"{MEASURES} or {CATALOGUE} cannot be read") from error
        return cls(name, measures, catalogue, manifest, hashes, gone, whatif)

    @property
    def month(self) -> str:
        return str(self.manifest.get("month", ""))

    @property
    def answers(self) -> str | None:
        """Of which kind an answer is: a cut, a what-if. None for a release."""
        answer = self.manifest.get("answer")
        return None if answer is None else str(answer.get("kind")) if isinstance(answer, dict) else ""

    @cached_property
    def rules(self) -> Mapping[str, int]:
        """The values of the policy as the manifest gives them; those that are no whole number are left out."""
        found = (self.manifest.get("policy") or {}).get("rules") or {}
        return {name: value for name, value in found.items() if isinstance(value, int)}

    @cached_property
    def declared(self) -> Catalogue:
        return Catalogue(self.catalogue)


class Catalogue:
    """The measures, units and breakdowns that a release declares, from its catalogue.json."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        measures = content.get("measures", {})
        self.measures = pd.DataFrame(
            [
                {
                    "measure_id": name,
                    "base_cell": entry["base_cell"],
                    "part_cell": entry["part_cell"],
                    "grain_level": entry["grain"]["level"],
                    "grain_period": entry["grain"]["period"],
                    "grain_by": entry["grain"].get("by", ""),
                    "curve_by": entry.get("curve", {}).get("by", ""),
                    "own_cutoff": float(entry.get("curve", {}).get("own", "nan")),
                    "is_of_clients": entry.get("concerns") == "clients",
                    "months_later": int(entry.get("complete_after_months", 0)),
                    "shown_beside": entry.get("shown_beside") or "",
                }
                for name, entry in measures.items()
            ],
            columns=_OF_MEASURES,
        ).astype({"is_of_clients": bool, "own_cutoff": float})
        self.cutoffs: dict[str, list[str]] = {
            name: [str(cutoff) for cutoff in entry["curve"]["cutoffs"]]
            for name, entry in measures.items()
            if "curve" in entry
        }
        self.lies_within = [(name, cell) for name, entry in measures.items() for cell in entry.get("lies_within", [])]
        self.breakdowns: dict[str, list[str]] = {name: entry.get("breakdowns", []) for name, entry in measures.items()}
        self.bins: dict[str, list[str]] = {name: list(b["bins"]) for name, b in content.get("breakdowns", {}).items()}
        units = [(unit["unit"], unit["service"] or "", frozenset(unit["teams"])) for unit in content.get("units", [])]
        self.units = pd.DataFrame(units, columns=["unit", "service", "teams"])
        self.services = sorted(set(self.units.service) - {""})


_OF_MEASURES = [
    "measure_id",
    "base_cell",
    "part_cell",
    "grain_level",
    "grain_period",
    "grain_by",
    "curve_by",
    "own_cutoff",
    "is_of_clients",
    "months_later",
    "shown_beside",
]


def _table(text: str) -> pd.DataFrame:
    return pd.read_csv(StringIO(text), dtype=str, keep_default_na=False, na_filter=False)


def _name(manifest: Mapping[str, Any]) -> str:
    """The place of what is not in its place yet, as its manifest gives it."""
    month, answer = str(manifest.get("month", "")), manifest.get("answer")
    return f"{ANSWERS}/{month}/{answer.get('subject', '')}" if isinstance(answer, dict) else month


def _home(folder: Path) -> Path:
    """The folder of releases that a release, an answer, or one of them that was withdrawn, belongs to."""
    home = folder.resolve().parent
    if home.parent.name == ANSWERS:
        home = home.parent.parent
    return home.parent if home.name == WITHDRAWN else home


def releases_beside(folder: Path) -> Iterator[Path]:
    """A folder and those that lie beside it: releases of all months, answers, and what was withdrawn."""
    home = _home(folder)
    places = [f"{below}{place}" for below in ("", f"{WITHDRAWN}/") for place in (_MONTH, f"{ANSWERS}/{_MONTH}/*")]
    manifests = [manifest for place in places for manifest in home.glob(f"{place}/{MANIFEST}")]
    yield from sorted({folder.resolve(), *(manifest.parent for manifest in manifests)})


def figures(releases: Sequence[ReleaseTables]) -> pd.DataFrame:
    """Every row of all releases, with what its text gives in numbers, and what its measure and scope are.

    Adds: `release` (its place in the sequence), `is_withdrawn`, `line` of the file, `place` (the unit's or service's name), the
    catalogue's cells and grain, `is_atom` (at its measure's grain), `is_derived` (above it), both also of a
    curve's rows (`is_curve`, with `cutoff`) and of values of which each is an atom; `is_breakdown`; `scope`, what its cells
    are of beside their place; `part`, `base`, `value` (NaN where
    no whole number stands; the text beside as `part_text` …), `lower_tenths`, `upper_tenths`; the policy's `half` step,
    `few` and `min_base`; `outer`, and what `_with_bases` adds.
    """
    frames = [_figures(number, release) for number, release in enumerate(releases) if release.measures is not None]
    rows = pd.concat(frames, ignore_index=True)
    rows["outer"] = _outer(rows)
    return _with_bases(rows)


SCOPE = ["release", "period_start", "period_end", "level", "place", "scope"]


def _figures(number: int, release: ReleaseTables) -> pd.DataFrame:
    assert release.measures is not None
    rows = release.measures.reindex(columns=list(COLUMNS), fill_value="").assign(
        release=number, is_withdrawn=release.is_withdrawn
    )
    rows["line"] = np.arange(2, len(rows) + 2)
    rows = rows.merge(release.declared.measures, how="left", on="measure_id")
    rows["place"] = np.where(rows.level == "unit", rows.unit, np.where(rows.level == "service", rows.service, ""))
    is_divided = (rows.breakdown != "") | (rows.breakdown_value != "")
    rows["is_curve"] = is_divided & (rows.breakdown == rows.curve_by)
    rows["is_breakdown"] = is_divided & ~rows.is_curve & (rows.breakdown != rows.grain_by)
    rows["cutoff"] = _number(rows.breakdown_value.where(rows.is_curve, ""), r"\d{1,15}")
    # a curve cuts one count in several places: all its parts have one base, and one of them is the measure's own
    is_further = rows.is_curve & (rows.cutoff != rows.own_cutoff)
    rows["part_cell"] = rows.part_cell.mask(
        is_further, rows.part_cell + " " + rows.breakdown + " " + rows.breakdown_value
    )
    rows["scope"] = (rows.breakdown + " " + rows.breakdown_value).mask(rows.is_curve, " ")
    rows["is_atom"] = (rows.level == rows.grain_level) & ~rows.is_breakdown
    height = {level: position for position, level in enumerate(LEVELS)}
    rows["is_derived"] = (rows.level.map(height) < rows.grain_level.map(height)) & ~rows.is_breakdown
    for name in ("part", "base", "value"):
        rows[f"{name}_text"] = rows[name]
        rows[name] = _number(rows.loc[:, name], r"\d{1,15}")
    for name in ("lower", "upper"):
        rows[f"{name}_tenths"] = (_number(rows.loc[:, name], r"\d{1,3}\.\d") * 10).round()
    rows["half"] = release.rules.get("rounding", 5) // 2
    rows["few"] = release.rules.get("min_part", 10) - 1
    rows["min_base"] = release.rules.get("min_base", 20)
    return rows


def _number(texts: pd.Series, form: str) -> pd.Series:
    return texts.where(texts.str.fullmatch(form)).astype("float64")


def _outer(rows: pd.DataFrame) -> pd.Series:
    """The row whose part is this row's base: what a base is said to be may stand there. −1 where there is none."""
    is_counted = rows.is_atom & rows.part_cell.notna()
    parts = rows.loc[is_counted, [*SCOPE, "part_cell"]].rename(columns={"part_cell": "base_cell"})
    parts = parts.assign(outer=parts.index).drop_duplicates([*SCOPE, "base_cell"])
    return rows[[*SCOPE, "base_cell"]].merge(parts, how="left").outer.fillna(-1).astype("int64")


def _with_bases(rows: pd.DataFrame) -> pd.DataFrame:
    """Adds what a row says of its base by itself (`base_lo`, `base_hi`), and of which kind its band is.

    A base is rounded, so it lies within half a step. But where it is all but fewer than 10 of a larger count
    whose measure is banded, it is shown as that count less the middle of the band, and says no more than the band.
    """
    is_banded = rows.status == BANDED
    rows["few_of_them"] = is_banded & (rows.lower_tenths == 0)
    rows["few_of_others"] = is_banded & (rows.upper_tenths == 1000) & ~rows.few_of_them
    rows["base_lo"], rows["base_hi"] = rows.base - rows.half, rows.base + rows.half
    rows["is_base_by_band"] = False
    step = 2 * rows.half + 1
    middle = np.floor(rows.few / 2 / step + 0.5) * step
    for _ in range(rows.measure_id.nunique()):
        outer = rows.reindex(rows.outer).set_axis(rows.index)
        by_band = (rows.outer >= 0) & outer.few_of_others.eq(True) & (rows.base == outer.base - middle)
        low = (outer.base_lo - rows.few).where(by_band, rows.base - rows.half)
        high = outer.base_hi.where(by_band, rows.base + rows.half)
        if low.equals(rows.base_lo) and by_band.equals(rows.is_base_by_band):
            break
        rows["base_lo"], rows["base_hi"], rows["is_base_by_band"] = low, high, by_band
    return rows
