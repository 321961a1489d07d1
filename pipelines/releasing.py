"""From a month's atoms to its release: hands what the lake holds to the policy, derivation, report and folder."""

from __future__ import annotations

import datetime as dt
import glob
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.errors import InputError
from assets.measures import CLIENTS, Measure, atoms_query, dictionary, items_sql
from assets.measures.changes import ROSTERS, changed_counts, changed_items, changed_rosters
from assets.raw.contract import TABLES
from assets.release.classes import share_class
from assets.release.derive import Due, Period, Unit, release_rows
from assets.release.folder import MANIFEST, Releases
from assets.release.ledger import RELEASED, REPLACED, WITHDRAWN, Ledger, lines_of, rows_of
from assets.release.tables import catalogue, measures_csv
from assets.transforms import Transform
from expectations.breakdowns import decide_all_breakdowns
from expectations.curves import decide_curves
from expectations.later import held_to
from expectations.policy import BANDED, DIFFERENCES, PUBLISHED, Policy, PolicyError, decide, read_policy
from expectations.replacing import families, replacement
from pipelines.auditing import certified, inside
from pipelines.drawing import drawn
from pipelines.lake import Lake
from pipelines.months import closes_on, first_and_last_day, period_ending_with, shift
from pipelines.settings import Settings
from pipelines.units import check_units
from reports.monthly.release import Release

if TYPE_CHECKING:
    import pandas as pd


def measured(present: dict[str, set[str]]) -> set[str]:
    """The measures whose needs the sources meet."""
    return {name for name, measure in dictionary().measures.items() if not measure.unmet_needs(present)}


def due_in(month: str, data_months: Sequence[str]) -> dict[str, list[str]]:
    """The measures whose figures belong to a month's release, each with the months of its period.

    A period belongs to the release of its last month or, of what looks ahead, of the month in which it is complete, if that is in the
    same year: from one year to the next units may change. It has figures if there is data from its first month on.
    """
    periods = {
        name: period_ending_with(shift(month, -measure.complete_after_months), measure.grain.months)
        for name, measure in dictionary().measures.items()
    }
    return {
        name: months
        for name, months in periods.items()
        if months and months[0] in data_months and months[0][:4] == month[:4]
    }


def declared_units(lake: Lake, day: dt.date) -> list[Unit]:
    """The reporting units that there have been up to a day, and those that are declared, each with all of its teams.

    One that nobody is in stays, and is not shown.
    """
    lake.show("core.team_memberships", [])
    found = lake.connection.execute(
        """SELECT reporting_unit, nullif(any_value(service), ''), list(DISTINCT team_id ORDER BY team_id)
        FROM core.team_memberships
        GROUP BY reporting_unit
        HAVING count_if(valid_from <= timezone(timezone, ?::TIMESTAMP)) > 0
        ORDER BY reporting_unit""",
        [day],
    ).fetchall()
    declared = {unit.name: unit.teams for unit in lake.settings.units}
    there = {unit: (None, []) for unit in declared} | {unit: (service, teams) for unit, service, teams in found}
    return [
        Unit(unit, service, tuple(sorted({*teams, *declared.get(unit, ())})))
        for unit, (service, teams) in sorted(there.items())
    ]


def why_incomplete(lake: Lake, month: str) -> str:
    """Why a month may not be all there, so that it is not published, as it never could be again; '' where nothing speaks for that."""
    if month in lake.settings.calendar.complete:
        return ""
    if not lake.attended.get(month):
        return "no session of this month was attended"
    before = [one for one in lake.attended if one < month][-MONTHS_TO_COMPARE_WITH:]
    most = max(before, key=lambda one: lake.attended[one], default=month)
    if 2 * lake.attended[month] < lake.attended[most]:
        return (
            f"it has fewer than half of the attended sessions of {most}, so that a file may be missing; "
            f'if it is whole, say so in rapport.toml: [calendar] complete = ["{month}"]'
        )
    return ""


