"""What becomes of files and of versions of a row over several runs: nothing twice, nothing lost, nothing half."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from assets.errors import InputError
from assets.raw import ingest as module
from assets.raw.register import Register
from tests.unit.raw_fixtures import (
    HEADER,
    THERAPISTS,
    Home,
    connection,
    pseudonym,
    session,
    source_of,
    utc,
)  # fmt: skip

SESSIONS = source_of("sessions", "source/*.csv")
VERSIONED = HEADER.replace("\n", ",updated_at\n")


def version(line: str, updated_at: str = "") -> str:
    return line.replace("\n", f",{updated_at}\n")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, sources=[SESSIONS])


def counted(home: Home, number: int | str = 1) -> list[dict[str, Any]]:
    """The versions of a session that count: one, if all is well."""
    return [row for row in home.rows() if row["session_key"] == pseudonym("session", f"s{number}")]


# The same again


def test_the_same_file_twice_changes_nothing(home: Home) -> None:
    home.write("a.csv", HEADER + session(1) + session(2))
    assert [result.months for result in home.read()] == [["2026-10"]]
    before = home.bytes_of_lake()
    assert home.read() == []
    assert home.bytes_of_lake() == before


def test_the_same_bytes_under_another_name_are_the_same_file(home: Home) -> None:
    path = home.write("a.csv", HEADER + session(1))
    home.read()
    before = home.bytes_of_lake()
    path.rename(path.with_name("renamed.csv"))
    home.write("copied.csv", HEADER + session(1))
    assert home.read() == []
    assert home.bytes_of_lake() == before


def test_the_same_rows_in_other_bytes_are_duplicates(home: Home) -> None:
    content = HEADER + session(1) + session(2)
    home.write("a.csv", content)
    home.read()
    home.sources.append(source_of("sessions", "source/*.csv.gz"))
    home.write("b.csv.gz", gzip.compress(content.encode()))
    home.read()
    assert home.outcomes() == {"a.csv": (2, 2, 0, 0, 0), "b.csv.gz": (2, 0, 0, 2, 0)}
    assert len(home.rows()) == 2


def test_nothing_to_read_reads_nothing(home: Home) -> None:
    home.write("a.csv", HEADER)
    assert [(result.table, result.months) for result in home.read()] == [("sessions", [])]
    assert home.outcomes() == {"a.csv": (0, 0, 0, 0, 0)}
    assert (home.rows(), home.read()) == ([], [])


# Accounting


def test_every_row_is_accounted_for_by_file(home: Home) -> None:
    home.write(
        "a.csv",
        HEADER
        + session(1)
        + session(1)  # a duplicate
        + session(2)
        + session(2, status="no_show")  # a correction
        + session(3, status="what")  # quarantined
        + "s4\n"  # no row
        + session(5),
    )
    home.write("b.csv", HEADER + session(5) + session(2, status="no_show") + session(6))
    home.read()
    assert home.outcomes() == {"a.csv": (7, 3, 1, 1, 2), "b.csv": (3, 1, 0, 2, 0)}
    assert home.quarantine() == [(6, "status", "unknown_status"), (7, "", "unreadable_row")]
    assert [row["status"] for row in counted(home, 2)] == ["no_show"]


# Versions


def test_a_later_row_supersedes_an_earlier_one(home: Home) -> None:
    home.write("a.csv", HEADER + session(1))
    home.read()
    home.write("b.csv", HEADER + session(1, status="no_show"))
    home.read()
    assert home.outcomes() == {"a.csv": (1, 0, 1, 0, 0), "b.csv": (1, 1, 0, 0, 0)}
    assert [row["status"] for row in counted(home)] == ["no_show"]


def test_in_one_run_the_order_of_names_is_the_order_of_arrival(home: Home) -> None:
    home.sources[:] = [source_of("sessions", "z/*.csv"), source_of("sessions", "a/*.csv")]
    for folder, name, status in (("z", "1", "attended"), ("a", "2", "no_show"), ("z", "3", "cancelled_by_client")):
        home.write(f"../{folder}/{name}.csv", HEADER + session(1, status=status))
    home.read()
    assert [file.name for file in home.register.files] == ["1.csv", "2.csv", "3.csv"]
    assert [row["status"] for row in counted(home)] == ["cancelled_by_client"]


def test_over_several_runs_the_order_of_runs_goes_before_names(home: Home) -> None:
    for name, status in (("2", "attended"), ("1", "no_show")):
        home.write(f"{name}.csv", HEADER + session(1, status=status))
        home.read()
    assert [row["status"] for row in counted(home)] == ["no_show"]


def test_updated_at_goes_before_arrival_and_a_row_without_it_comes_first(home: Home) -> None:
    home.write("a.csv", VERSIONED + version(session(1, status="no_show"), "2026-10-07T10:00Z"))
    home.read()
    home.write("b.csv", VERSIONED + version(session(1, status="scheduled"), "2026-10-01T10:00Z"))
    home.read()
    home.write("c.csv", VERSIONED + version(session(1, status="attended")))
    home.read()
    assert [row["status"] for row in counted(home)] == ["no_show"]
    home.write("d.csv", VERSIONED + version(session(1, status="attended"), "2026-10-07T10:00Z"))  # a tie: the later
    home.read()
    assert [row["status"] for row in counted(home)] == ["attended"]
    assert home.outcomes() == {
        "a.csv": (1, 0, 1, 0, 0), "b.csv": (1, 0, 1, 0, 0), "c.csv": (1, 0, 1, 0, 0), "d.csv": (1, 1, 0, 0, 0),
    }  # fmt: skip


def test_back_and_forth_is_not_a_duplicate(home: Home) -> None:
    for name, status in (("a", "attended"), ("b", "no_show"), ("c", "attended")):
        home.write(f"{name}.csv", HEADER + session(1, status=status) + session(9, client=f"c{name}"))
        home.read()
    assert [row["status"] for row in counted(home)] == ["attended"]
    assert home.outcomes() == {"a.csv": (2, 0, 2, 0, 0), "b.csv": (2, 0, 2, 0, 0), "c.csv": (2, 2, 0, 0, 0)}


def test_a_session_that_moves_to_another_month_leaves_the_one_it_was_in(home: Home) -> None:
    home.write("2026-09.csv", HEADER + session(1, "2026-09-28T09:00Z") + session(2, "2026-09-28T10:00Z"))
    home.read()
    home.write("2026-10.csv", HEADER + session(1, "2026-10-02T09:00Z"))
    assert [result.months for result in home.read()] == [["2026-09", "2026-10"]], "September has changed too"
    assert [row["starts_at"] for row in home.rows(months=["2026-09"])] == [utc("2026-09-28T10:00")]
    assert [row["starts_at"] for row in home.rows(months=["2026-10"])] == [utc("2026-10-02T09:00")]
    assert list(home.register.outcomes["sessions"]) == ["2026-09"]
    home.write("late.csv", HEADER + session(1, "2026-09-29T09:00Z", status="no_show"))  # and back
    assert [result.months for result in home.read()] == [["2026-09", "2026-10"]]
    assert [row["starts_at"] for row in counted(home)] == [utc("2026-09-29T09:00")]
    assert home.rows(months=["2026-10"]) == []


def test_a_moved_session_that_arrives_first_goes_before_its_older_version(home: Home) -> None:
    home.write("a.csv", VERSIONED + version(session(1, "2026-10-02T09:00Z"), "2026-09-30T10:00Z"))
    home.read()
    home.write("b.csv", VERSIONED + version(session(1, "2026-09-28T09:00Z"), "2026-09-01T10:00Z"))
    assert [result.months for result in home.read()] == [["2026-09"]]
    assert home.rows(months=["2026-09"]) == []
    assert len(home.rows(months=["2026-10"])) == 1


def test_months_are_those_of_utc(home: Home) -> None:
    home.write("a.csv", HEADER + session(1, "2026-11-01T00:30:00+02:00"))
    home.read()
    assert home.register.months("sessions") == ["2026-10"]


def test_only_parts_with_a_repeated_key_are_read_whole(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month's run must not cost more because there is more history."""
    seen: list[str] = []
    find = module._find_losers
    monkeypatch.setattr(
        module, "_find_losers", lambda connection, table, rows: (seen.append(rows), find(connection, table, rows))
    )
    for month in ("2026-07", "2026-08", "2026-09"):
        home.write(f"{month}.csv", HEADER + session(month, f"{month}-05T09:00Z"))
        home.read()
    assert all("month=" not in rows.split("UNION ALL")[1] for rows in seen), "no key came twice"
    home.write("2026-10.csv", HEADER + session(1) + session("2026-08", "2026-08-05T09:00Z", status="no_show"))
    home.read()
    earlier = seen[-1].split("UNION ALL")[1]
    assert earlier.count("month=2026-08") == 1
    assert "month=2026-07" not in earlier
    assert "month=2026-09" not in earlier


