"""`rapport query`, `explain`, `log` and the shell: what they say, and what they keep."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from assets.measures import dictionary
from pipelines.cli import main
from reports.adhoc import asked, shell
from reports.adhoc.asking import Answer, Asking
from tests.unit.test_mart import CATALOGUE, write

ASH = "SELECT unit, part, base FROM measures WHERE unit = 'Ash' AND measure_id = 'over_days'"
PLANNED = (
    "SELECT unit, part, status FROM measures WHERE measure_id = 'planned' AND level = 'unit' ORDER BY unit LIMIT 2"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    write(tmp_path / "home" / "releases", "2026-10")
    return tmp_path / "home"


def rapport(home: Path, *arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["--config", str(home / "rapport.toml"), *arguments], input=given)


def test_a_query_comes_as_an_argument_a_file_or_from_standard_input(home: Path) -> None:
    (home / "ash.sql").write_text(ASH, "utf-8")
    table = rapport(home, "query", ASH)
    assert table.exit_code == 0 and table.output.splitlines()[2].split() == ["Ash", "40", "205"]
    assert rapport(home, "query", "--file", str(home / "ash.sql")).output == table.output
    assert rapport(home, "query", given=ASH).output == table.output
    assert rapport(home, "query", "--releases", str(home / "releases"), ASH).output == table.output


def test_what_is_hidden_is_empty_in_every_format(home: Path) -> None:
    """Ash has 22 planned endings of 46, which is 20 after rounding; Birch's are not shown."""
    assert (
        rapport(home, "query", PLANNED, "--format", "csv").output
        == "unit,part,status\nAsh,20,published\nBirch,,not shown\n"
    )
    rows = json.loads(rapport(home, "query", PLANNED, "--format", "json").output)
    assert rows[1] == {"unit": "Birch", "part": None, "status": "not shown"}
    path = home / "planned.parquet"
    assert rapport(home, "query", PLANNED, "--format", "parquet", "--output", str(path)).exit_code == 0
    with duckdb.connect() as connection:
        query = f"SELECT part, typeof(part) FROM read_parquet('{path}') ORDER BY unit"
        assert connection.execute(query).fetchall() == [(20, "BIGINT"), (None, "BIGINT")]