def due_figures(lake: Lake, month: str, present: dict[str, set[str]]) -> list[Due]:
    """What a month's release holds, in the order of the dictionary. All of it is of the same units: those that there are on the month's
    first day. One that there was not yet in an earlier period is not shown there."""
    units = tuple(declared_units(lake, first_and_last_day(month)[0]))
    is_measured = measured(present)
    return [
        Due(
            name,
            dictionary().measures[name].grain.level,
            Period(first_and_last_day(months[0])[0], first_and_last_day(months[-1])[1], units),
            name in is_measured,
            figures_of(dictionary().measures[name], lake.settings) if name in is_measured else WHOLE,
        )
        for name, months in due_in(month, lake.data_months()).items()
    ]


MONTHS_TO_COMPARE_WITH = 3
WHOLE = ((None, None),)  # the one figure of a place that is not of a breakdown


def figures_of(measure: Measure, settings: Settings) -> tuple[tuple[str | None, str | None], ...]:
    """The figures of a measure that each place has, by breakdown and value, in their order."""
    if measure.grain.by:
        labels = dict.fromkeys(label for name, _, label, _ in settings.bins() if name == measure.grain.by and label)
        return tuple((measure.grain.by, label) for label in labels)
    if measure.curve:
        return (*WHOLE, *((measure.curve.by, str(cutoff)) for cutoff in measure.curve.cutoffs))
    return WHOLE


def decided(atoms: pd.DataFrame, policy: Policy, differences: pd.DataFrame | None = None) -> pd.DataFrame:
    """What may be published of the atoms of a release: each at its own level, then curves and breakdowns of measures."""
    import pandas as pd

    measures = dictionary().measures.values()
    is_whole = atoms.breakdown.isna() | atoms.measure_id.isin([one.id for one in measures if one.grain.by])
    has_curve = atoms.measure_id.isin([one.id for one in measures if one.curve])
    rows = decide(atoms.loc[is_whole], policy, differences)
    curves = [decide_curves(atoms.loc[has_curve], rows, policy)] if has_curve.any() else []
    bins = atoms.loc[~is_whole & ~has_curve]
    broken_down = [decide_all_breakdowns(bins, rows, policy)] if len(bins) else []
    return pd.concat([rows, *curves, *broken_down], ignore_index=True)


@dataclass(frozen=True)
class Figures:
    """What the release of a month says: its rows as decided, and as the ledger, the tables and the report tell them."""

    due: Sequence[Due]
    decided: pd.DataFrame
    atoms: Sequence[str]
    released: pd.DataFrame
    catalogue: Mapping[str, Any]
    tables: Mapping[str, str]


