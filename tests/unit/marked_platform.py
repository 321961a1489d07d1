"""A platform whose every source field holds a marker that no run may keep, and the search for markers in what is left.

Markers stand where ids, names, addresses and free text do: in fields that become pseudonyms, in columns that nothing maps,
and in place of values that cannot be read. Words that a platform publishes by contract (teams, categories) hold none.
"""

from __future__ import annotations

import base64
import binascii
import csv
import gzip
import hashlib
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import duckdb

MARK = "zqxwvk"  # in no word of ours, and in no name that Dagster draws at random
THERAPISTS, CLIENTS, DAYS, TEAMS = 150, 300, 10, 6
NOTE = f"{MARK} wept and said: I'm better; call {MARK}@{MARK}mail.example or {MARK.title()}a {MARK.title()}mann!"

HOME = """\
[organisation]
name = "Marked Care"
timezone = "Europe/Berlin"
"""
SOURCE = """
[[source]]
table = "{table}"
files = "source/{table}*.csv"
"""


def therapist(number: int) -> str:
    return f"{MARK}t-{number:03d}"


def client(number: int) -> str:
    return f"{MARK}c-{number:04d}"


def session(number: int) -> str:
    return f"{MARK}s-{number:06d}"


IDS = [
    *map(therapist, range(THERAPISTS)),
    *map(client, range(CLIENTS)),
    *map(session, range(50)),
    *(f"{MARK}r-{number:04d}" for number in range(CLIENTS)),
]

UNMAPPED = {"clinician_name": f"{MARK.title()}a {MARK.title()}mann", "client_email": f"{MARK}@{MARK}mail.example",
            "note": NOTE}  # fmt: skip


def sessions() -> list[dict[str, str]]:
    rows, number = [], 0
    for day in range(1, DAYS + 1):
        for who in range(THERAPISTS):
            starts = f"2026-10-{day:02d}T{8 + who % 8:02d}:00+02:00"
            rows.append({
                "session_id": session(number), "therapist_id": therapist(who), "client_id": client((who * 4 + day) % CLIENTS),
                "starts_at": starts, "ends_at": "", "duration_minutes": "50", "status": "attended", "kind": "individual",
                "modality": "video", "booked_at": "2026-09-01T08:00+02:00", "cancelled_at": "",
                "updated_at": "2026-10-30T08:00+02:00", "group_session_id": f"{MARK}g-{number}" if who == 0 else "",
            })  # fmt: skip
            number += 1
    return rows


def tables() -> dict[str, list[dict[str, str]]]:
    """All tables of the contract, whole and sound."""
    return {
        "sessions": sessions(),
        "therapists": [
            {"therapist_id": therapist(i), "team_id": f"T{i % TEAMS}", "valid_from": "2024-01-01", "valid_to": ""}
            for i in range(THERAPISTS)
        ],
        "teams": [
            {"team_id": f"T{i}", "team_name": f"Team {i}", "service": "Adults", "timezone": "Europe/Berlin",
             "reporting_unit": f"Unit {i % 3}"} for i in range(TEAMS)
        ],
        "thresholds": [
            {"therapist_id": therapist(i), "valid_from": "2024-01-01", "daily_sessions": str(4 + i % 3),
             "min_break_minutes": "15", "day_starts": "08:00", "day_ends": "18:00"} for i in range(THERAPISTS)
        ],
        "profiles": [
            {"therapist_id": therapist(i), "valid_from": "2024-01-01", "specialties": "grief;anxiety",
             "languages": "german", "modalities": "video", "visible_to_clients": "yes"} for i in range(THERAPISTS)
        ],
        "requests": [
            {"request_id": f"{MARK}r-{i:04d}", "client_id": client(i), "requested_at": "2026-10-01T08:00+02:00",
             "needs": "grief", "language": "german", "modality": "video", "tolerated_wait_days": "14",
             "therapist_id": therapist(i % THERAPISTS), "paired_at": "2026-10-02T08:00+02:00", "paired_by": "client",
             "pairing_basis": "client_choice", "updated_at": "2026-10-03T08:00+02:00"} for i in range(CLIENTS)
        ],
        "feedback": [
            {"session_id": session(i), "submitted_at": "2026-10-25T08:00+02:00", "closer_to_understanding": str(i % 5),
             "alliance": "7", "updated_at": "2026-10-25T08:00+02:00"} for i in range(400)
        ],
        "endings": [
            {"client_id": client(i), "therapist_id": therapist(i % THERAPISTS), "ended_on": "2026-10-28",
             "ending": "planned", "earlier_than_client_wanted": "no", "earlier_than_therapist_planned": "no",
             "updated_at": "2026-10-28T08:00+02:00"} for i in range(200)
        ],
    }  # fmt: skip


