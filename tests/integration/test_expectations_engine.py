"""What the engine promises beside right counts: no value gets out, errors are errors, nothing is left."""

from __future__ import annotations

import datetime
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations import pushdown
from expectations.engine import Verdict, validate, warm_up
from expectations.suites import Suite, load_suite, read_suite

MARKER = "Rumpelstilz-29872"  # as a name or an id in a row would be

TWO_RULES = """
    [statuses_are_known]
    title = "Every status is known"
    severity = "warn"
    counted = "sessions"
    reason = "2026-11: whether a session took place is never guessed."
    in_set = { column = "status", values = ["attended"] }

    [minutes_are_few]
    title = "No session lasts more than a day"
    severity = "warn"
    counted = "sessions"
    reason = "2026-11: likelier a mistyped end."
    rows = "minutes::INTEGER > 1440"
"""


def suite_of(text: str = TWO_RULES) -> Suite:
    return read_suite("core.visits", text, "visits.toml")


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """core.visits: one attended session of 50 minutes, one whose status and minutes are the marker."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA core; CREATE TABLE core.visits (status VARCHAR, minutes VARCHAR)")
        connection.execute("INSERT INTO core.visits VALUES ('attended', '50'), (?, ?)", [MARKER, MARKER])
        yield connection


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """All that is logged, at every level, also by loggers that keep to themselves."""
    names = ["great_expectations", "sqlalchemy", "duckdb"]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    caplog.set_level(logging.DEBUG)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(caplog.handler)
    yield caplog
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(caplog.handler)
        logger.setLevel(level)


def test_no_value_of_a_row_gets_into_verdicts_logs_or_output(
    connection: duckdb.DuckDBPyConnection,
    heard: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(duckdb.ConversionException, match=MARKER):  # what DuckDB says on its own
        connection.execute("SELECT minutes::INTEGER FROM core.visits").fetchall()
    statuses, minutes = validate(connection, "core.visits", suite_of())
    assert (statuses.outcome, statuses.unexpected, statuses.denominator) == ("failed", 1, 2)
    assert (minutes.outcome, minutes.unexpected, minutes.denominator) == ("error", 0, 0)
    printed = capfd.readouterr()
    assert MARKER not in f"{statuses} {minutes} {heard.text} {printed.out} {printed.err}"


def test_no_value_of_a_row_is_kept_by_great_expectations(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    counted = pushdown._counted

    def listen(result: Any) -> Any:
        seen.append(str(result.to_json_dict()))
        return counted(result)

    monkeypatch.setattr(pushdown, "_counted", listen)
    validate(connection, "core.visits", suite_of())
    assert len(seen) == 4  # two together, which failed, then each on its own
    assert not any(MARKER in text for text in seen)
    assert "unexpected_count" in seen[2] and "ConversionException" in seen[3]


def test_a_rule_that_cannot_be_evaluated_blocks_whatever_its_severity(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _, minutes = validate(connection, "core.visits", suite_of())
    assert minutes.severity == "warn" and minutes.blocks and not minutes.is_passed
    assert minutes.share is None
    assert minutes.message == (
        "core.visits: could not be evaluated (ConversionException). Is a table or column that it names missing?"
    )


def test_a_failed_warning_does_not_block(connection: duckdb.DuckDBPyConnection) -> None:
    statuses, _ = validate(connection, "core.visits", suite_of())
    assert not statuses.blocks and not statuses.is_passed


def test_a_missing_table_is_an_error_and_never_a_pass(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DROP TABLE core.visits")
    assert [verdict.outcome for verdict in validate(connection, "core.visits", suite_of())] == ["error"] * 2


@pytest.mark.parametrize(
    "broken",
    [
        (pushdown, "count"),
        (pushdown.ExpectCountsWithinTolerance, "_validate"),
        (pushdown.ExpectCountsWithinTolerance, "get_validation_dependencies"),
    ],
    ids=["outside", "while judging", "while planning"],
)
def test_whatever_breaks_in_great_expectations_is_an_error_without_its_message(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, broken: tuple[Any, str]
) -> None:
    def breaks(*_args: object, **_options: object) -> None:
        raise RuntimeError(MARKER)

    monkeypatch.setattr(*broken, breaks)
    verdicts = validate(connection, "core.visits", suite_of())
    assert [verdict.outcome for verdict in verdicts] == ["error"] * 2
    assert MARKER not in str(verdicts)


def test_a_wrong_call_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ValueError, match="needs the parameters month_end, month_start"):
        validate(connection, "core.sessions", load_suite("core.sessions"))
    with pytest.raises(ValueError, match=r"the suite of core\.visits was given for core\.sessions"):
        validate(connection, "core.sessions", suite_of())


def test_it_sees_what_the_run_sees(connection: duckdb.DuckDBPyConnection) -> None:
    """The connection itself is lent: its open transaction, temporary tables and time zone count."""
    connection.execute("SET TimeZone = 'Pacific/Auckland'; CREATE TEMP TABLE offset_hours (hours INTEGER)")
    connection.execute("BEGIN; DELETE FROM core.visits WHERE status <> 'attended'")
    connection.execute("INSERT INTO offset_hours VALUES (13)")
    text = (
        TWO_RULES
        + """
    [zone_is_that_of_the_run]
    title = "Noon in Auckland is the night before in UTC"
    severity = "error"
    counted = "offsets"
    reason = "2026-11: a session's settings are its own in DuckDB."
    over = "offset_hours"
    rows = "epoch(TIMESTAMP '2026-01-01 12:00') - epoch('2026-01-01 12:00'::TIMESTAMPTZ) <> hours * 3600"
    """
    )
    outcomes = [verdict.outcome for verdict in validate(connection, "core.visits", suite_of(text))]
    assert outcomes == ["passed", "passed", "passed"]
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT count(*) FROM core.visits").fetchone() == (2,)


def test_connections_come_and_go(connection: duckdb.DuckDBPyConnection) -> None:
    for rows in (1, 3):
        with duckdb.connect() as other:
            other.execute("CREATE SCHEMA core; CREATE TABLE core.visits (status VARCHAR, minutes VARCHAR)")
            other.execute("INSERT INTO core.visits SELECT 'attended', '50' FROM range(?)", [rows])
            verdicts = validate(other, "core.visits", suite_of())
        assert [verdict.denominator for verdict in verdicts] == [rows, rows]


def test_two_threads_do_not_meet() -> None:
    found: dict[int, list[Verdict]] = {}

    def run(rows: int) -> None:
        with duckdb.connect() as other:
            other.execute("CREATE SCHEMA core; CREATE TABLE core.visits (status VARCHAR, minutes VARCHAR)")
            other.execute("INSERT INTO core.visits SELECT 'attended', '50' FROM range(?)", [rows])
            found[rows] = validate(other, "core.visits", suite_of())

    threads = [threading.Thread(target=run, args=(rows,)) for rows in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {rows: verdicts[0].denominator for rows, verdicts in found.items()} == {n: n for n in range(1, 9)}


def test_values_are_bound_and_never_formatted_in(connection: duckdb.DuckDBPyConnection) -> None:
    text = TWO_RULES.replace('"minutes::INTEGER > 1440"', '"status = $unwanted"')
    quoted = "x' OR true --"
    _, unwanted = validate(connection, "core.visits", suite_of(text), {"unwanted": quoted, "unused": 1})
    assert (unwanted.outcome, unwanted.unexpected) == ("passed", 0)
    since = datetime.date(2026, 10, 1)
    text = TWO_RULES.replace('"minutes::INTEGER > 1440"', "\"$since < DATE '2026-10-02'\"")
    _, dated = validate(connection, "core.visits", suite_of(text), {"since": since})
    assert dated.unexpected == 2


def test_warming_up_ends_with_great_expectations_imported() -> None:
    warm_up().join(timeout=120)
    assert "great_expectations" in sys.modules


def test_nothing_is_written_sent_or_said(tmp_path: Path) -> None:
    """In a process of its own, with an empty home, where any attempt to reach a network raises."""
    program = """
import socket

def refuse(*_args, **_options):
    raise AssertionError("something reached for the network")

socket.socket.connect = socket.getaddrinfo = refuse
import warnings
import duckdb
from expectations.engine import validate
from expectations.suites import read_suite

shown = warnings.showwarning
connection = duckdb.connect()
connection.execute("CREATE SCHEMA core; CREATE TABLE core.visits AS SELECT 'no' AS status, 'x' AS minutes")
import os
suite = read_suite("core.visits", os.environ["SUITE"], "visits.toml")
assert [verdict.outcome for verdict in validate(connection, "core.visits", suite)] == ["failed", "error"]
assert warnings.showwarning is shown, "warnings were diverted into a log"
"""
    home = tmp_path / "home"
    home.mkdir()
    folder = Path(pushdown.__file__).parent.parent
    places = {"HOME": str(home), "TMPDIR": str(home), "XDG_CONFIG_HOME": str(home)}
    finished = subprocess.run(
        [sys.executable, "-B", "-c", program],
        cwd=home,
        env=os.environ | places | {"SUITE": TWO_RULES, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    assert list(home.rglob("*")) == []