@dataclass(frozen=True)
class Publisher:
    """Publishes months out of the lake. `measures` are the transforms of all measures, by id; `pool` is where releases are drawn."""

    lake: Lake
    releases: Releases
    measures: Mapping[str, Transform]
    policy: Policy
    now: dt.datetime
    pool: Executor
    audit: Callable[..., dict[str, Any]] = certified  # see there; raises to stop a release
    _ahead: dict[str, Figures] = field(default_factory=dict)  # what was made ready while another month was drawn

    def due(self, month: str) -> list[Due]:
        return due_figures(self.lake, month, self.lake.present)

    def _counted(self, due: Sequence[Due]) -> dict[str, Transform]:
        """Of what is due, the transforms of what is measured."""
        return {one.measure_id: self.measures[one.measure_id] for one in due if one.is_measured}

    def release(self, month: str, following: str | None = None) -> Path:
        """Publishes a closed month from the measures in the lake. Returns the release's folder.

        `following` is the month to be published next: if it does not hang on this one it is made ready while this is drawn.
        """
        self.releases.check(RELEASED, month)
        figures = self._ahead.pop(month, None) or self._figures(month)
        units = [(unit.unit, unit.teams) for unit in figures.due[0].period.units]
        check_units(self.releases.folder, self.releases.ledger.decided, month, units)
        self.lake.keep(month, counted(self._counted(figures.due)))
        return self._publish(RELEASED, month, figures, {}, following)

    def replace(self, month: str) -> Path | None:
        """Publishes a withdrawn month anew, as far as what has changed may be told. None where that is nothing."""
        self.releases.check(REPLACED, month)
        ledger, due = self.releases.ledger, self.due(month)
        released, *_, withdrawn = ledger.of(month)
        changes = changes_since(self.lake, month, self._counted(due))
        sharing = families({name: (m.base_cell, m.part_cell) for name, m in dictionary().measures.items()})
        anew = self._decided(month, due)
        rows = replacement(anew, ledger.atoms(month), changes, sharing, self.policy)
        if not rows.status.isin([PUBLISHED, BANDED]).any():
            return None
        replaces = {"manifest": released.manifest, "withdrawn_at": withdrawn.at, "reason": withdrawn.reason}
        folder = self._publish(REPLACED, month, self._derived(month, due, rows), {"replaces": replaces})
        self.lake.forget(month)  # a month is replaced once: nothing will be compared with it again
        return folder

    def _paths(self, month: str, names: Iterable[str]) -> list[str]:
        return [glob.escape(str(self.lake.path(f"measures.{name}", month))) for name in names]

    def _figures(self, month: str) -> Figures:
        due = self.due(month)
        return self._derived(month, due, self._decided(month, due))

    def _decided(self, month: str, due: Sequence[Due]) -> pd.DataFrame:
        names, run = list(self._counted(due)), self.lake.connection.execute
        query = "SELECT * EXCLUDE (contributors) FROM read_parquet($paths)"
        atoms = run(query, {"paths": self._paths(month, names)}).df()
        rows = decided(atoms, self.policy, self._differences(month, names))
        return self._held_to_what_stands(rows, month)

    def _differences(self, month: str, names: Sequence[str]) -> pd.DataFrame | None:
        """What bases differ by that lie in another count; only the measures of either are read with their contributors."""
        measures, run = dictionary().measures, self.lake.connection.execute
        nested = [(name, cell) for name in names for cell in measures[name].lies_within]
        cells = {cell for _, cell in nested}
        read = [name for name in names if measures[name].lies_within or measures[name].base_cell in cells]
        if not nested:
            return None
        run("CREATE OR REPLACE TEMP TABLE atoms AS FROM read_parquet($paths)", {"paths": self._paths(month, read)})
        run("CREATE OR REPLACE TEMP TABLE nested (measure_id VARCHAR, outer_cell VARCHAR)")
        run("INSERT INTO nested SELECT unnest($1), unnest($2)", list(map(list, zip(*nested, strict=True))))
        return run(DIFFERENCES.read_text("utf-8")).df()

    def _held_to_what_stands(self, rows: pd.DataFrame, month: str) -> pd.DataFrame:
        """Of measures that are complete later than their month: what may stand beside that month's release."""
        measures, ledger = dictionary().measures, self.releases.ledger
        cells = {name: (measure.base_cell, measure.part_cell) for name, measure in measures.items()}
        for name, theirs in _months_looked_back_at(month).items():
            if (rows.measure_id == name).any():
                stands = ledger.atoms(theirs) if theirs in ledger.standing else rows.head(0)
                rows = held_to(rows, stands, name, measures[name].shown_beside, cells, self.policy)
        return rows

    def _derived(self, month: str, due: Sequence[Due], rows: pd.DataFrame) -> Figures:
        """All that a release says, from the atoms as the ledger will tell them."""
        import pandas as pd

        atoms, bins = lines_of(rows, month), self.lake.settings.bins()
        derived = release_rows(rows_of(atoms), due, bins)
        released = derived.assign(
            **{name: pd.to_datetime(derived[name]).dt.strftime("%Y-%m-%d") for name in ("period_start", "period_end")}
        )
        explained = catalogue(dictionary(), {unit for one in due for unit in one.period.units}, bins)
        tables = {"measures.csv": measures_csv(derived), "catalogue.json": _json(explained)}
        return Figures(due, rows, atoms, released, explained, tables)

    def _publish(
        self, event: str, month: str, figures: Figures, about: Mapping[str, Any], following: str | None = None
    ) -> Path:
        """Has figures drawn and audited, and writes them in one step with their lines in the ledger."""
        lake, ledger = self.lake, self.releases.ledger
        start, end = first_and_last_day(month)
        manifest = {
            "organisation": lake.settings.organisation.name,
            "language": lake.settings.organisation.language,
            "month": month,
            "period_start": start.isoformat(),
            "period_end": end.isoformat(),
            "closed_on": closes_on(month, lake.settings.calendar.closing_lag_days).isoformat(),
            "made_at": self.now.isoformat(timespec="seconds"),
            "code_version": version("rapport"),
            "policy": self.policy.manifest(),
            "withdrawn_months": [m for m in ledger.decided if m < month and m not in ledger.standing],
            **about,
            "data_quality": data_quality(lake, month, lake.present, ledger.last_published_at),
        }
        past = [(self.releases.folder / m, ledger.of(m)[-1].manifest) for m in ledger.standing if m < month]
        # what is drawn says that it was audited, and goes nowhere if the auditor stops it
        release = Release(month, figures.released, figures.catalogue, {**manifest, "audited": True})
        shown = self.pool.submit(drawn, release, past)
        people = inside(lake, self._paths(month, self._counted(figures.due)), figures.decided)
        manifest["audited"] = self.audit(self.releases, month, figures.tables, manifest, people)
        if following and month not in _months_looked_back_at(following).values():
            with suppress(Exception):  # it is made again in its own turn, and what goes wrong is told then
                self._ahead[following] = self._figures(following)
        return self.releases.publish(event, month, {**figures.tables, **shown.result()}, manifest, figures.atoms)


