"""What releases say of the true counts: the tables of counts that are possible, and what each row says by itself.

A *cell* is one count that nobody but the platform knows: of a place, in a period, under a name. Measures that name
the same cell speak of the same count. A *possible table* gives every cell a whole number so that everything that was
published holds. An *atom* has a base cell, a part cell, and the rest between them.

Two readings are made here, and `narrowing` compares them: what everything together says (bounds of cells, rests and
sums), and what an atom's own status says (the interval of its base, part and rest: a rounding step, a band, or
anything).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from expectations.auditor.reading import NOT_MEASURED

_AT = ["place_at", "measure_at"]  # a place and a measure
_CELLS = ["base_at", "part_at"]
QUANTITIES = ("base", "part", "rest")


@dataclass(frozen=True)
class Sums:
    """Linear statements on cells, one a number in `row`: lo ≤ Σ weight × cell ≤ hi."""

    row: np.ndarray
    cell: np.ndarray
    weight: np.ndarray
    lo: np.ndarray
    hi: np.ndarray


@dataclass(frozen=True)
class Tables:
    """`lo`, `hi` bound the cells; `sums` bind them. `atoms`: a row each, with `base_at` and `part_at`, its cells.

    `own_lo`, `own_hi` (atoms × base, part, rest) are what each atom's own status says; inf where it says nothing.
    """

    atoms: pd.DataFrame
    lo: np.ndarray
    hi: np.ndarray
    sums: Sums
    own_lo: np.ndarray
    own_hi: np.ndarray


def possible_tables(rows: pd.DataFrame, unlike: pd.DataFrame) -> Tables:
    """The tables that are possible after everything that `rows` (of `figures`, with their `differences`) say."""
    is_counted = (rows.is_atom | rows.is_breakdown) & rows.part_cell.notna() & (rows.status != NOT_MEASURED)
    atoms = rows.loc[is_counted]
    at, numbers = pd.factorize(np.concatenate([atoms.base_at, atoms.part_at]))
    cells, atoms = len(numbers), atoms.assign(base_at=at[: len(atoms)], part_at=at[len(atoms) :])
    lo, hi = _said_of_cells(atoms, cells)
    unlike = unlike.reindex(rows.index)
    derived = rows.loc[rows.is_derived & unlike[["part", "base", "status"]].any(axis=1)]
    sums = [
        *_rests(atoms),
        _steps(atoms),
        *_rates(atoms, unlike),
        *_totals(derived, unlike, atoms, lo, hi),
        *_bins(atoms),
    ]
    own_lo, own_hi = _said_by_itself(atoms, cells)
    return Tables(atoms, lo, hi, _joined(sums, cells), own_lo, own_hi)


def _said_of_cells(atoms: pd.DataFrame, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of each cell from every figure and band that is shown of it, whatever the status says should be."""
    lo, hi = np.zeros(cells), np.full(cells, np.inf)
    is_rounded = atoms.base.notna() & ~atoms.is_base_by_band
    _narrow(
        lo, hi, atoms.base_at, (atoms.base - atoms.half).where(is_rounded), (atoms.base + atoms.half).where(is_rounded)
    )
    _narrow(lo, hi, atoms.base_at, atoms.min_base.where(atoms.is_shown), None)
    _narrow(lo, hi, atoms.part_at, atoms.part - atoms.half, atoms.part + atoms.half)
    low, high = _band_of_part(atoms)
    _narrow(lo, hi, atoms.part_at, low, high)
    return lo, hi


def _narrow(lo: np.ndarray, hi: np.ndarray, at: pd.Series, low: pd.Series, high: pd.Series | None) -> None:
    np.maximum.at(lo, at.to_numpy(), low.fillna(0).to_numpy(dtype=float))
    if high is not None:
        np.minimum.at(hi, at.to_numpy(), high.fillna(np.inf).to_numpy(dtype=float))


