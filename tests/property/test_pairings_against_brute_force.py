"""Who was feasible, who fitted best, how soon: SQL by sets against a loop over every request, therapist and day.

Small platforms drawn at random. The loop is written from the definitions in docs/decisions/0015, not from the SQL.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pytest

from tests.sql.conftest import build_core, raw_tables

BERLIN, UTC = ZoneInfo("Europe/Berlin"), dt.UTC
FIRST, LAST = dt.date(2026, 10, 1), dt.date(2026, 10, 31)
NEEDS, LANGUAGES, MODALITIES, TEAMS = (
    ["grief", "sleep", "panic", "loss"],
    ["de", "en"],
    ["video", "phone"],
    ["T1", "T2"],
)
MOST_DAYS_AHEAD, UNSTATED_WAIT = 28, 14


@dataclass
class Platform:
    """Rows of raw, by table; days are local, moments are noon in Berlin unless drawn otherwise."""

    rows: dict[str, list[dict]] = field(default_factory=dict)

    def add(self, table: str, **row: object) -> None:
        self.rows.setdefault(table, []).append(row)

    def of(self, table: str, therapist: uuid.UUID) -> list[dict]:
        return [row for row in self.rows.get(table, []) if row["therapist_key"] == therapist]


def key(word: object) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, str(word))


def at(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, hour, tzinfo=BERLIN).astimezone(UTC)


def some(rng: random.Random, words: list[str]) -> list[str] | None:
    """Some of the words; now and then nothing is said."""
    return None if rng.random() < 0.1 else sorted(rng.sample(words, rng.randint(1, len(words))))


def drawn_platform(rng: random.Random) -> Platform:
    platform = Platform()
    for number in range(rng.randint(2, 7)):
        therapist = key(f"therapist {number}")
        leaves = dt.date(2026, 10, rng.randint(5, 28)) if rng.random() < 0.2 else None
        platform.add("therapists", therapist_key=therapist, team_id=rng.choice(TEAMS), valid_to=leaves)
        for since in [dt.date(2026, 1, 1), dt.date(2026, 10, rng.randint(2, 30))][: rng.choice([0, 1, 1, 1, 2])]:
            platform.add("thresholds", therapist_key=therapist, valid_from=since, daily_sessions=rng.randint(1, 3))
        for since in [dt.date(2026, 1, 1), dt.date(2026, 10, rng.randint(2, 30))][: rng.choice([0, 1, 1, 1, 2])]:
            platform.add("profiles", therapist_key=therapist, valid_from=since, specialties=some(rng, NEEDS),
                         languages=some(rng, LANGUAGES), modalities=some(rng, MODALITIES))  # fmt: skip
        _add_sessions(platform, therapist, number, rng)
    for number in range(rng.randint(5, 25)):
        asked = FIRST + dt.timedelta(rng.randint(-1, 31))
        is_paired = rng.random() < 0.8
        therapist = rng.randint(0, 6)
        client = (therapist, rng.randint(0, 5)) if rng.random() < 0.6 else f"new client {number}"
        platform.add(
            "requests", request_key=key(f"request {number}"), client_key=key(client),
            requested_at=at(asked, rng.randint(0, 23)), team_id=rng.choice([None, *TEAMS]), needs=some(rng, NEEDS),
            language=rng.choice([None, None, *LANGUAGES]), modality=rng.choice([None, None, *MODALITIES]),
            tolerated_wait_days=rng.choice([None, 0, 3, 10, 21, 60]),
            therapist_key=key(f"therapist {therapist}") if is_paired else None,
            paired_at=at(asked + dt.timedelta(rng.randint(0, 9)), 23) if is_paired else None,
        )  # fmt: skip
    return platform


def _add_sessions(platform: Platform, therapist: uuid.UUID, number: int, rng: random.Random) -> None:
    works = rng.sample(range(7), rng.randint(1, 4))
    for offset in range(-20, 60):
        day = FIRST + dt.timedelta(offset)
        for place in range(rng.randint(0, 4) if day.weekday() in works else 0):
            is_cancelled, is_group = rng.random() < 0.2, rng.random() < 0.2
            for member in range(2 if is_group else 1):
                told = rng.random() < 0.8
                platform.add(
                    "sessions", session_key=key((number, offset, place, member)), therapist_key=therapist,
                    client_key=key((number, rng.randint(0, 5))), starts_at=at(day, rng.choice([0, 9, 12, 22])),
                    status="cancelled_by_client" if is_cancelled else rng.choice(["attended", "no_show", "scheduled"]),
                    cancelled_at=at(day - dt.timedelta(rng.randint(0, 3)), 9) if is_cancelled and told else None,
                    group_session_key=key(("group", number, offset, place)) if is_group else None,
                )  # fmt: skip


def by_sets(platform: Platform) -> dict[uuid.UUID, dict]:
    """core.pairings of October, by request."""
    with raw_tables() as connection:
        for name, rows in platform.rows.items():
            marks = ", ".join(f"${column}" for column in rows[0])
            connection.executemany(f"INSERT INTO raw.{name} ({', '.join(rows[0])}) VALUES ({marks})", rows)
        build_core(connection)
        cursor = connection.execute("FROM core.pairings")
        names = [column[0] for column in cursor.description or []]
        return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


def in_force(rows: list[dict], day: dt.date) -> dict | None:
    return max((row for row in rows if row["valid_from"] <= day), key=lambda row: row["valid_from"], default=None)


def local_day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(BERLIN).date()


def is_there(platform: Platform, therapist: uuid.UUID, day: dt.date) -> bool:
    rows = platform.of("therapists", therapist)
    return bool(rows) and (rows[0]["valid_to"] is None or day <= rows[0]["valid_to"])


def room_in_days(platform: Platform, therapist: uuid.UUID, asked: dt.date) -> int | None:
    """Day by day from the day of asking: is the therapist there, at work, and under their own threshold?"""
    sessions = platform.of("sessions", therapist)
    worked = {local_day(s["starts_at"]) for s in sessions if s["status"] == "attended"}
    in_month = [day for day in worked if FIRST <= day <= LAST]
    for ahead in range(MOST_DAYS_AHEAD + 1):
        day = asked + dt.timedelta(ahead)
        threshold = in_force(platform.of("thresholds", therapist), day)
        if not (threshold and is_there(platform, therapist, day)):
            continue
        if sum(each.weekday() == day.weekday() for each in in_month) < 2:
            continue
        places: dict[uuid.UUID, list[dict]] = {}
        for session in (s for s in sessions if local_day(s["starts_at"]) == day):
            place = session["group_session_key"] or session["session_key"]
            places.setdefault(place, []).append(session)
        if sum(is_taken(platform, rows, asked) for rows in places.values()) < threshold["daily_sessions"]:
            return ahead
    return None


def is_taken(platform: Platform, rows: list[dict], asked: dt.date) -> bool:
    """Whether a place of a group or a session is held, by somebody who was not first paired on the day of asking or later."""
    return any(is_held(session) and not is_given_since(platform, session, asked) for session in rows)


def is_held(session: dict) -> bool:
    cancelled_at = session["cancelled_at"]
    is_early = cancelled_at and (session["starts_at"] - cancelled_at) >= dt.timedelta(hours=24)
    return not (session["status"].startswith("cancelled") and is_early)


def is_given_since(platform: Platform, session: dict, asked: dt.date) -> bool:
    pairings = [
        local_day(row["paired_at"])
        for row in platform.of("requests", session["therapist_key"])
        if row["client_key"] == session["client_key"]
    ]
    return max((day for day in pairings), default=asked - dt.timedelta(1)) >= asked


def by_loop(platform: Platform, request: dict) -> dict | None:
    """What core.pairings should say of a request; None where it is not October's."""
    asked = local_day(request["requested_at"])
    if not FIRST <= asked <= LAST:
        return None
    needs = set(request["needs"] or [])
    wait = request["tolerated_wait_days"]
    wait = min(UNSTATED_WAIT if wait is None else wait, MOST_DAYS_AHEAD)
    there = []  # (covered needs, in how many days)
    for row in platform.rows["therapists"]:
        therapist = row["therapist_key"]
        profile = in_force(platform.of("profiles", therapist), asked)
        meets = (
            profile
            and is_there(platform, therapist, asked)
            and request["team_id"] in (None, row["team_id"])
            and (request["language"] is None or request["language"] in (profile["languages"] or []))
            and (request["modality"] is None or request["modality"] in (profile["modalities"] or []))
        )
        days = room_in_days(platform, therapist, asked) if meets else None
        if profile and days is not None:
            there.append((needs & set(profile["specialties"] or []), days))
    feasible = [covered for covered, days in there if days <= wait]
    fit = None
    if request["therapist_key"] and needs:
        profile = in_force(platform.of("profiles", request["therapist_key"]), local_day(request["paired_at"]))
        if profile and profile["specialties"]:
            fit = len(needs & set(profile["specialties"])) / len(needs)
    better = [days for covered, days in there if fit is not None and len(covered) / len(needs) > fit and days <= wait]
    return {
        "feasible_therapists": len(feasible),
        "fit": fit,
        "best_feasible_fit": max(map(len, feasible)) / len(needs) if needs and feasible else None,
        "better_fit_in_days": min(better, default=None),
        "three_quarters_in_days": min(
            (days for covered, days in there if needs and len(covered) / len(needs) >= 0.75), default=None
        ),
        "uncovered_needs": sorted(needs.difference(*feasible)) or None,
    }


@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(6, 150))])
def test_sets_and_loops_say_the_same(seed: int) -> None:
    platform = drawn_platform(random.Random(seed))
    found = by_sets(platform)
    expected = {row["request_key"]: by_loop(platform, row) for row in platform.rows["requests"]}
    expected = {request: told for request, told in expected.items() if told}
    assert found.keys() == expected.keys()
    for request, told in expected.items():
        assert {name: found[request][name] for name in told} == told, request
