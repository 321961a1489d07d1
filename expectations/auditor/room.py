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

    One of the two is the lead's, a unit; the other is the one asked about, a unit or a bin. Of the rest, a place whose
    rows hold at all corners of its counts' bounds moves freely within them, each count by itself; any other is held at a
    possible table. What is left for a sum is then an interval; it shrinks by the widths of the two places, and must not be
    empty. The tables must be possible, and nothing in them narrowed for an outsider.
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
    held = table_at(tables, np.zeros(len(tables.lo))) if is_held.any() else tables.lo
    lo, hi, width = np.where(is_held, held, tables.lo), np.where(is_held, held, tables.hi), tables.hi - tables.lo

    def room(cells: tuple[int, ...], places: int) -> tuple[float, float]:
        """What a sum of cells can be for certain, wherever so many of them are."""
        at = list(cells)
        gone = np.sort(width[at])[len(at) - places :].sum()
        return lo[at].sum() + gone, hi[at].sum() - gone

    partitions: dict[tuple[int, ...], dict[tuple[int, ...], None]] = {}
    for number in np.flatnonzero(is_sum):
        bins, units = (tuple(sums.cell[(sums.row == number) & (sums.weight == sign)].tolist()) for sign in (1, -1))
        partitions.setdefault(units, {})[bins] = None
    groups = [[units, *of_units] for units, of_units in partitions.items()]
    summed = [cell for group in groups for cells in group for cell in cells]
    if len(summed) != len(set(summed)):
        return False  # a count is in two sums that are not the same
    for group in groups:
        for asked in range(len(group)):
            rooms = [room(cells, (at == 0) + (at == asked)) for at, cells in enumerate(group)]
            if max(low for low, _ in rooms) > min(high for _, high in rooms):
                return False
    return True
