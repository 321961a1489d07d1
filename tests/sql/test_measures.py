"""What holds of every measure's SQL: one SELECT, the columns of items, months as its header says."""

import re

import pytest
import sqlglot
from sqlglot import exp

from assets.measures import CLIENTS, Measure, atoms_query, dictionary, items_sql

MEASURES = list(dictionary().measures.values())


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.id)
def test_an_sql_file_is_one_select_of_items_with_a_header(measure: Measure):
    sql = items_sql(measure)
    (tree,) = sqlglot.parse(sql, dialect="duckdb")
    assert isinstance(tree, exp.Select)
    who = "therapist_keys" if measure.concerns == CLIENTS else "therapist_key"
    assert tree.named_selects[:3] == [who, "client_keys", "is_part"]
    needed = {dictionary().dimensions[name].column for name in filter(None, [*measure.breakdowns, measure.grain.by])}
    needed |= {measure.curve.value} if measure.curve else set()
    possible = {dimension.column for dimension in dictionary().dimensions.values()}  # what can be asked for besides
    assert needed <= set(tree.named_selects[3:]) <= needed | possible
    assert sql.startswith("-- row: one ")
    assert "-- part: " in sql


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.id)
def test_tables_are_of_core_and_what_is_read_beyond_the_period_is_left_out_again(measure: Measure):
    sql = atoms_query(measure)
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        assert table.db == "core" or table.name in ctes or (table.db, table.name) == ("settings", "bins")
    reads_more_months = bool(re.search(r"^-- months: core\.\w+ (0|-\d)\.\.(0|\+\d)$", items_sql(measure), re.MULTILINE))
    assert reads_more_months == ("BETWEEN $period_start AND $period_end" in items_sql(measure))
    assert reads_more_months == (measure.id == "repeated_over_threshold_days")


def test_each_measure_has_its_file_of_tests():
    from pathlib import Path

    for measure in MEASURES:
        assert (Path(__file__).parent / f"test_{measure.id}.py").exists(), measure.id
