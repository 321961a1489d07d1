"""The measure dictionary, read and checked: what each published figure means, and which SQL computes it.

The entries are data (`dictionary.toml`). No SQL is run here, and nothing decided about what may be published.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from expectations.breakdowns import MOST_BREAKDOWNS

FOLDER = Path(__file__).parent
ATOMS_SQL, ATOMS_OF_CLIENTS_SQL = "atoms.sql", "atoms_of_clients.sql"
LEVELS = ("unit", "service", "organisation")
PERIODS = {"month": 1, "quarter": 3}  # each with its months
EVERYBODY, CLIENTS = "clients and therapists", "clients"  # whom the items of a measure are about
BREAKDOWNS = "breakdowns"  # what a measure of a dimension needs in the configuration, as others need a table
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
_NEED = re.compile(r"[a-z_]+(\.[a-z_]+)?")


class DictionaryError(ValueError):
    """An entry that cannot be used: says which entry, which field, and what to write instead."""


@dataclass(frozen=True)
class Grain:
    """`by`: the dimension of whose declared values each is an atom of its own, with no total beside them."""

    level: str
    period: str
    by: str | None = None

    @property
    def months(self) -> int:
        """How many months a period of this grain has."""
        return PERIODS[self.period]


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    question: str


@dataclass(frozen=True)
class Dimension:
    """What a measure can be broken down by: a value of each item, and the bins in which values lie."""

    id: str
    title: str
    column: str
    value: str
    bins: Mapping[str, Sequence[int | str]]


@dataclass(frozen=True)
class Curve:
    """Further cut-offs of a part: how many items have at most so much of `value`, at each; `own` is that of the part itself."""

    by: str
    value: str
    cutoffs: tuple[int, ...]
    own: int


@dataclass(frozen=True)
class ByChance:
    """What a share is if only chance is at work: in half of the units `percent`, above `at_most` in `error_percent` of a hundred."""

    percent: int
    at_most: int
    error_percent: int


@dataclass(frozen=True)
class Measure:
    """One entry. `base` and `part` are phrases; `base_cell` and `part_cell` name the two counts."""

    id: str
    section: str
    title: str
    question: str
    base: str
    part: str
    base_cell: str
    part_cell: str
    counted_in: str
    grain: Grain
    direction: str
    needs: tuple[str, ...]
    caveat: str
    source: str
    convention: str | None = None
    breakdowns: tuple[str, ...] = ()
    lies_within: tuple[str, ...] = ()
    curve: Curve | None = None
    concerns: str = EVERYBODY
    complete_after_months: int = 0
    shown_beside: str | None = None
    design_effect: float | None = None
    by_chance: ByChance | None = None

    def unmet_needs(self, present: Mapping[str, frozenset[str] | set[str]]) -> tuple[str, ...]:
        """The needs that no source meets, given the fields present in each table: {table: {field, …}}."""

        def is_met(need: str) -> bool:
            table, _, field = need.partition(".")
            return table in present and (not field or field in present[table])

        return tuple(need for need in self.needs if not is_met(need))


@dataclass(frozen=True)
class Dictionary:
    sections: tuple[Section, ...]
    measures: Mapping[str, Measure]
    dimensions: Mapping[str, Dimension]

    def catalogue(self) -> dict[str, Any]:
        """The entries as plain data for catalogue.json, in dictionary order."""
        return {
            "measures": {measure.id: _plain(measure) for measure in self.measures.values()},
            "sections": [asdict(section) for section in self.sections],
        }


@cache
def dictionary() -> Dictionary:
    """The dictionary of this package, checked against the .sql files beside it."""
    return read_dictionary(FOLDER)


def read_dictionary(folder: Path) -> Dictionary:
    """Read and check `dictionary.toml` in a folder and the .sql files beside it. Raises DictionaryError."""
    entries = tomllib.loads((folder / "dictionary.toml").read_text(encoding="utf-8"))
    dimensions = tomllib.loads((folder / "dimensions.toml").read_text(encoding="utf-8"))
    sections = tuple(_section(entry) for entry in entries.pop("sections", []))
    measures = {name: _measure(name, entry, sections) for name, entry in entries.items()}
    _check_files(folder, measures)
    _check_cells(measures)
    _check_breakdowns(measures, dimensions)
    _check_companions(measures)
    return Dictionary(sections, measures, {name: Dimension(name, **entry) for name, entry in dimensions.items()})


_TEXT_FIELDS = (
    "section",
    "title",
    "question",
    "base",
    "part",
    "base_cell",
    "part_cell",
    "counted_in",
    "direction",
    "caveat",
    "source",
)
_OTHER_FIELDS = (
    *("grain", "needs", "convention", "breakdowns", "lies_within", "curve", "concerns"),
    *("complete_after_months", "shown_beside", "design_effect", "by_chance"),
)


def _section(entry: Mapping[str, Any]) -> Section:
    name = str(entry.get("id", "sections"))
    return Section(**{field: _text(name, entry, field) for field in ("id", "title", "question")})


def _measure(name: str, entry: Any, sections: tuple[Section, ...]) -> Measure:
    if not isinstance(entry, dict):
        raise DictionaryError(f"{name}: is not a table; write a measure as [{name}] with its fields below")
    _identifier(name, "its name", name)
    unknown = sorted(set(entry) - {*_TEXT_FIELDS, *_OTHER_FIELDS})
    if unknown:
        raise DictionaryError(f"{name}: {unknown[0]}: no such field; take it out, or spell it right")
    texts = {field: _text(name, entry, field) for field in _TEXT_FIELDS}
    _one_of(name, "section", texts["section"], [section.id for section in sections])
    _one_of(name, "direction", texts["direction"], ["neither"])
    _identifier(name, "base_cell", texts["base_cell"])
    _identifier(name, "part_cell", texts["part_cell"])
    grain, concerns = _grain(name, entry.get("grain")), entry.get("concerns", EVERYBODY)
    _one_of(name, "concerns", concerns, [EVERYBODY, CLIENTS])
    if concerns == CLIENTS and grain.level != "organisation":
        raise DictionaryError(f"{name}: concerns: what is about clients alone has the level organisation")
    declared = (f"{BREAKDOWNS}.{grain.by}",) if grain.by else ()
    return Measure(
        id=name,
        grain=grain,
        needs=(*_needs(name, entry.get("needs")), *declared),
        convention=_text(name, entry, "convention") if "convention" in entry else None,
        breakdowns=tuple(entry.get("breakdowns", [])),
        lies_within=tuple(entry.get("lies_within", [])),
        curve=_curve(name, entry["curve"]) if "curve" in entry else None,
        concerns=concerns,
        complete_after_months=_months_later(name, entry.get("complete_after_months", 0)),
        shown_beside=entry.get("shown_beside"),
        design_effect=_design_effect(name, entry["design_effect"]) if "design_effect" in entry else None,
        by_chance=_by_chance(name, entry["by_chance"]) if "by_chance" in entry else None,
        **texts,
    )


def _text(name: str, entry: Mapping[str, Any], field: str) -> str:
    text = entry.get(field)
    if not isinstance(text, str) or not text.strip():
        raise DictionaryError(f'{name}: {field}: is missing; write {field} = "…"')
    return text


def _identifier(name: str, field: str, text: str) -> None:
    if not _IDENTIFIER.fullmatch(text):
        raise DictionaryError(f"{name}: {field}: '{text}' is not a name; use a-z, 0-9 and underscores")


def _one_of(name: str, field: str, text: Any, allowed: Collection[str]) -> None:
    if text not in allowed:
        raise DictionaryError(f"{name}: {field}: '{text}' is not known; write one of {', '.join(allowed)}")


def _grain(name: str, grain: Any) -> Grain:
    if not isinstance(grain, dict) or set(grain) - {"by"} != {"level", "period"}:
        raise DictionaryError(f'{name}: grain: write grain = {{ level = "unit", period = "month" }}')
    _one_of(name, "grain.level", grain["level"], LEVELS)
    _one_of(name, "grain.period", grain["period"], PERIODS)
    if "by" in grain and grain["level"] != "organisation":
        raise DictionaryError(f"{name}: grain.by: figures by a dimension have the level organisation")
    return Grain(**grain)


def _curve(name: str, curve: Any) -> Curve:
    if not isinstance(curve, dict) or set(curve) != {"by", "value", "cutoffs", "own"}:
        raise DictionaryError(
            f'{name}: curve: write curve = {{ by = "within_days", value = "wait_days", cutoffs = [7, 14], own = 14 }}'
        )
    for field in ("by", "value"):
        _identifier(name, f"curve.{field}", str(curve[field]))
    cutoffs = curve["cutoffs"]
    is_counts = isinstance(cutoffs, list) and all(type(cutoff) is int and cutoff >= 0 for cutoff in cutoffs)
    if not is_counts or len(cutoffs) < 2 or cutoffs != sorted(set(cutoffs)):
        raise DictionaryError(f"{name}: curve.cutoffs: write two or more whole numbers, each above the one before")
    _one_of(name, "curve.own", curve["own"], cutoffs)
    return Curve(curve["by"], curve["value"], tuple(cutoffs), curve["own"])


def _months_later(name: str, months: Any) -> int:
    if type(months) is not int or not 0 <= months <= 2:
        raise DictionaryError(f"{name}: complete_after_months: write 1 or 2, or take the line out")
    return months


def _design_effect(name: str, effect: Any) -> float:
    if type(effect) not in (int, float) or effect < 1:
        raise DictionaryError(f"{name}: design_effect: write a number of 1 or more")
    return float(effect)


def _by_chance(name: str, by_chance: Any) -> ByChance:
    fields = ByChance.__dataclass_fields__
    if (
        not isinstance(by_chance, dict)
        or set(by_chance) != set(fields)
        or {type(n) for n in by_chance.values()} != {int}
    ):
        raise DictionaryError(
            f"{name}: by_chance: write by_chance = {{ percent = 38, at_most = 53, error_percent = 5 }}"
        )
    return ByChance(**by_chance)


def _needs(name: str, needs: Any) -> tuple[str, ...]:
    if not isinstance(needs, list) or not all(isinstance(need, str) and _NEED.fullmatch(need) for need in needs):
        raise DictionaryError(f"{name}: needs: write a list of tables or table.field, [] when there are none")
    return tuple(needs)


def _check_breakdowns(measures: Mapping[str, Measure], dimensions: Collection[str]) -> None:
    for measure in measures.values():
        for breakdown in measure.breakdowns:
            _one_of(measure.id, "breakdowns", breakdown, dimensions)
        if measure.breakdowns and measure.grain.level != "unit":
            raise DictionaryError(f"{measure.id}: breakdowns: are over units; a measure of another level has none")
        if measure.grain.by:
            _one_of(measure.id, "grain.by", measure.grain.by, dimensions)
        if measure.curve and measure.curve.by in dimensions:
            raise DictionaryError(f"{measure.id}: curve.by: '{measure.curve.by}' is a dimension; give it another name")
        if sum(map(bool, (measure.breakdowns, measure.grain.by, measure.curve))) > 1:
            raise DictionaryError(f"{measure.id}: has breakdowns, grain.by or a curve: one of them is the most")
        if len(measure.breakdowns) > MOST_BREAKDOWNS:
            raise DictionaryError(f"{measure.id}: breakdowns: {MOST_BREAKDOWNS} are the most; take one out")

    shared: dict[tuple[str, str], str] = {}
    for measure in measures.values():
        for broken_down in [
            (cell, breakdown) for cell in (measure.base_cell, measure.part_cell) for breakdown in measure.breakdowns
        ]:
            other = shared.setdefault(broken_down, measure.id)
            if other != measure.id:
                raise DictionaryError(
                    f"{measure.id}: breakdowns: {other} breaks '{broken_down[0]}' down already; once is the most"
                )


def _check_files(folder: Path, measures: Mapping[str, Measure]) -> None:
    files = {path.stem for path in folder.glob("*.sql") if path.name not in (ATOMS_SQL, ATOMS_OF_CLIENTS_SQL)}
    for name in measures:
        if name not in files:
            raise DictionaryError(f"{name}: has no SQL; write {name}.sql beside dictionary.toml")
    for name in sorted(files - set(measures)):
        raise DictionaryError(f"{name}.sql: has no entry; write [{name}] in dictionary.toml")


def _check_cells(measures: Mapping[str, Measure]) -> None:
    """A cell is the part of at most one measure, and has one grain, so that it can have one status."""
    part_of: dict[str, str] = {}
    grain_of: dict[str, tuple[str, Grain]] = {}
    for measure in measures.values():
        other = part_of.setdefault(measure.part_cell, measure.id)
        if other != measure.id:
            raise DictionaryError(f"{measure.id}: part_cell: '{measure.part_cell}' is the part of {other} already")
        for field, cell in (("base_cell", measure.base_cell), ("part_cell", measure.part_cell)):
            first, grain = grain_of.setdefault(cell, (measure.id, measure.grain))
            if grain != measure.grain:
                raise DictionaryError(f"{measure.id}: {field}: '{cell}' has another grain in {first}; give them one")
    bases = {measure.base_cell for measure in measures.values()}
    for measure in measures.values():
        for cell in measure.lies_within:
            _one_of(measure.id, "lies_within", cell, sorted(bases - {measure.base_cell}))
        if measure.curve and (measure.part_cell in bases or measure.base_cell in part_of):
            raise DictionaryError(f"{measure.id}: curve: its part is no base, and its base no part, of another measure")
        _check_chain(measure, measures, part_of)


def _check_companions(measures: Mapping[str, Measure]) -> None:
    """What is shown only beside another measure has the places and periods of that one."""
    for measure in measures.values():
        if measure.shown_beside is None:
            continue
        _one_of(measure.id, "shown_beside", measure.shown_beside, sorted(set(measures) - {measure.id}))
        if measures[measure.shown_beside].grain != measure.grain:
            raise DictionaryError(
                f"{measure.id}: shown_beside: {measure.shown_beside} has another grain; give them one"
            )


def _check_chain(measure: Measure, measures: Mapping[str, Measure], part_of: Mapping[str, str]) -> None:
    cells = [measure.part_cell]
    outer: str | None = measure.id
    while outer is not None:
        cell = measures[outer].base_cell
        if cell in cells:
            raise DictionaryError(f"{measure.id}: base_cell: '{cell}' would be a part of itself")
        cells.append(cell)
        outer = part_of.get(cell)


def _plain(measure: Measure) -> dict[str, Any]:
    fields = {name: value for name, value in asdict(measure).items() if name != "id" and value is not None}
    return {
        **fields,
        "grain": {name: value for name, value in fields["grain"].items() if value is not None},
        "needs": list(measure.needs),
        "breakdowns": list(measure.breakdowns),
        "lies_within": list(measure.lies_within),
    }
