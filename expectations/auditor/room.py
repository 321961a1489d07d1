"""Whether sums bind counts so loosely that a lead's own counts tell nothing of another: a proof without linear programs.

Sufficient, not necessary: where it fails, the leads are tried one by one. It holds for nearly every breakdown of more
than a few units, and spares hundreds of programs there.
"""

from __future__ import annotations

import numpy as np

from expectations.auditor.narrowing import bound_together, table_at
from expectations.auditor.tables import Tables


def has_room(tables: Tables) -> bool:
    """Whether, with any two places at any counts that their own rows allow, the others can still make all sums hold.

    One of the two is the lead's, the other the one asked about. Of the rest, a place whose rows hold at all corners of
    its counts' bounds moves freely within them, each count by itself; any other is held at a possible table. What is
    left for a sum is then an interval; it shrinks by the widths of the two places, and must not be empty. The tables
    must be possible, and nothing in them narrowed for an outsider.
    """
    sums = tables.sums
    is_sum = np.bincount(sums.row, minlength=len(sums.lo)) > 2  # the others bind the counts of one place
    in_sum = is_sum[sums.row]
    if (sums.lo[is_sum] != 0).any() or (sums.hi[is_sum] != 0).any() or (np.abs(sums.weight[in_sum]) != 1).any():
        return False  # no breakdown: a figure that was not made as it should be
    ends = np.stack([sums.weight * tables.lo[sums.cell], sums.weight * tables.hi[sums.cell]])
    many = len(sums.lo)
    least, greatest = (np.bincount(sums.row, side, many) for side in (ends.min(axis=0), ends.max(axis=0)))
    is_tight = ~is_sum & ((least < sums.lo) | (greatest > sums.hi))
    place = bound_together(len(tables.lo), sums.row[~in_sum], sums.cell[~in_sum], many)
    is_held = np.isin(place, place[sums.cell[is_tight[sums.row]]])
    held = table_at(tables, np.zeros(len(tables.lo)))
    lo, hi, width = np.where(is_held, held, tables.lo), np.where(is_held, held, tables.hi), tables.hi - tables.lo

    rooms: dict[tuple[int, ...], tuple[float, float]] = {}
    for number in np.flatnonzero(is_sum):
        bins, units = (sums.cell[(sums.row == number) & (sums.weight == sign)] for sign in (1, -1))
        low, high = rooms.get(tuple(units), (-np.inf, np.inf))
        for cells, asked in ((bins, 1), (units, 2)):  # of the two places, the lead's is a unit
            gone = np.sort(width[cells])[-asked:].sum()
            low, high = max(low, lo[cells].sum() + gone), min(high, hi[cells].sum() - gone)
        rooms[tuple(units)] = low, high
    cells_summed = [cell for units in rooms for cell in units]
    is_apart = len(cells_summed) == len(set(cells_summed))  # units of one sum are those of another, or none of them
    return is_apart and all(low <= high for low, high in rooms.values())