def _band_of_part(atoms: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """What a status says of the part by the count alone: 10 or more, or fewer."""
    is_at_least = atoms.is_published | atoms.few_of_others
    return (atoms.few + 1).where(is_at_least), atoms.few.where(atoms.few_of_them)


def _band_of_rest(atoms: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    is_at_least = atoms.is_published | atoms.few_of_them
    low = (atoms.few + 1).where(is_at_least, 0).to_numpy(dtype=float)
    return low, atoms.few.where(atoms.few_of_others).fillna(np.inf).to_numpy(dtype=float)


def _rests(atoms: pd.DataFrame) -> Iterator[Sums]:
    """A part is no more than its base, and the rest is what the status says of it."""
    many = np.arange(len(atoms))
    low, high = _band_of_rest(atoms)
    cell = np.concatenate([atoms.base_at.to_numpy(), atoms.part_at.to_numpy()])
    yield Sums(np.tile(many, 2), cell, np.repeat([1.0, -1.0], len(atoms)), low, high)


def _steps(atoms: pd.DataFrame) -> Sums:
    """The parts of a curve lie in one another, and between two that are shown there are as many as in any part that is."""
    curves = atoms.loc[atoms.is_curve].sort_values(by=[*_AT, "cutoff"])
    before = curves.groupby(_AT)[["part_at", "is_published"]].shift()
    steps = curves.loc[before.part_at.notna()]
    before = before.loc[steps.index]
    many = len(steps)
    cell = np.concatenate([steps.part_at.to_numpy(), before.part_at.to_numpy(dtype=int)])
    are_shown = steps.is_published & before.is_published.eq(True)
    low = (steps.few + 1).where(are_shown, 0).to_numpy(dtype=float)
    return Sums(np.tile(np.arange(many), 2), cell, np.repeat([1.0, -1.0], many), low, np.full(many, np.inf))


def _rates(atoms: pd.DataFrame, unlike: pd.DataFrame) -> Iterator[Sums]:
    """A rate or bound that does not follow from the rounded figures speaks of the true ones: 100 part against it × base."""
    for name, half, low, high in (
        ("value", 0.5, 0.0, 0.0),
        ("lower_tenths", 0.0, 0.0, np.inf),
        ("upper_tenths", 0.0, -np.inf, 0.0),
    ):
        found = atoms.loc[unlike[name].reindex(atoms.index) & atoms[name].notna(), [name, "base_at", "part_at"]]
        percent = found.loc[:, name].to_numpy() / (10 if name.endswith("_tenths") else 1)
        many = len(found)
        for rate, lowest, highest in (
            [(percent, low, high)] if not half else [(percent - half, 0.0, np.inf), (percent + half, -np.inf, 0.0)]
        ):
            yield Sums(
                np.tile(np.arange(many), 2),
                np.concatenate([found.part_at.to_numpy(), found.base_at.to_numpy()]),
                np.concatenate([np.full(many, 100.0), -rate]),
                np.full(many, lowest),
                np.full(many, highest),
            )


def _totals(
    derived: pd.DataFrame, unlike: pd.DataFrame, atoms: pd.DataFrame, lo: np.ndarray, hi: np.ndarray
) -> Iterator[Sums]:
    """A figure above the grain that is not made from published ones is a sum of true counts, rounded or not.

    Of the places that are shown, if it can be, else of all of them: as somebody would read it.
    """
    for label, row in derived.iterrows():
        is_of = atoms.is_atom & (atoms.is_withdrawn == row.is_withdrawn) & (atoms.measure_id == row.measure_id)
        is_of &= (atoms.period_start == row.period_start) & (atoms.period_end == row.period_end)
        is_of &= (atoms.breakdown == row.breakdown) & (atoms.breakdown_value == row.breakdown_value)
        inside = atoms.loc[is_of & (True if row.level == "organisation" else atoms.service == row.place)]
        shown = inside.loc[inside.is_shown]
        for name, column in (("base", "base_at"), ("part", "part_at")):
            if np.isnan(row[name]) or inside.empty or not unlike.at[label, name]:
                continue
            slack = row.half if row[name] % (2 * row.half + 1) == 0 else 0
            low, high = row[name] - slack, row[name] + slack
            of_shown = shown[column].to_numpy()
            fits = len(of_shown) and lo[of_shown].sum() <= high and hi[of_shown].sum() >= low
            cell = of_shown if fits else inside[column].to_numpy()
            zeros = np.zeros(len(cell), dtype=int)
            yield Sums(zeros, cell, np.ones(len(cell)), np.array([low]), np.array([high]))


def _bins(atoms: pd.DataFrame) -> Iterator[Sums]:
    """The bins of a breakdown that is shown add up to the published units, base and part."""
    broken = atoms.loc[atoms.is_breakdown]
    broken = broken[broken.is_shown.groupby([broken.measure_at, broken.breakdown]).transform("any")]
    units = atoms.loc[
        atoms.is_atom & atoms.is_published & atoms.measure_at.isin(broken.measure_at), ["measure_at", *_CELLS]
    ]
    for (measure_at, _), bins in broken.groupby(["measure_at", "breakdown"]):
        inside = units.loc[units.measure_at == measure_at]
        for column in _CELLS:
            cell = np.concatenate([bins[column].to_numpy(), inside[column].to_numpy()])
            weight = np.repeat([1.0, -1.0], [len(bins), len(inside)])
            yield Sums(np.zeros(len(cell), dtype=int), cell, weight, np.zeros(1), np.zeros(1))


def _joined(all_sums: Sequence[Sums], cells: int) -> Sums:
    """All statements under one numbering; a cell stands once in each."""
    starts = np.cumsum([0, *(len(sums.lo) for sums in all_sums)])
    row = np.concatenate([sums.row + start for sums, start in zip(all_sums, starts, strict=False)])
    place, at = np.unique(row * cells + np.concatenate([sums.cell for sums in all_sums]), return_inverse=True)
    weight = np.bincount(at, np.concatenate([sums.weight for sums in all_sums]), len(place))
    lo, hi = (np.concatenate([getattr(sums, end) for sums in all_sums]) for end in ("lo", "hi"))
    return Sums(place // max(cells, 1), place % max(cells, 1), weight, lo, hi)


def _said_by_itself(atoms: pd.DataFrame, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """The intervals of base, part and rest by each atom's own status, given its base where that is shown."""
    is_shown = atoms.is_shown.to_numpy()
    base_lo = np.fmax(atoms.base_lo, atoms.min_base).to_numpy(dtype=float)
    base_hi = atoms.base_hi.to_numpy(dtype=float)
    low, high = _band_of_part(atoms)
    part_lo = np.nan_to_num(
        np.fmax((atoms.part - atoms.half).to_numpy(dtype=float), low.to_numpy(dtype=float)), nan=0.0
    )
    part_hi = np.nan_to_num(
        np.fmin((atoms.part + atoms.half).to_numpy(dtype=float), high.to_numpy(dtype=float)), nan=np.inf
    )
    rest_lo, rest_hi = _band_of_rest(atoms)
    own_lo = np.column_stack(
        [
            np.fmax(base_lo, part_lo + rest_lo),
            np.fmax(part_lo, base_lo - rest_hi),
            np.fmax(rest_lo, base_lo - part_hi),
        ]
    )
    own_hi = np.column_stack(
        [
            np.fmin(base_hi, part_hi + rest_hi),
            np.fmin(part_hi, base_hi - rest_lo),
            np.fmin(rest_hi, base_hi - part_lo),
        ]
    )
    hidden_lo, hidden_hi = _said_of_hidden(atoms, is_shown, own_lo, own_hi, cells)
    own_lo = np.where(is_shown[:, None], own_lo, hidden_lo)
    return _with_hidden_curves(atoms, is_shown, own_lo, np.where(is_shown[:, None], own_hi, hidden_hi))


def _with_hidden_curves(
    atoms: pd.DataFrame, is_shown: np.ndarray, own_lo: np.ndarray, own_hi: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of a curve that is not shown: a part before the measure's own is no more than that, one after it no less."""
    numbered = atoms[[*_AT, "is_curve"]].assign(number=np.arange(len(atoms)))
    own_rows = numbered.loc[~numbered.is_curve].drop_duplicates(_AT)
    found = numbered.loc[numbered.is_curve & ~is_shown].merge(own_rows, on=_AT, suffixes=("", "_own"))
    hidden, own = found.number.to_numpy(), found.number_own.to_numpy()
    base, part, rest = range(3)
    cutoff, own_cutoff = (atoms[name].to_numpy()[hidden] for name in ("cutoff", "own_cutoff"))
    lo, hi = own_lo[own], own_hi[own]
    lo[cutoff < own_cutoff, part], hi[cutoff < own_cutoff, rest] = 0, hi[cutoff < own_cutoff, base]
    lo[cutoff > own_cutoff, rest], hi[cutoff > own_cutoff, part] = 0, hi[cutoff > own_cutoff, base]
    own_lo[hidden], own_hi[hidden] = lo, hi
    return own_lo, own_hi


def _said_of_hidden(
    atoms: pd.DataFrame, is_shown: np.ndarray, own_lo: np.ndarray, own_hi: np.ndarray, cells: int
) -> tuple[np.ndarray, np.ndarray]:
    """What may be known of an atom that is not shown: of its cells what other measures show of them, of its rest nothing.

    A cell is spoken of by the measure whose part it is, else by those whose base it is. One that nobody speaks of
    is no more than the count around it and no less than a count inside it. A rest is no more than the base.
    """
    base_at, part_at = atoms.base_at.to_numpy(), atoms.part_at.to_numpy()
    lo, hi, is_spoken = np.zeros(cells), np.full(cells, np.inf), np.zeros(cells, dtype=bool)
    is_spoken[part_at[is_shown]] = True
    speaks_of_base = is_shown & ~is_spoken[base_at]
    np.maximum.at(lo, base_at[speaks_of_base], own_lo[speaks_of_base, 0])
    np.minimum.at(hi, base_at[speaks_of_base], own_hi[speaks_of_base, 0])
    lo[part_at[is_shown]], hi[part_at[is_shown]] = own_lo[is_shown, 1], own_hi[is_shown, 1]
    is_spoken[base_at[speaks_of_base]] = True
    for _ in range(atoms.measure_id.nunique()):
        inner = part_at[~is_spoken[part_at]], hi[base_at[~is_spoken[part_at]]]
        np.minimum.at(hi, *inner)
        outer = base_at[~is_spoken[base_at]], lo[part_at[~is_spoken[base_at]]]
        np.maximum.at(lo, *outer)
    hidden_lo = np.column_stack([lo[base_at], lo[part_at], np.zeros(len(atoms))])
    return hidden_lo, np.column_stack([hi[base_at], hi[part_at], hi[base_at]])