def marked(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows, a marked column beside each that nothing maps, and a row more for each field, marked in just that one."""
    spoiled = [{**rows[0], field: NOTE} for field in rows[0] if field not in PUBLISHED]
    return [{**row, **UNMAPPED} for row in [*rows, *spoiled]]


PUBLISHED = {"team_id", "team_name", "service", "timezone", "reporting_unit"}  # names of groups, kept by contract


def write(home: Path) -> None:
    """A home with a marked file of each table."""
    (home / "source").mkdir(parents=True)
    found = tables()
    (home / "rapport.toml").write_text(HOME + "".join(SOURCE.format(table=table) for table in found), "utf-8")
    for table, rows in found.items():
        write_rows(home / "source" / f"{table}.csv", marked(rows))


def write_rows(path: Path, rows: list[dict[str, str]], has_header: bool = True) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        if has_header:
            writer.writeheader()
        writer.writerows(rows)


# The search


def unkeyed_hashes() -> set[str]:
    """What unkeyed hashes of the ids begin with, in 32 hexadecimal digits: of the id alone, and with its namespace."""
    spaces = {"t": "therapist:", "c": "client:", "s": "session:", "r": "request:"}
    texts = [text for one in IDS for text in (one, spaces[one[len(MARK)]] + one)]
    return {
        hashlib.new(name, text.encode()).hexdigest()[:32]
        for name in ("md5", "sha1", "sha256", "sha512")
        for text in texts
    }


HASHES = unkeyed_hashes()
HEXADECIMAL = re.compile(rb"[0-9a-f]{32,128}")
UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PACKED = re.compile(rb"[A-Za-z0-9+/]{400,}={0,2}")


def holds_marker(content: bytes) -> bool:
    """Whether bytes hold a marker or an unkeyed hash of an id, also in what is packed within them."""
    small = content.lower()
    if MARK.encode() in small:
        return True
    digits = {match[:32] for match in HEXADECIMAL.findall(small)}
    digits |= {match.replace(b"-", b"") for match in UUID.findall(small)}
    return any(one.decode() in HASHES for one in digits) or any(holds_marker(part) for part in _unpacked(content))


def _unpacked(content: bytes) -> Iterator[bytes]:
    """What is packed in base64, as in the report's charts, or with gzip or zlib, as in Dagster's storage."""
    for match in PACKED.findall(content):
        try:
            yield from _inflated(base64.b64decode(match, validate=True))
        except (binascii.Error, ValueError):
            continue
    yield from _inflated(content)


def _inflated(content: bytes) -> Iterator[bytes]:
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            unpacked = unpack(content)
        except (OSError, EOFError, zlib.error):
            continue
        if unpacked:
            yield unpacked


def places_of_markers(*folders: Path) -> list[str]:
    """The files below folders that hold a marker: in their names, bytes, rows (Parquet, SQLite) or packed parts."""
    files = [
        path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()
    ]
    return [str(path) for path in files if MARK in path.name.lower() or any(map(holds_marker, _contents(path)))]


def _contents(path: Path) -> Iterator[bytes]:
    content = path.read_bytes()
    yield content
    if path.suffix in (".parquet", ".waiting"):
        with duckdb.connect() as connection:
            rows = connection.execute("SELECT t::VARCHAR FROM read_parquet(?) AS t", [str(path)]).fetchall()
        yield "\n".join(row for (row,) in rows).encode()
    elif path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            yield from map(book.read, book.namelist())
    elif content.startswith(b"SQLite format 3"):
        with sqlite3.connect(path) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                for row in connection.execute(f'SELECT * FROM "{table}"'):
                    yield from (value if isinstance(value, bytes) else str(value).encode() for value in row)
