"""What two counts differ by, one of which lies in the other, and by whose work: rows in, rows out."""

from __future__ import annotations

import duckdb

from expectations.policy import DIFFERENCES

ATOMS = """
    CREATE TABLE atoms AS FROM (VALUES
        ('inner_measure', 'inner', 'unit', 'Harbour', NULL, [{'therapist_key': 'Ana', 'base': 20}, {'therapist_key': 'Ben', 'base': 15}]),
        ('inner_measure', 'inner', 'unit', 'Quay', NULL, [{'therapist_key': 'Cem', 'base': 9}]),
        ('outer_measure', 'outer', 'unit', 'Harbour', NULL, [
            {'therapist_key': 'Ana', 'base': 20}, {'therapist_key': 'Ben', 'base': 25}, {'therapist_key': 'Dea', 'base': 30}]),
        ('outer_measure', 'outer', 'unit', 'Harbour', 'weekday', [{'therapist_key': 'Dea', 'base': 99}]),
        ('another_of_outer', 'outer', 'unit', 'Harbour', NULL, [{'therapist_key': 'Dea', 'base': 30}]),
        ('outer_measure', 'outer', 'unit', 'Quay', NULL, [{'therapist_key': 'Cem', 'base': 8}]),
        ('whole_measure', 'whole', 'organisation', NULL, NULL, [{'therapist_key': 'Cem', 'base': 1}])
    ) AS atoms (measure_id, base_cell, level, unit, breakdown, contributors);
    CREATE TABLE nested AS FROM (VALUES ('inner_measure', 'outer'), ('whole_measure', 'outer')) AS nested (measure_id, outer_cell)
"""


def test_who_makes_up_a_difference() -> None:
    with duckdb.connect() as connection:
        connection.execute(ATOMS)
        found = connection.execute(DIFFERENCES.read_text("utf-8")).fetchall()
    # Cem has less in the outer count than in the inner one, which is no difference
    assert sorted(found, key=str) == [
        ("inner_measure", "outer", "unit", "Harbour", 40, 2, 30, 10),
        ("whole_measure", "outer", "organisation", None, 82, 4, 30, 25),
    ]
