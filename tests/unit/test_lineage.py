"""Columns followed through SQL: where each comes from, worked out by hand."""

from __future__ import annotations

import pytest

from expectations.lineage import Origins, follow

ORIGINS = Origins(
    marks=lambda table, column: ("person",) if column == "who" else ("secret",) if column == "x" else (),
    persons=("person",), own_rows=("event",), keys=("person",), client="client", visits=(),
)  # fmt: skip


def made_from(sql: str) -> dict[str, set[str]]:
    """For each column of a SELECT, the columns that its values are made from."""
    columns = follow({"own": sql}, ORIGINS).relations["own"].columns
    return {name: {f"{table}.{source}" for table, source in column.sources} for name, column in columns.items()}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a, b + c AS d FROM raw.t", {"a": {"raw.t.a"}, "d": {"raw.t.b", "raw.t.c"}}),
        ("SELECT t.a, u.a AS b FROM raw.t AS t, raw.u AS u", {"a": {"raw.t.a"}, "b": {"raw.u.a"}}),
        ("SELECT k FROM raw.t INNER JOIN raw.u USING (k)", {"k": {"raw.t.k", "raw.u.k"}}),
        ("SELECT a AS b, b + 1 AS c FROM (SELECT a FROM raw.t)", {"b": {"raw.t.a"}, "c": {"raw.t.a"}}),
        ("WITH t AS (SELECT a, b FROM raw.t) SELECT * EXCLUDE (a) FROM t", {"b": {"raw.t.b"}}),
        ("WITH t AS (SELECT a, b FROM raw.t) SELECT * REPLACE (a AS b) FROM t", {"a": {"raw.t.a"}, "b": {"raw.t.a"}}),
        ("WITH t AS (SELECT a, b FROM raw.t) SELECT * RENAME (b AS c) FROM t", {"a": {"raw.t.a"}, "c": {"raw.t.b"}}),
        ("SELECT a FROM raw.t UNION ALL SELECT b FROM raw.u", {"a": {"raw.t.a", "raw.u.b"}}),
        (
            "SELECT a, b FROM raw.t UNION ALL BY NAME SELECT b FROM raw.u",
            {"a": {"raw.t.a"}, "b": {"raw.t.b", "raw.u.b"}},
        ),
        ("SELECT count(*) AS n, sum(a) FILTER (WHERE b) AS s FROM raw.t", {"n": set(), "s": {"raw.t.a"}}),
        ("SELECT lag(a) OVER w AS b FROM raw.t WINDOW w AS (PARTITION BY c ORDER BY d)", {"b": {"raw.t.a"}}),
        ("SELECT arg_max(a, (b, -c)) AS d FROM raw.t", {"d": {"raw.t.a", "raw.t.b", "raw.t.c"}}),
        ("SELECT unnest(a) AS b, c[1] AS d, s.f AS e FROM raw.t", {"b": {"raw.t.a"}, "d": {"raw.t.c"}, "e": {"raw.t.s"}}),
        ("SELECT (SELECT max(a) FROM raw.u) AS b FROM raw.t", {"b": {"raw.u.a"}}),
        ("SELECT v.b FROM raw.t AS t, unnest(t.a) AS v(b)", {"b": {"raw.t.a"}}),
        ("FROM raw.t SELECT list_transform(a, lambda i: i + b) AS c", {"c": {"raw.t.a", "raw.t.b"}}),
    ],
)  # fmt: skip
def test_what_a_column_is_made_from(sql: str, expected: dict[str, set[str]]) -> None:
    assert made_from(sql) == expected


def test_a_path_leads_through_texts_ctes_and_names() -> None:
    texts = {"one.t": "SELECT x AS y FROM raw.t", "two.t": "WITH c AS (SELECT abs(y) AS z FROM one.t) SELECT z FROM c"}
    marks = follow(texts, ORIGINS).relations["two.t"].columns["z"].marks
    assert marks == {"secret": ("raw.t.x", "one.t.y", "c.z", "two.t.z")}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM raw.t; SELECT b FROM raw.t",
        "DELETE FROM raw.t",
        "SELECT FROM WHERE",
        "SELECT a FROM raw.t NATURAL JOIN raw.u",
        "SELECT a FROM raw.t POSITIONAL JOIN raw.u",
        "SELECT * FROM read_csv('t.csv')",
        "SELECT * FROM (PIVOT raw.t ON a USING sum(b))",
        "SELECT a FROM raw.t TABLESAMPLE 10%",
        "SELECT COLUMNS('a.*') FROM raw.t",
        "WITH t AS (SELECT a FROM raw.t) SELECT t.b FROM t",
        "SELECT a FROM own",
    ],
)
def test_what_cannot_be_followed_is_told(sql: str) -> None:
    assert "unknown" in {event.kind for event in follow({"own": sql}, ORIGINS).events}
