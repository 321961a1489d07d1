"""Who tries what: the outsider, the keeper of all releases and the lead of each unit, each against every count.

Each has the published figures; a lead also has the exact counts of their own unit, whatever these may be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from expectations.auditor.findings import Finding, place_of
from expectations.auditor.narrowing import ContradictionError, Known, fixed, groups, is_possible, known, only, table_at
from expectations.auditor.reading import BANDED, NOT_SHOWN, PUBLISHED
from expectations.auditor.room import has_room
from expectations.auditor.tables import QUANTITIES, Tables, possible_tables

OUTSIDER, KEEPER, LEAD = "an outsider with the newest release", "a keeper of all releases", "the lead of a unit"


@dataclass
class Attacked:
    """What the attackers could work out. `widths`: for each status and quantity the smallest interval's width."""

    findings: list[Finding]
    counts: int
    atoms: int
    leads: int
    programs: int
    widths: dict[str, dict[str, int]]


def attack(rows: pd.DataFrame, unlike: pd.DataFrame, names: Sequence[str], *, newest_only: bool) -> Attacked:
    """Tries every attacker on `figures` of releases, with their `differences`; `names` are the releases', the newest last.

    With `newest_only`, on the counts of the newest release and whatever is bound to them.
    """
    tables = possible_tables(rows, unlike)
    if newest_only:
        of_newest = (tables.atoms.release == len(names) - 1).to_numpy()
        group = groups(tables)[tables.atoms.base_at]
        tables = only(tables, np.isin(group, group[of_newest]))
    result = Attacked([], len(tables.lo), len(tables.atoms), 0, 0, {})
    if tables.atoms.empty:
        return result
    try:
        found = known(tables)
    except ContradictionError:
        tables = _without_contradictions(tables, names, result)
        if tables.atoms.empty:
            return result
        found = known(tables)
    result.programs += found.programs
    result.widths = _smallest_widths(tables, found)
    if found.is_narrowed.any():
        alone = _narrowed_in(rows.loc[rows.release == len(names) - 1], unlike, tables.atoms)
        result.findings += _narrowings(tables, found, names, [OUTSIDER if is_alone else KEEPER for is_alone in alone])
    _try_leads(tables, found, names, result)
    return result


def _without_contradictions(tables: Tables, names: Sequence[str], result: Attacked) -> Tables:
    """Names the groups of counts for which no table is possible, and goes on without them."""
    group = groups(tables)[tables.atoms.base_at]
    impossible = _impossible(tables, group, np.unique(group))
    for number in impossible:
        row = tables.atoms[group == number].iloc[0]
        what = "no counts are possible of which all that was published is true."
        tells = "Figures that contradict one another were not made as documented."
        result.findings.append(Finding("contradiction", names[int(row.release)], place_of(row), what, tells))
    return only(tables, ~np.isin(group, impossible)) if impossible else tables


def _impossible(tables: Tables, group: np.ndarray, numbers: np.ndarray) -> list[int]:
    """The groups without a possible table: halved until each is found."""
    if is_possible(only(tables, np.isin(group, numbers))):
        return []
    if len(numbers) == 1:
        return [int(numbers[0])]
    half = len(numbers) // 2
    return _impossible(tables, group, numbers[:half]) + _impossible(tables, group, numbers[half:])


def _narrowed_in(rows: pd.DataFrame, unlike: pd.DataFrame, atoms: pd.DataFrame) -> np.ndarray:
    """Which of the atoms are narrowed by the rows of one release alone."""
    tables = possible_tables(rows, unlike)
    try:
        is_narrowed = known(tables).is_narrowed.any(axis=1)
    except ContradictionError:
        is_narrowed = np.ones(len(tables.atoms), dtype=bool)
    return np.isin(atoms.index, tables.atoms.index.to_numpy()[is_narrowed])


def _narrowings(tables: Tables, found: Known, names: Sequence[str], attackers: Sequence[str]) -> Iterator[Finding]:
    for at in np.flatnonzero(found.is_narrowed.any(axis=1)).tolist():
        row = tables.atoms.iloc[at]
        quantities = [
            f"its {name} is {_interval(found.least[at, q], found.greatest[at, q])}, "
            f"where its own status says {_interval(tables.own_lo[at, q], tables.own_hi[at, q])}"
            for q, name in enumerate(QUANTITIES)
            if found.is_narrowed[at, q]
        ]
        what = "other published figures say more of it than its own status does."
        tells = f"For {attackers[at]} {'; '.join(quantities)}."
        yield Finding("narrowing", names[int(row.release)], place_of(row), what, tells)


