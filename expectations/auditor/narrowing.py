"""No narrowing: whether everything that was published, taken together, says more of a count than its own status does.

Solved over whole numbers by linear programs. A solution is itself a possible table, so one that reaches the end of
what a status says is the proof that the end is possible: the least and greatest of each count over all tables found
are kept, and only what they leave open is solved for by itself. Counts that nothing binds together are independent,
so one program asks for one of each bound group at a time. There is no tolerance: counts are whole, and so are the
tables that prove them possible.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import highspy
import numpy as np

from expectations.auditor.tables import Sums, Tables

_WHOLE = 1e-6  # the solver's own exactness, far below the distance of two whole numbers


class ContradictionError(ValueError):
    """No table of counts is possible: the figures contradict one another."""


@dataclass
class Known:
    """What can be known of each atom's base, part and rest (columns): between `least` and `greatest`; inf is no bound.

    `is_narrowed` where that is less than the atom's own status says.
    """

    least: np.ndarray
    greatest: np.ndarray
    is_narrowed: np.ndarray
    programs: int


class _Quiet(highspy.Highs):
    def enableCallbacks(self) -> None:  # noqa: N802 (the solver's name)
        """None are used; enabling them prints the solver's name to the terminal."""
        self.silent()


class _Solver:
    """Possible tables that make a given sum of cells greatest."""

    def __init__(self, tables: Tables, beyond: float) -> None:
        self.cells, self.programs = len(tables.lo), 0
        # a cell that nothing bounds is bounded far beyond anything that was published
        hi = np.where(np.isinf(tables.hi), beyond, tables.hi)
        if (tables.lo > hi).any():
            raise ContradictionError
        sums = tables.sums
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.cells, len(sums.lo)
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = np.zeros(self.cells), tables.lo, hi
        lp.row_lower_, lp.row_upper_ = sums.lo, sums.hi
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.searchsorted(sums.row, np.arange(len(sums.lo) + 1))
        lp.a_matrix_.index_, lp.a_matrix_.value_ = sums.cell, sums.weight
        self._all = np.arange(self.cells, dtype=np.int32)
        self._highs = _Quiet()
        self._highs.setOptionValue("threads", 1)
        self._highs.passModel(lp)

    def greatest(self, weights: np.ndarray) -> np.ndarray:
        """A table of whole numbers. Raises ContradictionError where there is none."""
        self._highs.changeColsCost(self.cells, self._all, weights)
        table = self._solve()
        if (np.abs(table - np.round(table)) > _WHOLE).any():
            self._set_kind(highspy.HighsVarType.kInteger)
            table = self._solve()
            self._set_kind(highspy.HighsVarType.kContinuous)
        return np.round(table)

    def _set_kind(self, kind: highspy.HighsVarType) -> None:
        self._highs.changeColsIntegrality(self.cells, self._all, np.full(self.cells, kind.value, dtype=np.uint8))

    def _solve(self) -> np.ndarray:
        self.programs += 1
        self._highs.run()
        status = self._highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            raise ContradictionError
        if status != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"the linear program ended as {status.name}")
        return np.asarray(self._highs.getSolution().col_value)


def known(tables: Tables, is_asked: np.ndarray | None = None) -> Known:
    """What can be known of the atoms that are asked about (all, unless said). Raises ContradictionError."""
    beyond = _far_beyond(tables)
    solver = _Solver(tables, beyond)
    base, part = tables.atoms.base_at.to_numpy(), tables.atoms.part_at.to_numpy()
    group = groups(tables)[base] if len(base) else base
    asked = np.ones(len(base), dtype=bool) if is_asked is None else is_asked
    ends = np.stack([-tables.own_lo, tables.own_hi])  # the most that minus and plus a count may be, by its own status
    found = np.full(ends.shape, -np.inf)
    is_open = np.broadcast_to(asked[:, None], ends.shape).copy()
    weights = _Weights(base, part, solver.cells)

    def take(table: np.ndarray) -> None:
        counts = np.column_stack([table[base], table[part], table[base] - table[part]])
        np.maximum(found, np.stack([-counts, counts]), out=found)
        found[found > beyond / 2] = np.inf
        is_open[found >= ends] = False

    for side in (0, 1):
        for quantities in ((0, 1), (2,)):
            goals = is_open.copy()
            goals[1 - side] = False
            goals[:, :, [quantity for quantity in range(3) if quantity not in quantities]] = False
            take(solver.greatest(weights.of(goals)))
    while is_open.any():
        before = is_open.sum()
        take(solver.greatest(weights.of(_halved(is_open))))
        if is_open.sum() < before or not is_open.any():
            continue
        alone = _one_of_each(is_open, group)
        take(solver.greatest(weights.of(alone)))
        is_open[alone] = False
    is_narrowed = np.any((found < ends) & asked[:, None], axis=0)
    return Known(-found[0], found[1], is_narrowed, solver.programs)


