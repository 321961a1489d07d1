"""`rapport whatif`: shows a replay what it reads, has each rule give its places, and hands what was counted to the policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assets.measures import dictionary
from assets.transforms import Transform, transforms
from assets.whatif import AS_IT_WAS, MONTHLY, RULES, atoms_query
from expectations.policy import Policy
from expectations.whatif import Published, decide_whatif
from pipelines.lake import Lake
from pipelines.months import bounds, months_between, period_ending_with, shift

if TYPE_CHECKING:
    import pandas as pd

QUARTER = 3
NO_ITEMS = """
CREATE OR REPLACE TABLE whatif.items (
    rule VARCHAR, figure VARCHAR, therapist_key UUID, former_therapist_key UUID, client_keys UUID[], is_part BOOLEAN
)
"""
GIVEN_AS_IT_WAS = """
SELECT
    replayed.request_key, replayed.therapist_key, replayed.request_key AS place_of, NULL AS weekday, replayed.first_on,
    len(replayed.covered_needs) AS covered, places.request_key IS NOT NULL AS is_within_threshold
FROM whatif.replayed AS replayed
LEFT JOIN whatif.places AS places ON replayed.request_key = places.request_key
"""
GIVEN_BY_RULE = """
SELECT
    replayed.request_key, places.therapist_key, places.request_key AS place_of, places.weekday, given.first_on::DATE AS first_on,
    given.covered, TRUE AS is_within_threshold
FROM given
INNER JOIN whatif.replayed AS replayed ON given.request = replayed.rowid
INNER JOIN whatif.places AS places ON given.place = places.rowid
"""


def replay(lake: Lake, rows: pd.DataFrame, month: str, policy: Policy, say: Callable[[str], None]) -> pd.DataFrame:
    """What may be published of the quarter that ends with a month: the rows of `expectations.whatif`.

    `rows` are those of the month's release, as decided.
    """
    run, months = lake.connection.execute, period_ending_with(month, QUARTER)
    tables = {transform.name.partition(".")[2]: transform for transform in transforms("whatif")}
    published = Published(rows, {name: measure.base_cell for name, measure in dictionary().measures.items()})
    run("CREATE SCHEMA IF NOT EXISTS whatif")
    run(NO_ITEMS)
    run("CREATE OR REPLACE TABLE settings.replayed_units (unit VARCHAR)")
    for unit in published.units:
        run("INSERT INTO settings.replayed_units VALUES (?)", [unit])
    lake.show("core.rosters", months[:1])
    run(f"CREATE OR REPLACE TABLE whatif.members AS {tables['members'].sql}")
    for at in months:
        say(f"{at} …")
        for name in MONTHLY:
            _create(lake, tables[name], at)
        _count(lake, tables["items"], at)
    period = {name: bounds(month, QUARTER)[name] for name in ("period_start", "period_end")}
    atoms_by = {by: run(atoms_query(by), period).df() for by in ("therapist_key", "former_therapist_key")}
    return decide_whatif(atoms_by, published, policy)


def _create(lake: Lake, table: Transform, month: str) -> None:
    """Makes a table of the replay of a month."""
    for name, (before, after) in table.reads.items():
        if name.startswith("core."):
            lake.show(name, months_between(shift(month, before), shift(month, after)))
    made = f"CREATE OR REPLACE TABLE {table.name} AS {table.sql}"
    lake.connection.execute(made, lake.parameters(table, month, table.sql))


def _count(lake: Lake, items: Transform, month: str) -> None:
    """Adds the items of a month under each rule to whatif.items."""
    from assets.whatif.assignment import Month, given

    def count(rule: str, given: str) -> None:
        run(f"CREATE OR REPLACE TABLE whatif.given AS {given}")
        counted = f"INSERT INTO whatif.items SELECT '{rule}', * FROM ({items.sql}\n)"
        run(counted, lake.parameters(items, month, items.sql))

    run = lake.connection.execute
    frames = (run(f"FROM whatif.{name}").df() for name in ("replayed", "therapists", "places"))
    replayed = Month(*frames)
    count(AS_IT_WAS, GIVEN_AS_IT_WAS)
    for rule in RULES:
        lake.connection.register("given", given(replayed, rule))
        count(rule.id, GIVEN_BY_RULE)
        lake.connection.unregister("given")
