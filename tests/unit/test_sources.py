"""Files of every form that a platform exports, and every way in which they arrive broken.

`teams` is read here, as its texts come out as they went in.
"""

from __future__ import annotations

import codecs
import datetime as dt
import gzip
import json
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.errors import InputError
from assets.raw import reading
from assets.raw.sources import BLOCK_BYTES, find_files
from assets.raw.workbooks import sheet_rows
from tests.unit.raw_fixtures import Judged, judge, source_of

TEAMS = "team_id,team_name,service\nT1,Harbour,North\nT2,Quay,South\n"
NAMES = ["Harbour", "Quay"]


def teams(folder: Path, content: str | bytes, name: str = "teams.csv", **settings: Any) -> Judged:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return judge(path, "teams", **settings)


def refused(folder: Path, content: str | bytes, name: str = "teams.csv", **settings: Any) -> str:
    with pytest.raises(InputError) as error:
        teams(folder, content, name, **settings)
    return str(error.value)


# Forms


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_seen_in_the_header(tmp_path: Path, delimiter: str) -> None:
    assert teams(tmp_path, TEAMS.replace(",", delimiter)).column("team_name") == NAMES


def test_a_tsv_has_tabs_and_commas_are_text(tmp_path: Path) -> None:
    found = teams(tmp_path, "team_id\tteam_name\nT1\tHarbour, north, and more\n", "teams.tsv")
    assert found.column("team_name") == ["Harbour, north, and more"]


def test_a_declared_delimiter_goes_before_what_is_seen(tmp_path: Path) -> None:
    found = teams(
        tmp_path, "team_id:team_name,a,b\nT1:Harbour\n", delimiter=":", columns={"team_name": "team_name,a,b"}
    )
    assert found.column("team_name") == ["Harbour"]


@pytest.mark.parametrize("first", ["sep=|\n", "SEP=|\r\n", '"sep=|"\n', "\ufeffsep=|\n"])
def test_a_first_line_that_names_the_delimiter_is_no_row(tmp_path: Path, first: str) -> None:
    content = first + "team_id|team_name\nT1|Harbour, north; and more\n|nobody\nT2\n"
    found = teams(tmp_path, content)
    assert found.column("team_name") == ["Harbour, north; and more", "nobody"]
    assert (found.lines, found.unreadable) == ([3, 4], [5]), "the lines of the file"
    assert found.faults == {4: "team_id|missing_value"}
    bare = teams(tmp_path, content.replace("team_id|team_name\n", ""), header=False, names=["team_id", "team_name"])
    assert (bare.column("team_name"), bare.lines) == (found.column("team_name"), [2, 3])


def test_a_file_without_header_takes_its_names_from_the_settings(tmp_path: Path) -> None:
    content = TEAMS.split("\n", 1)[1]
    found = teams(tmp_path, content, header=False, names=["team_id", "team_name", "service"])
    assert found.column("team_name") == NAMES
    assert found.lines == [1, 2]


def test_names_that_are_too_few_are_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, "T1,Harbour,North\n", header=False, names=["team_id", "team_name"])
    assert "teams.csv, line 1: its first line has 3 columns, names = [...] has 2" in message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "cp850"])
