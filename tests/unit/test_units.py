"""Proposals of reporting units: by names and rosters, on a register written by hand."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path

import duckdb
import pytest

from assets.errors import InputError
from pipelines.units import Unit, as_toml, check_units, proposed, units_of

TODAY = dt.date(2026, 11, 24)


def unit(name: str, *rosters: int, service: str = "North") -> Unit:
    return Unit(name, service, (name[:1],), tuple([rosters[0]] * (12 - len(rosters)) + list(rosters)))


def joined(*units: Unit) -> list[tuple[str, tuple[str, ...]]]:
    return [(found.name, found.teams) for found in proposed(units)]


def test_small_units_are_joined_in_the_order_of_their_names_and_large_ones_left() -> None:
    assert joined(unit("Ash", 5), unit("Beech", 12), unit("Cedar", 3), unit("Date", 4), unit("Elm", 4)) == [
        ("Ash and Cedar", ("A", "C")),
        ("Date and Elm", ("D", "E")),
    ]


def test_what_is_left_over_joins_the_unit_before() -> None:
    assert joined(unit("Ash", 5), unit("Beech", 4), unit("Cedar", 2)) == [("Ash to Cedar", ("A", "B", "C"))]


def test_services_are_not_mixed_and_one_alone_stays() -> None:
    assert joined(unit("Ash", 7), unit("Beech", 7, service="South")) == []


def test_the_smallest_roster_of_the_year_counts_but_not_the_time_before_a_unit_began() -> None:
    assert joined(unit("Ash", 9, 9, 6, 9), unit("Beech", 8)) == []  # Ash alone is small, and has nobody to join
    assert joined(unit("Ash", 9, 9, 6, 9), unit("Beech", 6, 6)) == [("Ash and Beech", ("A", "B"))]
    assert joined(unit("Ash", 0, 0, 9), unit("Beech", 4)) == []


def test_a_proposal_is_a_configuration() -> None:
    names = [{"name": 'The "Quay" \\ north', "teams": ["T1", "É2"]}, {"name": "B", "teams": ["T3"]}]
    assert tomllib.loads(as_toml(names)) == {"unit": names}


def test_without_the_release_that_units_are_held_to_nothing_is_said_of_them(tmp_path: Path) -> None:
    check_units(tmp_path, ["2025-12"], "2026-01", [])  # of another year
    with pytest.raises(InputError, match="2026-09: what was published is missing"):
        check_units(tmp_path, ["2026-08", "2026-09"], "2026-10", [])


def test_rosters_follow_the_register_and_the_declared_units() -> None:
    with duckdb.connect() as connection:
        connection.execute("""
            CREATE TABLE therapists AS SELECT * FROM (VALUES
                ('t1', 'A', NULL, NULL),                        -- always there
                ('t2', 'A', DATE '2026-06-01', DATE '2026-09-24'), -- on the 24th of June to September
                ('t3', 'B', NULL, NULL), ('t3', 'C', DATE '2026-11-01', NULL), -- moved
                ('t4', 'C', DATE '2026-12-01', NULL)            -- still to come
            ) AS rows (therapist_id, team_id, valid_from, valid_to);
            CREATE TABLE teams AS SELECT * FROM (VALUES
                ('A', 'Alder', NULL, 'North'), ('B', 'Birch', NULL, 'North'), ('C', NULL, 'Copse', 'South')
            ) AS rows (team_id, team_name, reporting_unit, service);
            CREATE TABLE declared AS SELECT 'Wood' AS unit, 'A' AS team_id;
        """)
        found = {one.name: one for one in units_of(connection, TODAY)}
    assert found["Wood"].rosters == (1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 1, 1)
    assert found["Birch"].rosters == (1,) * 11 + (0,)
    assert found["Copse"].rosters == (0,) * 11 + (1,)
    assert (found["Wood"].service, found["Copse"].service) == ("North", "South")
    assert found["Copse"].least_roster == 1
