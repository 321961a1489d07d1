"""What rows above a measure's grain must say if they are made from published figures and from nothing else.

A second reading of `docs/releases.md` ("Services and the organisation"): rounded counts are added, a band counts
as its middle, what is not shown is left out, `coverage` says how many are in it. Nothing is judged here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from expectations.auditor.reading import NOT_MEASURED, NOT_SHOWN, PUBLISHED, numbered

_NUMBERS, _WORDS = ["part", "base", "value", "lower_tenths", "upper_tenths"], ["coverage", "status"]
_READ = ["part", "base", "base_lo", "base_hi", "half", "few", "few_of_them", "few_of_others"]
_READ += ["is_published", "is_shown", "status"]


def differences(rows: pd.DataFrame) -> pd.DataFrame:
    """Where a row's figures are not those that follow from published ones: one column of truth a figure.

    Of an atom, and of a cell of a breakdown, that is what follows from its own rounded part and base.
    """
    of_atoms = _of_atoms(rows.loc[rows.is_atom | rows.is_breakdown, _READ])
    kind = numbered(rows.release, rows.measure_at, rows.breakdown, rows.breakdown_value)
    derived = rows.loc[rows.is_derived]
    sums = _sums(rows.loc[rows.is_atom, [*_READ, "service"]].assign(kind=kind[rows.is_atom]))
    of_derived = _of_derived(derived.assign(kind=kind[rows.is_derived]), sums)
    expected = pd.DataFrame(pd.concat([of_atoms, of_derived[_NUMBERS]])).reindex(rows.index)
    numbers = {name: rows[name].ne(expected[name]) & ~(rows[name].isna() & expected[name].isna()) for name in _NUMBERS}
    words = {name: (derived[name] != of_derived[name]).reindex(rows.index, fill_value=False) for name in _WORDS}
    return pd.DataFrame(numbers | words)


def _of_atoms(atoms: pd.DataFrame) -> pd.DataFrame:
    value = _percent(2 * atoms.part, atoms.base).where(atoms.is_published)
    return pd.DataFrame(
        {
            "part": atoms.part.where(atoms.is_published),
            "base": atoms.base.where(atoms.is_shown),
            "value": value,
            **_bounds(_ends(atoms), value, atoms.is_shown),
        }
    )


def _ends(atoms: pd.DataFrame) -> pd.DataFrame:
    """Part and base where an atom's rate is least and greatest, and twice the part, or twice the middle of its band."""
    few, half, of_them, of_others = atoms.few, atoms.half, atoms.few_of_them, atoms.few_of_others
    low, high, part = atoms.base_lo, atoms.base_hi, atoms.part
    return pd.DataFrame(
        {
            "base": atoms.base,
            "middle_part_twice": (2 * part).mask(of_them, few).mask(of_others, 2 * atoms.base - few),
            "least_part": (part - half).mask(of_them, 0).mask(of_others, low - few),
            "least_base": high.mask(of_others, low),
            "greatest_part": (part + half).mask(of_them, few).mask(of_others, high),
            "greatest_base": low.mask(of_others, high),
        }
    )


def _sums(atoms: pd.DataFrame) -> pd.DataFrame:
    """Atoms as published, added up for each service and the organisation; `kind` is what may be added."""
    counted = _ends(atoms).where(atoms.is_shown)
    counted["shown"], counted["published"], counted["all"] = atoms.is_shown, atoms.is_published, 1
    counted["not_measured"] = atoms.status == NOT_MEASURED
    counted["kind"], counted["place"], columns = atoms.kind, atoms.service, list(counted.columns)
    services = pd.DataFrame(counted[counted.place != ""].groupby(["kind", "place"])[columns].sum()).reset_index()
    organisation = pd.DataFrame(counted.groupby("kind")[columns].sum()).reset_index()
    return pd.concat([services.assign(level="service"), organisation.assign(level="organisation", place="")])


def _of_derived(derived: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    keys = ["kind", "level", "place"]
    found = derived[keys].merge(sums, how="left", on=keys, validate="many_to_one").set_axis(derived.index)
    is_shown, is_not_measured = found.published > 0, found.not_measured > 0
    value = _percent(found.middle_part_twice, found.base).where(is_shown)
    in_it = found.shown.where(is_shown, 0).astype("Int64").astype(str)
    coverage = in_it + " of " + found["all"].astype("Int64").astype(str)
    return pd.DataFrame(
        {
            "part": np.floor(found.middle_part_twice / 2 + 0.5).where(is_shown),
            "base": found.base.where(is_shown),
            "value": value,
            **_bounds(found, value, is_shown),
            "coverage": coverage.mask(is_not_measured & ~is_shown, ""),
            "status": np.select([is_shown, is_not_measured], [PUBLISHED, NOT_MEASURED], NOT_SHOWN),
        },
        index=derived.index,
    )


def _percent(part_twice: pd.Series, base: pd.Series) -> pd.Series:
    """A whole percent, halves upwards."""
    return (100 * part_twice + base) // (2 * base)


def _bounds(ends: pd.DataFrame, value: pd.Series, is_shown: pd.Series) -> dict[str, pd.Series]:
    """Tenths of a percent between which the rate lies; opened as far as the whole percent, which a reader expects within."""
    lower = (1000 * ends.least_part // ends.least_base).clip(0, 1000)
    upper = (-(-1000 * ends.greatest_part // ends.greatest_base)).clip(0, 1000)
    return {
        "lower_tenths": lower.mask(lower > 10 * value, 10 * value).where(is_shown),
        "upper_tenths": upper.mask(upper < 10 * value, 10 * value).where(is_shown),
    }
