"""Dagster's event log as a home has it: nothing lost between threads and processes, a batch whole or not at all."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dagster import EventLogEntry

from pipelines.event_log import EventLog


def event(run: str, number: int) -> EventLogEntry:
    return EventLogEntry(
        error_info=None, level=10, user_message=f"{run} {number}", run_id=run, timestamp=time.time(), step_key=None, job_name="job"
    )  # fmt: skip


def messages(log: EventLog, run: str) -> list[str]:
    return [entry.user_message for entry in log.get_logs_for_run(run)]


def test_threads_and_another_process_write_and_read_one_log(tmp_path: Path) -> None:
    log, other = EventLog(str(tmp_path)), EventLog(str(tmp_path))
    beside = (
        "import sys; from tests.unit.test_event_log import EventLog, event\n"
        "log = EventLog(sys.argv[1])\nfor n in range(50): log.store_event(event('beside', n))\nlog.dispose()"
    )
    with subprocess.Popen([sys.executable, "-c", beside, str(tmp_path)], cwd=Path(__file__).parents[2]) as process:
        with ThreadPoolExecutor(3) as pool:
            for run in ("a", "b", "c"):
                pool.submit(lambda run=run: [log.store_event(event(run, number)) for number in range(50)])
        assert process.wait(60) == 0
    for run in ("a", "b", "c", "beside"):
        assert messages(other, run) == [f"{run} {number}" for number in range(50)]
    log.dispose()
    other.dispose()


def test_a_batch_is_stored_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = EventLog(str(tmp_path))
    log.store_event_batch([event("a", number) for number in range(3)])
    assert len(messages(log, "a")) == 3
    prepare = log.prepare_insert_event
    monkeypatch.setattr(log, "prepare_insert_event", lambda it: 1 / 0 if it.user_message == "b 2" else prepare(it))
    with pytest.raises(ZeroDivisionError):
        log.store_event_batch([event("b", number) for number in range(4)])
    assert messages(log, "b") == []
    log.store_event(event("b", 9))
    assert messages(log, "b") == ["b 9"]
    log.dispose()
