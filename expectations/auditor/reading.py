"""Releases as the auditor reads them: the text of their files, and the figures and places that the text gives.

Nothing is judged here, and nothing looked up in the code that makes releases: what a column holds is read off
`docs/releases.md`, what a measure counts off the release's own catalogue.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
            read = cls(name, _table(texts[MEASURES]), json.loads(texts[CATALOGUE]), manifest, hashes, gone, whatif)
            _ = read.declared
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise NotAReleaseError(f"{MEASURES} or {CATALOGUE} cannot be read") from error
        return read

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
    are of beside their place; `is_published`, `is_shown` (published or banded); `part`, `base`, `value` (NaN where no whole
    number stands; the text beside as `part_text` …), `lower_tenths`, `upper_tenths`; the policy's `half` step, `few` and
    `min_base`; `outer`, and what `_with_numbers` and `_with_bases` add.
    """
    frames = [_figures(number, release) for number, release in enumerate(releases) if release.measures is not None]
    rows = _with_numbers(pd.concat(frames, ignore_index=True))
    rows["outer"] = _outer(rows)
    return _with_bases(rows)


def _figures(number: int, release: ReleaseTables) -> pd.DataFrame:
    assert release.measures is not None
    rows = release.measures.reindex(columns=list(COLUMNS), fill_value="").assign(
        release=number, is_withdrawn=release.is_withdrawn
    )
    rows["line"] = np.arange(2, len(rows) + 2)
    rows = rows.merge(release.declared.measures, how="left", on="measure_id")
    rows["place"] = rows.unit.where(rows.level == "unit", rows.service.where(rows.level == "service", ""))
    is_divided = (rows.breakdown != "") | (rows.breakdown_value != "")
    rows["is_curve"] = is_divided & (rows.breakdown == rows.curve_by)
    rows["is_breakdown"] = is_divided & ~rows.is_curve & (rows.breakdown != rows.grain_by)
    rows["cutoff"] = _number(rows.breakdown_value.where(rows.is_curve, ""), r"\d{1,15}")
    # a curve cuts one count in several places: all its parts have one base, and one of them is the measure's own
    further = rows.loc[rows.is_curve & (rows.cutoff != rows.own_cutoff)]
    rows.loc[further.index, "part_cell"] = further.part_cell + " " + further.breakdown + " " + further.breakdown_value
    of_bin = rows.loc[is_divided & ~rows.is_curve]
    rows["scope"] = " "
    rows.loc[of_bin.index, "scope"] = of_bin.breakdown + " " + of_bin.breakdown_value
    height = {level: position for position, level in enumerate(LEVELS)}
    heights, grains = (
        of_each(levels, lambda level: height.get(level, np.nan)) for levels in (rows.level, rows.grain_level)
    )
    rows["is_atom"] = (heights == grains) & ~rows.is_breakdown
    rows["is_derived"] = (heights < grains) & ~rows.is_breakdown
    rows["is_published"] = rows.status == PUBLISHED
    rows["is_shown"] = rows.is_published | (rows.status == BANDED)
    for name in ("part", "base", "value"):
        rows[f"{name}_text"] = rows[name]
        rows[name] = _number(rows.loc[:, name], r"\d{1,15}")
    for name in ("lower", "upper"):
        rows[f"{name}_tenths"] = (_number(rows.loc[:, name], r"\d{1,3}\.\d") * 10).round()
    rows["half"] = release.rules.get("rounding", 5) // 2
    rows["few"] = release.rules.get("min_part", 10) - 1
    rows["min_base"] = release.rules.get("min_base", 20)
    return rows


def of_each(texts: pd.Series, told: Callable[[str], Any], kind: type = float) -> np.ndarray:
    """What is told of each text; asked once of those that are the same."""
    number, different = pd.factorize(texts, use_na_sentinel=False)
    return np.fromiter(map(told, different), kind, len(different))[number]


def _number(texts: pd.Series, form: str) -> np.ndarray:
    return of_each(texts, lambda text: float(text) if re.fullmatch(form, text) else np.nan)


def numbered(*columns: Iterable[Any]) -> np.ndarray:
    """A number for each row, the same where the row is the same in all columns, in the order of their values."""
    number = np.zeros(1, dtype=int)
    for column in columns:
        of_column, different = pd.factorize(pd.Series(column), sort=True, use_na_sentinel=False)
        number = np.unique(number * len(different) + of_column, return_inverse=True)[1]
    return number


def _with_numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """Adds `measure_at` and `place_at`, the numbers of a measure and of a place, each in its period; and `base_at` and `part_at`,
    those of the counts that base and part are of: equal where the count is the same. What was withdrawn has numbers of its own.

    A breakdown counts the units whose atom is published (`units`): over other units it is another count.
    """
    period = numbered(rows.is_withdrawn, rows.period_start, rows.period_end)
    rows["measure_at"], rows["place_at"] = numbered(period, rows.measure_id), numbered(period, rows.level, rows.place)
    over = rows.loc[rows.is_atom & rows.is_published & rows.measure_at.isin(rows.measure_at[rows.is_breakdown])]
    units = over.groupby("measure_at").place.agg(lambda places: "\n".join(sorted(places)))
    rows["units"] = ""
    rows.loc[rows.is_breakdown, "units"] = rows.measure_at[rows.is_breakdown].map(units).fillna("").astype("str")
    spot = numbered(rows["place_at"], rows.scope, rows.units)
    count = numbered(np.tile(spot, 2), pd.concat([rows.base_cell, rows.part_cell], ignore_index=True))
    rows["base_at"], rows["part_at"] = count[: len(rows)], count[len(rows) :]
    return rows


def _outer(rows: pd.DataFrame) -> np.ndarray:
    """The row whose part is this row's base: what a base is said to be may stand there. −1 where there is none."""
    count = numbered(np.tile(rows.release, 2), pd.concat([rows.base_at, rows.part_at]))
    base, part = count[: len(rows)], count[len(rows) :]
    parts = np.flatnonzero(rows.is_atom & rows.part_cell.notna())[::-1]  # of two that are the same, the first stays
    outer = np.full(len(count), -1)
    outer[part[parts]] = parts
    return outer[base]


def _with_bases(rows: pd.DataFrame) -> pd.DataFrame:
    """Adds what a row says of its base by itself (`base_lo`, `base_hi`), and of which kind its band is.

    A base is rounded, so it lies within half a step. But where it is all but fewer than 10 of a larger count
    whose measure is banded, it is shown as that count less the middle of the band, and says no more than the band.
    """
    is_banded = rows.status == BANDED
    rows["few_of_them"] = is_banded & (rows.lower_tenths == 0)
    rows["few_of_others"] = is_banded & (rows.upper_tenths == 1000) & ~rows.few_of_them
    base, half, few, outer = (rows[name].to_numpy() for name in ("base", "half", "few", "outer"))
    step = 2 * half + 1
    middle = np.floor(few / 2 / step + 0.5) * step
    by_band = (outer >= 0) & rows.few_of_others.to_numpy()[outer] & (base == base[outer] - middle)
    own_low, own_high = base - half, base + half
    low, high = own_low, own_high
    for _ in range(rows.measure_id.nunique()):
        low, high = np.where(by_band, low[outer] - few, own_low), np.where(by_band, high[outer], own_high)
    rows["base_lo"], rows["base_hi"], rows["is_base_by_band"] = low, high, by_band
    return rows