# Late rows


def test_rows_of_published_months_are_counted_as_late(home: Home) -> None:
    home.write("a.csv", HEADER + session(1, "2026-09-28T09:00Z"))
    home.read()
    home.published = frozenset({"2026-09"})
    home.write("b.csv", HEADER + session(2, "2026-09-28T09:00Z") + session(3, "2026-10-02T09:00Z"))
    home.read()
    assert [(file.name, file.late) for file in home.register.files] == [("a.csv", 0), ("b.csv", 1)]


def test_rows_that_are_read_again_are_not_late_but_rows_that_are_new_by_it_are(home: Home) -> None:
    home.write("a.csv", HEADER + session(1, "2026-09-28T09:00Z") + session(2, "2026-09-28T10:00Z", status="done"))
    home.read()
    home.published = frozenset({"2026-09"})
    home.sources[:] = [source_of("sessions", "source/*.csv", values={"status": {"done": "attended"}})]
    home.read()
    assert home.file("a.csv").late == 1
    assert home.outcomes() == {"a.csv": (2, 2, 0, 0, 0)}


# A mended mapping


def test_a_mended_mapping_takes_the_place_of_the_earlier_reading(home: Home) -> None:
    home.write("a.csv", HEADER + session(1, status="done") + session(2))
    home.write("b.csv", HEADER + session(2, status="no_show") + session(1, status="no_show"))
    home.read()
    assert home.outcomes() == {"a.csv": (2, 0, 1, 0, 1), "b.csv": (2, 2, 0, 0, 0)}
    home.sources[:] = [source_of("sessions", "source/*.csv", values={"status": {"done": "attended"}})]
    home.read()
    assert home.outcomes() == {"a.csv": (2, 0, 2, 0, 0), "b.csv": (2, 2, 0, 0, 0)}, "in the order in which they came"
    assert [row["status"] for row in home.rows()] == ["no_show", "no_show"]


