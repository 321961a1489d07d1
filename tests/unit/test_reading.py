"""What the texts of a source become: typed values, or a reason for quarantine. Expectations are worked by hand, or by
the standard library (time zones, HMAC)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from assets.errors import InputError
from assets.raw import reading
from assets.raw.contract import TABLES
from assets.raw.reading import define_pseudonyms, reading_connection, typed, write_parts
from assets.raw.sources import Source
from tests.unit.raw_fixtures import (
    HEADER,
    KEY,
    READ_AT,
    Home,
    Judged,
    judge,
    pseudonym,
    session,
    source_of,
    utc,
)  # fmt: skip


def read(folder: Path, table: str, content: str, **settings: Any) -> Judged:
    path = folder / f"{table}.csv"
    path.write_text(content, encoding="utf-8")
    return judge(path, table, **settings)


def refused(folder: Path, table: str, content: str, **settings: Any) -> str:
    with pytest.raises(InputError) as error:
        read(folder, table, content, **settings)
    return str(error.value)


def column(folder: Path, field: str, texts: list[str], table: str = "sessions", **settings: Any) -> Judged:
    """Reads texts in one field of rows that are otherwise good."""
    good = {
        "sessions": {
            "session_id": "s1", "therapist_id": "t1", "client_id": "c1", "starts_at": "2026-10-05T09:00Z",
            "duration_minutes": "50", "status": "attended",
        },
        "requests": {"request_id": "r1", "client_id": "c1", "requested_at": "2026-10-05T09:00Z"},
        "thresholds": {"therapist_id": "t1", "daily_sessions": "5"},
        "therapists": {"therapist_id": "t1", "team_id": "T1"},
        "teams": {"team_id": "T1"},
        "profiles": {"therapist_id": "t1"},
        "feedback": {"session_id": "s1", "submitted_at": "2026-10-05T09:00Z"},
        "endings": {"client_id": "c1", "therapist_id": "t1", "ended_on": "2026-10-05", "ending": "planned"},
    }[table]  # fmt: skip
    rows = [good | {field: '"' + text.replace('"', '""') + '"'} for text in texts]
    content = "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]) + "\n"
    return read(folder, table, content, **settings)


def outcomes(found: Judged, field: str) -> list[Any]:
    """The value of each row, or the reason why there is none."""
    return [row["fault"].split("|")[1] if row["fault"] else row[field] for row in found.rows]


# Mapping


def test_fields_are_mapped_by_name_by_expression_and_by_their_own_name(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "sessions",
        "Termin;therapist_id;Klient;Beginn;Minuten;status;Ort\nA7;t1;c1;2026-10-05 09:00;0:50;attended;Köln\n",
        columns={
            "session_id": "Termin",
            "client_id": {"sql": "upper(Klient)"},
            "starts_at": "Beginn",
            "duration_minutes": {"sql": "try_cast(split_part(Minuten, ':', 2) AS INTEGER) -- the hour is always 0"},
            "modality": {"sql": "CASE WHEN Ort = 'Köln' THEN 'in person' END"},
        },
    )
    assert found.faults == {}
    row = found.rows[0]
    assert (row["session_id"], row["therapist_id"], row["client_id"], row["modality"]) == (
        "A7",
        "t1",
        "C1",
        "in person",
    )
    assert (row["starts_at"], row["ends_at"]) == (utc("2026-10-05T07:00"), utc("2026-10-05T07:50"))


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("Minuten", 'Referenced column "Minuten" not found in FROM clause'),
        ("no_such_function(status)", "no_such_function"),
        ("max(status)", "GROUP BY"),
    ],
)
def test_an_expression_that_does_not_fit_the_columns(tmp_path: Path, sql: str, what: str) -> None:
    columns = {"kind": {"sql": "status"}, "duration_minutes": {"sql": sql}}
    message = refused(tmp_path, "sessions", HEADER + session(1), columns=columns)
    head, mend = message.split("\n  ")
    assert head.startswith(
        "sessions.csv: the expression of rapport.toml, source of sessions, key source.columns.duration_minutes does not fit it: "
    )
    assert what in head
    assert mend == "Its columns: session_id, therapist_id, client_id, starts_at, ends_at, status."


def test_an_expression_that_does_not_fit_shows_no_row_that_stands_for_a_header(tmp_path: Path) -> None:
    content = "s1,Klara Meyer,c1,2026-10-05T09:00Z,50,attended\n"
    columns = {field.name: {"sql": "Minuten"} for field in TABLES["sessions"].fields}
    message = refused(tmp_path, "sessions", content, columns=columns)
    assert "Its first line looks like a row" in message
    assert "Klara" not in message


@pytest.mark.parametrize("sql", ["client_id::INTEGER", "strptime(client_id, '%Y')", "error('Klara ' || client_id)"])
def test_an_expression_that_fails_on_a_row_tells_no_value(tmp_path: Path, sql: str) -> None:
    content = HEADER + session(1, client="12") + session(2, client="Klara")
    with pytest.raises(InputError) as raised:
        read(tmp_path, "sessions", content, columns={"duration_minutes": {"sql": sql}})
    message = str(raised.value)
    assert "cannot be computed for some row of sessions.csv" in message
    assert "try_cast" in message
    assert "Klara" not in message
    assert raised.value.__cause__ is None, "a log would show the cause, which holds the value"
    assert raised.value.__suppress_context__


def test_a_session_without_any_end_column(tmp_path: Path) -> None:
    message = refused(tmp_path, "sessions", (HEADER + session(1)).replace("ends_at", "ende"))
    assert message.startswith("sessions.csv: tells no session's end\n  Map ends_at or duration_minutes")


def test_a_status_is_mapped_and_never_guessed(tmp_path: Path) -> None:
    texts = {
        "Completed": "attended",
        "  COMPLETED ": "attended",
        "03": "attended",
        "attended": "attended",
        "No_Show": "no_show",
        "scheduled": "cancelled_by_platform",  # a mapping goes before our own word
        "3": "unknown_status",
        "done?": "unknown_status",
        "": "missing_value",
        " ": "missing_value",
    }
    values = {"status": {"completed": "attended", " 03 ": "attended", "Scheduled": "cancelled_by_platform"}}
    assert outcomes(column(tmp_path, "status", list(texts), values=values), "status") == list(texts.values())


def test_categories_are_short_words(tmp_path: Path) -> None:
    texts = {
        "Video": "video",
        " in  person ": "in  person",
        "Vor Ort": "in_person",
        "Übung (Paar)": "übung (paar)",
        "couple's & family / 2.5": "couple's & family / 2.5",
        "": None,
        "x" * 60: "x" * 60,
        "x" * 61: "unknown_value",
        "She said: no!": "unknown_value",
        "first, then": "unknown_value",
        "two\nlines": "two lines",
        "a@b.org": "unknown_value",
        '["a"]': "unknown_value",
    }
    found = column(tmp_path, "kind", list(texts), values={"kind": {"vor ort": "in_person"}})
    assert outcomes(found, "kind") == list(texts.values())


def test_lists_are_sets_of_short_words(tmp_path: Path) -> None:
    texts = {
        "Trauma; grief ;;TRAUMA": ["grief", "trauma"],
        "Angst": ["anxiety"],
        " ; ": [],
        "": None,
        "grief; she lost her father, and": "unknown_value",
    }
    found = column(tmp_path, "needs", list(texts), "requests", values={"needs": {"angst": "anxiety"}})
    assert outcomes(found, "needs") == list(texts.values())
    found = column(tmp_path, "needs", ["Trauma|grief"], "requests", list_separator="|")
    assert outcomes(found, "needs") == [["grief", "trauma"]]


@pytest.mark.parametrize(
    ("table", "field", "texts"),
    [
        ("requests", "tolerated_wait_days", {"14": 14, "14.0": 14, "14.5": "unreadable_number", "-1": "out_of_range",
                                              "731": "out_of_range", "nan": "unreadable_number", "two": "unreadable_number",
                                              "1e300": "unreadable_number", "": None}),
        ("feedback", "alliance", {"7,5": 7.5, "10": 10.0, "10.1": "out_of_range", "nan": "out_of_range",
                                   "inf": "out_of_range", "1.234,5": "unreadable_number"}),
        ("feedback", "closer_to_understanding", {"0": 0, "4": 4, "5": "out_of_range"}),
        ("endings", "earlier_than_client_wanted", {"ja": True, "No": False, "TRUE": True, "0": False, "maybe": "unknown_value"}),
        ("endings", "ended_on", {"2026-10-05": dt.date(2026, 10, 5), "05.10.2026": dt.date(2026, 10, 5),
                                  "2026-10-05T23:30+02:00": dt.date(2026, 10, 5), "2026-13-05": "unreadable_date",
                                  "1026-10-05": "out_of_range", "2126-10-05": "out_of_range", "": "missing_time"}),
        ("thresholds", "day_starts", {"9:00": dt.time(9), "08:30:00": dt.time(8, 30), "9h": "unreadable_time"}),
        ("thresholds", "daily_sessions", {"1": 1, "24": 24, "0": "threshold_out_of_range", "-3": "threshold_out_of_range",
                                           "400": "threshold_out_of_range", "": "missing_value", "five": "unreadable_number"}),
        ("thresholds", "min_break_minutes", {"0": 0, "-5": "out_of_range", "241": "out_of_range"}),
        ("teams", "timezone", {"Europe/Berlin": "Europe/Berlin", "Berlin": "unknown_value", "": None}),
        ("therapists", "team_id", {" T 1 ": "T 1", "": "missing_team"}),
    ],
)  # fmt: skip
def test_values_of_every_type(tmp_path: Path, table: str, field: str, texts: dict[str, Any]) -> None:
    settings = {"time_formats": ["%d.%m.%Y"]} if field == "ended_on" else {}
    settings |= {"values": {field: {"Ja": "true"}}} if field == "earlier_than_client_wanted" else {}
    assert outcomes(column(tmp_path, field, list(texts), table, **settings), field) == list(texts.values())


def test_blanks_of_every_kind_around_a_value_are_no_part_of_it(tmp_path: Path) -> None:
    texts = ["c1 ", "\tc1", "\u00a0c1\u00a0", " c1", "\ufeffc1"]
    assert set(column(tmp_path, "client_id", texts).column("client_id")) == {"c1"}
    assert column(tmp_path, "client_id", ["ü1", "zü"]).column("client_id") == ["ü1", "zü"]


# Times


TIMES = {
    "2026-10-05T09:00:00Z": "2026-10-05T09:00",
    "2026-10-05 09:00:00+02": "2026-10-05T07:00",
    "2026-10-05T09:00+0200": "2026-10-05T07:00",
    "2026-10-05 09:00:00 +02:00": "2026-10-05T07:00",
    "2026-10-05 09:00:00.250 -03:30": "2026-10-05T12:30:00.250",
    "2026-10-05t09:00:00z": "2026-10-05T09:00",
    "2026-10-05 09:00 UTC": "2026-10-05T09:00",
    "2026-10-05T09:00": "2026-10-05T07:00",  # Berlin
    "2026-10-05 9:00:00": "2026-10-05T07:00",
    "2026-01-05 09:00": "2026-01-05T08:00",
    "05.10.2026 09:00": "2026-10-05T07:00",
    "202610050900": "2026-10-05T07:00",
    "10/05/2026 09:00 AM +0300": "2026-10-05T06:00",
    # whose zone is named and not understood is not taken for Berlin
    "2026-10-05 09:00 CET": "unreadable_time",
    "2026-10-05 09:00 America/New_York": "unreadable_time",
    "2026-10-05 09:00:00+25:00": "unreadable_time",
    "2026-10-05": "unreadable_time",
    "05.10.2026": "unreadable_time",
    "26-10-05 09:00": "unreadable_time",
    "2026-02-30 09:00": "unreadable_time",
    "09:00": "unreadable_time",
    "tomorrow": "unreadable_time",
    "": "missing_time",
    "1026-10-05 09:00": "out_of_range",
    "0001-01-01T00:00:00Z": "out_of_range",
    "2126-10-05T09:00Z": "out_of_range",
}


def test_times_with_and_without_an_offset_and_in_other_forms(tmp_path: Path) -> None:
    formats = ["%d.%m.%Y %H:%M", "%Y%m%d%H%M", "%m/%d/%Y %I:%M %p %z", "%d.%m.%Y"]
    found = column(
        tmp_path, "starts_at", list(TIMES), values={"status": {"attended": "scheduled"}}, time_formats=formats
    )
    expected = [utc(then) if then.startswith("2026") else then for then in TIMES.values()]
    assert dict(zip(TIMES, outcomes(found, "starts_at"), strict=True)) == dict(zip(TIMES, expected, strict=True))


def truly(local: dt.datetime, zone: ZoneInfo) -> dt.datetime | str:
    """A wall-clock time by the standard library: the instant, or why there is none or not one alone."""
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    if first == second:
        return first
    back = {moment.astimezone(zone).replace(tzinfo=None) for moment in (first, second)}
    return "ambiguous_local_time" if back == {local} else "nonexistent_local_time"


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kolkata"]
)
def test_the_hours_in_which_the_clock_changes(tmp_path: Path, name: str) -> None:
    """Every quarter of an hour of the days around each change of a year, against the standard library."""
    zone, moment, times = ZoneInfo(name), dt.datetime(2025, 1, 1), []
    while moment.year == 2025:
        before, after = (moment + dt.timedelta(days=days) for days in (-1, 2))
        if before.replace(tzinfo=zone).utcoffset() != after.replace(tzinfo=zone).utcoffset():
            times += [moment + dt.timedelta(minutes=15 * quarter) for quarter in range(96)]
        moment += dt.timedelta(days=1)
    times += [dt.datetime(2025, 7, 1, 9), dt.datetime(2025, 12, 1, 9)]
    found = column(tmp_path, "starts_at", [f"{time:%Y-%m-%d %H:%M}" for time in times], timezone=name)
    assert outcomes(found, "starts_at") == [truly(time, zone) for time in times]
    has_changes = name != "Asia/Kolkata"
    assert {"ambiguous_local_time", "nonexistent_local_time"} <= set(
        map(str, outcomes(found, "starts_at"))
    ) or not has_changes


def test_an_offset_tells_the_two_hours_apart(tmp_path: Path) -> None:
    found = column(tmp_path, "starts_at", ["2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"])
    assert outcomes(found, "starts_at") == [utc("2026-10-25T00:30"), utc("2026-10-25T01:30")]


# Ids


IDS = {
    "29872500000000": None,
    "th 12": None,
    "TH-12/b": None,
    "a.b.c": None,
    "12e5": None,  # hexadecimal, or what not
    "1.5": None,
    "#17": None,
    "Anna7 Meyer12": None,  # digits: a code, however it came about
    "x" * 100: None,
    "2.98725E+13": "mangled_id",
    "2,98725e+13": "mangled_id",
    "3E+13": "mangled_id",
    "4711.0": "mangled_id",
    "#REF!": "mangled_id",
    "#N/A": "mangled_id",
    "########": "mangled_id",
    "anna@example.org": "free_text_id",
    "Anna Meyer": "free_text_id",
    "Meyer,Anna": "free_text_id",
    "Dr. Müller": "free_text_id",
    "J. Ørsted": "free_text_id",
    "Meyer A.": "free_text_id",
    "x" * 101: "free_text_id",
    "": "missing_id",
}


def test_ids_that_are_none(tmp_path: Path) -> None:
    found = column(tmp_path, "session_id", list(IDS))
    assert dict(zip(IDS, (row["fault"] for row in found.rows), strict=True)) == {
        text: f"session_id|{reason}" if reason else None for text, reason in IDS.items()
    }


@pytest.mark.parametrize(
    "names",
    [
        ["anna@example.org", "b.ernst@example.org", "carla@example.org"],
        ["Anna Meyer", "Bert Ernst", "Özlem Çelik"],
        ["Meyer, Anna", "Ernst, B.", "Çelik, Özlem"],
        ["anna.meyer", "b.ernst", "carla_celik"],
        ["Anna", "Bertram", "Özlem", "t4"],
        ["ANNA", "BERTRAM", "ÖZLEM", "JEAN-LUC"],
        ["李 小龙", "王 小明", "张 伟"],
    ],
)
@pytest.mark.parametrize("field", ["therapist_id", "client_id"])
def test_a_column_of_names_is_refused_without_telling_one(tmp_path: Path, names: list[str], field: str) -> None:
    with pytest.raises(InputError) as raised:
        column(tmp_path, field, names)
    message = str(raised.value)
    assert (
        f"sessions.csv: the column that gives sessions.{field} looks like names or e-mail addresses, not ids" in message
    )
    assert f"Map {field} to a column that holds an id" in message
    assert not any(name in message for name in names)


@pytest.mark.parametrize(
    "codes",
    [
        ["T1", "T2", "T10"],
        ["th 1", "th 2", "th 30"],
        ["AM", "KLB", "JD"],  # initials
        ["QXZV", "ABCD", "PLMK"],  # letters of one length
        ["north", "south"],  # two words prove nothing
        ["a1b2", "0xff", "9f3c-11aa"],
        ["Anna12 Meyer34", "Bert9 Ernst77"],  # as simulated patients are called
        ["Anna", "t1", "t2"],  # one slip among codes
    ],
)
def test_a_column_of_codes_is_not_taken_for_names(tmp_path: Path, codes: list[str]) -> None:
    assert column(tmp_path, "therapist_id", codes).column("therapist_id") == codes


def test_names_can_be_given_as_codes(tmp_path: Path) -> None:
    names = ["Anna", "Bertram", "Özlem"]
    found = column(tmp_path, "therapist_id", names, columns={"therapist_id": {"sql": "md5(therapist_id)"}})
    assert found.faults == {}


def test_free_text_in_a_category_is_refused(tmp_path: Path) -> None:
    remarks = [f"remark number {number}" for number in range(101)]
    with pytest.raises(InputError, match=r"sessions\.kind looks like free text: more than 100 different values"):
        column(tmp_path, "kind", remarks)
    assert len(column(tmp_path, "kind", remarks[:100]).rows) == 100


# Rules of whole rows


def test_sessions_that_cannot_be(tmp_path: Path) -> None:
    cases = {
        "2026-10-05T09:00Z,2026-10-05T09:50Z,attended": None,
        "2026-10-05T09:00Z,2026-10-05T08:59Z,attended": "ends_at|ends_before_starts",
        "2026-10-05T09:00Z,2026-10-05T09:00Z,attended": "ends_at|no_duration",
        "2026-10-05T09:00Z,2026-10-05T09:00Z,cancelled_by_client": None,
        "2026-10-05T09:00Z,2026-10-06T09:00Z,attended": None,
        "2026-10-05T09:00Z,2026-10-06T09:01Z,attended": "ends_at|lasts_over_a_day",
        "2026-10-05T09:00Z,,attended": "ends_at|missing_time",
        "2026-11-15T12:00Z,2026-11-15T12:50Z,attended": None,  # as it was read
        "2026-11-15T12:01Z,2026-11-15T12:50Z,attended": "starts_at|attended_in_the_future",
        "2027-01-05T09:00Z,2027-01-05T09:50Z,scheduled": None,
        "soon,2026-10-05T09:50Z,what": "starts_at|unreadable_time",  # the first fault is told
    }
    found = read(tmp_path, "sessions", HEADER + "".join(f"s{n},t1,c1,{case}\n" for n, case in enumerate(cases)))
    assert dict(zip(cases, (row["fault"] for row in found.rows), strict=True)) == cases


def test_a_duration_gives_the_end(tmp_path: Path) -> None:
    minutes = {
        "50": utc("2026-10-05T09:50"),
        "50.0": utc("2026-10-05T09:50"),
        "7,5": utc("2026-10-05T09:07:30"),
        "1440": utc("2026-10-06T09:00"),
        "1441": "lasts_over_a_day",
        "0": "no_duration",
        "-3": "ends_before_starts",
        "1e300": "out_of_range",
        "nan": "out_of_range",
        "an hour": "unreadable_number",
        "": "missing_time",
    }
    assert outcomes(column(tmp_path, "duration_minutes", list(minutes)), "ends_at") == list(minutes.values())


def test_an_end_goes_before_a_duration(tmp_path: Path) -> None:
    content = HEADER.replace("\n", ",duration_minutes\n") + session(1, minutes=50).replace("\n", ",10\n")
    assert read(tmp_path, "sessions", content).column("ends_at") == [utc("2026-10-05T09:50")]


LOOKED_AT = {
    "client_id": ["c1", "c_1-A", " c1", "c1 ", "c\u00a0", "", "  ", "Anna Meyer", "a@b", "4.7E+11", "12.0", "#N/A", "é1", "x" * 101],
    "starts_at": [
        "2026-10-05T09:00:00Z", "2026-10-05T09:00:31Z", " 2026-10-05T09:00:00Z", "2026-10-05T09:00:00Z ", "2026-10-05",
        "2026-10-05T09:00:0.Z", "2026-10-05T09:00:00+20:00", "2026-10-05T09:00:00+02:00", "2026-10-05 09:00:00 +0200",
        "2026-13-05T09:00:00Z", "1826-10-05T09:00:00Z", "2026-10-05 09:00", "2026-03-29 02:30", ":00Z", "Monday :00Z", "",
    ],
    "status": ["attended", "Attended", "attended ", "ATTENDED", "no_show", "3", "", " ", "done"],
    "kind": ["individual", "Individual ", "group", "an e-mail: a@b.de", "w" * 61, "", "\u00a0", "Paar"],
    "duration_minutes": ["50", " 50", "50.0", "0,5", "nan", "1e9", "fifty", "", "-5"],
}  # fmt: skip


@pytest.mark.parametrize("field", LOOKED_AT)
def test_a_cheap_look_tells_what_careful_reading_tells(
    tmp_path: Path, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = LOOKED_AT[field]
    looked_at = column(tmp_path, field, texts)
    monkeypatch.setattr(reading, "_plain", lambda field, known: "")
    careful = column(tmp_path, field, texts)
    assert [repr(row) for row in looked_at.rows] == [repr(row) for row in careful.rows]  # nan is not itself
    assert len(careful.rows) == len(texts)


def test_a_therapist_is_in_one_team_at_a_time(tmp_path: Path) -> None:
    rows = {
        "t1,T1,,": None,  # ends where the next begins
        "t1,T2,2026-05-01,": None,
        "t2,T1,2026-01-01,2026-04-30": None,
        "t2,T2,2026-05-01,": None,
        "t3,T1,2026-01-01,2026-05-01": "team_id|two_teams_at_once",
        "t3,T2,2026-05-01,": "team_id|two_teams_at_once",
        "t4,T1,2026-01-01,": "team_id|two_teams_at_once",
        "t4,T2,2026-01-01,": "team_id|two_teams_at_once",
        "t5,T1,,": "team_id|two_teams_at_once",
        "t5,T2,,2026-05-01": "team_id|two_teams_at_once",
        "t6,T1,2026-01-01,2026-12-31": "team_id|two_teams_at_once",
        "t6,T2,2026-03-01,2026-04-01": "team_id|two_teams_at_once",
        "t7,T1,2026-01-01,": None,  # said twice, and nothing against it
        "t7,T1,2026-02-01,": None,
        "t8,,2026-01-01,": "team_id|missing_team",
        "t9,T1,2026-05-01,2026-04-01": "valid_to|ends_before_starts",
        ",T1,,": "therapist_id|missing_id",
    }
    found = read(tmp_path, "therapists", "therapist_id,team_id,valid_from,valid_to\n" + "\n".join(rows) + "\n")
    assert dict(zip(rows, (row["fault"] for row in found.rows), strict=True)) == rows


def test_a_day_that_ends_before_it_starts(tmp_path: Path) -> None:
    found = read(
        tmp_path, "thresholds", "therapist_id,daily_sessions,day_starts,day_ends\nt1,5,17:00,09:00\nt2,5,09:00,24:00\n"
    )
    assert found.faults == {2: "day_ends|ends_before_starts"}


# Pseudonyms, and what is written


@pytest.mark.parametrize(
    "key", [KEY, b"short but enough for a test", b"k" * 64, b"longer than a block of sha-256 " * 4]
)
def test_pseudonyms_are_hmac_sha_256_of_namespace_and_id(key: bytes) -> None:
    with reading_connection() as connection:
        define_pseudonyms(connection, key)
        for person, identity in (("client", "c1"), ("therapist", "c1"), ("session", "Übergröße 李"), ("client", "")):
            found = connection.execute("SELECT pseudonym(?, ?)", [person, identity]).fetchall()[0][0]
            assert found == pseudonym(person, identity, key)


def test_the_lake_holds_pseudonyms_and_times_in_utc(tmp_path: Path) -> None:
    home = Home(tmp_path, sources=[source_of("sessions", "source/*.csv")])
    home.write("a.csv", "session_id,therapist_id,client_id,starts_at,duration_minutes,status,group_session_id\n"
                        "s1,x1,x1,2026-10-05 09:00,50,attended,\ns2,x1,x2,2026-10-05 09:00,50,attended,g1\n")  # fmt: skip
    home.read()
    first, second = home.rows()
    assert first["session_key"] == pseudonym("session", "s1")
    assert (first["therapist_key"], first["client_key"]) == (pseudonym("therapist", "x1"), pseudonym("client", "x1"))
    assert (first["group_session_key"], second["group_session_key"]) == (None, pseudonym("group_session", "g1"))
    assert (first["starts_at"], first["ends_at"]) == (utc("2026-10-05T07:00"), utc("2026-10-05T07:50"))
    assert "duration_minutes" not in first
    assert [(row["file_number"], row["line"]) for row in (first, second)] == [(1, 2), (1, 3)]


SECRETS = [
    b"Zwetschgenbaum", b"zwetschgen", b"quittenhecke", b"QUITTENHECKE", b"mispelstrauch", b"holunderweg", b"kornelkirsche",
]  # fmt: skip


def test_no_id_no_name_and_no_text_of_a_source_is_anywhere_in_the_lake(tmp_path: Path) -> None:
    """Good rows, duplicates, quarantined rows for every reason, lines that are none, a file that was refused."""
    home = Home(tmp_path, sources=[source_of("sessions", "source/*.csv"), source_of("therapists", "source/*.tsv")])
    home.write(
        "a.csv",
        HEADER.replace("\n", ",note\n")
        + session("-Zwetschgenbaum-1", client="quittenhecke-7").replace("\n", ",mispelstrauch\n")
        + session("-Zwetschgenbaum-1", client="quittenhecke-7").replace("\n", ",mispelstrauch 2\n")
        + session("Zwetschgenbaum Quittenhecke").replace("\n", ",\n")
        + session("-2", client="QUITTENHECKE@example.org").replace("\n", ",\n")
        + session(3, status="holunderweg").replace("\n", ",\n")
        + 's4,"holunderweg"x,c1,2026-10-05,,attended,\n'
        + "s5,holunderweg\n",
    )
    home.write("t.tsv", "therapist_id\tteam_id\tname\nkornelkirsche-1\tT1\tZwetschgenbaum\n")
    home.read()
    assert home.outcomes()["a.csv"] == (7, 1, 0, 1, 5)
    home.write("b.csv", "session_id,therapist_id,client_id\nZwetschgenbaum,quittenhecke,mispelstrauch\n")
    with pytest.raises(InputError):
        home.read()
    written = home.bytes_of_lake()
    assert len(written) >= 6
    for name, content in written.items():
        for secret in SECRETS:
            assert secret not in content, f"{secret!r} is in {name}"
            assert secret.decode().encode("utf-16-le") not in content


def test_a_file_that_takes_too_much_memory_is_refused_and_nothing_of_it_is_on_a_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB would spill, in the current folder if it is told nothing, and in the clear."""
    identity = "x" * 80
    line = f"{identity}{{0}},{identity}{{0}},{identity}{{0}},2026-10-05T09:00Z,2026-10-05T09:50Z,attended"
    home = Home(tmp_path, sources=[source_of("sessions", "source/*.csv")])
    home.write("a.csv", HEADER + "\n".join(line.format(number) for number in range(100_000)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reading, "MEMORY_FOR_A_FILE", "60MB")
    with pytest.raises(InputError) as raised:
        home.read()
    assert str(raised.value).startswith("a.csv: takes more than 60MB of memory to read\n  Split it")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.csv"]


def test_the_view_of_a_file_is_gone_when_it_was_read(tmp_path: Path) -> None:
    """Ids are text in memory only as long as their file is at hand."""
    path = tmp_path / "sessions.csv"
    path.write_text(HEADER + session(1))
    with reading_connection() as connection:
        define_pseudonyms(connection, KEY)
        with typed(connection, Source(table="sessions", files=["any"]), path, READ_AT) as table:
            write_parts(connection, table, tmp_path, "part", 1)
        left = connection.execute(
            "SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal"
        )
        assert left.fetchall() == []
        with pytest.raises(duckdb.Error):
            connection.execute("FROM judged")
