"""Evaluates a suite on one table, through Great Expectations, in DuckDB, and hands back counts.

What a rule is belongs in `suites.py` and in the .toml files; how Great Expectations reaches DuckDB, in
`pushdown.py`. What to do about a verdict is for the caller. No value of a row is ever in a verdict, a log
or a file.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Literal

from expectations.suites import Rule, Severity, Suite

if TYPE_CHECKING:
    import duckdb

    from expectations.pushdown import Counted

Outcome = Literal["passed", "failed", "not applicable", "error"]


@dataclass(frozen=True)
class Verdict:
    """What a rule found in a table. Counts only.

    `error` means that the rule could not be evaluated: then nothing is known about the data, and it blocks.
    `not applicable` means that there was nothing to count.
    """

    rule: Rule
    outcome: Outcome
    unexpected: int
    denominator: int
    message: str

    @property
    def name(self) -> str:
        return self.rule.name

    @property
    def title(self) -> str:
        return self.rule.title

    @property
    def severity(self) -> Severity:
        return self.rule.severity

    @property
    def reason(self) -> str:
        return self.rule.reason

    @property
    def share(self) -> float | None:
        """Unexpected ÷ denominator; None if there was nothing to count."""
        return self.unexpected / self.denominator if self.denominator else None

    @property
    def is_passed(self) -> bool:
        """Whether nothing stands against the data: passed, or not applicable."""
        return self.outcome in ("passed", "not applicable")

    @property
    def blocks(self) -> bool:
        """Whether the table must not replace what was there."""
        return self.outcome == "error" or (self.outcome == "failed" and self.severity == "error")


def warm_up() -> threading.Thread:
    """Begins to import Great Expectations (about 7 s) in the background; `validate` waits for it."""
    thread = threading.Thread(target=_pushdown, name="import great_expectations", daemon=True)
    thread.start()
    return thread


def validate(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    suite: Suite,
    parameters: Mapping[str, object] | None = None,
) -> list[Verdict]:
    """One verdict for each rule of the suite, in the suite's order.

    `connection` sees `table` (e.g. `core.sessions`) and whatever else the rules name; `parameters` are bound
    to the `$names` in the rules. One statement counts for all rules; if it cannot be run, each rule is run on
    its own, so that the one at fault is named and the others still speak.

    Raises ValueError if the suite is another table's or a parameter that it needs is not given.
    """
    if suite.table != table:
        raise ValueError(f"the suite of {suite.table} was given for {table}")
    given = dict(parameters or {})
    if missing := sorted(suite.parameters - set(given)):
        raise ValueError(f"the suite of {table} needs the parameters {', '.join(missing)}")
    verdicts = _evaluate(connection, suite, given)
    if len(suite.rules) > 1 and any(verdict.outcome == "error" for verdict in verdicts):
        return [verdict for rule in suite.rules for verdict in _evaluate(connection, suite.only(rule), given)]
    return verdicts


def _evaluate(connection: duckdb.DuckDBPyConnection, suite: Suite, parameters: Mapping[str, object]) -> list[Verdict]:
    """The verdicts of a suite from one statement: if that fails, all of them are errors."""
    try:
        counts = _pushdown().count(connection, suite, parameters)
    except Exception as error:  # whatever broke in there, it says nothing about the data
        counts = dict.fromkeys((rule.name for rule in suite.rules), type(error).__name__)
    return [_verdict(suite.table, rule, counts.get(rule.name, "no result")) for rule in suite.rules]


def _verdict(table: str, rule: Rule, counted: Counted | str) -> Verdict:
    """The verdict of a rule on what was counted, or on the kind of error (a string) that came instead."""
    unexpected = denominator = 0
    outcome: Outcome
    if isinstance(counted, str):
        outcome = "error"
        message = f"{table}: could not be evaluated ({counted}). Is a table or column that it names missing?"
    else:
        is_within, unexpected, denominator = counted
        is_empty = not unexpected and not denominator
        outcome = "not applicable" if is_empty else "passed" if is_within else "failed"
        message = f"there are no {rule.counted}" if is_empty else f"{unexpected:,} of {denominator:,} {rule.counted}"
    return Verdict(rule, outcome, unexpected, denominator, message)


def _pushdown() -> ModuleType:
    """The module that imports Great Expectations: only once it is needed."""
    from expectations import pushdown

    return pushdown