def test_a_mapping_that_moves_a_file_s_rows_gives_back_what_they_had_superseded(home: Home) -> None:
    """b's session was taken for a's, for want of a prefix; read again, it is another, and a's counts once more."""
    home.sources[:] = [source_of("sessions", "source/a.csv"), source_of("sessions", "source/b.csv")]
    home.write("a.csv", HEADER + session(1, "2026-09-28T09:00Z"))
    home.write("b.csv", HEADER + session(1, "2026-10-02T09:00Z"))
    home.read()
    assert len(home.rows()) == 1
    home.sources[1] = source_of("sessions", "source/b.csv", columns={"session_id": {"sql": "'b' || session_id"}})
    assert [result.months for result in home.read()] == [["2026-09", "2026-10"]], "September counts its row again"
    assert len(home.rows(months=["2026-09"])) == 1
    assert home.outcomes() == {"a.csv": (1, 1, 0, 0, 0), "b.csv": (1, 1, 0, 0, 0)}


def test_parts_of_an_earlier_reading_are_removed_by_the_next_run(home: Home) -> None:
    home.write("a.csv", HEADER + session(1) + session(2, status="done"))
    home.read()
    first = set(home.lake.rglob("*.parquet"))
    home.sources[:] = [source_of("sessions", "source/*.csv", values={"status": {"done": "attended"}})]
    home.read()
    home.read()
    assert not first & set(home.lake.rglob("*.parquet"))
    assert len(home.rows()) == 2


