"""Great Expectations over an open DuckDB connection: the one module that imports it (about 7 s).

The context, the data source and the SQLAlchemy engine are made once in a process; each `count` lends them a
connection. Nothing is written to disk, nothing is sent anywhere, and no value of a row gets in: the only
expectation there is counts, and what DuckDB says when it fails is cut down to the kind of error before Great
Expectations, which keeps and logs messages, can see it.

Its own expectations are not used: they look up columns and types, run a query or two each (18 ms a rule; here
it is 1 ms), know no denominator but the rows of one table, and keep sample values unless told not to.
"""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, NamedTuple

import duckdb

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # before the import: no usage reports
_show_warning = warnings.showwarning

import great_expectations as gx  # noqa: E402
from great_expectations.data_context.types.base import (  # noqa: E402
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.execution_engine.sqlalchemy_execution_engine import (  # noqa: E402
    SqlAlchemyExecutionEngine,
)
from great_expectations.expectations.expectation import BatchExpectation  # noqa: E402
from great_expectations.expectations.metadata_types import FailureSeverity  # noqa: E402
from great_expectations.expectations.metrics.metric_provider import metric_value  # noqa: E402
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider  # noqa: E402
from great_expectations.validator.metric_configuration import MetricConfiguration  # noqa: E402
from great_expectations.validator.validator import ValidationDependencies  # noqa: E402
from sqlalchemy.dialects import registry  # noqa: E402
from sqlalchemy.engine.default import DefaultDialect  # noqa: E402

from expectations.suites import Rule, Suite, is_within  # noqa: E402

if warnings.showwarning is not _show_warning:
    logging.captureWarnings(False)  # Great Expectations turns it on for the whole process
_LOGGER = logging.getLogger("great_expectations")
_LOGGER.addHandler(logging.NullHandler())
_LOGGER.propagate = False  # what it has to say is in the verdicts, and its messages quote what it met

_METRIC = "rapport.counts"
_COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}


# --- the way to DuckDB ---


class _Lent(threading.local):
    """The connection that statements of this thread run on, for as long as `count` runs."""

    connection: duckdb.DuckDBPyConnection | None = None


_lent = _Lent()


class _Cursor:
    """A cursor of the lent connection. It holds all rows: a result in DuckDB ends with the next statement."""

    arraysize = 1
    rowcount = -1
    lastrowid = None

    def __init__(self) -> None:
        self.description: list[tuple[Any, ...]] | None = None
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> None:
        if _lent.connection is None:
            raise RuntimeError("no connection is lent")
        result = _lent.connection.execute(statement, dict(parameters) if parameters else None)
        self.description, self._rows = result.description, result.fetchall()

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows, []
        return rows

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def close(self) -> None:
        self._rows = []


class _Connection:
    """What SQLAlchemy takes for a connection. Transactions and closing are the lender's affair."""

    def cursor(self) -> _Cursor:
        return _Cursor()

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None: ...


class _Driver:
    """What SQLAlchemy takes for a database driver."""

    Error = duckdb.Error
    paramstyle = "named"

    @staticmethod
    def connect(*_args: object, **_options: object) -> _Connection:
        return _Connection()


class LentDuckDB(DefaultDialect):
    """SQLAlchemy's dialect for it. Asks the database nothing about itself: no version, schemas or types."""

    name = "lent_duckdb"
    driver = "lent_duckdb"
    default_paramstyle = "named"
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> Any:
        return _Driver

    def initialize(self, connection: Any) -> None: ...


registry.register("lent_duckdb", __name__, LentDuckDB.__name__)


# --- the expectation ---


class CountsOfASuite(TableMetricProvider):
    """Unexpected and denominator of each rule from a suite's statement, or the kind of error that it gave."""

    metric_name = _METRIC
    value_keys = ("statement", "parameters")

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls,  # noqa: N805
        execution_engine: SqlAlchemyExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> dict[str, tuple[int, int]] | str:
        try:
            with execution_engine.get_connection() as connection:
                result = connection.exec_driver_sql(metric_value_kwargs["statement"], metric_value_kwargs["parameters"])
                return {
                    rule: (found, of)
                    for rules, unexpected, denominators in result
                    for rule, found, of in zip(rules, unexpected, denominators, strict=True)
                }
        except Exception as error:
            return type(getattr(error, "orig", None) or error).__name__


