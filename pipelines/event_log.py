"""Dagster's event log in one SQLite file that stays open, written in one transaction an event, or a batch of events.

Dagster's own SQLite logs open and close the file several times for each event, and each close writes the journal back: half
of a backfill's time. What is stored, and how it is read, is Dagster's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from threading import local
from typing import Any

import sqlalchemy as sa
from dagster import EventLogEntry
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from sqlalchemy.event import listens_for

SECONDS_TO_WAIT = 60  # for another process that writes: the UI, the daemon, a run beside this one


class EventLog(ConsolidatedSqliteEventLogStorage):
    """Named in a home's `dagster.yaml`; so the UI reads it as well."""

    @cached_property
    def _own(self) -> local:
        """Each thread's connection while it is in a transaction."""
        return local()

    @cached_property
    def _engine(self) -> sa.Engine:
        engine = sa.create_engine(self._conn_string, connect_args={"timeout": SECONDS_TO_WAIT})

        @listens_for(engine, "connect")
        def _no_sync_for_each_event(connection: Any, _: Any) -> None:
            connection.execute(
                "PRAGMA synchronous = NORMAL"
            )  # with the journal: whole after a crash, at most a little shorter

        return engine

    @contextmanager
    def _connect(self) -> Iterator[sa.Connection]:
        """The thread's transaction, or a new one."""
        if (inside := getattr(self._own, "connection", None)) is not None:
            yield inside
            return
        with self._engine.begin() as connection:
            self._own.connection = connection
            try:
                yield connection
            finally:
                self._own.connection = None

    def store_event(self, event: EventLogEntry) -> None:
        with self._connect():
            super().store_event(event)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        with self._connect():
            super().store_event_batch(events)

    def dispose(self) -> None:
        self._engine.dispose()