# Snapshots


def test_a_snapshot_is_what_its_files_say_now(home: Home) -> None:
    home.sources[:] = [source_of("therapists", "source/*.csv")]
    home.write("north.csv", THERAPISTS)
    home.write("south.csv", "therapist_id,team_id\nt3,T2\nt1,T1\n")
    home.read()
    assert home.outcomes() == {"north.csv": (2, 2, 0, 0, 0), "south.csv": (2, 1, 0, 1, 0)}, "t1 is said twice"
    home.write("north.csv", "therapist_id,team_id\nt2,T1\n")
    home.read()
    assert home.outcomes() == {"south.csv": (2, 2, 0, 0, 0), "north.csv": (1, 1, 0, 0, 0)}
    (home.folder / "source" / "south.csv").unlink()
    assert [result.months for result in home.read()] == [[""]]
    assert [row["therapist_key"] for row in home.rows("therapists")] == [pseudonym("therapist", "t2")]


def test_a_log_keeps_the_rows_of_a_file_that_is_gone(home: Home) -> None:
    home.write("a.csv", HEADER + session(1))
    home.write("b.csv", HEADER + session(2))
    home.read()
    (home.folder / "source" / "a.csv").unlink()
    assert home.read() == []
    assert len(home.rows()) == 2


# What is refused, and what breaks


def test_a_table_that_its_check_refuses_leaves_the_lake_as_it_was(home: Home) -> None:
    home.sources.append(source_of("therapists", "source/*.tsv"))
    home.write("a.csv", HEADER + session(1))
    home.write("t.tsv", THERAPISTS.replace(",", "\t"))
    home.read()
    before = home.bytes_of_lake()
    home.write("b.csv", HEADER + session(1, status="no_show") + session(2))
    asked: list[str] = []
    assert home.read(check=lambda table: bool(asked.append(table))) == []
    assert asked == ["sessions"]
    assert home.bytes_of_lake() == before


def test_a_refused_table_is_not_counted_when_another_one_is_let_in(home: Home) -> None:
    home.sources.append(source_of("therapists", "source/*.tsv"))
    home.write("a.csv", HEADER + session(1))
    home.write("t.tsv", THERAPISTS.replace(",", "\t"))
    home.read()
    home.write("b.csv", HEADER + session(1, status="no_show"))
    home.write("t.tsv", THERAPISTS.replace(",", "\t") + "t3\tT1\n")
    assert [result.table for result in home.read(check=lambda table: table == "therapists")] == ["therapists"]
    assert home.outcomes() == {"a.csv": (1, 1, 0, 0, 0), "t.tsv": (3, 3, 0, 0, 0)}
    home.read()
    assert home.outcomes() == {"a.csv": (1, 0, 1, 0, 0), "t.tsv": (3, 3, 0, 0, 0), "b.csv": (1, 1, 0, 0, 0)}


def test_a_check_sees_what_would_count(home: Home) -> None:
    home.write("a.csv", HEADER + session(1))
    home.read()
    home.write("b.csv", HEADER + session(1, status="no_show") + session(2) + session(2) + session(3, status="what"))
    seen: dict[str, Any] = {}

    def check(table: str) -> bool:
        for name, columns in (("", "line"), ("_quarantine", "line, reason"), ("_files", "* EXCLUDE file_number")):
            seen[name] = connection().execute(f"SELECT {columns} FROM raw.{table}{name} ORDER BY ALL").fetchall()
        return True

    home.read(check)
    assert seen[""] == [(2,), (3,)]
    assert seen["_quarantine"] == [(5, "unknown_status")]
    assert seen["_files"] == [("b.csv", 4, 3, 1, 1, 0, 2)]  # read, stored, quarantined, duplicate, superseded, accepted


