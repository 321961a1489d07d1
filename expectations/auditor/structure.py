"""Whether releases have the form that leaves nothing to subtract: named rules without a tolerance, each with its place.

Public input only. What figures that are well formed tell together is for `narrowing`.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from expectations.auditor.findings import Finding, place_of, rows_found
from expectations.auditor.reading import (
    BANDED,
    CATALOGUE,
    COLUMNS,
    CUT,
    LEVELS,
    MANIFEST,
    MEASURES,
    NOT_MEASURED,
    NOT_SHOWN,
    PUBLISHED,
    STATUSES,
    ReleaseTables,
    numbered,
    of_each,
)

# The floor as `privacy.md` and `docs/releases.md` give it, held here a second time on purpose: a floor that was
# lowered where decisions are made is still seen here. "higher": the value in force may be this or more.
FLOOR = {
    "min_therapists": (5, "higher"),
    "min_clients": (10, "higher"),
    "min_base": (20, "higher"),
    "max_therapist_share_percent": (50, "lower"),
    "max_client_share_percent": (25, "lower"),
    "min_part": (10, "higher"),
    "min_side_therapists": (3, "higher"),
    "min_side_clients": (5, "higher"),
    "p_percent": (15, "higher"),
    "colleague_percent": (30, "higher"),
    "rounding": (5, "fixed"),
}
MOST_PARTITIONS = 3
OTHER = "other"  # the bin of what lies in no declared one
LEAST_UNITS_BROKEN_DOWN = 3
_FIGURES = ("part", "base", "value", "lower", "upper")
_SHOWN_BY = {PUBLISHED: _FIGURES, BANDED: ("base", "lower", "upper"), NOT_SHOWN: (), NOT_MEASURED: ()}
_OPENNESS = {PUBLISHED: 2, BANDED: 1, NOT_SHOWN: 0, NOT_MEASURED: 0}


def of_releases(releases: Sequence[ReleaseTables]) -> Iterator[Finding]:
    """Findings on releases and answers as wholes: files, policy, columns, one a month, units that stay the same."""
    for release in releases:
        yield from _files(release)
        if release.measures is not None or release.whatif is not None:
            yield from _policy(release)
        if release.measures is not None:
            yield from _columns(release)
    yield from _one_release_a_month(releases)
    yield from _units(releases)
    yield from _grains(releases)


def of_rows(rows: pd.DataFrame, unlike: pd.DataFrame, releases: Sequence[ReleaseTables]) -> Iterator[Finding]:
    """Findings on rows (of `figures` of the releases, with their `differences`), each beside the others of its release."""
    names = [release.name for release in releases]
    yield from _statuses(rows, names)
    yield from _shown(rows, names)
    yield from _places(rows, releases)
    yield from _curves(rows, names)
    yield from _figures_follow(rows, unlike, names)
    yield from _one_figure_a_count(rows, names)


def between_releases(rows: pd.DataFrame, releases: Sequence[ReleaseTables]) -> Iterator[Finding]:
    """Findings on rows beside those of other releases: breakdowns, answers, and what replaces what was withdrawn."""
    names = [release.name for release in releases]
    yield from _breakdowns(rows, releases, names)
    yield from _answers(rows, releases, names)
    yield from _replaced(rows, releases, names)


def _files(release: ReleaseTables) -> Iterator[Finding]:
    """A release that is in its place names each of its files with its hash; one that is not has no such list yet."""
    told = release.manifest.get("files")
    if told is None or told == release.hashes:
        return
    for file in sorted({*told, *release.hashes}):
        if file not in release.hashes:
            yield Finding("files", release.name, file, "is in the manifest, and is not there.")
        elif file not in told:
            yield Finding("files", release.name, file, "is not in the manifest.", "It may tell anything.")
        elif told[file] != release.hashes[file]:
            yield Finding("files", release.name, file, "is not what was released: its hash is another.")


def _policy(release: ReleaseTables) -> Iterator[Finding]:
    for rule, (floor, way) in FLOOR.items():
        value = release.rules.get(rule)
        if value is None:
            yield Finding("policy", release.name, MANIFEST, f"the policy has no value for {rule}.")
        elif (value < floor and way != "lower") or (value > floor and way != "higher"):
            yield Finding("policy", release.name, MANIFEST, f"{rule} is {value}, looser than the floor of {floor}.")


def _columns(release: ReleaseTables) -> Iterator[Finding]:
    assert release.measures is not None
    if tuple(release.measures.columns) != COLUMNS:
        odd = [name for name in release.measures.columns if name not in COLUMNS]
        what = f"has a column {odd[0]!r} that no release has." if odd else "has not the columns of a release."
        yield Finding("columns", release.name, MEASURES, what)


def _one_release_a_month(releases: Sequence[ReleaseTables]) -> Iterator[Finding]:
    months: dict[tuple[str, bool], list[ReleaseTables]] = {}
    for release in releases:
        if release.answers is not None and (release.measures is not None or release.whatif is not None):
            continue
        if release.measures is not None:
            months.setdefault((release.month, release.is_withdrawn), []).append(release)
        elif not release.manifest.get("withdrawn"):
            yield Finding(
                "figures_missing", release.name, MEASURES, "is not there, and this is no notice of a withdrawal."
            )
    for (month, is_withdrawn), found in months.items():
        tells = "The difference of the two is a figure about whoever made it."
        if len(found) > 1:
            yield Finding("published_once", found[-1].name, MANIFEST, f"{month} is published twice.", tells)
        if not is_withdrawn and (month, True) in months and not found[0].manifest.get("replaces"):
            yield Finding(
                "published_once", found[0].name, MANIFEST, f"{month} was withdrawn, and this replaces nothing.", tells
            )


def _units(releases: Sequence[ReleaseTables]) -> Iterator[Finding]:
    """Within a calendar year two units are the same one, or have no team in common; and none comes and goes."""
    declared = [
        (release.month[:4], release.month, release.name, unit, teams)
        for release in sorted(releases, key=lambda release: release.month)
        if release.measures is not None
        for unit, teams in zip(release.declared.units.unit.tolist(), release.declared.units.teams, strict=True)
    ]
    years = {
        year: sorted({other[1:3] for other in declared if other[0] == year}) for year in {one[0] for one in declared}
    }
    months = {year: sorted({month for month, _ in found}) for year, found in years.items()}
    of_team: dict[tuple[str, str], tuple[str, frozenset[str]]] = {}
    clashes: dict[tuple[str, str, frozenset[str]], bool] = {}
    named: dict[tuple[str, str], str] = {}
    for year, month, name, unit, teams in declared:
        if (year, unit, teams) not in clashes:
            known = {of_team.setdefault((year, team), (unit, teams)) for team in teams}
            clashes[year, unit, teams] = bool(known - {(unit, teams)})
        if clashes[year, unit, teams]:
            yield Finding(
                "units",
                name,
                f"unit {unit}",
                "has a team in common with another unit of the same year, or is the same under another name.",
                "What one has and the other has not can be subtracted.",
            )
        last = named.get((year, unit))
        if last is not None and months[year].index(month) > months[year].index(last) + 1:
            yield Finding("units", name, f"unit {unit}", "was left out before, in the same year.", _BY_COUNT)
        named[year, unit] = month
    for (year, unit), last in named.items():
        newest = years[year][-1]
        if last != newest[0]:
            yield Finding("units", newest[1], f"unit {unit}", f"is there no more, and was in {last}.", _BY_COUNT)


_BY_COUNT = "A unit that comes and goes tells how many people are in it."


def _grains(releases: Sequence[ReleaseTables]) -> Iterator[Finding]:
    """A measure has one grain in all releases of a year."""
    first: dict[tuple[str, str], str] = {}
    for release in releases:
        if release.measures is None:
            continue
        for measure, level, period, by in release.declared.measures[
            ["measure_id", "grain_level", "grain_period", "grain_by"]
        ].itertuples(index=False):
            grain = " × ".join(filter(None, (level, period, by)))
            known = first.setdefault((release.month[:4], str(measure)), grain)
            if known != grain:
                what = f"{measure} is by {grain}, and was by {known} in an earlier release of the year."
                yield Finding("grain", release.name, CATALOGUE, what, _SECOND_GRAIN)


def _statuses(rows: pd.DataFrame, names: list[str]) -> Iterator[Finding]:
    yield from rows_found(
        "statuses",
        rows,
        ~rows.status.isin(STATUSES),
        names,
        "has a status that is none of the four.",
        "A reason why something is withheld tells something of it.",
    )
    is_not_measured = rows.status == NOT_MEASURED
    a_measure = is_not_measured[~rows.is_breakdown].groupby([rows.release, rows.measure_at])
    is_odd = is_not_measured & ~a_measure.transform("all").reindex(rows.index, fill_value=True)
    tells = "Sources are the organisation's; of a unit it would be a reason."
    yield from rows_found("statuses", rows, is_odd, names, "is not measured where others are.", tells)


def _shown(rows: pd.DataFrame, names: list[str]) -> Iterator[Finding]:
    """Figures where the status shows them, all of them, in their form, and nowhere else."""
    forms = {"part": r"\d+", "base": r"\d+", "value": r"\d+", "lower": r"\d+\.\d", "upper": r"\d+\.\d"}
    for name, form in forms.items():
        text = rows.loc[:, name if name in ("lower", "upper") else f"{name}_text"]
        is_due = rows.status.isin([status for status, shown in _SHOWN_BY.items() if name in shown])
        is_there = text != ""
        yield from rows_found(
            "shown_by_status", rows, ~is_due & is_there, names, f"shows its {name} although its status does not."
        )
        yield from rows_found(
            "shown_by_status",
            rows,
            is_due & ~of_each(text, re.compile(form).fullmatch, bool),
            names,
            f"its {name} is missing, or is not in the form of a rounded figure.",
        )
    is_odd = rows.is_atom & (rows.status == BANDED) & ~rows.few_of_them & ~rows.few_of_others
    yield from rows_found("shown_by_status", rows, is_odd, names, "is banded, and does not say of which side.")


def _places(rows: pd.DataFrame, releases: Sequence[ReleaseTables]) -> Iterator[Finding]:
    """Exactly the rows that were declared, whatever the counts, at the declared grain, in the declared order."""
    names = [release.name for release in releases]
    for number in rows.release.unique():
        release = releases[number]
        if release.answers == CUT:  # a breakdown and nothing else: see `_answers`
            continue
        found = rows.loc[(rows.release == number) & ~rows.is_breakdown, [*_OF_FIGURE, *_OF_PLACE, "line", *_TO_NAME]]
        figures, places = _declared_figures(release), _declared_places(release)
        height = {level: position for position, level in enumerate(LEVELS)}
        is_due = places.level.map(height).to_numpy() <= figures.grain_level.map(height).to_numpy()[:, None]
        figure, place = _position(found, figures, _OF_FIGURE), _position(found, places, _OF_PLACE)
        is_declared = (figure >= 0) & (place >= 0)
        is_declared[is_declared] = is_due[figure[is_declared], place[is_declared]]
        position = (figure * len(places) + place)[is_declared]
        is_missing = is_due & (np.bincount(position, minlength=is_due.size).reshape(is_due.shape) == 0)
        may_be_absent = (figures.grain_period == "quarter") | (figures.months_later > 0)  # where there is no data yet
        is_absent = may_be_absent & ~figures.measure_id.isin(found.measure_id)
        for one, where in np.argwhere(is_missing & ~is_absent.to_numpy()[:, None]):
            row = pd.concat([figures.iloc[one], places.iloc[where]])
            bin_name = f", {row.breakdown} {row.breakdown_value}" if row.breakdown else ""
            name = f"{MEASURES}, {row.measure_id} of {row.level} {row.unit or row.service}".rstrip() + bin_name
            yield Finding("declared_rows", release.name, name, "has no row, and is declared.", _BY_COUNT)
        yield from rows_found("grain", found, ~is_declared, names, _NOT_DECLARED, _SECOND_GRAIN)
        again = found.loc[is_declared]
        is_again = pd.Series(position).duplicated().to_numpy()
        yield from rows_found("grain", again, is_again, names, "is there a second time.", _SECOND_GRAIN)
        in_order = again.line.iloc[np.argsort(position, kind="stable")]
        if not in_order.is_monotonic_increasing:
            where = in_order[in_order.diff() < 0].astype(int).iloc[0]
            yield Finding(
                "order",
                release.name,
                f"{MEASURES} line {where}",
                "rows are not in the order of the catalogue and the alphabet.",
                "An order by figures tells them, also those that are not shown.",
            )


_OF_FIGURE = ["measure_id", "breakdown", "breakdown_value", "period_start", "period_end"]
_OF_PLACE = ["level", "unit", "service"]
_TO_NAME = ["release", "place"]
_NOT_DECLARED = (
    "is not at its measure's declared level and period, nor above it, or is of no declared unit, value or cut-off."
)
_SECOND_GRAIN = "Two figures that overlap can be subtracted."


def _position(found: pd.DataFrame, declared: pd.DataFrame, keys: list[str]) -> np.ndarray:
    """Which of what is declared each row is of; −1 where it is of none."""
    first = declared[keys].assign(position=range(len(declared))).drop_duplicates(keys)
    return found[keys].merge(first, how="left", on=keys).position.fillna(-1).to_numpy(dtype=int)


def _declared_places(release: ReleaseTables) -> pd.DataFrame:
    """The organisation, the services and the units, in their order."""
    declared, units = release.declared, release.declared.units.sort_values("unit")
    places = [("organisation", "", ""), *(("service", "", service) for service in declared.services)]
    places += [("unit", unit, service) for unit, service in zip(units.unit, units.service, strict=True)]
    return pd.DataFrame(places, columns=_OF_PLACE)


def _declared_figures(release: ReleaseTables) -> pd.DataFrame:
    """What each place has of the measures that are due in the release's month, in their order, with their grain and period.

    Of a measure one figure, one more for each cut-off of a curve, or one for each declared value. Where it is not measured, only
    the row that says so.
    """
    assert release.measures is not None
    declared = release.declared
    not_measured = set(release.measures.measure_id[release.measures.status == NOT_MEASURED])
    figures: list[tuple[Any, ...]] = []
    for one in declared.measures.to_dict("records"):
        measure, month = one["measure_id"], earlier(release.month, one["months_later"])
        is_of_the_year, ends_a_quarter = month[:4] == release.month[:4], int(month[5:7] or 1) % 3 == 0
        if not (is_of_the_year and (one["grain_period"] == "month" or ends_a_quarter)):
            continue
        names = [("", "")] if not one["grain_by"] or measure in not_measured else []
        if measure not in not_measured:
            names += [(one["grain_by"], value) for value in declared.bins.get(one["grain_by"], [])]
            names += [(one["curve_by"], cutoff) for cutoff in declared.cutoffs.get(measure, [])]
        period = _period(month, one["grain_period"]) if one["grain_period"] in ("month", "quarter") else (None, None)
        about = (*period, one["grain_level"], one["grain_period"], one["months_later"])
        figures += [(measure, *name, *about) for name in names]
    return pd.DataFrame(figures, columns=[*_OF_FIGURE, "grain_level", "grain_period", "months_later"]).astype(
        dict.fromkeys([*_OF_FIGURE, "grain_level", "grain_period"], "str")
    )


def _period(month: str, period: str) -> tuple[str, str]:
    """First and last day of a month, or of the quarter that it ends."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        return "", ""
    year, number = int(month[:4]), int(month[5:])
    first = dt.date(year, number if period == "month" else (number - 1) // 3 * 3 + 1, 1)
    return first.isoformat(), dt.date(year, number, calendar.monthrange(year, number)[1]).isoformat()


def earlier(month: str, months: int) -> str:
    """The month so many months before."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        return month
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 - months, 12)
    return f"{year:04d}-{number + 1:02d}"


def _curves(rows: pd.DataFrame, names: list[str]) -> Iterator[Finding]:
    """At each place a curve is shown whole or not at all, beside a published figure, and no step of it is small."""
    tells = "What two cut-offs differ by is a count of people too."
    keys = ["release", "measure_at", "place_at"]
    cut = rows.loc[rows.is_curve & rows.is_atom].sort_values(by=[*keys, "cutoff"])
    if cut.empty:
        return
    place = [cut[key] for key in keys]
    is_odd = (cut.status == BANDED) | (cut.is_shown.groupby(place).transform("nunique") > 1)
    yield from rows_found("curve", cut, is_odd, names, "some of its curve is shown and some is not.", tells)
    own = rows.loc[rows.is_atom & ~rows.is_curve & rows.is_published, keys].drop_duplicates()
    is_alone = (cut[keys].merge(own, how="left", on=keys, indicator=True)._merge == "left_only").to_numpy()
    yield from rows_found("curve", cut, cut.is_shown & is_alone, names, "has a curve, and is not published.", tells)
    step = cut.part - cut.part.groupby(place).shift()
    what = "has a step from the cut-off before of fewer than are ever shown."
    yield from rows_found("curve", cut, cut.is_shown & (step <= cut.few), names, what, tells)


def _figures_follow(rows: pd.DataFrame, unlike: pd.DataFrame, names: list[str]) -> Iterator[Finding]:
    unlike = unlike.reindex(rows.index)
    is_rounded = rows.is_atom | rows.is_breakdown
    step = 2 * rows.half + 1
    for name in ("part", "base"):
        is_odd = is_rounded & (rows[name] % step > 0)
        tells = "An exact count can be subtracted."
        yield from rows_found("rounding", rows, is_odd, names, f"its {name} is not rounded.", tells)
    for name in ("value", "lower_tenths", "upper_tenths"):
        word = name.removesuffix("_tenths")
        tells = "It comes from counts that were not published, and narrows them."
        what = f"its {word} does not follow from its rounded figures."
        yield from rows_found("rates", rows, is_rounded & unlike[name], names, what, tells)
    is_odd = rows.is_derived & unlike.any(axis=1)
    for _, row in rows.loc[is_odd].iterrows() if is_odd.any() else ():
        what = f"{row.level} {row.place}".rstrip() + " is not made from published figures: "
        fields = [name.removesuffix("_tenths") for name in unlike.columns[unlike.loc[row.name]]]
        tells = "Less the figures that are shown, it tells those that are not."
        yield Finding("derived", names[row.release], place_of(row), f"{what}{', '.join(fields)}.", tells)


def _one_figure_a_count(rows: pd.DataFrame, names: list[str]) -> Iterator[Finding]:
    """Measures that share a count show it alike."""
    atoms = rows.loc[rows.is_atom, ["release", "base_at", "part_at", "base", "part"]]
    count = numbered(np.tile(atoms.release, 2), pd.concat([atoms.base_at, atoms.part_at]))
    shown = pd.concat([atoms.base, atoms.part]).to_numpy()
    least, greatest = np.full(len(count), np.inf), np.full(len(count), -np.inf)
    np.fmin.at(least, count, shown)
    np.fmax.at(greatest, count, shown)
    is_odd = pd.Series((least < greatest)[count[: len(atoms)]], index=atoms.index).reindex(rows.index, fill_value=False)
    tells = "A count that is rounded twice is known more closely than either says."
    yield from rows_found(
        "one_figure", rows, is_odd, names, "shows a count that another measure shows otherwise.", tells
    )


def _breakdowns(rows: pd.DataFrame, releases: Sequence[ReleaseTables], names: list[str]) -> Iterator[Finding]:
    broken = rows.loc[rows.is_breakdown]
    tells = "What is left of the units can be told from it."
    is_below = (broken.level != "organisation") | (broken.place != "")
    yield from rows_found("breakdown", broken, is_below, names, "is broken down below the organisation.", tells)
    published = rows.measure_at[rows.is_atom & rows.is_published].value_counts()
    for (measure_at, dimension), cut in broken.groupby(["measure_at", "breakdown"], sort=False):
        release, measure = releases[int(cut.release.iloc[0])], str(cut.measure_id.iloc[0])
        bins, is_first = release.declared.bins.get(str(dimension), []), np.arange(len(cut)) == 0
        is_declared = dimension in release.declared.breakdowns.get(measure, [])
        if not is_declared or list(cut.breakdown_value) not in (bins, [*bins, OTHER]):
            what = "its bins are not those declared, each once, in order."
            yield from rows_found("breakdown", cut, is_first, names, what, tells)
        if cut.is_shown.nunique() > 1:
            what = "some of its bins are shown and some are not."
            yield from rows_found("breakdown", cut, is_first, names, what, tells)
        if cut.is_shown.any() and published.get(measure_at, 0) < LEAST_UNITS_BROKEN_DOWN:
            what = "is over fewer than three published units."
            yield from rows_found("breakdown", cut, is_first, names, what, tells)
    too_many = broken.loc[broken.groupby("measure_at").breakdown.transform("nunique") > MOST_PARTITIONS]
    what = f"its measure is broken down in more than {MOST_PARTITIONS} ways for one period."
    is_last = ~too_many.measure_at.duplicated(keep="last")
    yield from rows_found("breakdown", too_many, is_last, names, what, tells)
    yield from _same_units(broken.loc[broken.is_shown], names)


def _answers(rows: pd.DataFrame, releases: Sequence[ReleaseTables], names: list[str]) -> Iterator[Finding]:
    """A cut holds the bins of one breakdown that no release has; what else is answered is of measures of its own."""
    kinds = np.array([release.answers or "" for release in releases])[rows.release]
    is_release = np.array([release.answers is None for release in releases])[rows.release]
    if is_release.all():
        return
    is_cut = kinds == CUT
    what = "is no bin of the breakdown that was asked for."
    yield from rows_found("answer", rows, is_cut & ~rows.is_breakdown, names, what, _SECOND_GRAIN)
    cuts = rows.loc[is_cut].groupby("release")[["measure_id", "breakdown", "period_start"]].nunique().max(axis=1)
    several = rows.release.isin(cuts[cuts > 1].index) & ~rows.release.duplicated()
    yield from rows_found(
        "answer", rows, several, names, "holds more than one breakdown of one measure.", _SECOND_GRAIN
    )
    again = ~is_cut & ~is_release & rows.measure_id.isin(rows.measure_id[is_release])
    yield from rows_found("answer", rows, again, names, "is a figure of a measure that releases have.", _SECOND_GRAIN)


def _same_units(shown: pd.DataFrame, names: list[str]) -> Iterator[Finding]:
    """One count, broken down by the same bins over different units, tells the bins of the units that differ."""
    cells = pd.concat([shown.assign(cell=shown.base_cell), shown.assign(cell=shown.part_cell)], ignore_index=True)
    scope = ["is_withdrawn", "period_start", "period_end", "breakdown", "cell"]
    odd = cells.loc[cells.groupby(scope).units.transform("nunique") > 1]
    is_first = ~odd.duplicated([*scope, "measure_id"])
    tells = "The difference of the two is a breakdown of the units that differ."
    what = "breaks down a count that another measure breaks down over other units."
    yield from rows_found("breakdown", odd, is_first, names, what, tells)


def goes_with(newest: pd.DataFrame, month: str) -> set[str]:
    """The months with whose figures a release (its rows, of `figures`) has to go: its own, and those of what was complete only now."""
    return {earlier(month, months) for months in {0, *newest.months_later[newest.is_shown].dropna().astype(int)}}


def later(rows: pd.DataFrame, releases: Sequence[ReleaseTables]) -> Iterator[Finding]:
    """What is complete later than its month goes with what that month's release shows, where that is at hand."""
    if not (rows.months_later > 0)[rows.is_shown].any():
        return
    names, keys = [release.name for release in releases], ["period_start", "period_end", "level", "place"]
    months = np.array([release.month for release in releases])[rows.release]
    standing = rows.assign(month=months)[rows.is_atom & ~rows.is_withdrawn & (rows.breakdown == "")]
    shown = standing.loc[standing.is_shown]
    in_time = shown.loc[shown.months_later == 0]
    late = shown.loc[(shown.months_later > 0) & shown.period_end.str[:7].isin(standing.month.unique())].reset_index()
    beside = late.merge(in_time[[*keys, "measure_id"]], left_on=[*keys, "shown_beside"], right_on=[*keys, "measure_id"])
    is_alone = (late.shown_beside != "") & ~late["index"].isin(beside["index"])
    what = "is shown without the measure that it has to stand beside."
    yield from rows_found("later", late, is_alone, names, what, "A return without what it is for is a competition.")
    parts = in_time.loc[in_time.is_published, [*keys, "part_cell", "part"]]
    parts = parts.set_axis([*keys, "base_cell", "published"], axis=1)
    both = late.merge(parts, how="left", on=[*keys, "base_cell"])
    is_a_part = both.base_cell.isin(standing.part_cell[standing.months_later == 0].unique())
    what = "shows a count that was not published for its month, or otherwise."
    tells = "The difference is a few rows, or a part that was withheld."
    yield from rows_found("later", both, is_a_part & ~(both.base == both.published), names, what, tells)


def _replaced(rows: pd.DataFrame, releases: Sequence[ReleaseTables], names: list[str]) -> Iterator[Finding]:
    """What replaces a withdrawn release shows no more than that did."""
    if not rows.is_withdrawn.any():
        return
    month = np.array([release.month for release in releases])[rows.release]
    atoms = rows.assign(month=month)[rows.is_atom | rows.is_breakdown]
    atoms["openness"] = atoms.status.map(_OPENNESS).fillna(0)
    keys = ["month", "period_start", "period_end", "measure_id", "level", "place", "breakdown", "breakdown_value"]
    before = atoms.loc[atoms.is_withdrawn, [*keys, "openness"]].rename(columns={"openness": "openness_before"})
    months = set(before.month)
    after = atoms.loc[~atoms.is_withdrawn & atoms.month.isin(months)].merge(before, how="left", on=keys)
    is_odd = after.openness > after.openness_before.fillna(0)
    tells = "What was withheld for a reason is not to be given by a second try."
    yield from rows_found("replaced", after, is_odd, names, "shows more than the release that it replaces.", tells)