def test_the_ending_says_the_format_unless_it_is_given(home: Path) -> None:
    for name in ("planned.csv", "planned.JSON", "planned.parquet"):
        assert rapport(home, "query", PLANNED, "--output", str(home / name)).exit_code == 0
    assert (home / "planned.csv").read_text("utf-8") == "unit,part,status\nAsh,20,published\nBirch,,not shown\n"
    assert json.loads((home / "planned.JSON").read_text("utf-8"))[0]["part"] == 20
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT unit FROM read_parquet('{home / 'planned.parquet'}') ORDER BY unit")
        assert found.fetchall() == [("Ash",), ("Birch",)]
    drawn = home / "drawn.txt"
    assert rapport(home, "query", PLANNED, "--format", "table", "--output", str(drawn)).exit_code == 0
    assert drawn.read_text("utf-8").endswith("(2 rows)\n")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("query", "SELECT therapist_id FROM measures"), 2, "figures are not kept by therapist"),
        (("query", "DELETE FROM measures"), 2, "DELETE is not a query"),
        (
            ("query", "SELECT count(*) FROM range(100000000000), range(1000)", "--seconds", "0.2"),
            1,
            "took longer than 0.2 s",
        ),
        (("query", "--file", "nowhere.sql"), 2, "nowhere.sql: cannot be read"),
        (("query", ASH, "--file", "other.sql"), 2, "other.sql: a query is given twice\n  Leave out --file"),
        (
            ("query", "SELECT 1 AS a, 2 AS a", "--output", "/tmp/twice.parquet"),
            2,
            "two columns have one name\n  Give each",
        ),
        (("query", ASH, "--output", "figures.xlsx"), 2, "figures.xlsx: the ending says no format\n  Name it .csv"),
        (("query", ASH, "--format", "parquet"), 2, "Parquet is no text"),
        (("query", ASH, "--releases", "nowhere"), 2, "there is no release here"),
        *(
            (
                ("query", ASH, "--format", form, "--output", "/nowhere/figures"),
                2,
                "/nowhere: there is no such folder\n  Make it first, or name another with --output.",
            )
            for form in ("csv", "parquet")
        ),
        (("explain", "long_run"), 2, 'Did you mean "long_runs"?'),
    ],
)
def test_what_goes_wrong_is_told(home: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    ran = rapport(home, *arguments)
    assert (ran.exit_code, ran.exception.__class__) == (code, SystemExit)
    assert words in ran.output


def test_rows_beyond_the_limit_are_told(home: Path) -> None:
    assert "there are more: --rows" in rapport(home, "query", "FROM measures", "--rows", "1").output
    assert (
        "There are more than 1 rows" in rapport(home, "query", "FROM measures", "--rows", "1", "--format", "csv").stderr
    )


@pytest.mark.parametrize(
    ("loaded", "never"),
    [
        (
            "pipelines.cli, reports.adhoc.asking, reports.adhoc.showing, reports.adhoc.asked",
            "duckdb pandas sqlglot dagster",
        ),
        ("reports.adhoc.worker, sqlglot", "pandas numpy dagster assets"),
    ],
)
def test_a_question_loads_only_what_it_needs(loaded: str, never: str) -> None:
    program = f"import sys, {loaded}\nprint(*set({never.split()!r}) & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("measure", list(dictionary().measures))
def test_explain_leads_from_an_id_to_what_belongs_to_it(measure: str) -> None:
    said = CliRunner().invoke(main, ["explain", measure]).output
    root = Path(__file__).parents[2]
    entry = dictionary().measures[measure]
    assert entry.title in said and entry.question in said
    named = {name for name in dictionary().measures if "_" in name and name in entry.caveat}
    assert all(f"“{dictionary().measures[name].title}” ({name})" in said for name in named)
    files = [word for word in said.split() if word.startswith(("assets/", "tests/"))]
    assert len(files) == 2 and all((root / file).is_file() for file in files)
    assert f"docs/measures.md#{measure}" in said and f"### {measure}\n" in (root / "docs" / "measures.md").read_text(
        "utf-8"
    )


def test_the_log_holds_who_and_what_and_no_value(home: Path) -> None:
    rapport(home, "query", "SELECT unit AS \"Huber\", 7713 FROM measures AS anna WHERE unit = 'Anna Huber' -- Huber\n")
    rapport(home, "query", "SELECT therapist_id FROM measures WHERE therapist_id = 'Anna Huber'")
    rapport(home, "query", "SELEC 'Huber'")
    found = json.loads(rapport(home, "log", "--json").output)
    assert [(one["asked"], one["decided"]) for one in found] == [
        ("SELECT unit AS _, ? FROM measures AS _ WHERE unit = ?", "answered"),
        ("SELECT _ FROM measures WHERE _ = ?", "refused: person"),
        ("(no query)", "refused: syntax"),
    ]
    everything = "".join(path.read_text("utf-8") for path in (home / "queries").iterdir())
    assert not any(value in everything for value in ("Huber", "Anna", "anna", "7713"))
    assert all(path.stat().st_mode & 0o077 == 0 for path in (home / "queries").iterdir())


def test_where_the_home_cannot_be_written_the_log_is_the_persons_own(home: Path) -> None:
    (home / "queries").write_text("in the way", "utf-8")
    asked.keep(home, "SELECT _", "answered")
    assert [one["asked"] for one in asked.kept(home)] == ["SELECT _"]


# The shell


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    folder = tmp_path_factory.mktemp("shell")
    write(folder, "2026-10")
    with Asking(folder) as asking:
        yield asking


def test_the_shell_answers_describes_and_explains(asking: Asking) -> None:
    kept: list[Answer] = []

    def said(text: str) -> str | None:
        return shell.respond(text, asking, CATALOGUE, kept.append)

    assert "Ash" in str(said(f"{ASH};")) and kept[-1].rule is None
    assert "not kept by therapist" in str(said("SELECT therapist FROM measures;")) and kept[-1].rule == "person"
    assert "workload" in str(said("describe"))
    assert "rounded to 5" in str(said("describe measures")) and "over_days_part" in str(said("DESCRIBE workload;"))
    assert "There is no table" in str(said("describe sessions"))
    assert 'Did you mean "run_days"?' in str(said("explain run_day"))
    assert said("help") == shell.HELP and said("") == "" and said("quit") is None
    assert len(kept) == 2


def test_a_query_goes_on_until_its_semicolon() -> None:
    assert [shell.is_whole(text) for text in ("SELECT 1", "SELECT 1;", "describe", "quit", "")] == [
        False,
        True,
        True,
        True,
        True,
    ]


def test_tables_columns_and_measures_complete(asking: Asking) -> None:
    completer = shell.completer(asking.tables, CATALOGUE)
    for typed, expected in (
        ("SELECT * FROM work", "workload"),
        ("SELECT run_days_st", "run_days_status"),
        ("explain plan", "planned"),
    ):
        found = completer.get_completions(Document(typed, len(typed)), CompleteEvent())
        assert expected in [one.text for one in found]


def test_the_history_is_the_persons_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    shell.history().append_string("SELECT 1;")
    assert (tmp_path / "rapport" / "history").stat().st_mode & 0o077 == 0
    assert list(shell.history().load_history_strings()) == ["SELECT 1;"]
