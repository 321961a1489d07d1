"""What a replacement may show, worked by hand: zero or safe differences, and nothing that was shown less before."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from assets.measures import dictionary
from expectations.policy import decide, read_policy
from expectations.replacing import families, replacement, safe_changes
from tests.unit.test_policy import SAFE

POLICY = read_policy()
FAMILIES = {"long_runs": "long_runs", "over_threshold_days": "days", "quota_pull": "days"}
NOTHING = {name: 0 for name in SAFE if name.startswith(("base", "part", "rest")) and not name.endswith("cell")}
# 30 items of six therapists and ten clients, 12 of them parts: enough on each side
MUCH = {
    "base": 30, "base_therapists": 6, "base_clients": 10,
    "base_largest_therapist": 6, "base_second_therapist": 6, "base_largest_client": 4, "base_second_client": 4,
    "part": 12, "part_therapists": 4, "part_clients": 6,
    "part_largest_therapist": 4, "part_second_therapist": 4, "part_largest_client": 3, "part_second_client": 3,
    "rest_therapists": 6, "rest_clients": 9,
    "rest_largest_therapist": 4, "rest_second_therapist": 4, "rest_largest_client": 3, "rest_second_client": 3,
}  # fmt: skip


def change(by: str = "item", /, **what: Any) -> dict[str, Any]:
    return SAFE | NOTHING | {"by": by, "is_roster_same": True} | what


def is_safe(*changes: dict[str, Any]) -> bool:
    """Whether the atom of these rows may be shown again."""
    return len(safe_changes(pd.DataFrame(list(changes)), POLICY)) == 1


def both(**what: Any) -> list[dict[str, Any]]:
    """The same change, seen by item and by therapist."""
    return [change("item", **what), change("therapist", **what)]


def test_no_change_is_safe() -> None:
    assert is_safe(*both(), *both())


def test_much_is_safe_on_both_sides_and_on_one() -> None:
    assert is_safe(*both(**MUCH), *both(**MUCH))
    assert is_safe(*both(**MUCH), *both())


@pytest.mark.parametrize(
    ("name", "safe", "unsafe"),
    [
        ("part", 10, 9),
        ("part", 20, 21),  # of 30: the rest is 10, or 9
        ("part_therapists", 3, 2),
        ("part_clients", 5, 4),
        ("rest_therapists", 3, 2),
        ("rest_clients", 5, 4),
        ("base_therapists", 3, 2),
        ("base_clients", 5, 4),
        ("part_largest_client", 7, 8),  # 15 % of it: 1.05, or 1.2; what is left: 12 − 7 − 3 = 2, or 1
        ("rest_largest_therapist", 12, 13),  # 15 % of it: 1.8, or 1.95; what is left: 18 − 12 − 4 = 2, or 1
    ],
)
def test_each_side_has_to_be_enough_by_enough_people(name: str, safe: int, unsafe: int) -> None:
    assert is_safe(*both(**MUCH | {name: safe}))
    assert not is_safe(*both(**MUCH | {name: unsafe}))


def test_a_side_may_be_none_where_the_other_is_much() -> None:
    assert is_safe(*both(**MUCH | {"part": 30, "part_therapists": 6, "part_clients": 10}))
    assert is_safe(*both(**MUCH | {"part": 0}))


def test_what_was_removed_and_what_was_added_are_judged_apart() -> None:
    few = MUCH | {"base": 12, "part": 12, "base_therapists": 2, "part_therapists": 2}
    assert not is_safe(*both(**MUCH), *both(**few))


def test_other_clients_alone_are_no_change_and_hide_none() -> None:
    everything_anew = change("item", **MUCH)
    assert is_safe(change("item", **MUCH | {"base_clients": 1}), change("therapist"))
    one = NOTHING | {"base": 1, "part": 1, "base_therapists": 1, "part_therapists": 1}
    assert not is_safe(everything_anew, change("therapist", **one))


def test_another_roster_is_never_safe() -> None:
    assert not is_safe(*both(is_roster_same=False))
    assert not is_safe(*both(**MUCH, is_roster_same=False))


# The replacement as a whole


def atoms(*changes: dict[str, Any]) -> pd.DataFrame:
    return decide(pd.DataFrame([SAFE | each for each in changes]), POLICY)


SHOWN, FEW, HIDDEN = {}, {"part": 4}, {"roster": 4}


def status(before: dict[str, Any], now: dict[str, Any], **what: Any) -> str:
    changes = pd.DataFrame(both(**what) or [])
    return replacement(atoms(now), atoms(before), changes, FAMILIES, POLICY).status[0]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (SHOWN, SHOWN, "published"),
        (SHOWN, FEW, "banded"),
        (SHOWN, HIDDEN, "not shown"),
        (FEW, SHOWN, "not shown"),
        (FEW, FEW, "banded"),
        (FEW, HIDDEN, "not shown"),
        (HIDDEN, SHOWN, "not shown"),
        (HIDDEN, FEW, "not shown"),
        (HIDDEN, HIDDEN, "not shown"),
    ],
)
def test_a_status_stays_or_becomes_stricter(before: dict[str, Any], now: dict[str, Any], expected: str) -> None:
    assert status(before, now) == expected
    assert status(before, now, **MUCH) == expected


def test_an_unsafe_change_is_not_shown_and_leaves_no_figure() -> None:
    small = both(**NOTHING | {"base": 3, "part": 3, "part_therapists": 3, "part_clients": 3})
    rows = replacement(atoms(SHOWN), atoms(SHOWN), pd.DataFrame(small), FAMILIES, POLICY)
    figures = rows.drop(columns=["period_start", "period_end", "level", "unit", "service", "measure_id", "status"])
    assert rows.status[0] == "not shown"
    assert figures.isna().all(axis=None)


def test_what_nothing_is_known_of_is_not_shown() -> None:
    other = pd.DataFrame(both(unit="Quay"))
    assert replacement(atoms(SHOWN), atoms(SHOWN), other, FAMILIES, POLICY).status[0] == "not shown"
    new_unit = replacement(atoms({"unit": "Quay"}), atoms(SHOWN), other, FAMILIES, POLICY)
    assert new_unit.status[0] == "not shown", "it was not shown before"


def test_measures_that_share_a_count_are_not_shown_together() -> None:
    days = {"base_cell": "days", "measure_id": "over_threshold_days", "part_cell": "over"}
    pull = {"base_cell": "days", "measure_id": "quota_pull", "part_cell": "pulled"}
    here = [SHOWN, days, pull]
    rows = [*here, *({"unit": "Quay"} | each for each in here)]
    small = {"base": 3, "part": 3}
    changes = [
        row for each in rows for row in both(**each | (small if each.get("measure_id") == "quota_pull" and "unit" not in each else {}))
    ]  # fmt: skip
    found = replacement(atoms(*rows), atoms(*rows), pd.DataFrame(changes), FAMILIES, POLICY)
    hidden = found[found.status == "not shown"]
    assert set(zip(hidden.unit, hidden.measure_id, strict=True)) == {
        ("Harbour", "over_threshold_days"),
        ("Harbour", "quota_pull"),
    }


def test_a_row_above_units_and_of_a_quarter_is_known_by_its_own_place() -> None:
    place = {"level": "organisation", "unit": None, "service": None, "period_start": pd.Timestamp("2026-08-01")}
    rows = atoms(place)
    changes = pd.DataFrame(both(**place | {"unit": float("nan"), "period_start": "2026-08-01"}))
    assert replacement(rows, rows, changes, FAMILIES, POLICY).status[0] == "published"
    assert replacement(rows, rows, changes.assign(level="service"), FAMILIES, POLICY).status[0] == "not shown"


# Families


def test_families_are_joined_by_shared_cells_however_far() -> None:
    cells = {"a": ("1", "2"), "c": ("3", "4"), "b": ("2", "3"), "d": ("5", "6"), "e": ("6", "7")}
    found = families(cells)
    assert found["a"] == found["b"] == found["c"] != found["d"] == found["e"]


def test_every_measure_has_a_family() -> None:
    measures = dictionary().measures
    assert set(families({name: (m.base_cell, m.part_cell) for name, m in measures.items()})) == set(measures)
