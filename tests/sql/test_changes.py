"""What a measure counted before and does not count now: rows in, rows out."""

from __future__ import annotations

import pytest

from assets.measures import atoms_query, dictionary
from assets.measures.changes import ROSTERS, changed_counts, changed_items, changed_rosters
from tests.sql.conftest import OCTOBER, core_tables, drawn, key

ROSTER = """
    | therapist | reporting_unit | service |
    | Ana       | Harbour        | North   |
    | Ben       | Harbour        | North   |
    | Cy        | Quay           | South   |
"""


def changed(one: str, other: str, changes: str, by: str = "item") -> list[dict[str, str]]:
    """The columns named in the header of `changes`, of each unit where something changed from `one` to `other`."""
    make = {"item": changed_items, "therapist": changed_counts}[by]
    with core_tables(rosters=ROSTER) as connection:
        for table, rows in (("one", drawn(one)), ("other", drawn(other))):
            connection.execute(f"CREATE TABLE {table} (therapist_key UUID, client_keys UUID[], is_part BOOLEAN)")
            for row in rows:
                clients = [key(client) for client in row["clients"].split()]
                connection.execute(
                    f"INSERT INTO {table} VALUES (?, ?, ?)", [key(row["therapist"]), clients, row["part"] == "yes"]
                )
        query = atoms_query(dictionary().measures["long_runs"], make("one", "other"))
        names = list(drawn(changes)[0])
        found = connection.execute(f"SELECT {', '.join(names)} FROM ({query}) WHERE base > 0", OCTOBER).fetchall()
    return [dict(zip(names, map(str, row), strict=True)) for row in found]


BEFORE = """
    | therapist | clients | part |
    | Ana       | c1 c2   | yes  |
    | Ana       | c1 c2   | yes  |
    | Ana       | c3      | no   |
    | Ben       | c4      | no   |
    | Cy        | c5      | yes  |
"""


def test_the_same_items_in_any_order_are_no_change() -> None:
    now = """
        | therapist | clients | part |
        | Cy        | c5      | yes  |
        | Ana       | c2 c1   | yes  |
        | Ben       | c4      | no   |
        | Ana       | c3      | no   |
        | Ana       | c1 c2   | yes  |
    """
    assert changed(BEFORE, now, "| unit |\n| - |") == []
    assert changed(now, BEFORE, "| unit |\n| - |") == []


def test_an_item_counts_as_often_as_it_is_missing() -> None:
    now = """
        | therapist | clients | part |
        | Ana       | c1 c2   | yes  |
        | Ana       | c3      | yes  |
        | Ben       | c4      | no   |
        | Ben       | c4      | no   |
        | Cy        | c5      | yes  |
    """
    removed = """
        | unit    | base | part | base_therapists | part_clients | rest_largest_therapist |
        | Harbour | 2    | 1    | 1               | 2            | 1                      |
    """
    added = """
        | unit    | base | part | base_therapists | part_clients | rest_largest_therapist |
        | Harbour | 2    | 1    | 2               | 1            | 1                      |
    """
    assert changed(BEFORE, now, removed) == drawn(removed)
    assert changed(now, BEFORE, added) == drawn(added)


def test_clients_written_anew_are_changed_items_and_the_same_counts() -> None:
    now = """
        | therapist | clients | part |
        | Ana       | d1 d2   | yes  |
        | Ana       | d1 d2   | yes  |
        | Ana       | d3      | no   |
        | Ben       | d4      | no   |
        | Cy        | d5      | yes  |
    """
    all_of_them = """
        | unit    | base | part |
        | Harbour | 4    | 2    |
        | Quay    | 1    | 1    |
    """
    assert changed(BEFORE, now, all_of_them) == drawn(all_of_them)
    assert changed(BEFORE, now, "| unit |\n| - |", by="therapist") == []


def test_by_therapist_one_item_less_is_one_even_where_all_clients_are_written_anew() -> None:
    now = """
        | therapist | clients | part |
        | Ana       | d1      | yes  |
        | Ana       | d3      | no   |
        | Ben       | d4      | no   |
        | Cy        | d5      | yes  |
    """
    removed = """
        | unit    | base | part | base_clients | base_largest_client |
        | Harbour | 1    | 1    | 1            | 1                   |
    """
    assert changed(BEFORE, now, removed, by="therapist") == drawn(removed)


@pytest.mark.parametrize(
    ("line", "new_line", "units"),
    [
        ("| Ben       | Harbour        | North   |", "| Ben       | Harbour        | North   |", set()),
        ("| Ben       | Harbour        | North   |", "| Ben       | Quay           | South   |", {"Harbour", "Quay"}),
        ("| Ben       | Harbour        | North   |", "| Ben anew  | Harbour        | North   |", {"Harbour"}),
        ("| Cy        | Quay           | South   |", "", {"Quay"}),
    ],
)
def test_units_whose_roster_changed(line: str, new_line: str, units: set[str]) -> None:
    with core_tables(rosters=ROSTER) as connection, core_tables(rosters=ROSTER.replace(line, new_line).strip()) as now:
        connection.execute(f"CREATE TABLE one AS {ROSTERS}")
        connection.execute("CREATE TABLE other (therapist_key UUID, reporting_unit VARCHAR, service VARCHAR)")
        connection.executemany("INSERT INTO other VALUES (?, ?, ?)", now.execute(ROSTERS).fetchall())
        found = connection.execute(changed_rosters("one", "other")).fetchall()
        assert {unit for unit, _ in found} == units
        assert set(found) == set(connection.execute(changed_rosters("other", "one")).fetchall())
