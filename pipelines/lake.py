"""The lake: Parquet files by layer, table and month, and the one DuckDB connection of a run that sees them as views.

A file is written beside its place, checked there, and moved only then: a run can die anywhere, and a reader never meets
half a file. Each file carries the fingerprint of what it was made from, so that what is stale can be told.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import duckdb

from assets.errors import InputError
from assets.measures import BREAKDOWNS, dictionary
from assets.raw.contract import TABLES
from assets.raw.ingest import rows_sql
from assets.raw.register import Register
from assets.raw.sources import literal, path_literal
from assets.transforms import Transform, transforms
from pipelines.months import bounds, months_between, shift
from pipelines.settings import Settings

MEMORY_LIMIT = "4GB"
MONTHS_AT_ONCE = 2
T = TypeVar("T")


def connect() -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB in UTC that installs nothing by itself."""
    connection = duckdb.connect(":memory:")
    connection.execute(
        "SET autoinstall_known_extensions = false; SET TimeZone = 'UTC'; SET enable_progress_bar = false"
    )
    return connection


class Lake:
    """The lake of one home, with a connection of its own. Close it when the run ends."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.home / "lake"
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.connection = connect()
        spill = literal(str(self.folder / "spill"))
        self.connection.execute(
            f"SET temp_directory = {spill}; SET memory_limit = '{MEMORY_LIMIT}'"  # what spills is pseudonyms, as the lake is
        )
        self._declare_settings()
        self._beside: list[Lake] = []  # what builds months side by side
        self.reload()

    def close(self) -> None:
        for own in self._beside:
            own.close()
        self.connection.close()

    def reload(self) -> None:
        """Looks again at what was read: after an ingest."""
        self.register = Register.load(self.folder / "raw")
        self._fingerprints: dict[Path, str] = {}
        self.__dict__.pop("present", None)
        self.__dict__.pop("attended", None)

    @cached_property
    def present(self) -> dict[str, set[str]]:
        """The tables that were read, and of each those fields that a measure needs and that hold anything; and `breakdowns`, of
        which those that have bins."""
        needs = {need for measure in dictionary().measures.values() for need in measure.needs}
        present: dict[str, set[str]] = {}
        for name in filter(self.register.of, TABLES):
            fields = sorted(
                field for table, _, field in (need.partition(".") for need in needs) if table == name and field
            )
            self.show(f"raw.{name}", self.register.months(name))
            columns = [TABLES[name].field(field).column for field in fields]
            holds = [f"EXISTS (FROM raw.{name} WHERE {column} IS NOT NULL)" for column in columns]
            found = self.connection.execute(f"SELECT [{', '.join(holds)}]").fetchall()[0][0]
            present[name] = {field for field, is_there in zip(fields, found, strict=True) if is_there}
        return present | {BREAKDOWNS: self.settings.with_bins()}

    @cached_property
    def attended(self) -> dict[str, int]:
        """How many sessions were attended, by the UTC month in which they start: of each month in which any session does."""
        counts = {}
        for month in self.register.months("sessions"):
            self.show("raw.sessions", [month])
            found = self.connection.execute("SELECT count(*) FROM raw.sessions WHERE status = 'attended'").fetchall()
            counts[month] = found[0][0]
        return counts

    def _declare_settings(self) -> None:
        run = self.connection.execute
        for schema in ("raw", "core", "settings", "measures"):
            run(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        run("CREATE TABLE settings.organisation AS SELECT ? AS name, ? AS timezone",
            [self.settings.organisation.name, self.settings.organisation.timezone])  # fmt: skip
        units = [(unit.name, team) for unit in self.settings.units for team in unit.teams]
        declared = {
            "units": ("unit VARCHAR, team_id VARCHAR", units),
            "bins": ("breakdown VARCHAR, value VARCHAR, breakdown_value VARCHAR, bin INTEGER", self.settings.bins()),
            "synonyms": ("word VARCHAR, spelling VARCHAR", self.settings.synonyms.items()),
        }
        for table, (columns, rows) in declared.items():
            names = [column.split()[0] for column in columns.split(", ")]
            given = [dict(zip(names, row, strict=True)) for row in rows]
            run(f"CREATE TABLE settings.{table} AS SELECT unnest($1::STRUCT({columns})[], recursive := true)", [given])

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Ingest and release are one at a time. Raises InputError where another run is at work."""
        with (self.folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InputError(
                    "another run is at work in this home",
                    where=str(self.folder),
                    mend="Wait until it is done: rapport status",
                ) from error
            yield

    def data_months(self) -> list[str]:
        """The UTC months for which sessions were read, without gaps."""
        months = self.register.months("sessions")
        return months_between(months[0], months[-1]) if months else []

    def path(self, table: str, month: str) -> Path:
        return self.folder / table.replace(".", "/") / f"{month or 'all'}.parquet"

    def fingerprint(self, transform: Transform, month: str) -> str:
        """What a table of a month is made from: its SQL, the settings it reads, and each file that it reads."""
        parts = [transform.digest]
        for table, (before, after) in transform.reads.items():
            layer, name = table.split(".")
            months = months_between(shift(month, before), shift(month, after)) if month else []
            if layer == "settings":
                is_bins = name == "bins"
                parts.append(
                    json.dumps(self.settings.bins()) if is_bins else self.settings.model_dump_json(include={name})
                )
            elif layer == "raw":
                months = months if TABLES[name].is_log else None
                parts += [*self.register.parts(name, months), *self.register.outcome_parts(name, months)]
            else:
                parts += [self.made_from(self.path(table, m)) for m in (months if self._is_monthly(table) else [""])]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def made_from(self, path: Path) -> str:
        """The fingerprint in a file, '' where there is none."""
        if path not in self._fingerprints:
            self._fingerprints[path] = ""
            if path.exists():
                found = self.connection.execute(
                    f"SELECT value::VARCHAR FROM parquet_kv_metadata({path_literal(path)}) WHERE key = 'fingerprint'"
                ).fetchall()
                self._fingerprints[path] = found[0][0] if found else ""
        return self._fingerprints[path]

    def is_stale(self, transform: Transform, month: str) -> bool:
        """Whether a table of a month is missing, or made from something that has changed."""
        return self.made_from(self.path(transform.name, month)) != self.fingerprint(transform, month)

    def _is_monthly(self, table: str) -> bool:
        layer, name = table.split(".")
        if layer == "raw":
            return TABLES[name].is_log
        return next((t.is_monthly for t in transforms(layer) if t.name == table), True)

    def show(self, table: str, months: Sequence[str]) -> None:
        """Makes a view of a table over months (one without months: over all of it)."""
        layer, name = table.split(".")
        if layer == "settings":
            return
        if layer == "raw":
            months_or_all = list(months) if TABLES[name].is_log else None
            rows = rows_sql(
                TABLES[name], self.folder / "raw", self._largest_first(self.register.parts(name, months_or_all))
            )
            lost = self.register.outcome_parts(name, months_or_all)
            if lost:
                listed = ", ".join(path_literal(self.folder / "raw" / part) for part in lost)
                rows = f"FROM ({rows}) AS rows ANTI JOIN read_parquet([{listed}]) USING (file_number, line)"
        else:
            span = self.data_months()
            paths = [self.path(table, month) for month in (months if self._is_monthly(table) else [""])]
            missing = [
                p for p in paths if not p.exists() and (p.stem == "all" or (span and span[0] <= p.stem <= span[-1]))
            ]
            if missing:
                raise InputError(
                    f"{table} of {missing[0].stem} is not there yet", where="lake",
                    mend=f"Run it first: rapport backfill --from {missing[0].stem}",
                )  # fmt: skip
            there = ", ".join(path_literal(path) for path in paths if path.exists())
            if not there:
                raise InputError(f"{table} has no month yet", where="lake", mend="Run first: rapport backfill")
            rows = f"FROM read_parquet([{there}])"
        self._view(table, rows)

    def _largest_first(self, parts: Sequence[str]) -> list[str]:
        """DuckDB takes all files for as large as the first when it orders joins, and a few late rows for a month."""
        return sorted(parts, key=lambda part: -(self.folder / "raw" / part).stat().st_size)

    def each_month(self, months: Sequence[str], work: Callable[[Lake, str], T]) -> Iterator[tuple[str, T]]:
        """Does `work` for each month, two at a time on connections of their own, and yields what it gave, in order.

        A month's queries are too small for DuckDB to share them out between the cores: months are what runs side by side,
        each with its share of the threads. The measures of six months of 420,000 sessions take 16.8 CPU seconds so on two
        cores, and 22.1 with all threads for each month. A connection takes 0.05 CPU seconds: all that is built in a run has it.
        """
        at_once = min(MONTHS_AT_ONCE, len(months)) or 1
        threads = max(1, self.connection.execute("SELECT current_setting('threads')").fetchall()[0][0] // at_once)
        idle: SimpleQueue[Lake] = SimpleQueue()

        def alone(month: str) -> T:
            own = idle.get()
            try:
                return work(own, month)
            finally:
                idle.put(own)

        while len(self._beside) < at_once:
            self._beside.append(Lake(self.settings))
        for own in self._beside[:at_once]:
            own.reload()
            own.connection.execute(f"SET threads = {threads}")
            idle.put(own)
        with ThreadPoolExecutor(at_once) as pool:
            yield from zip(months, pool.map(alone, months), strict=True)

    def build(self, transform: Transform, month: str) -> None:
        """Runs a transform for a month and writes it beside its place, where it waits."""
        self.show_inputs(transform, month)
        waiting = self._waiting(transform, month)
        waiting.parent.mkdir(parents=True, exist_ok=True)
        fingerprint = literal(self.fingerprint(transform, month))
        self.connection.execute(
            f"COPY ({transform.sql}\n) TO {literal(str(waiting))} (FORMAT parquet, KV_METADATA {{fingerprint: {fingerprint}}})",
            self.parameters(transform, month, transform.sql),
        )

    def parameters(self, transform: Transform, month: str, sql: str) -> dict[str, dt.date] | None:
        """What SQL of a transform binds for a month."""
        return {
            name: value
            for name, value in bounds(month, transform.period_months, transform.period_ends_before).items()
            if f"${name}" in sql
        } or None

    def show_inputs(self, transform: Transform, month: str) -> None:
        """Makes views of what a transform reads for a month."""
        for table, (before, after) in transform.reads.items():
            self.show(table, months_between(shift(month, before), shift(month, after)) if month else [])

    def show_waiting(self, transform: Transform, month: str) -> None:
        """Makes views of what waits and of what it was made from: for its checks."""
        self.show_inputs(transform, month)
        self._view(transform.name, f"FROM read_parquet({path_literal(self._waiting(transform, month))})")

    def _view(self, table: str, rows: str) -> None:
        self.connection.execute(f"DROP VIEW IF EXISTS {table}; CREATE VIEW {table} AS {rows}")

    def _waiting(self, transform: Transform, month: str) -> Path:
        return self.path(transform.name, month).with_suffix(".waiting")

    def put(self, transform: Transform, month: str) -> int:
        """Moves what waits into its place and returns its number of rows."""
        path, waiting = self.path(transform.name, month), self._waiting(transform, month)
        with waiting.open("rb") as file:
            os.fsync(file.fileno())
        waiting.replace(path)
        self._fingerprints.pop(path, None)
        rows = self.connection.execute(f"SELECT num_rows FROM parquet_file_metadata({path_literal(path)})").fetchall()
        return rows[0][0]

    def discard(self, transform: Transform, month: str) -> None:
        self._waiting(transform, month).unlink(missing_ok=True)

    def kept(self, month: str) -> Path:
        """The folder of what a month's release was made from."""
        return self.folder / "published" / month

    def keep(self, month: str, measures: Mapping[str, Transform]) -> None:
        """Keeps what the measures of a month are made from, whatever takes its place later: for a replacement.

        Files of the lake are replaced by others, never written into: so a link is enough, and costs nothing.
        """
        folder = self.kept(month)
        self.forget(month)
        folder.mkdir(parents=True)
        read = [self._inputs(measure, month, self.folder) for measure in measures.values()]
        for path in {path for tables in read for paths in tables.values() for path in paths}:
            link = folder / path.relative_to(self.folder)
            link.parent.mkdir(parents=True, exist_ok=True)
            try:
                link.hardlink_to(path)
            except OSError:  # a file system without links
                shutil.copy2(path, link)
        made_by = {name: asdict(measure) for name, measure in measures.items()}
        kept = {"key_check": self.register.key_check, "measures": made_by}
        (folder / "kept.json").write_text(json.dumps(kept), "utf-8")

    def forget(self, month: str) -> None:
        """Takes away what a month was published from."""
        shutil.rmtree(self.kept(month), ignore_errors=True)

    def kept_measures(self, month: str) -> dict[str, Transform]:
        """The measures as they were when the month was published. Raises InputError where they cannot be counted again."""
        path = self.kept(month) / "kept.json"
        try:
            kept = json.loads(path.read_text("utf-8"))
        except FileNotFoundError as error:
            raise InputError(
                f"what {month} was published from is not kept any more, so what changed since cannot be told",
                where=str(path.parent),
                mend="It went with the lake if that was emptied for a new key, or with a replacement: then the month stays as it is. "
                "A lake that was lost can be restored from a copy, with its key.",
            ) from error  # fmt: skip
        if kept["key_check"] != self.register.key_check:
            raise InputError(
                f"the key of the pseudonyms has changed since {month} was published, so what changed cannot be told",
                where=str(path.parent), mend="The month stays as it is.",
            )  # fmt: skip
        return {name: Transform(**measure) for name, measure in kept["measures"].items()}

    def can_count_again(self, month: str) -> bool:
        """Whether there is all that a month was published from, under the key of today."""
        try:
            return bool(self.kept_measures(month))
        except InputError:
            return False

    def show_kept(self, measure: Transform, month: str) -> None:
        """Makes views of what a measure read when a month was published, as `show_inputs` of what is there now."""
        for table, paths in self._inputs(measure, month, self.kept(month)).items():
            self._view(table, f"FROM read_parquet([{', '.join(path_literal(path) for path in paths)}])")

    def _inputs(self, measure: Transform, month: str, folder: Path) -> dict[str, list[Path]]:
        """The files under a folder that a measure reads for a month, by table of core: those that are there."""
        found = {}
        for table, (before, after) in measure.reads.items():
            if not table.startswith("core."):
                continue
            months = months_between(shift(month, before), shift(month, after)) if self._is_monthly(table) else [""]
            paths = [folder / self.path(table, month).relative_to(self.folder) for month in months]
            found[table] = [path for path in paths if path.exists()]
        return found

    def keep_verdicts(self, table: str, verdicts: Sequence[dict[str, str]]) -> None:
        """Keeps how the rules of a table came out when last checked: titles and outcomes, no counts."""
        folder = self.folder / "checks"
        folder.mkdir(exist_ok=True)
        (folder / f"{table}.json").write_text(json.dumps(list(verdicts)), "utf-8")

    def kept_verdicts(self) -> list[dict[str, str]]:
        return [
            verdict
            for path in sorted((self.folder / "checks").glob("*.json"))
            for verdict in json.loads(path.read_text("utf-8"))
        ]
