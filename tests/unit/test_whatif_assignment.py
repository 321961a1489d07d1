# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
"""To whom a rule gives a place: hand-worked tables, then every assignment there is on small months drawn at random."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from assets.whatif import RULES, Rule
from assets.whatif.assignment import Month, given, in_order, together

DAYS = ("requested_on", "decided_on", "free_from", "free_until", "valid_from", "valid_until")
LISTS = ("needs", "specialties", "languages", "modalities")
RULE = {rule.id: rule for rule in RULES}

# Ana covers both needs, on Thursdays from the 15th on; Ben one, on Mondays from the 5th on. 1 October 2026 is a Thursday.
THERAPISTS = """
    | therapist_key | team_id | specialties  | languages | modalities | valid_from | valid_until |
    | Ana           | T1      | grief; sleep | de        | video      | 2026-01-01 | 2027-01-01  |
    | Ben           | T1      | grief        | de; en    |            | 2026-01-01 | 2027-01-01  |
"""
PLACES = """
    | therapist_key | weekday | free_from  | free_until | places |
    | Ana           | 4       | 2026-10-15 | 2026-11-28 | 1      |
    | Ben           | 1       | 2026-10-05 | 2026-11-28 | 1      |
"""
ONE = """
    | requested_on | decided_on | patience_days | team_id | language | modality | needs        |
    | 2026-10-01   | 2026-10-02 | 14            | T1      |          |          | grief; sleep |
"""
TWO = """
    | requested_on | decided_on | patience_days | team_id | language | modality | needs        |
    | 2026-10-01   | 2026-10-02 | 28            | T1      |          |          | grief        |
    | 2026-10-01   | 2026-10-02 | 28            | T1      |          |          | grief; sleep |
