"""Rules as data: what must hold of a table, read from the .toml file that has the table's name.

`core.sessions` has its rules in `core/sessions.toml`; what all raw tables share is in `raw/every_table.toml`.
Here are the shapes of a rule and a suite, and the one SQL template that each kind of rule has. Nothing is run
here: that is `engine.py`. Great Expectations (seconds to import) and DuckDB do not belong in this module, so
that whoever only wants names, titles and severities gets them at once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

Severity = Literal["error", "warn"]

_FOLDER = Path(__file__).parent
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_DATED = re.compile(r"20\d\d-(0[1-9]|1[0-2]): \S")
_PARAMETER = re.compile(r"\$([a-z_]+)")


class SuiteError(Exception):
    """A suite file cannot be used: says which file, which rule, and what to do."""


def is_within(unexpected: int, denominator: int, tolerated_share: float, tolerated_count: int) -> bool:
    """Whether no more are unexpected than one of the two tolerances lets pass."""
    return unexpected <= max(tolerated_count, tolerated_share * denominator)


@dataclass(frozen=True)
class Rule:
    """One rule: of so many things `counted` in a relation, how many are unexpected, and how many may be.

    `unexpected` and `denominator` are aggregates in SQL over `relation`, a table or a SELECT in parentheses.
    The rule holds if no more than `tolerated_count`, or no more than `tolerated_share`, are unexpected.
    """

    name: str
    title: str
    severity: Severity
    counted: str
    reason: str
    relation: str
    unexpected: str
    denominator: str
    tolerated_share: float = 0.0
    tolerated_count: int = 0
    tolerated_because: str = ""

    @property
    def description(self) -> str:
        """For a reader of the check: why it exists, what is counted, what is let pass and why."""
        lines = [f"{self.reason} Counted: {self.counted}."]
        if self.tolerated_share:
            lines.append(f"Passes up to {self.tolerated_share:.1%} of them.")
        if self.tolerated_count:
            lines.append(f"Passes up to {self.tolerated_count} of them.")
        if self.tolerated_because:
            lines.append(self.tolerated_because)
        return " ".join(lines)

    @property
    def parameters(self) -> frozenset[str]:
        """The names of the values ($name) to be bound when the rule is evaluated."""
        return frozenset(_PARAMETER.findall(f"{self.relation} {self.unexpected} {self.denominator}"))


@dataclass(frozen=True)
class Suite:
    """The rules of one table, e.g. of `core.sessions`."""

    table: str
    rules: tuple[Rule, ...]

    @property
    def parameters(self) -> frozenset[str]:
        """The names of the values ($name) that its rules need, e.g. `month_start`."""
        return frozenset().union(*(rule.parameters for rule in self.rules))

    @property
    def statement(self) -> str:
        """One SELECT that counts for all rules: lists of their names, `unexpected` and `denominators`.

        Rules over the same relation share one pass over it, and give one row: on a month of 17,000 sessions
        that takes half the time of a statement for each rule.
        """
        passes: dict[str, list[Rule]] = {}
        for rule in self.rules:
            passes.setdefault(rule.relation, []).append(rule)
        return "\nUNION ALL\n".join(_pass_over(relation, rules) for relation, rules in passes.items())

    def only(self, rule: Rule) -> Suite:
        """The suite of that one rule."""
        return replace(self, rules=(rule,))


def _pass_over(relation: str, rules: list[Rule]) -> str:
    """The SELECT that counts for these rules in one pass over their relation."""
    columns = {
        "rules": [f"'{rule.name}'" for rule in rules],
        "unexpected": [f"coalesce({rule.unexpected}, 0)::BIGINT" for rule in rules],
        "denominators": [f"coalesce({rule.denominator}, 0)::BIGINT" for rule in rules],
    }
    lists = (f"  [{', '.join(entries)}] AS {column}" for column, entries in columns.items())
    return "SELECT\n" + ",\n".join(lists) + f"\nFROM {relation}"


# One SQL template for each kind of rule. Each gives the relation, the unexpected, and the denominator.
Counts = tuple[str, str, str]


def _rows(over: str, unexpected: str, among: str) -> Counts:
    """Rows for which a condition holds that should not; `among` narrows what is counted.

    `count_if` and not `count(*) FILTER`, which copies the columns of the rows that pass: 0.13 s and 0.22 s
    for 11 rules that share a pass over 850,000 rows.
    """
    if not among:
        return over, f"count_if({unexpected})", "count(*)"
    return over, f"count_if(({among}) AND ({unexpected}))", f"count_if({among})"


def _not_null(over: str, columns: list[str], among: str) -> Counts:
    """Rows in which any of the columns is empty."""
    return _rows(over, " OR ".join(f"{column} IS NULL" for column in columns), among)


def _in_set(over: str, column: str, values: list[str], among: str) -> Counts:
    """Rows whose value is not one of those allowed. An empty value is for `not_null` to judge."""
    listed = ", ".join("'{}'".format(value.replace("'", "''")) for value in values)
    return _rows(over, f"{column} NOT IN ({listed})", among or f"{column} IS NOT NULL")


def _between(over: str, column: str, least: float, greatest: float, among: str) -> Counts:
    """Rows whose number is outside a range, both ends included. An empty value is for `not_null` to judge."""
    return _rows(over, f"{column} NOT BETWEEN {least} AND {greatest}", among or f"{column} IS NOT NULL")


def _unique(over: str, columns: list[str], among: str) -> Counts:
    """Rows beyond the first of each key. An empty key of one column is for `not_null` to judge."""
    if len(columns) == 1 and not among:
        return over, f"count({columns[0]}) - count(DISTINCT {columns[0]})", f"count({columns[0]})"
    where = f" WHERE {among}" if among else ""
    copies = f"(SELECT count(*) AS copies FROM {over}{where} GROUP BY {', '.join(columns)})"
    return copies, "sum(copies - 1)", "sum(copies)"


def _items(select: str) -> Counts:
    """Items that a SELECT gives, one row each, with a column `is_unexpected`."""
    return f"({select.strip()})", "count_if(is_unexpected)", "count(*)"


def _quarantined(table: str, reasons: list[str]) -> Counts:
    """Rows that were quarantined for one of these reasons, of the rows read."""
    listed = ", ".join(f"'{reason}'" for reason in reasons)
    rows = f"(SELECT list(reason) AS reasons FROM {table}_quarantine GROUP BY file_number, line)"
    return (
        f"(SELECT sum(read) AS rows_read FROM {table}_files) LEFT JOIN {rows} ON true",
        f"count_if(list_has_any(reasons, [{listed}]))",
        "any_value(rows_read)",
    )


_KINDS: dict[str, Callable[[str, str, str, Any], Counts]] = {
    # kind: of the suite's table, the relation (`over`, if not the table), the condition `among`, the argument
    "rows": lambda _table, over, among, argument: _rows(over, argument, among),
    "not_null": lambda _table, over, among, argument: _not_null(over, argument, among),
    "in_set": lambda _table, over, among, argument: _in_set(over, argument["column"], argument["values"], among),
    "between": lambda _table, over, among, argument: _between(
        over, argument["column"], argument["least"], argument["greatest"], among
    ),
    "unique": lambda _table, over, among, argument: _unique(over, argument, among),
    "items": lambda _table, _over, _among, argument: _items(argument),
    "sums": lambda _table, over, _among, argument: (over, argument["unexpected"], argument["denominator"]),
    "quarantined": lambda table, _over, _among, argument: _quarantined(table, argument),
}
_TEXTS = {"title", "severity", "counted", "reason"}
_OPTIONS = {"over", "among", "tolerated_share", "tolerated_count", "tolerated_because", "tables"}


def _rule(table: str, name: str, entry: Mapping[str, Any], where: str) -> Rule:
    """The rule that an entry of a suite file stands for."""

    def wrong(what: str) -> SuiteError:
        return SuiteError(f"{where}: rule [{name}]: {what}")

    if not _NAME.fullmatch(name):
        raise wrong("its name is small letters, digits and _, a letter first, at most 60 characters")
    if missing := sorted(text for text in _TEXTS if not str(entry.get(text, "")).strip()):
        raise wrong(f"needs {', '.join(missing)}")
    kinds = [kind for kind in _KINDS if kind in entry]
    if len(kinds) != 1:
        raise wrong(f"needs one kind out of {', '.join(_KINDS)}; has {', '.join(kinds) or 'none'}")
    if unknown := sorted(set(entry) - _TEXTS - _OPTIONS - set(kinds)):
        raise wrong(f"does not know {', '.join(unknown)}; known are {', '.join(sorted(_TEXTS | _OPTIONS))}")
    if entry["severity"] not in ("error", "warn"):
        raise wrong('severity is "error" (blocks) or "warn"')
    for text in ("reason", "tolerated_because"):
        if entry.get(text) and not _DATED.match(entry[text]):
            raise wrong(f'{text} begins with its date, as in "2026-11: …"')
    if ("tolerated_share" in entry or "tolerated_count" in entry) and not entry.get("tolerated_because"):
        raise wrong("tolerates something: say why in tolerated_because")
    if not 0 <= entry.get("tolerated_share", 0) < 1:
        raise wrong("tolerated_share is a share of the denominator: 0 or more, and less than 1")

    kind = kinds[0]
    try:
        relation, unexpected, denominator = _KINDS[kind](
            table, entry.get("over", table), entry.get("among", ""), entry[kind]
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise wrong(f"{kind} is not what its template in expectations/suites.py takes") from error
    return Rule(
        name=name,
        title=entry["title"],
        severity=entry["severity"],
        counted=entry["counted"],
        reason=entry["reason"],
        relation=relation.replace("{table}", table),
        unexpected=unexpected.replace("{table}", table),
        denominator=denominator.replace("{table}", table),
        tolerated_share=float(entry.get("tolerated_share", 0)),
        tolerated_count=int(entry.get("tolerated_count", 0)),
        tolerated_because=entry.get("tolerated_because", ""),
    )


def read_suite(table: str, text: str, where: str) -> Suite:
    """The suite of `table` out of the text of a suite file; `where` is the file's name for errors.

    Raises SuiteError.
    """
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SuiteError(f"{where}: not valid TOML: {error}") from error
    rules = []
    for name, entry in entries.items():
        if not isinstance(entry, dict):
            raise SuiteError(f"{where}: {name} stands outside a rule; a rule begins with [its_name]")
        if table in entry.get("tables", [table]):
            rules.append(_rule(table, name, entry, where))
    return Suite(table, tuple(rules))


@cache
def load_suite(table: str) -> Suite:
    """The suite of a table such as `raw.sessions` or `core.therapist_days`.

    Raises SuiteError if there is none, if a rule is wrong, or if two rules have one name.
    """
    layer, _, name = table.partition(".")
    own = _FOLDER / layer / f"{name}.toml"
    if not own.is_file():
        raise SuiteError(f"{table} has no suite: write expectations/{layer}/{name}.toml")
    shared = [_FOLDER / "raw" / "every_table.toml"] if layer == "raw" else []
    rules = tuple(
        rule
        for file in (*shared, own)
        for rule in read_suite(table, file.read_text("utf-8"), f"expectations/{layer}/{file.name}").rules
    )
    names = [rule.name for rule in rules]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise SuiteError(f"expectations/{layer}/{name}.toml: {', '.join(repeated)} is there twice")
    return Suite(table, rules)


def suite_tables() -> list[str]:
    """The tables that have a suite, e.g. `core.rosters`, in alphabetical order."""
    files = sorted(_FOLDER.glob("core/*.toml")) + sorted(_FOLDER.glob("raw/*.toml"))
    return [f"{file.parent.name}.{file.stem}" for file in files if file.stem != "every_table"]