def is_possible(tables: Tables) -> bool:
    """Whether any table of counts is possible."""
    try:
        table_at(tables, np.zeros(len(tables.lo)))
    except ContradictionError:
        return False
    return True


def table_at(tables: Tables, weights: np.ndarray) -> np.ndarray:
    """A possible table at which the weighted sum of its cells is greatest. Raises ContradictionError."""
    return _Solver(tables, _far_beyond(tables)).greatest(weights)


def _far_beyond(tables: Tables) -> float:
    """More than anything published could add up to."""
    return 1e4 + 8 * float(tables.lo.sum()) + 8 * float(tables.hi[np.isfinite(tables.hi)].sum())


class _Weights:
    """The weights of cells that make a set of goals (side × atom × quantity) one sum."""

    def __init__(self, base: np.ndarray, part: np.ndarray, cells: int) -> None:
        self.base, self.part, self.cells = base, part, cells

    def of(self, goals: np.ndarray) -> np.ndarray:
        wanted = goals[1].astype(float) - goals[0]
        return np.bincount(self.base, wanted[:, 0] + wanted[:, 2], self.cells) + np.bincount(
            self.part, wanted[:, 1] - wanted[:, 2], self.cells
        )


def _halved(is_open: np.ndarray) -> np.ndarray:
    """Every second atom at its least and the others at their greatest, so that what is bound together gives way."""
    goals = is_open.copy()
    goals[0, 0::2] = False
    goals[1, 1::2] = False
    return goals if goals.any() else is_open


def _one_of_each(is_open: np.ndarray, group: np.ndarray) -> np.ndarray:
    """One open goal of each group of bound cells: the greatest of their sum is the greatest of each."""
    side, atom, quantity = np.nonzero(is_open)
    _, first = np.unique(group[atom], return_index=True)
    goals = np.zeros_like(is_open)
    goals[side[first], atom[first], quantity[first]] = True
    return goals


def groups(tables: Tables) -> np.ndarray:
    """For each cell the number of its group: cells that statements bind together, directly or through others."""
    return bound_together(len(tables.lo), tables.sums.row, tables.sums.cell, len(tables.sums.lo))


def bound_together(cells: int, row: np.ndarray, cell: np.ndarray, rows: int) -> np.ndarray:
    """For each cell the least cell that it is bound to by statements, given as pairs of a row and a cell in it."""
    group = np.arange(cells)
    while True:
        least = np.full(rows, cells)
        np.minimum.at(least, row, group[cell])
        lower = group.copy()
        np.minimum.at(lower, cell, least[row])
        lower = lower[lower]
        if (lower == group).all():
            return group
        group = lower


def only(tables: Tables, is_kept: np.ndarray) -> Tables:
    """The tables of the atoms that are kept; they must not be bound to any other."""
    atoms = tables.atoms.loc[is_kept]
    cells = np.unique(np.concatenate([atoms.base_at, atoms.part_at]))
    at = np.full(len(tables.lo), -1)
    at[cells] = np.arange(len(cells))
    is_row = at[tables.sums.cell] >= 0
    kept, row = np.unique(tables.sums.row[is_row], return_inverse=True)
    sums = Sums(
        row, at[tables.sums.cell[is_row]], tables.sums.weight[is_row], tables.sums.lo[kept], tables.sums.hi[kept]
    )
    atoms = atoms.assign(base_at=at[atoms.base_at], part_at=at[atoms.part_at])
    return Tables(atoms, tables.lo[cells], tables.hi[cells], sums, tables.own_lo[is_kept], tables.own_hi[is_kept])


def fixed(tables: Tables, cells: np.ndarray, counts: np.ndarray) -> Tables:
    """The tables in which some cells are known exactly."""
    lo, hi = tables.lo.copy(), tables.hi.copy()
    lo[cells] = hi[cells] = counts
    return replace(tables, lo=lo, hi=hi)