"""


def frame(text: str) -> pd.DataFrame:
    lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in text.strip().splitlines()]
    rows = pd.DataFrame(lines[1:], columns=lines[0])
    for name in rows.columns:
        if name in DAYS:
            rows[name] = pd.to_datetime(rows[name])
        elif name in LISTS:
            rows[name] = [cell.split("; ") if cell else None for cell in rows[name]]
        elif name in ("weekday", "places", "patience_days"):
            rows[name] = rows[name].astype(int)
        else:
            rows[name] = [cell or None for cell in rows[name]]
    return rows


def month(requests: str, therapists: str = THERAPISTS, places: str = PLACES) -> Month:
    return Month(frame(requests), frame(therapists), frame(places))


def told(month: Month, rule: Rule, places: str = PLACES) -> list[tuple[int, str, str, int]]:
    names = frame(places).therapist_key
    return [
        (row.request, names[row.place], f"{row.first_on:%m-%d}", row.covered) for row in given(month, rule).itertuples()
    ]


@pytest.mark.parametrize(
    ("rule", "therapist", "first_on", "covered"),
    [
        ("earliest_place", "Ben", "10-05", 1),
        ("fit_within_7_days", "Ben", "10-05", 1),
        ("fit_within_14_days", "Ana", "10-15", 2),
        ("fit_within_28_days", "Ana", "10-15", 2),
        ("fit_within_own_patience", "Ana", "10-15", 2),
        ("planned_within_7_days", "Ben", "10-05", 1),
        ("planned_within_own_patience", "Ana", "10-15", 2),
    ],
)
def test_a_rule_waits_for_a_better_fit_within_its_days_and_no_longer(rule, therapist, first_on, covered):
    assert told(month(ONE), RULE[rule]) == [(0, therapist, first_on, covered)]


def test_own_patience_is_each_clients_own():
    assert told(month(ONE.replace("| 14 ", "| 13 ")), RULE["fit_within_own_patience"]) == [(0, "Ben", "10-05", 1)]


def test_where_nobody_is_within_the_days_the_earliest_place_goes():
    later = PLACES.replace("2026-10-05", "2026-10-19")
    assert told(month(ONE, places=later), RULE["fit_within_7_days"]) == [(0, "Ana", "10-15", 2)]
    later = PLACES.replace("2026-10-15", "2026-10-22").replace("2026-10-05", "2026-10-19")
    assert told(month(ONE, places=later), RULE["fit_within_7_days"]) == [(0, "Ben", "10-19", 1)]


def test_in_order_the_first_takes_what_the_second_needs_and_planned_it_is_left_to_them():
    soon = PLACES.replace("2026-10-15", "2026-10-01")  # Ana's first Thursday from the 2nd on is the 8th
    later = soon.replace("2026-10-05", "2026-10-12")
    assert told(month(TWO, places=later), RULE["fit_within_28_days"]) == [
        (0, "Ana", "10-08", 1),
        (1, "Ben", "10-12", 1),
    ]
    assert told(month(TWO, places=later), RULE["planned_within_28_days"]) == [
        (0, "Ben", "10-12", 1),
        (1, "Ana", "10-08", 2),
    ]


def test_who_finds_no_place_left_is_given_none():
    only_ana = "\n".join(PLACES.strip().splitlines()[:2])
    assert told(month(TWO, places=only_ana), RULE["earliest_place"]) == [(0, "Ana", "10-15", 1)]
    assert told(month(TWO, places=only_ana), RULE["planned_within_28_days"]) == [(1, "Ana", "10-15", 2)]


def test_planned_together_first_everybody_gets_a_place():
    """One request is met by Ana alone: the other leaves her to it, although she covers more of its needs."""
    requests = """
        | requested_on | decided_on | patience_days | team_id | language | modality | needs        |
        | 2026-10-01   | 2026-10-02 | 28            | T1      |          |          | grief; sleep |
        | 2026-10-01   | 2026-10-02 | 28            | T1      |          | video    | loss         |
    """
    assert told(month(requests), RULE["planned_within_28_days"]) == [(0, "Ben", "10-05", 1), (1, "Ana", "10-15", 0)]


@pytest.mark.parametrize(
    ("team", "language", "modality", "therapists"),
    [
        ("T1", "", "", {"Ana", "Ben"}),
        ("", "", "", {"Ana", "Ben"}),
        ("T2", "", "", set()),
        ("T1", "en", "", {"Ben"}),
        ("T1", "", "video", {"Ana"}),  # Ben declares no modality: it is not known that he meets it
        ("T1", "", "phone", set()),
        ("T1", "en", "video", set()),
    ],
)
def test_hard_requirements_stay_hard(team, language, modality, therapists):
    drawn = frame(ONE).assign(team_id=team or None, language=language or None, modality=modality or None)
    choices = Month(drawn, frame(THERAPISTS), frame(PLACES)).choices(0, 28)
    assert {frame(PLACES).therapist_key[place] for place in choices.place} == therapists


def test_a_place_that_was_given_begins_on_its_day_or_not_at_all():
    given_before = PLACES.replace("2026-10-05 | 2026-11-28", "2026-10-05 | 2026-10-05")
    assert told(month(ONE, places=given_before), RULE["earliest_place"]) == [(0, "Ben", "10-05", 1)]
    decided_late = ONE.replace("2026-10-02", "2026-10-06")
    assert told(month(decided_late, places=given_before), RULE["earliest_place"]) == [(0, "Ana", "10-15", 2)]


def test_the_profile_is_that_in_force_when_it_was_decided():
    changed = """
        | therapist_key | team_id | specialties  | languages | modalities | valid_from | valid_until |
        | Ana           | T1      | loss         | de        | video      | 2026-01-01 | 2026-10-02  |
        | Ana           | T1      | grief; sleep | de        | video      | 2026-10-02 | 2027-01-01  |
    """
    assert told(month(ONE, therapists=changed), RULE["earliest_place"]) == [(0, "Ana", "10-15", 2)]
    before = ONE.replace("2026-10-02", "2026-10-01")
    assert told(month(before, therapists=changed), RULE["earliest_place"]) == [(0, "Ana", "10-15", 0)]


# --- against everything there is -----------------------------------------------------------------------------------------


def drawn(rng: random.Random) -> tuple[list[dict], list[dict], list[dict]]:
    """A small month: requests, therapists, places."""

    def day(least: int, most: int) -> dt.date:
        return dt.date(2026, 10, 1) + dt.timedelta(rng.randint(least, most))

    def some(words: str, most: int) -> list[str] | None:
        return sorted(rng.sample(words.split(), rng.randint(1, most))) if rng.random() < 0.9 else None

    therapists = [
        {
            "therapist_key": f"t{number}",
            "team_id": rng.choice(["T1", "T2"]),
            "specialties": some("grief sleep loss", 3) or ["panic"],
            "languages": some("de en", 2),
            "modalities": some("video phone", 2),
            "valid_from": dt.date(2026, 1, 1),
            "valid_until": day(5, 60),
        }
        for number in range(rng.randint(1, 3))
    ]
    places = []
    for _ in range(rng.randint(1, 4)):
        free_from = day(0, 25)
        is_given = rng.random() < 0.5
        places.append({
            "therapist_key": rng.choice(therapists)["therapist_key"],
            "weekday": free_from.isoweekday(),
            "free_from": free_from,
            "free_until": free_from if is_given else dt.date(2026, 11, 28),
            "places": 1 if is_given else rng.randint(1, 2),
        })  # fmt: skip
    requests = []
    for _ in range(rng.randint(1, 5)):
        asked = day(0, 20)
        requests.append({
            "requested_on": asked,
            "decided_on": asked + dt.timedelta(rng.randint(0, 5)),
            "patience_days": rng.choice([3, 10, 21]),
            "team_id": rng.choice([None, "T1", "T2"]),
            "language": rng.choice([None, None, "de", "en"]),
            "modality": rng.choice([None, None, "video"]),
            "needs": some("grief sleep loss panic", 3) or ["grief"],
        })  # fmt: skip
    return requests, therapists, places


def possible(request: dict, therapists: list[dict], places: list[dict]) -> Iterator[tuple[int, dt.date, int]]:
    """The places a request could be given, day by day: which, its first day, needs covered."""
    for number, place in enumerate(places):
        for therapist in therapists:
            meets = (
                therapist["therapist_key"] == place["therapist_key"]
                and therapist["valid_from"] <= request["decided_on"] < therapist["valid_until"]
                and request["team_id"] in (None, therapist["team_id"])
                and (request["language"] is None or request["language"] in (therapist["languages"] or []))
                and (request["modality"] is None or request["modality"] in (therapist["modalities"] or []))
            )
            first = max(request["decided_on"], place["free_from"])
            while meets and first.isoweekday() != place["weekday"]:
                first += dt.timedelta(1)
            if meets and first <= place["free_until"]:
                yield number, first, len(set(request["needs"]) & set(therapist["specialties"]))


def score(request: dict, choice: tuple[int, dt.date, int] | None, limit: int) -> tuple[int, int, int, int]:
    """A place at all, within the limit, needs covered within it, and days less."""
    if choice is None:
        return (0, 0, 0, 0)
    days = (choice[1] - request["requested_on"]).days
    return (1, 1, choice[2], -days) if days <= limit else (1, 0, 0, -days)


def total(scores: list[tuple[int, int, int, int]]) -> tuple[int, ...]:
    return tuple(sum(each) for each in zip(*scores, strict=True))


@pytest.mark.parametrize("seed", [*range(60), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(60, 400))])
def test_in_order_is_the_best_left_and_together_the_best_of_all_assignments(seed: int) -> None:
    rng = random.Random(seed)
    requests, therapists, places = drawn(rng)
    replayed = Month(pd.DataFrame(requests), pd.DataFrame(therapists), pd.DataFrame(places))
    for limit in (-1, 7, 28, None):
        limits = [request["patience_days"] if limit is None else limit for request in requests]
        choices = [list(possible(request, therapists, places)) for request in requests]

        def scored(number: int, choice: tuple | None, limits: list[int] = limits) -> tuple[int, int, int, int]:
            return score(requests[number], choice, limits[number])

        free, expected = [place["places"] for place in places], []
        for number in range(len(requests)):
            left = [choice for choice in choices[number] if free[choice[0]]]
            chosen = max(left, key=lambda choice: scored(number, choice), default=None)
            if chosen:
                free[chosen[0]] -= 1
                expected.append((number, chosen[0], chosen[2]))
        found = in_order(replayed, np.array(limits))
        assert [*found[["request", "place", "covered"]].itertuples(index=False, name=None)] == expected

        best = max(
            total([scored(number, choice) for number, choice in enumerate(picked)])
            for picked in itertools.product(*([None, *each] for each in choices))
            if all(
                [choice and choice[0] for choice in picked].count(at) <= place["places"]
                for at, place in enumerate(places)
            )
        )
        planned = {
            row.request: (row.place, row.first_on.date(), row.covered)
            for row in together(replayed, np.array(limits)).itertuples()
        }
        assert all(planned[number] in choices[number] for number in planned)
        used = [place for place, _, _ in planned.values()]
        assert all(used.count(at) <= place["places"] for at, place in enumerate(places))
        assert total([scored(number, planned.get(number)) for number in range(len(requests))]) == best


def test_planned_so_many_at_a_time_each_takes_what_those_before_have_left():
    one_by_one = together(month(TWO), np.array([28, 28]), most=1)
    assert one_by_one.place.tolist() == in_order(month(TWO), np.array([28, 28])).place.tolist()
