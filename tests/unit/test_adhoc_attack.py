"""The attack: hostile queries and requests, none of which gets out, and honest ones, all of which work.

One worker is asked them all. Beside its releases lies a secret; nothing that it says may hold it.
"""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.adhoc.asking import Answer, Asking
from tests.unit.adhoc_queries import BOMBS, honest, hostile
from tests.unit.auditor_releases import rows_of, text_of
from tests.unit.test_mart import BIN, write

SECRET = "the-secret-of-the-lake"
MONTHS = ("2026-08", "2026-09", "2026-10")
LEAST_HOSTILE, LEAST_HONEST = 300, 100


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    releases = folder / "releases"
    for month in MONTHS:
        write(releases, month)
    cut = {
        "period_start": "2026-10-01",
        "period_end": "2026-10-31",
        **BIN,
        "status": "published",
        "part": 40,
        "base": 200,
        "value": 20,
        "lower": "18.8",
        "upper": "21.3",
    }
    write(releases, "2026-10", True, cut, place="answers/2026-10/cut-over_days-by-weekday")
    (folder / "lake").mkdir()
    (folder / "lake" / "secret.csv").write_text(f"a,b\n{SECRET},1\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def asking(home: Path) -> Iterator[Asking]:
    os.environ["RAPPORT_KEY"] = SECRET  # the worker is not given it
    with Asking(home / "releases", seconds=1.0) as asking:
        yield asking
    del os.environ["RAPPORT_KEY"]


def filled(sql: str, home: Path) -> str:
    values = {"secret": str(home / "lake" / "secret.csv"), "releases": str(home / "releases")}
    return (
        sql.replace("{secret}", values["secret"])
        .replace("{releases}", values["releases"])
        .replace("{{", "{")
        .replace("}}", "}")
    )


def said(answer: Answer) -> str:
    return f"{answer.rows} {answer.words} {answer.seen} {answer.columns}"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def figures(asking: Asking) -> list[list[Any]]:
    """What the worker holds, by an honest query."""
    return asking.ask("SELECT * FROM measures ORDER BY ALL").rows


def as_text(rows: list[list[Any]]) -> list[list[str]]:
    return sorted(["" if value is None else str(value) for value in row] for row in rows)


def test_what_the_worker_holds_is_what_is_published(asking: Asking, home: Path) -> None:
    told = [row for month in MONTHS for row in csv.reader(io.StringIO(text_of(rows_of(month))))][0:]
    released = [row for row in told if row[0] != "period_start"]
    [cut] = [row for row in as_text(figures(asking)) if row[6]]
    assert sorted([*released, cut]) == as_text(figures(asking))


def test_there_are_enough_of_both() -> None:
    assert len({query for _, query in hostile()}) >= LEAST_HOSTILE
    assert len(set(honest())) >= LEAST_HONEST


def test_every_honest_query_works(asking: Asking) -> None:
    wrong = {query: answer.words for query in honest() if (answer := asking.ask(query)).rule is not None}
    assert wrong == {}


def test_no_hostile_query_gets_out_and_all_are_refused_in_words(asking: Asking, home: Path) -> None:
    there, held = contents(home), figures(asking)
    answered, leaked, silent = [], [], []
    for _, written in hostile():
        query = filled(written, home)
        answer = asking.ask(query)
        if answer.rule is None:
            answered.append(query)
        if SECRET in said(answer):
            leaked.append(query)
        if answer.rule is not None and not answer.what:
            silent.append(query)
    assert (answered, leaked, silent) == ([], [], [])
    assert contents(home) == there and figures(asking) == held


def test_one_who_asks_about_persons_is_told_what_would_work(asking: Asking) -> None:
    for query in (
        "SELECT therapist_id, value FROM measures",
        "SELECT * FROM clients",
        "SELECT return_rate FROM measures",
    ):
        answer = asking.ask(query)
        assert answer.rule == "person" and "What would work" in answer.words
        instead = next(line.strip() for line in answer.words.splitlines() if line.strip().startswith("SELECT"))
        assert asking.ask(instead).rule is None
    assert "Returns are not kept by therapist" in asking.ask("SELECT return_by_therapist FROM measures").words


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT *\nFRM measures", "Line 2, column"),
        ("SELECT * FROM measure", 'Did you mean "measures"?'),
        ("SELECT * FROM work_load", 'Did you mean "workload"?'),
        ("SELECT unt FROM measures", 'Did you mean "unit"?'),
        ("SELECT nothing_like_it_at_all FROM measures", "See: describe"),
        ("SELECT avrage(value) FROM measures", "avrage"),
        ("", "There is no query"),
        ("-- nothing", "There is no query"),
        ("SELECT unit::INTEGER FROM measures", "Could not convert"),
        ("SELECT '\0'", "no text"),
        ("SELECT " + "1 + " * 9000 + "1", "longer than"),
        ("SELECT " + "(" * 900 + "1" + ")" * 900, ""),
        ("SELECT " + ", ".join(["1"] * 3500), "too many parts"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(asking: Asking, query: str, words: str) -> None:
    answer = asking.ask(query)
    assert answer.rule is not None and words in answer.words


@pytest.mark.parametrize("bomb", [BOMBS[0], BOMBS[1], BOMBS[3]])
def test_a_bomb_costs_its_own_time_and_no_more(asking: Asking, bomb: str) -> None:
    started = time.monotonic()
    assert asking.ask(bomb).rule == "limit"
    assert time.monotonic() - started < 20
    assert asking.ask("SELECT count(*) FROM measures").rows == [[3 * len(rows_of()) + 1]]


@pytest.mark.long
@pytest.mark.parametrize("bomb", BOMBS)
def test_no_bomb_takes_the_machine_down(asking: Asking, bomb: str) -> None:
    answer = asking.ask(bomb)
    assert answer.rule is not None or len(answer.rows) <= asking.rows
    assert asking.ask("SELECT count(*) FROM measures").rows == [[3 * len(rows_of()) + 1]]


def test_an_answer_ends_at_its_rows_and_says_so(home: Path) -> None:
    with Asking(home / "releases", rows=2) as asking:
        answer = asking.ask("SELECT unit FROM measures")
        assert len(answer.rows) == 2 and answer.is_cut
        assert not asking.ask("SELECT 1").is_cut


def test_a_worker_that_was_killed_is_started_again(home: Path) -> None:
    with Asking(home / "releases") as asking:
        asking.close()
        assert asking.ask("SELECT 1").rows == [[1]]


# Drawn from a grammar

NAMES = (
    "measures",
    "workload",
    "m",
    "core.sessions",
    '"/etc/passwd"',
    "'{secret}'",
    "information_schema.tables",
    "mine",
)
CALLS = (
    "read_text('{secret}')",
    "glob('*')",
    "query('SELECT 1')",
    "range(3)",
    "duckdb_settings()",
    "query_table('measures')",
)
TERMS = ("unit", "value", "1", "'x'", "NULL", "getenv('HOME')", "current_setting('threads')", "therapist_id", "sum(value)",
         "count(*)", "current_user", "part", "hash(unit)", "(SELECT content FROM read_text('{secret}'))")  # fmt: skip

terms = st.recursive(
    st.sampled_from(TERMS),
    lambda inner: st.one_of(
        st.builds("({} + {})".format, inner, inner),
        st.builds("CASE WHEN {} = {} THEN {} END".format, inner, inner, inner),
        st.builds("coalesce({}, {})".format, inner, inner),
        st.builds("CAST({} AS VARCHAR)".format, inner),
        st.builds("list_value({})".format, inner),
    ),
    max_leaves=4,
)
sources = st.one_of(st.sampled_from(NAMES), st.sampled_from(CALLS))
selects = st.builds("SELECT {} FROM {}".format, terms, sources)
queries = st.recursive(
    selects,
    lambda inner: st.one_of(
        st.builds("SELECT {} FROM ({}) AS s".format, terms, inner),
        st.builds("{} UNION ALL {}".format, inner, inner),
        st.builds("WITH mine AS ({}) {}".format, inner, inner),
        st.builds("WITH mine AS (DELETE FROM measures RETURNING *) {}".format, inner),
        st.builds("{}; {}".format, inner, inner),
        st.builds("{} WHERE {} IN ({})".format, inner, terms, inner),
        st.builds("{} /* x */ -- y\n".format, inner),
        st.builds("COPY ({}) TO '{{secret}}'".format, inner),
        st.builds("CREATE TABLE mine AS {}".format, inner),
        st.builds("EXPLAIN {}".format, inner),
    ),
    max_leaves=4,
)
NEVER = ("read_text", "glob(", "query", "duckdb_", "getenv", "current_", "hash(", "therapist", "core.", "information_schema",
         "DELETE", "COPY", "CREATE", "EXPLAIN", ";", "/etc", "secret.csv")  # fmt: skip


def attack(asking: Asking, home: Path, written: str) -> None:
    query = filled(written, home)
    answer = asking.ask(query)
    assert SECRET not in said(answer), query
    if answer.rule is None:
        assert not any(word in query for word in NEVER), query


@given(written=queries)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
def test_nothing_that_the_grammar_gives_gets_out(asking: Asking, home: Path, written: str) -> None:
    attack(asking, home, written)


@pytest.mark.long
@given(written=queries)
@settings(max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_the_grammar_gives_gets_out_at_length(asking: Asking, home: Path, written: str) -> None:
    attack(asking, home, written)


@given(text=st.text(max_size=60))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
def test_any_text_has_an_answer(asking: Asking, text: str) -> None:
    answer = asking.ask(text)
    assert answer.rule is None or answer.what