def test_any_encoding(tmp_path: Path, encoding: str) -> None:
    content = "team_id,team_name\nT1,Häfen\nT2,Süd\n".encode(encoding)
    assert teams(tmp_path, content, encoding=encoding).column("team_name") == ["Häfen", "Süd"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp850", "iso8859-15", "koi8-r"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_utf_8_that_is_declared_as_something_else_is_refused(
    tmp_path: Path, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    """Each byte is a letter there, so that nothing else tells: Brücke would be published as BrÃ¼cke."""
    content = pack("team_id,team_name\nT1,Hafen\nT2,Brücke\n".encode())
    assert refused(tmp_path, content, encoding=encoding) == (
        "teams.csv: is UTF-8 (line 3), and rapport.toml, source of teams, key source.encoding says "
        f'{codecs.lookup(encoding).name}\n  Set encoding = "utf-8", or take the key out.'
    )


def test_utf_8_is_seen_where_a_character_lies_across_the_end_of_what_is_looked_at(tmp_path: Path) -> None:
    content = "team_id,team_name\nT1,ü\n".encode()
    content += b"T2,a\n" * ((BLOCK_BYTES - len(content)) // 5 - 1)
    content += b"T3," + b"a" * (BLOCK_BYTES - len(content) - 4) + "ü\n".encode()
    assert content[BLOCK_BYTES - 1] == 0xC3, "the first half of ü"
    assert "is UTF-8 (line 2)" in refused(tmp_path, content, encoding="latin-1")


@pytest.mark.parametrize("encoding", ["gbk", "shift_jis", "utf-16", "utf-8"])
def test_an_encoding_of_several_bytes_is_believed(tmp_path: Path, encoding: str) -> None:
    content = "team_id,team_name\nT1,北\n".encode(encoding)
    assert teams(tmp_path, content, encoding=encoding).column("team_name") == ["北"]
    mistakable = "team_id,team_name\nT1,联通\n".encode("gbk")  # which is UTF-8 of something else
    assert teams(tmp_path, mistakable, encoding="gbk").column("team_name") == ["联通"]


@pytest.mark.parametrize("header", [True, False])
def test_a_byte_order_mark_is_no_part_of_the_first_field(tmp_path: Path, header: bool) -> None:
    names = None if header else ["team_id", "team_name", "service"]
    content = "\ufeff" + (TEAMS if header else TEAMS.split("\n", 1)[1])
    assert teams(tmp_path, content, header=header, names=names).column("team_id") == ["T1", "T2"]
    blank_line = content + "\n\n"  # which is read with care
    assert teams(tmp_path, blank_line, header=header, names=names).column("team_id") == ["T1", "T2"]


@pytest.mark.parametrize("name", ["teams.csv.gz", "teams.csv", "teams.CSV"])
def test_gzip_whatever_its_name(tmp_path: Path, name: str) -> None:
    assert teams(tmp_path, gzip.compress(TEAMS.encode()), name).column("team_name") == NAMES


def test_gzip_in_another_encoding(tmp_path: Path) -> None:
    content = gzip.compress("team_id,team_name\nT1,Häfen\n".encode("utf-16"))
    assert teams(tmp_path, content, "teams.csv.gz", encoding="utf-16").column("team_name") == ["Häfen"]


def test_parquet_with_its_types(tmp_path: Path) -> None:
    path = tmp_path / "sessions.parquet"
    duckdb.sql("""
        SELECT 7::BIGINT AS session_id, 3::DOUBLE AS therapist_id, 'c1' AS client_id,
            TIMESTAMP '2026-10-05 09:00' AS starts_at, TIMESTAMPTZ '2026-10-05 09:50:00+02' AS ends_at, 'attended' AS status
        UNION ALL SELECT 8, NULL, 'c1', TIMESTAMP '2026-10-05 10:00', '2026-10-05 10:50+02', 'attended'
    """).write_parquet(str(path))  # pyright: ignore[reportOptionalMemberAccess]
    found = judge(path, "sessions")
    assert [found.rows[0][name] for name in ("session_id", "therapist_id")] == ["7", "3"]
    assert found.rows[0]["starts_at"] == dt.datetime(2026, 10, 5, 7, tzinfo=dt.UTC)
    assert found.rows[0]["ends_at"] == dt.datetime(2026, 10, 5, 7, 50, tzinfo=dt.UTC)
    assert found.faults == {2: "therapist_id|missing_id"}


JSON_ROWS = [
    '{"team_id": "T1", "team_name": "Harbour"}',
    '{"team_id": "T2", "team_name": "Quay", "service": null}',
    '{"team_name": "Nobody\'s", "team_id": null}',
]


@pytest.mark.parametrize("content", ["\n".join(JSON_ROWS), f"[{', '.join(JSON_ROWS)}]"])
@pytest.mark.parametrize("name", ["teams.ndjson", "teams.json", "teams.jsonl"])
def test_json_as_lines_and_as_a_list(tmp_path: Path, content: str, name: str) -> None:
    found = teams(tmp_path, content, name)
    assert found.column("team_name") == [*NAMES, "Nobody's"]
    assert found.faults == {3: "team_id|missing_value"}


def test_json_gives_texts_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "profiles.json"
    path.write_text(
        '[{"therapist_id": "00A1B2C3-0000-4000-8000-0000000000FF", "specialties": ["Grief", " trauma "]},'
        ' {"therapist_id": 12345678901234567890, "specialties": null},'
        ' {"therapist_id": "007", "specialties": ["grief", "grief"], "valid_from": "2026-10-01"}]'
    )
    found = judge(path, "profiles")
    assert found.column("therapist_id") == ["00A1B2C3-0000-4000-8000-0000000000FF", "12345678901234567890", "007"]
    assert found.column("specialties") == [["grief", "trauma"], None, ["grief"]]
    assert found.faults == {}


def test_json_times_keep_their_offset(tmp_path: Path) -> None:
    path = tmp_path / "sessions.json"
    path.write_text(
        '{"session_id": 1, "therapist_id": 2, "client_id": 3, "starts_at": "2026-10-05T09:00:00+05:00",'
        ' "duration_minutes": 50, "status": "attended"}'
    )
    assert judge(path, "sessions").column("starts_at") == [dt.datetime(2026, 10, 5, 4, tzinfo=dt.UTC)]


def workbook(path: Path, *rows: list[Any], sheet: str = "Sheet1") -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "Read me"
    page.append(["not this one"])
    page = book.create_sheet(sheet)
    for row in rows:
        page.append(row)
    book.save(path)
    return path


def test_xlsx_cells_become_what_they_show(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "sessions.xlsx",
        ["session_id", "therapist_id", "client_id", "starts_at", "ends_at", "status", None, "note", "note"],
        [1001, "t1", 7.0, dt.datetime(2026, 10, 5, 9), "2026-10-05 09:50", "attended", None, "a\nb", "c"],
        [],
        [29872500000000, "t1", 2.98725e19, dt.datetime(2026, 10, 5, 9), "2026-10-05 09:50", "attended"],
        sheet="Log",
    )
    found = judge(path, "sessions", sheet="Log")
    assert found.column("session_id") == ["1001", "29872500000000"]
    assert found.rows[0]["client_id"] == "7"
    assert found.rows[0]["starts_at"] == dt.datetime(2026, 10, 5, 7, tzinfo=dt.UTC)
    assert found.lines == [2, 4], "the numbers that the spreadsheet shows"
    assert found.faults == {4: "client_id|mangled_id"}, "fifteen digits are all that a spreadsheet keeps"


def test_xlsx_without_header(tmp_path: Path) -> None:
    path = workbook(tmp_path / "teams.xlsx", ["T1", "Harbour"], ["NA", "Quay"])
    found = judge(path, "teams", sheet="Sheet1", header=False, names=["team_id", "team_name"])
    assert found.column("team_id") == ["T1", "NA"], "NA is a name like another"


def test_midnight_in_a_spreadsheet_is_a_time_of_day(tmp_path: Path) -> None:
    """A midnight is a whole number in the file, as a date is; only the cell's format tells them apart."""
    path = workbook(
        tmp_path / "sessions.xlsx",
        ["session_id", "therapist_id", "client_id", "starts_at", "duration_minutes", "status", "cancelled_at"],
        [1, "t1", "c1", dt.datetime(2026, 10, 5, 9), 50, "cancelled_by_client", dt.datetime(2026, 10, 5)],
        [2, "t1", "c1", dt.datetime(2026, 10, 5), 50, "attended", None],
        [3, "t1", "c1", dt.date(2026, 10, 5), 50, "attended", None],
        sheet="Log",
    )
    found = judge(path, "sessions", sheet="Log")
    midnight = dt.datetime(2026, 10, 4, 22, tzinfo=dt.UTC)  # in Berlin
    assert found.column("cancelled_at") == [midnight, None, None]
    assert found.column("starts_at")[1] == midnight
    assert found.faults == {4: "starts_at|unreadable_time"}, "a day is no moment"


MIDNIGHT, DAY = "2026-10-08T00:00:00", "2026-10-08"
FORMATS = {
    "yyyy-mm-dd h:mm:ss": MIDNIGHT, "dd.mm.yyyy hh:mm;@": MIDNIGHT, "m/d/yyyy h:mm AM/PM": MIDNIGHT, "m/d/yy h:mm": MIDNIGHT,
    "[$-407]d. mmmm yyyy hh:mm": MIDNIGHT, "yyyy-mm-dd": DAY, "mm-dd-yy": DAY, 'd.m.yyyy" hours"': DAY, r"\s d/m/yyyy": DAY,
    "[Cyan]d mmmm yyyy": DAY, "[$-sh-CS]d mmmm yyyy": DAY,
}  # fmt: skip


def test_a_format_with_an_hour_makes_a_time_of_a_day(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.create_sheet("Log")
    for row, form in enumerate(FORMATS, 1):
        for column in (3, 30):  # C and AD
            page.cell(row, column, 46303).number_format = form
    book.save(tmp_path / "log.xlsx")
    found = sheet_rows(tmp_path / "log.xlsx", "Log")
    assert {form: row[2] for form, row in zip(FORMATS, found, strict=True)} == FORMATS
    assert [row[29] for row in found] == [row[2] for row in found]


def test_xlsx_with_a_sheet_that_is_not_there(tmp_path: Path) -> None:
    path = workbook(tmp_path / "sessions.xlsx", ["team_id"], ["T1"], sheet="Termine")
    with pytest.raises(InputError) as error:
        judge(path, "teams", sheet="Termin")
    assert str(error.value) == 'sessions.xlsx: there is no sheet "Termin"\n  Did you mean "Termine"?'


def test_sheets_that_are_called_by_names_of_persons_are_not_listed(tmp_path: Path) -> None:
    path = workbook(tmp_path / "sessions.xlsx", ["team_id"], ["T1"], sheet="Anna Meyer")
    with pytest.raises(InputError, match="Set sheet as it is called there") as error:
        judge(path, "teams", sheet="Termine")
    assert "Anna" not in str(error.value) and "Read me" not in str(error.value)


# Values


@pytest.mark.parametrize(("yes", "no"), [("true", "false"), ("yes", "no"), (True, False)])
def test_yes_and_no_may_be_written_as_words_or_as_toml_has_them(
    tmp_path: Path, yes: str | bool, no: str | bool
) -> None:
    path = tmp_path / "profiles.csv"
    path.write_text("therapist_id,visible_to_clients\nt1,Ja\nt2,nein\nt3,yes\nt4,vielleicht\n")
    found = judge(path, "profiles", values={"visible_to_clients": {"ja": yes, "nein": no}})
    assert found.column("visible_to_clients") == [True, False, True, None]
    assert found.faults == {5: "visible_to_clients|unknown_value"}


# Finding files


def test_files_come_in_the_order_of_their_names_each_once(tmp_path: Path) -> None:
    for name in ("b/2026-01.csv", "a/2026-03.csv", "b/2026-02.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(TEAMS)
    found = find_files(source_of("teams", ["*/*.csv", "**/2026-0[12].csv"]), tmp_path)
    assert [path.name for path in found] == ["2026-01.csv", "2026-02.csv", "2026-03.csv"]


def test_a_pattern_without_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        find_files(source_of("teams", "source/teams-*.csv"), tmp_path)
    assert 'no file matches "source/teams-*.csv" for the table teams' in str(error.value)
    assert "relative to the folder of rapport.toml" in str(error.value)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    with pytest.raises(InputError) as error:
        find_files(source_of("teams", "source"), tmp_path)
    assert str(error.value) == 'source: is a folder, not a file\n  Name its files, as in files = "source/*.csv".'


def test_brackets_in_a_name_are_no_pattern(tmp_path: Path) -> None:
    for folder in ("home [1]", "home 1"):
        (tmp_path / folder).mkdir()
    (tmp_path / "home 1" / "teams1.csv").write_text(TEAMS.replace("Quay", "Wrong"))
    home = tmp_path / "home [1]"
    assert teams(home, TEAMS, "teams[1].csv").column("team_name") == NAMES
    assert [path.parent for path in find_files(source_of("teams", "*.csv"), home)] == [home]


# Headers


@pytest.mark.parametrize(
    "header", ["TEAM_ID,Team_Name,service", " team_id , team_name ,service", '"team_id","team_name",service']
)
def test_a_header_in_other_case_or_with_blanks_is_the_same(tmp_path: Path, header: str) -> None:
    assert teams(tmp_path, TEAMS.replace("team_id,team_name,service", header)).column("team_name") == NAMES


def test_a_mapped_name_in_other_case_is_found(tmp_path: Path) -> None:
    content = TEAMS.replace("team_name", "Bezeichnung")
    assert teams(tmp_path, content, columns={"team_name": "BEZEICHNUNG"}).column("team_name") == NAMES


def test_a_missing_column_is_told_with_those_that_are_there(tmp_path: Path) -> None:
    message = refused(tmp_path, TEAMS.replace("team_id", "team"))
    assert message.startswith('teams.csv: has no column "team_id", which is to give teams.team_id\n')
    assert 'Did you mean "team"?' in message
    assert "Set team_id = " in message
    assert "Its columns: team, team_name, service." in message


def test_a_mapped_column_that_is_not_there_is_told_also_for_a_field_that_is_optional(tmp_path: Path) -> None:
    message = refused(tmp_path, TEAMS, columns={"reporting_unit": "unit"})
    assert 'has no column "unit", which is to give teams.reporting_unit' in message


def test_a_column_that_stands_twice_is_not_chosen_for_the_user(tmp_path: Path) -> None:
    content = "team_id,team_name,Team_ID,,\nT1,Harbour,T2,,\n"
    message = refused(tmp_path, content)
    assert "Its columns: team_id (column 1), team_name, Team_ID (column 3), (column 4), (column 5)." in message
    assert teams(tmp_path, content, columns={"team_id": "team_id (column 1)"}).column("team_id") == ["T1"]


def test_a_header_and_nothing_else_is_no_rows(tmp_path: Path) -> None:
    for content in ("team_id,team_name\n", "team_id,team_name"):
        found = teams(tmp_path, content)
        assert (found.rows, found.unreadable) == ([], [])


# Lines


def test_line_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    found = teams(
        tmp_path,
        "team_id,team_name\n"  # 1
        'T1,"Har\nbour"\n'  # 2, 3
        "T2\n"  # 4: too few
        "\n"  # 5: blank
        ",nobody\n"  # 6
        "T3,a,b\n"  # 7: too many
        'T4,"Qu""ay"\n'  # 8
        'T5,"a"b\n'  # 9: a stray quote
        "T6,last",  # 10
    )
    assert found.unreadable == [4, 7, 9]
    assert found.column("team_name") == ["Har bour", "nobody", 'Qu"ay', "last"]
    assert found.lines == [2, 6, 8, 10]
    assert found.faults == {6: "team_id|missing_value"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_kind(tmp_path: Path, end: str) -> None:
    found = teams(tmp_path, TEAMS.replace("\n", end))
    assert (found.column("team_name"), found.lines) == (NAMES, [2, 3])


def test_mixed_line_ends(tmp_path: Path) -> None:
    found = teams(tmp_path, "team_id,team_name\r\nT1,Harbour\nT2\r\nT3,Quay\r\n")
    assert (found.column("team_name"), found.lines, found.unreadable) == (NAMES, [2, 4], [3])


def many(lines: int) -> list[str]:
    return ["team_id,team_name", *(f"T{number},{'Harbour' * 8}" for number in range(lines))]


@pytest.mark.parametrize("place", [10, 35_000])
def test_a_quote_that_is_never_closed_takes_one_line_with_it(tmp_path: Path, place: int) -> None:
    """Read by the piece and in parallel, such a file loses rows without a word: hence the count of lines."""
    lines = many(40_000)
    lines[place] = 'T,"never closed'
    found = teams(tmp_path, "\n".join(lines))
    assert len(found.rows) == 39_999
    assert found.unreadable == [place + 1]


def test_many_short_lines_lose_no_other_row(tmp_path: Path) -> None:
    lines = many(60_000)
    for place in range(1, 60_000, 3):
        lines[place] = "T"
    found = teams(tmp_path, "\n".join(lines))
    assert found.unreadable == list(range(2, 60_001, 3))
    assert found.lines == [line for line in range(2, 60_002) if line % 3 != 2]


def test_bytes_that_are_no_text_make_their_line_unreadable(tmp_path: Path) -> None:
    """In the first megabyte they say that the encoding is wrong; later, they are a slip."""
    lines = [line.encode() for line in many(30_000)]
    lines[25_000] = b"T,\xff\xfe"
    found = teams(tmp_path, b"\n".join(lines))
    assert (len(found.rows), found.unreadable) == (29_999, [25_001])
    lines[2] = b"T,\xff\xfe"
    assert refused(tmp_path, b"\n".join(lines)).startswith("teams.csv, line 3: is not text in utf-8\n  Set encoding")


CELLS = st.text(alphabet='ab ,;"\nü', max_size=6)
RECORDS = st.lists(st.one_of(st.tuples(CELLS, CELLS), st.sampled_from(["short", "", "far,too,many"])), max_size=25)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=RECORDS, seed=st.integers())
def test_any_mixture_of_lines_is_accounted_for(tmp_path: Path, records: list[tuple[str, str] | str], seed: int) -> None:
    """Records with any text in quotes, among blank lines and lines that are none: each is told with its line."""
    chance, text, line = random.Random(seed), "team_id,team_name\n", 2
    good, bad = {}, []
    for record in records:
        if isinstance(record, tuple):
            written = ",".join('"' + cell.replace('"', '""') + '"' for cell in record) + chance.choice(["\n", "\r\n"])
            good[line] = tuple(" ".join(cell.replace("\n", " ").strip().split("\r")) or None for cell in record)
        else:
            written = record + "\n"
            bad += [line] if record else []
        text, line = text + written, line + written.count("\n")
    found = teams(tmp_path, text)
    assert {row["line"]: (row["team_id"], row["team_name"]) for row in found.rows} == good
    assert found.unreadable == bad


CONTENTS = {
    "plain": TEAMS,
    "no last line end": TEAMS.rstrip("\n"),
    "quotes": 'team_id,team_name\n"T1","a, b"\n"T2","say ""so"""\n',
    "blanks and empties": "team_id,team_name,service\n T1 , ,\n,,\n",
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_the_quick_way_and_the_careful_way_agree(tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = teams(tmp_path, content)
    monkeypatch.setattr(reading, "opened_quickly", lambda source, path: None)
    assert teams(tmp_path, content) == quick


def test_a_sample_is_the_first_rows_and_their_faults(tmp_path: Path) -> None:
    lines = ["team_id,team_name", "T1,a", "T2", ",c", *(f"T{number},x" for number in range(50_000))]
    found = teams(tmp_path, "\n".join(lines), most_rows=3)
    assert found.lines == [2, 4, 5]
    assert (found.unreadable, list(found.faults)) == ([3], [4])


# What is no source


def test_an_empty_file(tmp_path: Path) -> None:
    for name in ("teams.csv", "teams.parquet", "teams.json", "teams.xlsx"):
        assert refused(tmp_path, "", name).startswith(f"{name}: the file is empty\n  Export it again")


def test_a_binary_file_named_csv(tmp_path: Path) -> None:
    random_bytes = random.Random(1).randbytes(5000)
    for content in (random_bytes, b"PK\x03\x04" + bytes(200), TEAMS.encode("utf-16-le")):
        message = refused(tmp_path, content)
        assert "teams.csv" in message
        assert "is not text in utf-8" in message
        assert "format" in message


@pytest.mark.parametrize("name", ["teams.parquet", "teams.xlsx", "teams.json"])
def test_a_file_that_is_not_what_its_ending_says(tmp_path: Path, name: str) -> None:
    message = refused(tmp_path, TEAMS, name)
    assert message.startswith(f"{name}")
    assert "cannot be read as" in message
    assert "Harbour" not in message


def test_an_ending_that_tells_nothing(tmp_path: Path) -> None:
    assert 'the ending ".dat" tells no format\n  Set format = "csv"' in refused(tmp_path, TEAMS, "teams.dat")
    assert teams(tmp_path, TEAMS, "teams.dat", format="csv").column("team_name") == NAMES


@pytest.mark.parametrize("content", ['"just a text"', "[]", "3"])
def test_json_without_objects(tmp_path: Path, content: str) -> None:
    assert "teams.json: holds no JSON objects with fields" in refused(tmp_path, content, "teams.json")


def test_json_with_a_broken_line_tells_which(tmp_path: Path) -> None:
    content = "\n".join([JSON_ROWS[0], '{"team_id": "Secret', JSON_ROWS[1]])
    message = refused(tmp_path, content, "teams.ndjson")
    assert message.startswith("teams.ndjson, line ")
    assert "Secret" not in message


def test_a_damaged_gzip(tmp_path: Path) -> None:
    packed = gzip.compress("\n".join(many(60_000)).encode(), compresslevel=1)
    for content in (packed[:40], packed[:-2000], packed[:30_000] + b"\x00\xff" * 200 + packed[30_400:]):
        for encoding in ("utf-8", "latin-1"):
            message = refused(tmp_path, content, "teams.csv.gz", encoding=encoding)
            assert message == "teams.csv.gz: the gzip file is damaged\n  Copy or export it again."


def test_a_header_that_never_ends(tmp_path: Path) -> None:
    assert "has no line end in its first megabyte" in refused(tmp_path, "a," * 600_000)


READ_A_LONG_LINE = """
import json, resource, sys
from pathlib import Path
from tests.unit.raw_fixtures import judge
path = Path(sys.argv[1])
judge(path.with_name("small.csv"), "teams")  # what any reading takes
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = judge(path, "teams")
more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([found.lines, found.unreadable, more // 1024]))
"""


def _read_a_long_line(folder: Path, megabytes: int) -> None:
    (folder / "small.csv").write_text(TEAMS)
    with (folder / "long.csv").open("wb") as file:
        file.write(b"team_id,team_name\nT1,a\nT2,")
        for _ in range(megabytes):
            file.write(b"x" * (1 << 20))
        file.write(b"\nT3,c\n")
    run = [sys.executable, "-c", READ_A_LONG_LINE, str(folder / "long.csv")]
    out = subprocess.run(run, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=300)
    assert out.returncode == 0, out.stderr
    lines, unreadable, more_megabytes = json.loads(out.stdout)
    assert (lines, unreadable) == ([2, 4], [3])
    assert more_megabytes < 100


def test_a_line_of_200_megabytes_is_unreadable_and_takes_little_memory(tmp_path: Path) -> None:
    _read_a_long_line(tmp_path, 200)


@pytest.mark.long
def test_a_line_of_2_gigabytes_is_unreadable_and_takes_little_memory(tmp_path: Path) -> None:
    _read_a_long_line(tmp_path, 2048)


def test_a_reading_that_stops_half_way_leaves_no_thread_behind(tmp_path: Path) -> None:
    """The thread that feeds the pipe ends when nobody reads on."""
    content = "\n".join(many(50_000))
    before = threading.active_count()
    with pytest.raises(InputError):
        teams(tmp_path, content, encoding="latin-1", columns={"service": {"sql": "team_name::INTEGER"}})
    assert len(teams(tmp_path, content, most_rows=10).rows) == 10
    assert threading.active_count() == before
