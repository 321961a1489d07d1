"""Every mistake in rapport.toml is told with its line, its key and what to write instead; and so is every key fault."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from assets.errors import InputError
from pipelines.check import as_text, check_sources
from pipelines.cli import main
from pipelines.settings import Settings, load_settings
from tests.unit.raw_fixtures import HEADER, session

GOOD = """\
[organisation]
name = "Lindenhof Care"
timezone = "Europe/Berlin"

[calendar]
closing_lag_days = 10

[[unit]]
name = "Harbour and Quay"
teams = ["T03", "T04"]

[[source]]
table = "sessions"
files = ["source/sessions-*.csv"]
[source.columns]
session_id = "id"
duration_minutes = { sql = "try_cast(minutes AS INTEGER)" }
[source.values.status]
"Completed" = "attended"
Booked = "scheduled"

[[source]]
table = "therapists"
files = "source/register.csv"
timezone = "Europe/London"
"""


def load(folder: Path, content: str | bytes) -> Settings:
    path = folder / "rapport.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_settings(path)


def refused(folder: Path, old: str, new: str) -> tuple[str, str]:
    """Changes a text of the good configuration; returns what is said, and how to mend it."""
    assert GOOD.count(old) == 1, f"{old!r} stands {GOOD.count(old)} times in the good configuration"
    with pytest.raises(InputError) as error:
        load(folder, GOOD.replace(old, new))
    head, _, mend = str(error.value).partition("\n  ")
    return head, mend


def test_a_good_configuration(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD)
    assert found.home == tmp_path
    assert found.units[0].teams == ["T03", "T04"]
    assert [source.timezone for source in found.sources] == ["Europe/Berlin", "Europe/London"]
    assert found.sources[1].files == ["source/register.csv"]


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert load(tmp_path, b"\xef\xbb\xbf" + GOOD.encode()).organisation.name == "Lindenhof Care"


TABLES = "Tables: sessions, therapists, teams, thresholds, profiles, requests, feedback, endings."
STATUSES = "attended, no_show, cancelled_by_client, cancelled_by_therapist, cancelled_by_platform, scheduled"
MISTAKES: dict[str, tuple[str, str, str, str]] = {
    # what is wrong: (old text, new text, what is said, how to mend it)
    "a key that nearly is one": (
        "closing_lag_days", "closing_lag_day",
        "line 6, key calendar.closing_lag_day: there is no such key", 'Did you mean "closing_lag_days"?',
    ),
    "a table that nearly is one": (
        "[calendar]", "[calender]",
        "line 5, key calender: there is no such key", 'Did you mean "calendar"?',
    ),
    "a list of tables that nearly is one": (
        "[[unit]]", "[[units]]",
        "line 8, key units: there is no such key", 'Did you mean "unit"?',
    ),
    "a key of a source that nearly is one": (
        'timezone = "Europe/London"', 'time_zone = "Europe/London"',
        "line 25, key source.time_zone: there is no such key", 'Did you mean "timezone"?',
    ),
    "path, which is ours": (
        "[organisation]", "path = 1\n[organisation]",
        "line 1, key path: there is no such key", "See docs/configuration.md.",
    ),
    "a missing key": (
        'timezone = "Europe/Berlin"\n', "",
        "line 1, key organisation.timezone: is missing", "See docs/configuration.md.",
    ),
    "a missing table": (
        '[organisation]\nname = "Lindenhof Care"\ntimezone = "Europe/Berlin"\n', "",
        "key organisation: is missing", "See docs/configuration.md.",
    ),
    "no source of therapists": (
        'table = "therapists"', 'table = "teams"',
        'line 12, key source: no [[source]] gives the table "therapists", without which nothing can be measured',
        'Add a [[source]] with table = "therapists".',
    ),
    "a source of nothing": (
        'table = "therapists"\n', "",
        "line 22, key source.table: is missing", "See docs/configuration.md.",
    ),
    "a wrong type": (
        "closing_lag_days = 10", 'closing_lag_days = "soon"',
        "line 6, key calendar.closing_lag_days: input should be a valid integer, unable to parse string as an integer",
        "See docs/configuration.md.",
    ),
    "a number out of range": (
        "closing_lag_days = 10", "closing_lag_days = 100",
        "line 6, key calendar.closing_lag_days: input should be less than or equal to 90", "See docs/configuration.md.",
    ),
    "an unknown time zone": (
        '"Europe/Berlin"', '"Europe/Bärlin"',
        'line 3, key organisation.timezone: there is no time zone "Europe/Bärlin"',
        'Use an IANA name such as "Europe/Berlin".',
    ),
    "an unknown time zone of a source": (
        '"Europe/London"', '"GMT+25"',
        'line 25, key source.timezone: there is no time zone "GMT+25"', 'Use an IANA name such as "Europe/Berlin".',
    ),
    "an unknown table of the contract": (
        'table = "therapists"', 'table = "therapist"',
        'line 23, key source.table: there is no table "therapist"', f'Did you mean "therapists"? {TABLES}',
    ),
    "an unknown encoding": (
        'timezone = "Europe/London"', 'encoding = "utf8-ish"',
        "line 25, key source.encoding: there is no text encoding of this name",
        'Common ones: "utf-8", "cp1252", "latin-1", "utf-16".',
    ),
    "an encoding that is none of text": (
        'timezone = "Europe/London"', 'encoding = "base64"',
        "line 25, key source.encoding: there is no text encoding of this name",
        'Common ones: "utf-8", "cp1252", "latin-1", "utf-16".',
    ),
    "an unknown format": (
        'timezone = "Europe/London"', 'format = "ods"',
        "line 25, key source.format: input should be 'csv', 'parquet', 'json' or 'xlsx'", "See docs/configuration.md.",
    ),
    "a delimiter of two characters": (
        'timezone = "Europe/London"', 'delimiter = "||"',
        "line 25, key source.delimiter: string should have at most 1 character", "See docs/configuration.md.",
    ),
    "a source without files": (
        'files = "source/register.csv"', "files = []",
        "line 24, key source.files: list should have at least 1 item after validation, not 0", "See docs/configuration.md.",
    ),
    "a key that is misspelt, and needed": (
        'files = "source/register.csv"', 'fles = "source/register.csv"',
        "line 24, key source.fles: there is no such key (and 1 more)", 'Did you mean "files"?',
    ),
    "no header and no names": (
        'timezone = "Europe/London"', "header = false",
        "line 25, key source.header: a source without a header has no names for its columns",
        "Set names = [...], in their order.",
    ),
    "a field that is none": (
        'session_id = "id"', 'sessionid = "id"',
        'line 16, key source.columns.sessionid: "sessionid" is not a field of sessions',
        'Did you mean "session_id"? Fields: session_id, therapist_id, client_id, starts_at, ends_at, duration_minutes, '
        "status, kind, modality, booked_at, cancelled_at, updated_at, group_session_id.",
    ),
    "a column that is a number": (
        'session_id = "id"', "session_id = 3",
        "line 16, key source.columns.session_id: is no column", 'Write "its column", or { sql = "an expression" }.',
    ),
    "an expression that is none": (
        "try_cast(minutes AS INTEGER)", "minutes +",
        "line 17, key source.columns.duration_minutes.sql: is not one DuckDB expression", "See docs/configuration.md.",
    ),
    "two expressions": (
        "try_cast(minutes AS INTEGER)", "minutes, hours",
        "line 17, key source.columns.duration_minutes.sql: is not one DuckDB expression", "See docs/configuration.md.",
    ),
    "a query": (
        "try_cast(minutes AS INTEGER)", "minutes FROM elsewhere",
        "line 17, key source.columns.duration_minutes.sql: is not one DuckDB expression", "See docs/configuration.md.",
    ),
    "a value of ours that is none": (
        '"attended"', '"atended"',
        'line 19, key source.values.status.Completed: "atended" is not a value of status',
        f'Did you mean "attended"? Values: {STATUSES}.',
    ),
    "a value of theirs for two of ours": (
        "Booked =", "completed =",
        'line 20, key source.values.status.completed: "completed" stands here twice, for two values',
        "Upper and lower case are one.",
    ),
    "a value that is neither yes nor no": (
        'table = "therapists"\n', 'table = "profiles"\nvalues.visible_to_clients.ja = "yess"\n',
        'line 24, key source.values.visible_to_clients.ja: "yess" is not a value of visible_to_clients',
        'Did you mean "yes"? Values: true, false, yes, no.',
    ),
    "a status that is a TOML value": (
        '"Completed" = "attended"', '"Completed" = true',
        'line 19, key source.values.status.Completed: "true" is not a value of status', f"Values: {STATUSES}.",
    ),
    "a month as people write it": (
        "closing_lag_days = 10", 'first_month = "07/2026"',
        'line 6, key calendar.first_month: "07/2026" is no month', 'Write a month as "2026-07".',
    ),
    "a month that is a date": (
        "closing_lag_days = 10", "first_month = 2026-07-01",
        'line 6, key calendar.first_month: "2026-07-01" is no month', 'Write a month as "2026-07".',
    ),
    "a form of times without codes": (
        'timezone = "Europe/London"', 'time_formats = ["%H:%M", "dd.mm.yyyy HH:MM"]',
        'line 25, key source.time_formats: "dd.mm.yyyy HH:MM" has no codes with %',
        'Write it with codes, as "%d.%m.%Y %H:%M".',
    ),
    "values of a field that has none": (
        "[source.values.status]", "[source.values.client_id]",
        "line 18, key source.values.client_id: client_id has no values to map",
        'Compute it: { sql = "…" } under [source.columns].',
    ),
    "a team in two units": (
        '["T03", "T04"]\n', '["T03", "T04"]\n[[unit]]\nname = "Others"\nteams = ["T05", "T03"]\n',
        'line 13, key unit.teams: "T03" stands there twice', "Name it in one [[unit]] only.",
    ),
    "a unit declared twice": (
        '["T03", "T04"]\n', '["T03", "T04"]\n[[unit]]\nname = "Harbour and Quay"\nteams = ["T05"]\n',
        'line 12, key unit.name: "Harbour and Quay" stands there twice', "Name it in one [[unit]] only.",
    ),
    "a unit without teams": (
        '["T03", "T04"]', "[]",
        "line 10, key unit.teams: list should have at least 1 item after validation, not 0", "See docs/configuration.md.",
    ),
    "a key file in the lake": (
        "[calendar]", '[pseudonyms]\nkey_file = "lake/rapport.key"\n[calendar]',
        "line 6, key pseudonyms.key_file: the key may not lie with what it protects",
        "Keep it outside of lake and releases.",
    ),
    "a breakdown that nearly is one": (
        "[calendar]", '[breakdowns.modalty]\n"remote" = ["video"]\n[calendar]',
        "line 5, key breakdowns.modalty: there is no such breakdown", 'Did you mean "modality"?',
    ),
    "a breakdown that is none": (
        "[calendar]", '[breakdowns.client]\n"some" = ["c1"]\n[calendar]',
        "line 5, key breakdowns.client: there is no such breakdown",
        "The breakdowns are weekday, hour_band, modality, kind, load, need.",
    ),
    "bins that overlap": (
        "[calendar]", '[breakdowns.modality]\n"remote" = ["video", "phone"]\n"by voice" = ["phone"]\n[calendar]',
        "line 7, key breakdowns.modality.by voice: phone lies in two bins", "Bins must not overlap: mend the lists.",
    ),
    "an empty bin": (
        "[calendar]", "[breakdowns.modality]\nremote = []\n[calendar]",
        "line 6, key breakdowns.modality.remote: a bin needs a name and at least one value",
        "Bins must not overlap: mend the lists.",
    ),
    "several mistakes": (
        'name = "Lindenhof Care"\ntimezone = "Europe/Berlin"', "name = 3\ntimezone = 4",
        "line 2, key organisation.name: input should be a valid string (and 1 more)", "See docs/configuration.md.",
    ),
}  # fmt: skip


def test_the_bins_of_breakdowns_are_declared_or_our_own(tmp_path: Path) -> None:
    declared = '[breakdowns.modality]\n"in person" = ["here"]\n"remote" = ["video", "phone"]\n'
    bins = load(tmp_path, GOOD + declared).bins()
    assert [row for row in bins if row[0] == "modality"] == [
        ("modality", "here", "in person", 12),
        ("modality", "video", "remote", 13),
        ("modality", "phone", "remote", 13),
        ("modality", None, None, 14),
    ]
    assert ("weekday", "6", "Friday to Sunday", 5) in bins
    assert not [row for row in bins if row[0] == "kind"]


@pytest.mark.parametrize(("old", "new", "said", "mend"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_with_line_key_and_mend(tmp_path: Path, old: str, new: str, said: str, mend: str) -> None:
    separator = ", " if said.startswith(("line", "key")) else ": "
    assert refused(tmp_path, old, new) == (f"rapport.toml{separator}{said}", mend)


def test_what_is_no_toml(tmp_path: Path) -> None:
    head, mend = refused(tmp_path, '"Lindenhof Care"', "Lindenhof Care")
    assert head.startswith("rapport.toml: is not valid TOML: ")
    assert "line 2" in head
    assert mend == "Strings stand in quotes; see docs/configuration.md."


@pytest.mark.parametrize(
    ("old", "new", "line", "mend"),
    [
        ("closing_lag_days = 10", "closing_lag_days = 10\nclosing_lag_days = 9", 7, "This key stands twice: keep one."),
        ("[[unit]]", "[organisation]", 8, "This table stands twice: keep one."),
    ],
)
def test_what_stands_twice(tmp_path: Path, old: str, new: str, line: int, mend: str) -> None:
    head, said = refused(tmp_path, old, new)
    assert (f"line {line}" in head, said) == (True, mend)


def test_what_is_no_utf_8(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        load(tmp_path, GOOD.replace("Lindenhof", "Lindenhöf").encode("latin-1"))
    assert str(error.value) == "rapport.toml, line 2: is not UTF-8 text\n  Save it as UTF-8."


def test_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no configuration here\n  Go to a folder"):
        load_settings(tmp_path / "rapport.toml")


# The key


KEY = "f" * 64


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("RAPPORT_KEY", raising=False)
    return load(tmp_path, GOOD)


def key_file(settings: Settings, content: str, mode: int = 0o600) -> Path:
    path = settings.home / "rapport.key"
    path.write_text(content)
    path.chmod(mode)
    return path


def test_a_key_is_made_once_for_its_owner_only(home: Settings) -> None:
    path = home.make_key()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(home.key()) == 64
    key = home.key()
    with pytest.raises(InputError, match="there is a key already\n  It is kept: "):
        home.make_key()
    assert home.key() == key


def test_a_missing_key(home: Settings) -> None:
    with pytest.raises(
        InputError, match="the key of the pseudonyms is missing\n  Put the key back, or set RAPPORT_KEY"
    ):
        home.key()


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_key_that_others_can_read(home: Settings, mode: int) -> None:
    path = key_file(home, KEY, mode)
    with pytest.raises(InputError) as error:
        home.key()
    assert str(error.value) == f'{path}: the key file can be read by others\n  Run: chmod 600 "{path}"'


@pytest.mark.parametrize("content", ["", "short", "f" * 31 + "\n"])
def test_a_key_that_is_too_short(home: Settings, content: str) -> None:
    key_file(home, content)
    with pytest.raises(InputError, match="the key is shorter than 32 characters\n  Make one with: rapport key"):
        home.key()


def test_the_environment_goes_before_the_file(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    key_file(home, KEY)
    monkeypatch.setenv("RAPPORT_KEY", "e" * 40 + "\n")
    assert home.key() == b"e" * 40
    monkeypatch.setenv("RAPPORT_KEY", "")
    with pytest.raises(InputError, match="the environment variable RAPPORT_KEY: the key is shorter"):
        home.key()


def test_a_key_that_has_no_place(home: Settings) -> None:
    home.pseudonyms.key_file = "nowhere/rapport.key"
    with pytest.raises(InputError, match="cannot be written: No such file or directory\n  Set key_file"):
        home.make_key()


# rapport check


SESSIONS_HEADER = HEADER.replace("session_id", "id").replace("\n", ",minutes\n")


@pytest.fixture
def platform(home: Settings) -> Path:
    source = home.home / "source"
    source.mkdir()
    (source / "sessions-1.csv").write_text(SESSIONS_HEADER + session(0).replace("attended\n", "scheduled,\n"))
    (source / "sessions-2.csv").write_text(
        SESSIONS_HEADER
        + session(1).replace("attended\n", "Completed,\n")
        + session(2).replace("attended\n", "pending,\n")
        + "s3\n"
        + session(4).replace("attended\n", "pending,\n")
    )
    (source / "register.csv").write_text("therapist_id,team_id\nt1,T03\nt2,T04\nt3,T05\n")
    key_file(home, KEY)
    return home.path


def check(path: Path, rows: int = 100) -> tuple[dict[str, Any], str]:
    found = check_sources(load_settings(path), rows)
    return found, as_text(found)


def test_check_shows_what_maps_to_what_and_what_would_be_quarantined(platform: Path) -> None:
    found, text = check(platform)
    assert found["mend"] == []
    assert "sessions: 2 files, 4 rows" in text
    assert "    session_id                       ← id" in text
    assert "    kind                             –" in text
    assert "  would be quarantined: 2 for status unknown_status (sessions-2.csv, lines 3, 5)" in text
    assert "  would be quarantined: 1 for unreadable_row (sessions-2.csv, lines 4)" in text
    assert "    Harbour and Quay                 never shown: below the floor" in text
    assert text.endswith("Ready: rapport backfill")
    assert "pending" not in text
    assert not (platform.parent / "lake").exists(), "check writes nothing"


@pytest.mark.parametrize(("unmapped", "is_refused"), [(4, False), (5, True)])
def test_check_refuses_what_a_run_would_refuse(platform: Path, unmapped: int, is_refused: bool) -> None:
    """A file of which more than a fifth is quarantined, if that is 5 rows or more."""
    rows = [session(number).replace("attended\n", "pending,\n") for number in range(unmapped)]
    rows += [session(number).replace("attended\n", "attended,\n") for number in range(unmapped, 19)]
    (platform.parent / "source" / "sessions-2.csv").write_text(SESSIONS_HEADER + "".join(rows))
    rows = [session(number).replace("attended\n", "attended,\n") for number in range(100, 200)]
    (platform.parent / "source" / "sessions-1.csv").write_text(SESSIONS_HEADER + "".join(rows))
    found, text = check(platform)
    refused = [
        "sessions: a run would refuse this: No file had more than 20 % of its rows quarantined — 1 of 2 files\n"
        "  Most often: status unknown_status in sessions-2.csv; docs/sources.md says what mends it."
    ]
    assert found["mend"] == (refused if is_refused else [])
    assert ("Ready" not in text) == is_refused


def test_check_tells_a_small_share_of_a_table_where_it_sees_all_of_it(platform: Path) -> None:
    rows = [f"t{number},{'T03' if number > 5 else ''}\n" for number in range(1, 41)]
    (platform.parent / "source" / "register.csv").write_text("therapist_id,team_id\n" + "".join(rows))
    found, _ = check(platform)
    assert len(found["mend"]) == 1
    assert "No more than 5 % of the rows were quarantined — 5 of 40 rows read" in found["mend"][0]


def test_check_tells_of_columns_that_are_mapped_and_empty(platform: Path) -> None:
    _, text = check(platform)
    assert "    duration_minutes                 ← = try_cast(minutes AS INTEGER), which is empty there" in text


def test_check_tells_of_declared_teams_that_nobody_names(platform: Path) -> None:
    found, text = check(platform)
    assert (found["unknown_teams"], "Teams under" in text) == ([], False)
    (platform.parent / "source" / "register.csv").write_text("therapist_id,team_id\nt1,T03\nt2,T4\n")
    found, text = check(platform)
    assert found["unknown_teams"] == [{"unit": "Harbour and Quay", "team": "T04"}]
    assert "    T04                              of Harbour and Quay" in text
    assert found["mend"] == []


def test_check_looks_at_so_many_rows(platform: Path) -> None:
    found, _ = check(platform, rows=1)
    assert found["sources"][0]["rows"] == 2, "one of each file"
    assert found["sources"][0]["quarantined"] == []


@pytest.fixture
def months(platform: Path) -> Path:
    """Twelve files, of which no two have the same line of what is wrong."""
    for month in range(1, 13):
        rows = [session(f"{month}-{number}").replace("attended\n", "scheduled,\n") for number in range(30)]
        (platform.parent / "source" / f"sessions-2025-{month:02}.csv").write_text(SESSIONS_HEADER + "".join(rows))
    for name in ("sessions-1.csv", "sessions-2.csv"):
        (platform.parent / "source" / name).unlink()
    return platform


def test_check_looks_at_the_rows_of_the_oldest_the_newest_and_some_between(months: Path) -> None:
    found, text = check(months, rows=10)
    names = [file["file"] for file in found["sources"][0]["looked_at"]]
    assert (names[0], names[-1]) == ("sessions-2025-12.csv", "sessions-2025-01.csv")
    assert len(names) == 6
    assert "sessions: 12 files, of which 6 by their rows, 60 rows" in text
    oldest = months.parent / "source" / "sessions-2025-01.csv"
    oldest.write_text(oldest.read_text().replace("+00:00", " o'clock", 2))
    _, text = check(months)
    assert "would be quarantined: 1 for starts_at unreadable_time (sessions-2025-01.csv, lines 2)" in text


@pytest.mark.parametrize("month", range(1, 13))
def test_check_looks_at_the_columns_of_every_file(months: Path, month: int) -> None:
    path = months.parent / "source" / f"sessions-2025-{month:02}.csv"
    path.write_text(path.read_text().replace("therapist_id", "therapist", 1))
    found, text = check(months, rows=1)
    [mistake] = found["mend"]
    assert mistake.startswith(
        f'{path.name}: has no column "therapist_id", which is to give sessions.therapist_id\n  Did you mean "therapist"?'
    )
    assert "Ready" not in text
    assert found["sources"][0]["files"] == 12, "the other files are told of all the same"


def test_check_tells_the_line_of_an_expression_that_does_not_fit(platform: Path) -> None:
    platform.write_text(GOOD.replace("try_cast(minutes AS", "try_cast(minuten AS"))
    [mistake] = check(platform)[0]["mend"]
    assert mistake == (
        "sessions-2.csv and 1 more of its files: the expression of rapport.toml, line 17, key source.columns.duration_minutes "
        'does not fit it: Referenced column "minuten" not found in FROM clause\n'
        "  Its columns: id, therapist_id, client_id, starts_at, ends_at, status, minutes."
    )


def test_check_tells_what_is_wrong_with_many_files_once(months: Path) -> None:
    months.write_text(GOOD.replace('session_id = "id"', 'session_id = "identity"'))
    found, _ = check(months)
    [mistake] = found["mend"]
    assert mistake.startswith('sessions-2025-12.csv and 11 more of its files: has no column "identity"')


def test_check_looks_at_all_files_of_a_register(platform: Path) -> None:
    (platform.parent / "source" / "register.csv").write_text("therapist_id,team_id\nt1,T04\n")
    (platform.parent / "source" / "another register.csv").write_text("therapist_id,team_id\nt2,T03\n")
    platform.write_text(GOOD.replace('"source/register.csv"', '"source/*register.csv"'))
    assert check(platform)[0]["unknown_teams"] == [], "T03 and T04 are declared"


def test_check_tells_that_an_end_comes_of_the_duration(platform: Path) -> None:
    for name in ("sessions-1.csv", "sessions-2.csv"):
        (platform.parent / "source" / name).write_text(
            "id,therapist_id,client_id,starts_at,minutes,status\ns1,t1,c1,2026-10-05T09:00Z,50,Completed\n"
        )
    older = platform.parent / "source" / "sessions-1.csv"
    older.write_text(
        older.read_text().replace("status\n", "status,kind\n").replace("Completed\n", "Completed,intake\n")
    )
    _, text = check(platform)
    assert "    ends_at                          ← starts_at + duration_minutes\n" in text
    assert "    kind                             ← kind\n" in text, "an older file has it"


HOURS = """'''try_cast(replace("Dauer (Std)"::VARCHAR, ',', '.') AS DOUBLE) * 60'''"""


@pytest.mark.parametrize("mapped", ['"Dauer (Std)"', f"{{ sql = {HOURS} }}", '{ sql = "50" }'])
def test_check_tells_hours_that_are_read_as_minutes(platform: Path, mapped: str) -> None:
    """50 minutes are 0,8333 hours; what is said mends it."""
    rows = "".join(f"s{number};t1;c1;2026-10-05T09:00Z;0,8333;Completed\n" for number in range(30))
    for name in ("sessions-1.csv", "sessions-2.csv"):
        header = "id;therapist_id;client_id;starts_at;Dauer (Std);status\n"
        (platform.parent / "source" / name).write_text(header + rows)
    platform.write_text(GOOD.replace('{ sql = "try_cast(minutes AS INTEGER)" }', mapped))
    found, _ = check(platform)
    if mapped != '"Dauer (Std)"':
        assert found["mend"] == []
        return
    [said] = found["mend"]
    assert said == (
        "sessions: a run would refuse this: At least half of the attended sessions last 5 minutes or more"
        " — 60 of 60 attended sessions do not\n"
        "  If the column that gives duration_minutes is in hours, set under [source.columns]: "
        f"duration_minutes = {{ sql = {HOURS} }}"
    )


def test_check_notes_sessions_that_last_most_of_a_day(platform: Path) -> None:
    rows = [session(number, minutes=300).replace("attended\n", "Completed,\n") for number in range(30)]
    (platform.parent / "source" / "sessions-2.csv").write_text(SESSIONS_HEADER + "".join(rows))
    found, text = check(platform)
    assert found["mend"] == []
    assert "to look at: At least half of the attended sessions last between 10 minutes and 4 hours — 30 of 30" in text


@pytest.mark.parametrize("rows", ["0", "-5"])
def test_check_looks_at_one_row_at_least(platform: Path, rows: str) -> None:
    ran = CliRunner().invoke(main, ["--config", str(platform), "check", "--rows", rows])
    assert ran.exit_code == 2
    assert f"Invalid value for '--rows': {rows} is not in the range x>=1" in ran.output


def test_check_says_which_measures_lack_what(platform: Path) -> None:
    found, text = check(platform)
    lacking = {measure["measure"]: measure["needs"] for measure in found["not_measured"]}
    assert lacking["over_threshold_days"] == ["thresholds"]
    assert "over_threshold_days              needs thresholds" in text


def test_check_tells_every_mistake_at_once(platform: Path) -> None:
    platform.write_text(
        GOOD.replace('session_id = "id"', 'session_id = "identity"') + "\n[policy]\nmin_therapists = 3\n"
    )
    (platform.parent / "source" / "register.csv").write_text("")
    (platform.parent / "rapport.key").unlink()
    found, text = check(platform)
    assert len(found["mend"]) == 4
    for said in (
        "the key of the pseudonyms is missing",
        "min_therapists",
        'sessions-2.csv and 1 more of its files: has no column "identity"',
        "register.csv: the file is empty",
    ):
        assert said in text
    assert "Ready" not in text


def test_a_policy_below_the_floor_is_told(platform: Path) -> None:
    platform.write_text(GOOD + "\n[policy]\nmin_therapists = 3\n")
    found, text = check(platform)
    assert len(found["mend"]) == 1
    line = GOOD.count("\n") + 3
    assert found["mend"] == [
        f"rapport.toml, line {line}, key policy.min_therapists: 3 is looser than the floor of 5\n"
        "  Write 5 or more, or take the line out."
    ]
    assert f"To mend before a run:\n  rapport.toml, line {line}" in text


# [synonyms]


def test_synonyms_are_kept_in_their_normal_form(tmp_path: Path) -> None:
    found = load(
        tmp_path, GOOD + '\n[synonyms]\n"Self-Confidence" = "self_esteem"\n"self confidence" = "Self-esteem"\n'
    )
    assert found.synonyms == {"self confidence": "self esteem"}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('"low mood" = "depression"\nLow-Mood = "sadness"', '"low mood" is given two spellings'),
        ('blues = "low mood"\n"low mood" = "depression"', '"low mood" is itself mapped to another spelling'),
    ],
)
def test_a_word_has_one_spelling(tmp_path: Path, lines: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        load(tmp_path, f"{GOOD}\n[synonyms]\n{lines}\n")
    assert f"line {GOOD.count(chr(10)) + (3 if 'blues' in lines else 4)}" in str(error.value)


def test_check_names_needs_that_no_profile_declares_unless_few_ask_for_them(platform: Path) -> None:
    source = platform.parent / "source"
    (source / "profiles.csv").write_text("therapist_id,specialties\nt1,Grief;self_esteem\n")
    asked = ["grief;Gambling"] * 10 + ["Self-Confidence;hoarding"] * 9
    (source / "requests.csv").write_text(
        "request_id,client_id,requested_at,needs\n"
        + "".join(f"r{number},c{number},2026-10-01T09:00Z,{needs}\n" for number, needs in enumerate(asked))
    )
    sources = "".join(
        f'\n[[source]]\ntable = "{name}"\nfiles = "source/{name}.csv"\n' for name in ("profiles", "requests")
    )
    platform.write_text(GOOD + sources + '\n[synonyms]\n"self confidence" = "self-esteem"\n')
    found, text = check(platform)
    assert found["undeclared_needs"] == {"named": [{"need": "gambling", "requests": 10}], "rare": 1}
    assert "    gambling                         asked for by 10 requests looked at" in text
    assert "    1 more, each asked for by fewer than 10" in text
    assert "hoarding" not in text
