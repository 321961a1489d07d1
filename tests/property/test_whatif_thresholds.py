# pyright: reportArgumentType=false, reportReturnType=false
"""Thresholds are respected in every replay: a loop over raw rows counts each day's places, on platforms drawn at random."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter

import pytest

from assets.whatif import AS_IT_WAS, RULE_TITLES
from tests.property.test_pairings_against_brute_force import (
    FIRST,
    LAST,
    Platform,
    drawn_platform,
    in_force,
    is_held,
    is_there,
    local_day,
)
from tests.sql.conftest import raw_tables
from tests.sql.replay_tables import build_replay, give

END = LAST + dt.timedelta(28)
Day = tuple[object, dt.date]


class Replayed:
    """What the rules gave on a drawn platform, as the SQL and the assignment say."""

    def __init__(self, platform: Platform) -> None:
        with raw_tables() as connection:
            for name, rows in platform.rows.items():
                marks = ", ".join(f"${column}" for column in rows[0])
                connection.executemany(f"INSERT INTO raw.{name} ({', '.join(rows[0])}) VALUES ({marks})", rows)
            build_replay(connection, ["T1", "T2"])
            give(connection)
            columns = "request_key, therapist_key, place_of, weekday, first_on"
            self.given = {
                rule: connection.execute(f"SELECT {columns} FROM whatif.given_by_{rule}").fetchall()
                for rule in RULE_TITLES
            }
            counted = """SELECT rule, count(*) FILTER (is_part), count(*) FROM whatif.items
                WHERE figure = 'days_over_threshold' GROUP BY rule"""
            self.over = {rule: (over, days) for rule, over, days in connection.execute(counted).fetchall()}


def held_places(platform: Platform, requests: dict) -> tuple[Counter[Day], dict[object, list[Day]]]:
    """How many places each therapist held on each day for others, and the days on which each replayed request had one."""
    groups: dict[tuple, list[dict]] = {}
    for session in platform.rows.get("sessions", []):
        day = local_day(session["starts_at"])
        if is_held(session) and FIRST <= day <= END:
            place = session["group_session_key"] or session["session_key"]
            groups.setdefault((session["therapist_key"], day, place), []).append(session)
    of_others: Counter[Day] = Counter()
    of_request: dict[object, list[Day]] = {}
    for (therapist, day, _), sessions in groups.items():
        owners = []
        for session in sessions:
            theirs = [
                request
                for request in requests.values()
                if (request["therapist_key"], request["client_key"]) == (therapist, session["client_key"])
            ]
            first = min(theirs, key=lambda request: request["requested_at"], default=None)
            owners.append(first if first and local_day(first["requested_at"]) <= day else None)
        if all(owners):
            of_request.setdefault(min(owner["request_key"] for owner in owners if owner), []).append((therapist, day))
        else:
            of_others[therapist, day] += 1
    return of_others, of_request


def loads(rows: list[tuple], of_others: Counter[Day], of_request: dict[object, list[Day]]) -> Counter[Day]:
    """How many places each day holds, if requests were given places so."""
    found = of_others.copy()
    for _, therapist, place_of, weekday, first_on in rows:
        if place_of:
            found.update(of_request.get(place_of, []))
        else:
            days = (first_on + dt.timedelta(ahead) for ahead in range((END - first_on).days + 1))
            found.update((therapist, day) for day in days if day.isoweekday() == weekday)
    return found


def threshold(platform: Platform, day: Day) -> int | None:
    declared = in_force(platform.of("thresholds", day[0]), day[1])
    return declared and declared["daily_sessions"]


def working_days(platform: Platform) -> list[Day]:
    """The days of October on which somebody works by the convention, is in a team, and has declared a threshold."""
    worked = Counter(
        (session["therapist_key"], local_day(session["starts_at"]))
        for session in platform.rows.get("sessions", [])
        if session["status"] == "attended" and FIRST <= local_day(session["starts_at"]) <= LAST
    )
    weekdays = Counter((therapist, day.isoweekday()) for therapist, day in worked)
    october = [FIRST + dt.timedelta(number) for number in range((LAST - FIRST).days + 1)]
    days = [(row["therapist_key"], day) for row in platform.rows["therapists"] for day in october]
    return [
        (therapist, day)
        for therapist, day in days
        if weekdays[therapist, day.isoweekday()] >= 2
        and is_there(platform, therapist, day)
        and threshold(platform, (therapist, day))
    ]


@pytest.mark.parametrize("seed", [4, 5, 6, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(7, 60))])
def test_no_rule_puts_a_place_beyond_a_threshold_and_days_over_it_are_counted(seed: int) -> None:
    platform = drawn_platform(random.Random(seed))
    replayed, days = Replayed(platform), working_days(platform)
    by_key = {row["request_key"]: row for row in platform.rows["requests"]}
    requests = {row[0]: by_key[row[0]] for row in replayed.given[AS_IT_WAS]}
    of_others, of_request = held_places(platform, requests)
    as_it_was = loads([(None, None, request, None, None) for request in of_request], of_others, of_request)
    for rule, rows in replayed.given.items():
        now = loads(rows, of_others, of_request)
        over = sum(now[day] > (threshold(platform, day) or 0) for day in days)
        assert replayed.over.get(rule, (0, 0)) == (over, len(days)), rule
        if rule == AS_IT_WAS:
            continue
        for day, places in now.items():
            most = threshold(platform, day)
            assert most is None or places <= max(most, as_it_was[day]), (rule, day)
        taken = Counter(row[2] for row in rows if row[2])
        assert max(taken.values(), default=1) == 1, "a place that was given goes to one request"
        for _, therapist, place_of, _, first_on in rows:
            most = threshold(platform, (therapist, first_on))
            assert now[therapist, first_on] <= most if most else place_of, (rule, first_on)
            assert is_there(platform, therapist, first_on) or place_of
