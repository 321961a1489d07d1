"""Makes Dagster assets of .sql files and suites: one step a table, its checks inside, its months in one loop.

The order in a step is always: build beside, check there, move into place. What fails never replaces what was there.
"""

import datetime as dt
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.errors import InputError
from assets.measures import atoms_query, dictionary, items_sql
from assets.measures.cuts import Cut
from assets.raw.contract import DUCKDB_TYPES, TABLES, Table
from assets.raw.ingest import TableRead, ingest
from assets.release.folder import Releases
from assets.transforms import FOLDER, Transform, transforms
from expectations.engine import Verdict, validate, warm_up
from expectations.suites import Rule, Suite, load_suite
from pipelines.auditing import StoppedError
from pipelines.drawing import drawing
from pipelines.lake import Lake
from pipelines.lineage import column_lineage
from pipelines.months import bounds, closes_on
from pipelines.needed import measure_transforms, months_needed
from pipelines.releasing import (
    Publisher,
    can_be_replaced,
    declared_units,
    due_in,
    measured,
    policy_in_force,
    why_incomplete,
)

if TYPE_CHECKING:
    from expectations.auditor import Finding

warnings.filterwarnings("ignore", category=dg.BetaWarning)  # partition mappings past the first month

NEEDS_LAKE = {"lake"}
AUDITED = "audited"
OURS = "is_from_rapport"  # marks our lines in the log: the command line says these, and not Dagster's
MARKED = {OURS: True}


def asset_key(table: str) -> dg.AssetKey:
    return dg.AssetKey(table.split("."))


MUST_HOLD, WORTH_A_LOOK = "must_hold", "worth_a_look"
SEVERITIES = {
    MUST_HOLD: (
        dg.AssetCheckSeverity.ERROR,
        "error",
        "Rules that must hold: what breaks one does not replace what was there",
    ),
    WORTH_A_LOOK: (dg.AssetCheckSeverity.WARN, "warn", "Rules that a person should look at when they do not hold"),
}


def check_specs(table: str, suite: Suite, is_always_run: bool = True) -> list[dg.AssetCheckSpec]:
    """Two Dagster checks for a suite, one a severity; each result lists its rules with counts and reasons.

    A check a rule would cost Dagster more than the rule costs DuckDB. Checks of raw are run only where there is something
    new; Dagster complains of a blocking check without a result, so there the step itself fails and blocks.
    """
    return [
        dg.AssetCheckSpec(name, asset=asset_key(table), description="\n".join([f"{title}:", *(
            f"- {rule.title}. {rule.description}" for rule in suite.rules if rule.severity == severity
        )]), blocking=is_always_run and name == MUST_HOLD)
        for name, (_, severity, title) in SEVERITIES.items()
    ]  # fmt: skip