def _months_looked_back_at(month: str) -> dict[str, str]:
    """Of each measure that is complete later than its month: the month whose release must stand before this one's is decided."""
    measures = dictionary().measures.values()
    return {one.id: shift(month, -one.complete_after_months) for one in measures if one.complete_after_months}


def can_be_replaced(ledger: Ledger, lake: Lake, month: str) -> bool:
    """Whether a month could be published anew once it is withdrawn: that is done once, from what it was published from."""
    return not ledger.is_replaced(month) and lake.can_count_again(month)


@contextmanager
def opened(settings: Settings) -> Iterator[tuple[Lake, Releases]]:
    """Lake and releases of a home, locked against other runs. Raises InputError where they cannot be used."""
    lake = Lake(settings)
    try:
        with lake.locked():
            yield lake, Releases(settings.home / "releases")
    finally:
        lake.close()


def withdraw(releases: Releases, month: str, reason: str, now: dt.datetime) -> Path:
    """Puts a notice in the place of a release, and keeps what was published. Returns the notice's folder."""
    from reports.monthly.page import render_notice

    releases.check(WITHDRAWN, month)
    published = json.loads((releases.folder / month / MANIFEST).read_text("utf-8"))
    kept = ("organisation", "language", "month", "period_start", "period_end", "policy")
    manifest = {name: published[name] for name in kept if name in published} | {
        "made_at": now.isoformat(timespec="seconds"),
        "code_version": version("rapport"),
        "withdrawn": {"reason": reason, "manifest": releases.ledger.of(month)[-1].manifest},
    }
    return releases.publish(WITHDRAWN, month, {"report.html": render_notice(manifest)}, manifest, reason=reason)


def counted(measures: Mapping[str, Transform]) -> dict[str, Transform]:
    """Of measures, what selects their items: they read what the measure reads."""
    return {name: replace(made, sql=items_sql(dictionary().measures[name])) for name, made in measures.items()}


def changes_since(lake: Lake, month: str, measures: Mapping[str, Transform]) -> pd.DataFrame:
    """What was removed from each measure and what was added since the month was published, made into atoms.

    Columns as for `expectations.replacing.safe_changes`. Measures that were not there then have no row, nor those that are
    not counted by therapist and in one figure: they are not shown again.
    """
    import pandas as pd

    now, before = counted(measures), lake.kept_measures(month)
    found = [
        _changes(lake, month, name, before[name], now[name])
        for name in now
        if name in before and _can_be_compared(dictionary().measures[name])
    ]
    return pd.concat(found, ignore_index=True)