def test_a_crash_between_writing_and_saving_leaves_the_lake_as_it_was(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.write("a.csv", HEADER + session(1))
    home.read()
    rows, outcomes = home.rows(), home.outcomes()
    home.write("b.csv", HEADER + session(1, status="no_show") + session(2))
    with monkeypatch.context() as crash:
        crash.setattr(Register, "save", lambda register: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            home.read()
    assert (home.rows(), home.outcomes()) == (rows, outcomes)
    assert len(list(home.lake.rglob("*.parquet"))) > 2, "parts lie about that nobody names"
    home.read()
    assert home.outcomes() == {"a.csv": (1, 0, 1, 0, 0), "b.csv": (2, 2, 0, 0, 0)}
    assert len(home.rows()) == 2
    home.read()
    register = home.register
    named = {*register.parts("sessions"), *register.outcome_parts("sessions"), *(f.quarantine for f in register.files)}
    assert {str(path.relative_to(home.lake / "raw")) for path in home.lake.rglob("*.parquet")} == named


def test_a_file_that_cannot_be_read_lets_no_other_in_by_halves(home: Home) -> None:
    home.write("a.csv", HEADER + session(1))
    home.write("b.csv", "")
    with pytest.raises(InputError, match=r"b\.csv: the file is empty"):
        home.read()
    assert not (home.lake / "raw" / "register.json").exists()
    assert not (home.lake / "staging").exists()
    home.write("b.csv", HEADER + session(2))
    home.read()
    assert home.outcomes() == {"a.csv": (1, 1, 0, 0, 0), "b.csv": (1, 1, 0, 0, 0)}


def test_tables_before_one_that_cannot_be_read_are_let_in(home: Home) -> None:
    home.sources = [SESSIONS, source_of("therapists", "therapists.csv"), source_of("feedback", "feedback.csv")]
    home.write("a.csv", HEADER + session(1))
    (home.folder / "therapists.csv").write_text(THERAPISTS)
    (home.folder / "feedback.csv").write_text("session_id,when\ns1,2026-10-05T10:00Z\n")
    with pytest.raises(InputError, match=r"feedback\.csv"):
        home.read()
    assert {file.table: file.number for file in home.register.files} == {"sessions": 1, "therapists": 2}
    (home.folder / "feedback.csv").write_text("session_id,submitted_at\ns1,2026-10-05T10:00Z\n")
    home.read()
    assert {file.table: file.number for file in home.register.files} == {"sessions": 1, "therapists": 2, "feedback": 3}


def test_what_an_earlier_run_left_in_staging_goes(home: Home) -> None:
    left = home.lake / "staging" / "dead" / "sessions" / "part.parquet"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a file")
    home.write("a.csv", HEADER + session(1))
    home.read()
    assert not left.exists()


@pytest.mark.parametrize("other", [b"another key, which is as long as it must be", b""])
def test_another_key_is_refused_before_anything_is_read(home: Home, other: bytes) -> None:
    home.write("a.csv", HEADER + session(1))
    home.read()
    before = home.bytes_of_lake()
    home.write("b.csv", HEADER + session(2))
    home.key = other
    with pytest.raises(InputError) as error:
        home.read()
    assert "the key is not the one that the lake's pseudonyms were made with" in str(error.value)
    assert "Put the lost key back." in str(error.value)
    assert home.bytes_of_lake() == before


def test_the_key_is_nowhere_in_the_lake(home: Home) -> None:
    home.write("a.csv", HEADER + session(1))
    home.read()
    for content in home.bytes_of_lake().values():
        assert home.key not in content
        assert home.key.hex().encode() not in content


def test_a_damaged_register_is_told(home: Home) -> None:
    home.write("a.csv", HEADER + session(1))
    home.read()
    (home.lake / "raw" / "register.json").write_text('{"key_check": ')
    with pytest.raises(InputError, match="the register of files is damaged"):
        home.read()