@dataclass
class Findings:
    """The verdicts on a table in a run, each with its month ('' where there is none)."""

    table: str
    verdicts: list[tuple[str, Verdict]] = field(default_factory=list)

    def add(self, month: str, verdicts: Sequence[Verdict]) -> bool:
        """Keeps the verdicts on a month, and says whether the month may take its place."""
        self.verdicts += [(month, verdict) for verdict in verdicts]
        return not any(verdict.blocks for verdict in verdicts)

    @property
    def is_refused(self) -> bool:
        return any(verdict.blocks for _, verdict in self.verdicts)

    def lines(self) -> list[str]:
        """What does not hold, in words. Counts only."""
        return [
            f"{self.table}{' ' + month if month else ''}: {verdict.title} — {verdict.message}"
            for month, verdict in self.verdicts if not verdict.is_passed
        ]  # fmt: skip

    def by_rule(self) -> list[tuple[Rule, list[Verdict]]]:
        rules = {verdict.name: verdict.rule for _, verdict in self.verdicts}
        return [
            (rule, [verdict for _, verdict in self.verdicts if verdict.name == name]) for name, rule in rules.items()
        ]

    def results(self) -> Iterator[dg.AssetCheckResult]:
        """A result a severity: it passes where each of its rules holds in every month."""
        for name, (severity, of, _) in SEVERITIES.items():
            failed = [
                line
                for line, (_, verdict) in zip(self.lines(), self._failed(), strict=True)
                if _severity(verdict) == of
            ]
            records = [
                dg.TableRecord({
                    "rule": rule.title,
                    "outcome": "held" if all(verdict.is_passed for verdict in found) else "did not hold",
                    "unexpected": sum(verdict.unexpected for verdict in found),
                    "of": f"{sum(verdict.denominator for verdict in found):,} {rule.counted}",
                    "reason": rule.reason,
                })
                for rule, found in self.by_rule() if rule.severity == of
            ]  # fmt: skip
            yield dg.AssetCheckResult(
                asset_key=asset_key(self.table), check_name=name, passed=not failed, severity=severity,
                description="\n".join(failed[:24]) or f"All {len(records)} rules hold",
                metadata={"rules": dg.MetadataValue.table(records, RULES_TABLE), "did not hold": len(failed)},
            )  # fmt: skip

    def _failed(self) -> list[tuple[str, Verdict]]:
        return [(month, verdict) for month, verdict in self.verdicts if not verdict.is_passed]

    def for_report(self) -> list[dict[str, str]]:
        """Titles and outcomes without counts: what a release may say of its checks."""
        return [
            {"table": self.table, "title": rule.title, "severity": rule.severity,
             "outcome": "passed" if all(verdict.is_passed for verdict in found) else "failed"}
            for rule, found in self.by_rule()
        ]  # fmt: skip


def _severity(verdict: Verdict) -> str:
    return "error" if verdict.blocks else "warn"


RULES_TABLE = dg.TableSchema([
    dg.TableColumn("rule"), dg.TableColumn("outcome"), dg.TableColumn("unexpected", "int"), dg.TableColumn("of"), dg.TableColumn("reason"),
])  # fmt: skip


def _columns(lake: Lake, table: str) -> dg.TableSchema:
    described = lake.connection.execute(f"DESCRIBE {table}").fetchall()
    return dg.TableSchema([dg.TableColumn(name, kind) for name, kind, *_ in described])


def raw_assets() -> dg.AssetsDefinition:
    """One step that reads what is new in all sources, an asset a table of the contract."""
    specs = [_raw_spec(table) for table in TABLES.values()]
    checks = [
        spec
        for table in TABLES
        for spec in check_specs(f"raw.{table}", load_suite(f"raw.{table}"), is_always_run=False)
    ]

    @dg.multi_asset(name="raw", specs=specs, check_specs=checks, required_resource_keys=NEEDS_LAKE, can_subset=True)
    def read_sources(context: dg.AssetExecutionContext) -> Iterator[Any]:
        lake: Lake = context.resources.lake
        settings = lake.settings
        warm_up()
        findings = {table: Findings(f"raw.{table}") for table in TABLES}

        def check(table: str) -> bool:
            return findings[table].add("", validate(lake.connection, f"raw.{table}", load_suite(f"raw.{table}")))

        read: dict[str, TableRead] = {}
        with lake.locked():
            for result in ingest(
                lake.connection, lake.folder, settings.home, settings.sources, settings.key(), dt.datetime.now(dt.UTC),
                check=check, report=lambda line: context.log.info(line, extra=MARKED),
                published=frozenset(Releases(settings.home / "releases").ledger.standing),
            ):  # fmt: skip
                read[result.table] = result
        lake.reload()
        for table in TABLES:
            files = lake.register.of(table)
            new = read[table].files if table in read else []
            for line in findings[table].lines():
                context.log.warning(line, extra=MARKED)
            yield dg.MaterializeResult(asset_key=asset_key(f"raw.{table}"), metadata={
                "dagster/row_count": sum(file.accepted for file in files),
                "new_files": len(new),
                "months_changed": ", ".join(month for month in read[table].months if month) if table in read else "",
                **{outcome: sum(getattr(file, outcome) for file in files)
                   for outcome in ("read", "accepted", "superseded", "duplicate", "quarantined")},
            })  # fmt: skip
            if findings[table].verdicts:  # else nothing is new, and the verdicts on what is there still stand
                lake.keep_verdicts(f"raw.{table}", findings[table].for_report())
                yield from findings[table].results()
        _stop_if_refused([found for found in findings.values() if found.is_refused])

    return read_sources