class ExpectCountsWithinTolerance(BatchExpectation):
    """Of the things that a rule counts, no more are unexpected than it tolerates."""

    rule: str
    statement: str
    parameters: dict[str, Any]
    tolerated_share: float
    tolerated_count: int

    success_keys: ClassVar[tuple[str, ...]] = (
        "rule",
        "statement",
        "parameters",
        "tolerated_share",
        "tolerated_count",
    )

    def get_validation_dependencies(
        self, execution_engine: Any = None, runtime_configuration: dict[str, Any] | None = None
    ) -> ValidationDependencies:
        """The suite's counts. All rules of a suite depend on one metric, so that it is computed once.

        What is inherited builds the rule's configuration ten times over: 2 ms a rule, where this takes 0.2.
        """
        counts = MetricConfiguration(
            metric_name=_METRIC,
            metric_domain_kwargs={"batch_id": self.batch_id},
            metric_value_kwargs={"statement": self.statement, "parameters": self.parameters},
        )
        return ValidationDependencies({_METRIC: counts}, dict(_COUNTS_ONLY))

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        counts = metrics[_METRIC]
        if isinstance(counts, str):
            failure = {"raised_exception": True, "exception_message": counts, "exception_traceback": None}
            return {"success": False, "result": {"error": counts}, "exception_info": failure}
        unexpected, denominator = counts[self.rule]
        return {
            "success": is_within(unexpected, denominator, self.tolerated_share, self.tolerated_count),
            "result": {"unexpected_count": unexpected, "element_count": denominator},
        }


class Counted(NamedTuple):
    """What Great Expectations found for a rule."""

    is_within_tolerance: bool
    unexpected: int
    denominator: int


@cache
def _source() -> Any:
    """The data source, made once: its context keeps nothing on disk and shows no progress bars."""
    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
            analytics_enabled=False,
        ),
    )
    return context.data_sources.add_sql("rapport", connection_string="lent_duckdb://")


@cache
def _batch_definition(table: str) -> Any:
    """The whole of a table, whatever connection it will be read from."""
    asset = _source().add_query_asset(table, query=f"SELECT * FROM {table}")
    return asset.add_batch_definition_whole_table("whole")


def _expectation(rule: Rule, statement: str, parameters: dict[str, object]) -> ExpectCountsWithinTolerance:
    return ExpectCountsWithinTolerance(
        rule=rule.name,
        statement=statement,
        parameters=parameters,
        tolerated_share=rule.tolerated_share,
        tolerated_count=rule.tolerated_count,
        severity=FailureSeverity.CRITICAL if rule.severity == "error" else FailureSeverity.WARNING,
        description=rule.title,
        notes=rule.reason,
    )


_one_at_a_time = threading.Lock()  # the context is not made for two threads


def count(
    connection: duckdb.DuckDBPyConnection, suite: Suite, parameters: Mapping[str, object]
) -> dict[str, Counted | str]:
    """For each rule, by its name, what was counted, or the kind of error on the way."""
    statement = suite.statement
    bound = {name: parameters[name] for name in suite.parameters}
    expectations = gx.ExpectationSuite(
        name=suite.table, expectations=[_expectation(rule, statement, bound) for rule in suite.rules]
    )
    with _one_at_a_time:
        _lent.connection = connection
        try:
            batch = _batch_definition(suite.table).get_batch()
            validation = batch.validate(expectations, result_format=_COUNTS_ONLY)
        finally:
            _lent.connection = None
    return {result.expectation_config.kwargs["rule"]: _counted(result) for result in validation.results}


def _counted(result: Any) -> Counted | str:
    """What a result says. It is matched to its rule by name: results come in an order of their own."""
    found = result.result
    if "unexpected_count" not in found:
        return found.get("error", "Great Expectations")
    return Counted(bool(result.success), found["unexpected_count"], found["element_count"])
