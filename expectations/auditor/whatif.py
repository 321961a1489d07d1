"""What-ifs: that what is told under several rules, side by side, tells of no difference between them that is about few.

`of_whatifs` needs what is public alone. `inside_whatif` sees who made up each count, and is for before publication.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from expectations.auditor.findings import Finding
from expectations.auditor.reading import NOT_SHOWN, PUBLISHED, WHATIF, WHATIF_FILE, ReleaseTables

COLUMNS = (
    "period_start",
    "period_end",
    "figure",
    "rule",
    "least_part",
    "greatest_part",
    "least_base",
    "greatest_base",
    "value",
    "lower",
    "upper",
    "status",
)
_COUNTS = ["least_part", "greatest_part", "least_base", "greatest_base", "value", "lower", "upper"]
_LIMITS = ["within_7_days", "within_14_days", "within_28_days", "within_own_patience"]
RULES = {"as_it_was", "earliest_place", *(f"{kind}_{limit}" for kind in ("fit", "planned") for limit in _LIMITS)}
# The figures, and the cell of a release in which the base of each lies.
FIGURES = {
    "seen_within_7_days": "pairings",
    "seen_within_14_days": "pairings",
    "seen_within_28_days": "pairings",
    "begun_within_threshold": "pairings",
    "needs_covered": "stated_needs",
    "three_quarters_covered": "pairings",
    "days_over_threshold": None,
}
OF_RELEASE = ("needs_covered", "as_it_was")  # is not counted again
_DIFFERENCE = "Two rules, of which it is known how many people they differ by, tell what becomes of these few."
_LEAST = {"therapist": (5, 50, 3), "client": (10, 25, 5)}  # in the base, largest share in percent, on a side


def of_whatifs(releases: Sequence[ReleaseTables]) -> Iterator[Finding]:
    """Findings on all what-ifs among what was published, each beside the release of its month."""
    beside: dict[tuple[str, bool], ReleaseTables] = {}  # an answer went with its release where that was withdrawn
    for release in releases:
        if release.answers is None and release.measures is not None:
            beside.setdefault((release.month, release.is_withdrawn), release)
    seen: set[str] = set()
    for answer in releases:
        if answer.answers != WHATIF:
            continue
        if answer.month in seen:
            yield _finding(answer, "the answer", "is a second one about its quarter.", _DIFFERENCE)
        seen.add(answer.month)
        yield from _of(answer, beside.get((answer.month, answer.is_withdrawn)))


def _finding(answer: ReleaseTables, place: str, what: str, tells: str = "") -> Finding:
    return Finding("whatif", answer.name, place, what, tells)


def _of(answer: ReleaseTables, release: ReleaseTables | None) -> Iterator[Finding]:
    table = answer.whatif
    if table is None or tuple(table.columns) != COLUMNS or answer.measures is not None:
        yield _finding(answer, WHATIF_FILE, "is missing, has not the columns of a what-if, or is not alone.")
        return
    rows = table.assign(**{name: pd.to_numeric(table[name], errors="coerce") for name in _COUNTS})
    periods = set(zip(rows.period_start, rows.period_end, strict=True))
    if periods != {_quarter(answer.month)}:
        yield _finding(
            answer, WHATIF_FILE, "is not about the quarter that ends with its month.", "Periods may not overlap."
        )
    due = {(figure, rule) for figure in FIGURES for rule in RULES}
    if set(zip(rows.figure, rows.rule, strict=True)) != due or len(rows) != len(due):
        yield _finding(answer, WHATIF_FILE, "has not one row for each declared figure and rule.", _DIFFERENCE)
        return
    if rows.groupby("figure").status.nunique().gt(1).any() or not rows.status.isin([PUBLISHED, NOT_SHOWN]).all():
        yield _finding(answer, WHATIF_FILE, "shows a figure under some rules, and hides it under others.", _DIFFERENCE)
    is_shown = rows.status == PUBLISHED
    if table.loc[~is_shown, _COUNTS].ne("").any(axis=None) or rows.loc[is_shown, _COUNTS].isna().any(axis=None):
        yield _finding(answer, WHATIF_FILE, "has a number that is not shown, or shows one that is not there.")
        return
    yield from _shown(answer, rows.loc[is_shown], release)


def _quarter(month: str) -> tuple[str, str] | None:
    """The first and last day of the quarter that ends with a month."""
    days = {"03": "31", "06": "30", "09": "30", "12": "31"}
    year, _, number = month.partition("-")
    return (f"{year}-{int(number) - 2:02d}-01", f"{month}-{days[number]}") if number in days else None


def _shown(answer: ReleaseTables, rows: pd.DataFrame, release: ReleaseTables | None) -> Iterator[Finding]:
    width = answer.rules.get("min_part", 0)
    is_of_release = (rows.figure == OF_RELEASE[0]) & (rows.rule == OF_RELEASE[1])
    for count in ("part", "base"):
        least, greatest = rows[f"least_{count}"], rows[f"greatest_{count}"]
        is_class = (least % max(width, 1) == 0) & (greatest - least == width - 1) & (least >= 0)
        for row in rows.loc[~is_class & ~is_of_release].itertuples():
            place = f"{row.figure} under {row.rule}"
            yield _finding(answer, place, f"its {count} is not told as a class of {width}.", _DIFFERENCE)
    middle = (rows.least_part + rows.greatest_part) / (rows.least_base + rows.greatest_base)
    bounds = (rows.lower <= rows.value) & (rows.value <= rows.upper) & (rows.least_part <= rows.greatest_base)
    for row in rows.loc[~bounds | ((100 * middle - rows.value).abs() > 0.5001)].itertuples():
        yield _finding(answer, f"{row.figure} under {row.rule}", "its rate is not that of its counts.")
    if release is None or release.measures is None:
        yield _finding(answer, "the answer", "stands beside no release of its month.")
        return
    yield from _beside(answer, rows, release)


def _beside(answer: ReleaseTables, rows: pd.DataFrame, release: ReleaseTables) -> Iterator[Finding]:
    """What is counted lies in what the units of the release show, and leaves each of these as wide as it is."""
    assert release.measures is not None
    half = release.rules.get("rounding", 5) // 2
    cells = release.declared.measures.set_index("measure_id").base_cell
    units = release.measures.loc[(release.measures.level == "unit") & (release.measures.breakdown == "")]
    units = units.assign(cell=units.measure_id.map(cells), count=pd.to_numeric(units.base, errors="coerce")).dropna(
        subset="count"
    )
    bases = {cell: found.groupby("unit")["count"].first() for cell, found in units.groupby("cell")}
    fitting = units.loc[(units.measure_id == OF_RELEASE[0]) & (units.status == PUBLISHED)]
    fitting = fitting.loc[fitting.unit.isin(bases.get("pairings", pd.Series(dtype=float)).index)]
    if len(fitting) < 3:
        yield _finding(answer, "the answer", "is over fewer than three published units.")
        return
    for cell, figures in rows.groupby(rows.figure.map(FIGURES)):
        most = bases[cell].reindex(fitting.unit).sum() + half * (len(fitting) - 4)
        counted = figures.loc[(figures.rule != OF_RELEASE[1]) | (figures.figure != OF_RELEASE[0])]
        for row in counted.loc[counted.least_base > most].itertuples():
            tells = "A unit's own count is then known to be large."
            yield _finding(
                answer, f"{row.figure} under {row.rule}", "has a larger base than its units leave open.", tells
            )
    told = rows.loc[(rows.figure == OF_RELEASE[0]) & (rows.rule == OF_RELEASE[1])]
    sums = [fitting.part.astype(int).sum(), fitting["count"].sum()]
    said = [count + side * half * len(fitting) for count in sums for side in (-1, 1)]
    if len(told) and told[_COUNTS[:4]].iloc[0].tolist() != said:
        what = "as it was is not the sum of the units that are published."
        yield _finding(answer, OF_RELEASE[0], what, "It is a second figure of a measure that releases have.")


def inside_whatif(answer: ReleaseTables, people: pd.DataFrame) -> list[Finding]:
    """Findings on what is shown, seen from inside: counts alone, as of colleagues.

    `people` has `base` and `part` of each person in each figure under each rule: `figure`, `rule`, `kind` (therapist or client),
    `counted_with` (which of its therapists), and a `person`.
    """
    assert answer.whatif is not None
    told = answer.whatif.set_index(["figure", "rule"])
    shown = told.loc[told.status == PUBLISHED]
    unlike = few = 0
    for names, found in people.groupby(["figure", "rule", "kind", "counted_with"]):
        figure, rule, kind, _ = map(str, names if isinstance(names, tuple) else [])
        if (figure, rule) not in shown.index:
            continue
        if kind == "therapist" and (figure, rule) != OF_RELEASE:
            row = shown.loc[(figure, rule)]
            for count in ("part", "base"):
                unlike += not int(row[f"least_{count}"]) <= int(found[count].sum()) <= int(row[f"greatest_{count}"])
        few += not _is_of_many(found, kind)
    findings = []
    for number, what in (
        (unlike, "are not as what is inside gives them."),
        (few, "are made up by too few, or could be worked out by one of them."),
    ):
        if number:
            findings.append(_finding(answer, f"{len(shown)} figures under rules", f"{number} of them {what}"))
    return findings


def _is_of_many(found: pd.DataFrame, kind: str) -> bool:
    """The floor of the policy, for those who made up a count. Of a side of fewer than ten nothing else is told."""
    least, percent, least_on_side = _LEAST[kind]
    base, part = int(found.base.sum()), int(found.part.sum())
    is_safe = [int((found.base > 0).sum()) >= least, 100 * int(found.base.max()) <= percent * base, base >= 20]
    sides = [side for side in (found.part, found.base - found.part) if int(side.sum()) >= 10]
    for side in sides:
        first, second = [*map(int, side.nlargest(2)), 0][:2]
        others = int(side.sum()) - first
        is_safe += [int((side > 0).sum()) >= least_on_side, 100 * (others - second) >= 15 * first]
        if kind == "therapist" and len(sides) == 2:
            is_safe.append(100 * others >= 30 * min(part, base - part))
    return all(is_safe)