def _raw_spec(table: Table) -> dg.AssetSpec:
    columns = [dg.TableColumn(f.column, DUCKDB_TYPES[f.type]) for f in table.fields]
    return dg.AssetSpec(
        asset_key(f"raw.{table.name}"), group_name="raw", description=table.title, kinds={"parquet"},
        metadata={"dagster/column_schema": dg.TableSchema(columns)},
    )  # fmt: skip


def _deps(transform: Transform, windows: Mapping[str, tuple[int, int]]) -> list[dg.AssetDep]:
    """What a transform depends on; `windows` gives the months before and after its own that count for each table."""
    deps = []
    for table in transform.reads:
        layer = table.split(".")[0]
        if layer == "settings":
            continue
        is_monthly = layer == "core" and next(t for t in transforms("core") if t.name == table).is_monthly
        before, after = windows[table]
        mapping = dg.TimeWindowPartitionMapping(
            start_offset=before, end_offset=after, allow_nonexistent_upstream_partitions=True
        )
        deps.append(
            dg.AssetDep(asset_key(table), partition_mapping=mapping if is_monthly and transform.is_monthly else None)
        )
    return deps


def core_asset(transform: Transform, partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The asset of one table of core, with its suite as checks in the step."""
    suite = load_suite(transform.name)

    @dg.asset(
        key=asset_key(transform.name), deps=_deps(transform, transform.reads), group_name="core", kinds={"duckdb", "sql"},
        partitions_def=partitions if transform.is_monthly else None, check_specs=check_specs(transform.name, suite),
        required_resource_keys=NEEDS_LAKE, code_version=transform.digest[:12],
        description=f"One row: {transform.row}.\n\n```sql\n{transform.sql}\n```",
        metadata={"dagster/column_lineage": column_lineage(transform.sql)},
    )  # fmt: skip
    def build(context: dg.AssetExecutionContext) -> Iterator[Any]:
        lake: Lake = context.resources.lake
        asked = list(context.partition_keys) if transform.is_monthly else [""]
        months = _to_build(lake, transform, asked)
        findings = Findings(transform.name)
        for month, _ in lake.each_month(months, lambda own, month: own.build(transform, month)):
            lake.show_waiting(transform, month)
            if not findings.add(month, validate(lake.connection, transform.name, suite, bounds(month))):
                lake.discard(transform, month)
                continue
            metadata = {"dagster/row_count": lake.put(transform, month)}
            if month in asked:
                context.add_asset_metadata(metadata, partition_key=month or None)
            else:
                context.log_event(
                    dg.AssetMaterialization(asset_key(transform.name), partition=month, metadata=metadata)
                )
        for line in findings.lines():
            context.log.warning(line, extra=MARKED)
        if findings.is_refused:
            yield from findings.results()
            _stop_if_refused([findings])
        lake.keep_verdicts(transform.name, findings.for_report())
        if months:
            lake.show(transform.name, asked)
            yield dg.MaterializeResult(metadata={"dagster/column_schema": _columns(lake, transform.name)})
        else:
            yield dg.MaterializeResult(metadata={"needed": False})  # by no measure that the sources feed
        yield from findings.results()

    return build


def _to_build(lake: Lake, transform: Transform, asked: list[str]) -> list[str]:
    """The months of a table to build in a run: those asked for, and of what else is needed the missing and the stale."""
    months = asked if transform.is_monthly else lake.data_months()
    needed = months_needed(months, lake.data_months(), measured(lake.present))[transform.name]
    if not needed or not transform.is_monthly:
        return asked if needed else []
    return [*asked, *(month for month in needed if month not in asked and lake.is_stale(transform, month))]


def _stop_if_refused(refused: Sequence[Findings]) -> None:
    """Fails the step, so that nothing is built on what was not let in."""
    if refused:
        tables = ", ".join(found.table for found in refused)
        lines = [f"  {line}" for found in refused for line in found.lines()]
        raise dg.Failure(
            "\n".join([f"{tables}: not let in; what was there before stays:", *lines]), allow_retries=False
        )


def sql_texts() -> dict[str, str]:
    """All SQL from core to what is published, by table: the files of every folder but raw, found and never listed.

    Raw is left out because it types the rows of files, before there are pseudonyms to follow.
    """
    texts = {transform.name: transform.sql for transform in transforms("core")}
    texts |= {f"measures.{name}": atoms_query(measure) for name, measure in dictionary().measures.items()}
    for path in sorted(FOLDER.rglob("*.sql")):
        place = path.relative_to(FOLDER).with_suffix("").parts
        if place[0] not in ("raw", "core", "measures"):
            texts[".".join(place)] = path.read_text("utf-8")
    return texts


def refuse_competition() -> None:
    """Fails the step where some SQL does what may be done with nobody: nothing is published then."""
    if refusals := _refusals(tuple(sql_texts().items())):
        raise dg.Failure(
            "\n".join(["The SQL does what it may not, so nothing is published:", *refusals]), allow_retries=False
        )


@cache  # the same SQL gives the same answer, and following it takes a second or two
def _refusals(texts: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    from expectations.no_competition import check

    return tuple(map(str, check(dict(texts))))


def measure_assets(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """One step for all measures: each is small, and a step a measure would cost more than the measure."""
    found = measure_transforms()
    windows: dict[str, tuple[int, int]] = {}  # in one step, a table has one window: the widest
    for transform in found.values():
        for table, (before, after) in transform.reads.items():
            known = windows.get(table, (0, 0))
            windows[table] = (min(before, known[0]), max(after, known[1]))
    specs = [
        dg.AssetSpec(
            asset_key(f"measures.{name}"), deps=_deps(found[name], windows), group_name="measures", partitions_def=partitions,
            kinds={"duckdb", "sql"}, code_version=found[name].digest[:12],
            description=f"{measure.question}\n\n{measure.part} ÷ {measure.base}\n\n{measure.caveat}",
            metadata={"dagster/column_lineage": column_lineage(items_sql(measure))},
        )
        for name, measure in dictionary().measures.items()
    ]  # fmt: skip

    @dg.multi_asset(name="measures", specs=specs, required_resource_keys=NEEDS_LAKE, can_subset=True)
    def compute(context: dg.AssetExecutionContext) -> Iterator[Any]:
        lake: Lake = context.resources.lake
        is_measured = measured(lake.present)
        selected = {
            name: transform
            for name, transform in found.items()
            if asset_key(transform.name) in context.selected_asset_keys
        }

        def build_month(own: Lake, month: str) -> dict[str, int]:
            rows = {}
            for name in due_in(month, own.data_months()).keys() & is_measured & selected.keys():
                own.build(selected[name], month)
                rows[name] = own.put(selected[name], month)
            return rows

        for month, rows in lake.each_month(context.partition_keys, build_month):
            for name in is_measured & selected.keys():
                # where no period of it ends there is nothing to compute, and no file
                metadata = {"dagster/row_count": rows.get(name, 0), "due": name in rows}
                key = asset_key(selected[name].name)
                context.add_asset_metadata(metadata, asset_key=key, partition_key=month)
        for name, transform in selected.items():
            yield dg.MaterializeResult(asset_key=asset_key(transform.name), metadata={"measured": name in is_measured})

    return compute


def release_asset(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The asset of the releases: each closed month is published once, in order."""
    measures = measure_transforms()
    deps = [dg.AssetDep(asset_key(f"measures.{name}")) for name in measures]

    @dg.asset(
        key=["release", "monthly"], deps=deps, group_name="release", partitions_def=partitions, kinds={"html", "csv"},
        required_resource_keys=NEEDS_LAKE, pool="release",
        description="What is published for a month: measures.csv, measures.xlsx, report.html, catalogue.json, manifest.json. Immutable.",
        check_specs=[dg.AssetCheckSpec(AUDITED, asset=["release", "monthly"], blocking=True, description=(
            "Nothing about one person can be worked out from what is published. An auditor that shares nothing with the code "
            "that decides looks at each release before it is written; what it objects to is not published."))],
    )  # fmt: skip
    def publish(context: dg.AssetExecutionContext) -> Iterator[Any]:
        lake: Lake = context.resources.lake
        now = dt.datetime.now(dt.UTC)
        policy = policy_in_force(lake.settings)
        units = len(declared_units(lake, now.date())) if lake.data_months() else 0
        with lake.locked(), drawing(units) as pool:
            refuse_competition()
            releases = Releases(lake.settings.home / "releases")
            publisher = Publisher(lake, releases, measures, policy, now, pool)
            published: list[str] = []
            outcomes = {month: _stays(month, releases, lake, now.date()) for month in context.partition_keys}
            due = [month for month, stays in outcomes.items() if not stays]
            for month, stays in outcomes.items():
                if not stays:
                    try:
                        publisher.release(month, following=next(iter(due[len(published) + 1 :]), None))
                    except StoppedError as stopped:
                        yield _audited(stopped.findings, published)
                        raise dg.Failure(str(stopped), allow_retries=False) from stopped
                    published.append(month)
                outcome = stays or "published"
                context.log.info(f"{month}: {outcome}", extra=MARKED)
                context.add_asset_metadata({"outcome": outcome}, partition_key=month)
        yield dg.MaterializeResult()
        yield _audited([], published)

    return publish


def _stays(month: str, releases: Releases, lake: Lake, today: dt.date) -> str:
    """Why a month is not published in this run; '' where it is."""
    closes = closes_on(month, lake.settings.calendar.closing_lag_days)
    if month in releases.ledger.standing:
        return "published before; a release is never changed"
    if month in releases.ledger.decided:
        what_next = f"to publish it anew: rapport replace {month}"
        return (
            f"withdrawn; {what_next if can_be_replaced(releases.ledger, lake, month) else 'cannot be published anew'}"
        )
    if closes > today:
        return f"closes on {closes}"
    return "there is no session in this month" if month not in lake.data_months() else why_incomplete(lake, month)


class AskedFor(dg.Config):
    """What somebody asks for: a measure by a dimension, for the release of a month."""

    measure: str
    by: str
    month: str


def answer_job(name: str) -> dg.JobDefinition:
    """The job that answers a request for a new cut: as `rapport request` does, to be started from the UI with what is asked."""

    @dg.op(required_resource_keys=NEEDS_LAKE, pool="release")
    def answer(context: dg.OpExecutionContext, config: AskedFor) -> None:
        from pipelines.requesting import Answerer, can_be_asked, refusal

        lake: Lake = context.resources.lake
        cut = Cut(config.measure, config.by, config.month)
        with lake.locked():
            releases = Releases(lake.settings.home / "releases")
            policy, now = policy_in_force(lake.settings), dt.datetime.now(dt.UTC)
            try:
                asked = Answerer(lake, releases, policy, now).answer(cut)
            except (InputError, StoppedError) as error:
                raise dg.Failure(str(error), allow_retries=False) from error
            if asked.folder is None:
                raise dg.Failure(refusal(cut, can_be_asked(lake, releases, cut.month)), allow_retries=False)
        context.log_event(
            dg.AssetMaterialization(
                ["release", "answers", cut.subject.replace("-", "_")], partition=cut.month,
                metadata={"folder": dg.MetadataValue.path(str(asked.folder)), "new": asked.is_new},
            )
        )  # fmt: skip

    @dg.job(name=name, description="Answers a request for a new cut, once and to everybody, or refuses it as a whole.")
    def job() -> None:
        answer()

    return job


def _audited(findings: "Sequence[Finding]", published: Sequence[str]) -> dg.AssetCheckResult:
    """The auditor's word as a Dagster check: rules and places, no count of people."""
    records = [
        dg.TableRecord({"rule": found.rule, "release": found.release, "place": found.place}) for found in findings
    ]
    schema = dg.TableSchema([dg.TableColumn("rule"), dg.TableColumn("release"), dg.TableColumn("place")])
    return dg.AssetCheckResult(
        check_name=AUDITED, passed=not findings,
        description="Stopped" if findings else f"Passed: {', '.join(published) or 'nothing new was published'}",
        metadata={"findings": dg.MetadataValue.table(records, schema)},
    )  # fmt: skip