def _interval(least: float, greatest: float) -> str:
    if np.isinf(greatest):
        return f"{least:.0f} or more" if least > 0 else "anything"
    return f"{least:.0f}" if least == greatest else f"{least:.0f} to {greatest:.0f}"


def _smallest_widths(tables: Tables, found: Known) -> dict[str, dict[str, int]]:
    """Widths of intervals as an attacker has them, the smallest of each status; none where nothing is bounded."""
    widths: dict[str, dict[str, int]] = {}
    for status in (PUBLISHED, BANDED, NOT_SHOWN):
        is_of = (tables.atoms.status == status).to_numpy()
        of_status = (found.greatest - found.least)[is_of]
        smallest = of_status.min(axis=0, initial=np.inf)
        widths[status] = {name: int(smallest[q]) for q, name in enumerate(QUANTITIES) if np.isfinite(smallest[q])}
    return widths


def _try_leads(tables: Tables, found: Known, names: Sequence[str], result: Attacked) -> None:
    """A lead's own counts tell of another count only if something published binds them: elsewhere there is nothing to try."""
    is_unit = (tables.atoms.level == "unit").to_numpy()
    place, places = pd.factorize(tables.atoms.place[is_unit])
    result.leads = len(places)
    group = groups(tables)[tables.atoms.base_at]
    of_a_place = np.unique(np.stack([group[is_unit], place]), axis=1)[0]
    numbers, bound = np.unique(of_a_place, return_counts=True)
    for number in numbers[bound > 1]:
        is_in = group == number
        bound = only(tables, is_in)
        if not found.is_narrowed[is_in].any() and not has_room(bound):
            _try_leads_of(bound, names, result)


def _try_leads_of(tables: Tables, names: Sequence[str], result: Attacked) -> None:
    """Every lead of a group of bound units, with the own counts at each end of what they can be.

    The ends are enough: what is possible at two sets of own counts is possible in between. Units of which the same
    was said, but for the size of their figures, stand for one another, if two of each kind are tried.
    """
    for place in _two_of_each_kind(tables):
        is_own = ((tables.atoms.level == "unit") & (tables.atoms.place == place)).to_numpy()
        own = tables.atoms.loc[is_own]
        cells = np.unique(np.concatenate([own.base_at, own.part_at]))
        ends = np.unique([table_at(tables, weights)[cells] for weights in _ends(tables, own)], axis=0)
        for counts in ends:
            found = known(fixed(tables, cells, counts), ~is_own)
            result.programs += found.programs
            if found.is_narrowed.any():
                result.findings += _narrowings(tables, found, names, [f"the lead of {place}"] * len(tables.atoms))
                break


def _two_of_each_kind(tables: Tables) -> list[str]:
    figures = tables.atoms[["base", "part"]].assign(rest=tables.atoms.base - tables.atoms.part).fillna(0).to_numpy()
    said = np.hstack([tables.own_lo - figures, tables.own_hi - figures])
    kinds = pd.DataFrame(said, index=tables.atoms.index).assign(
        measure_id=tables.atoms.measure_id, status=tables.atoms.status
    )
    number = kinds.groupby(list(kinds.columns), dropna=False).ngroup().astype("str")
    units = tables.atoms.assign(kind=number).loc[tables.atoms.level == "unit"]
    of_unit = units.sort_values(by=["period_start", "measure_id"]).groupby("place").kind.agg(",".join)
    return list(of_unit.groupby(of_unit).head(2).index)


def _ends(tables: Tables, own: pd.DataFrame) -> Iterator[np.ndarray]:
    """For base, part and rest of each own atom: the weights of its least and of its greatest."""
    for _, atom in own.iterrows():
        for base, part in ((1.0, 0.0), (0.0, 1.0), (1.0, -1.0)):
            weights = np.zeros(len(tables.lo))
            weights[atom.base_at] += base
            weights[atom.part_at] += part
            yield weights
            yield -weights
