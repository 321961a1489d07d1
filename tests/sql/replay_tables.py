"""The tables of a replay of October 2026, made out of raw tables: for tests of `assets/whatif`."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from assets.whatif import AS_IT_WAS, MONTHLY, RULES, sql
from assets.whatif.assignment import Month, given
from pipelines.months import bounds
from pipelines.whatif import GIVEN_AS_IT_WAS, GIVEN_BY_RULE, NO_ITEMS
from tests.sql.conftest import build_core


def build_replay(connection: duckdb.DuckDBPyConnection, units: Iterable[str]) -> None:
    """Makes the tables of core and of the replay: October's, with November's sessions."""
    build_core(connection)
    run = connection.execute
    run('CREATE OR REPLACE VIEW core.sessions AS FROM "core.sessions-2026-10" UNION ALL FROM "core.sessions-2026-11"')
    run("CREATE SCHEMA whatif; CREATE TABLE settings.replayed_units (unit VARCHAR)")
    for unit in units:
        run("INSERT INTO settings.replayed_units VALUES (?)", [unit])
    for name in ("members", *MONTHLY):
        run(f"CREATE TABLE whatif.{name} AS {sql(name)}", bound(sql(name)))
    run(NO_ITEMS)


def give(connection: duckdb.DuckDBPyConnection) -> None:
    """Counts the items of all rules, and keeps what each gave in whatif.given_by_<rule>."""
    run = connection.execute
    month = Month(*(run(f"FROM whatif.{name}").df() for name in ("replayed", "therapists", "places")))
    for name, rule in [(AS_IT_WAS, None), *((rule.id, rule) for rule in RULES)]:
        if rule:
            connection.register("given", given(month, rule))
        run(f"CREATE OR REPLACE TABLE whatif.given AS {GIVEN_BY_RULE if rule else GIVEN_AS_IT_WAS}")
        run(f"CREATE TABLE whatif.given_by_{name} AS FROM whatif.given")
        run(f"INSERT INTO whatif.items SELECT '{name}', * FROM ({sql('items')})", bound(sql("items")))


def bound(text: str) -> dict | None:
    return {name: day for name, day in bounds("2026-10").items() if f"${name}" in text} or None