def _can_be_compared(measure: Measure) -> bool:
    return measure.concerns != CLIENTS and not measure.grain.by


def _changes(lake: Lake, month: str, name: str, before: Transform, now: Transform) -> pd.DataFrame:
    import pandas as pd

    run, measure = lake.connection.execute, replace(dictionary().measures[name], breakdowns=(), curve=None)
    for version_, made, show in (("before", before, lake.show_kept), ("now", now, lake.show_inputs)):
        show(made, month)
        run(f"CREATE OR REPLACE TEMP TABLE items_{version_} AS {made.sql}", lake.parameters(made, month, made.sql))
        run(f"CREATE OR REPLACE TEMP TABLE rosters_{version_} AS {ROSTERS}")
    moved = run(changed_rosters("rosters_before", "rosters_now")).fetchall()
    found = []
    for table, against in (("items_before", "items_now"), ("items_now", "items_before")):
        for by, changed in (("item", changed_items), ("therapist", changed_counts)):
            query = f"SELECT * EXCLUDE (contributors) FROM ({atoms_query(measure, changed(table, against))})"
            found.append(run(query, lake.parameters(now, month, query)).df().assign(by=by))
    places = {level: {place[at] for place in moved} for at, level in enumerate(("unit", "service"))}
    return pd.concat(found).assign(
        is_roster_same=lambda atoms: (
            ~(
                ((atoms.level == "unit") & atoms.unit.isin(places["unit"]))
                | ((atoms.level == "service") & atoms.service.isin(places["service"]))
                | ((atoms.level == "organisation") & bool(moved))
            )
        )
    )


def policy_in_force(settings: Settings) -> Policy:
    """The policy as configured. Raises InputError where the configuration would make it looser: names line and key."""
    try:
        return read_policy(settings.policy)
    except PolicyError as error:
        key, _, said = str(error).partition(": ")
        what, _, mend = said.partition("; ")
        raise InputError(what, where=settings.where(*key.split(".")), mend=f"{mend[:1].upper()}{mend[1:]}.") from error


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def data_quality(lake: Lake, month: str, present: dict[str, set[str]], published_at: str) -> dict[str, Any]:
    """What the report says of the data: classes only. Exact counts are for the operator (`rapport status`).

    `published_at` is when figures were last published: rows that came since, for months published before, are late.
    """
    accounting, reasons = [], []
    for name, table in TABLES.items():
        files = [f for f in lake.register.of(name) if not table.is_log or month in f.parts]
        if not files:
            continue
        read = sum(file.read for file in files)
        accounting.append({"table": name} | {
            outcome: share_class(sum(getattr(file, outcome) for file in files), read)
            for outcome in ("accepted", "superseded", "duplicate", "quarantined")
        })  # fmt: skip
        paths = [glob.escape(str(lake.folder / "raw" / file.quarantine)) for file in files]
        found = lake.connection.execute(
            "SELECT reason, count(*) FROM read_parquet($paths) GROUP BY reason ORDER BY reason", {"paths": paths}
        ).fetchall()
        reasons += [{"table": name, "reason": reason, "share": share_class(rows, read)} for reason, rows in found]
    came = [file for file in lake.register.files if TABLES[file.table].is_log and file.read_at > published_at]
    lake.show("core.sessions", [month])
    lake.show("core.rosters", [month])
    outside, sessions = lake.connection.execute(
        "SELECT count(*) FILTER (therapist_key NOT IN (SELECT therapist_key FROM core.rosters)), count(*) FROM core.sessions"
    ).fetchall()[0]
    return {
        "sources": [{"table": name, "present": name in present} for name in TABLES],
        "accounting": accounting,
        "quarantine_reasons": reasons,
        "late": share_class(sum(file.late for file in came), sum(file.stored for file in came)),
        "without_unit": share_class(outside, sessions),
        "checks": lake.kept_verdicts(),
    }
