"""What may be published of a curve: all of it or nothing, and no step of too few. Worked by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from expectations.curves import decide_curves
from expectations.policy import decide, read_policy
from tests.unit.test_policy import OF_CLIENTS, SAFE, atom

CUTOFFS = ("7", "14", "28", None)
LARGEST = [
    f"{side}_{at}_{who}"
    for side in ("base", "part", "rest")
    for at in ("largest", "second")
    for who in ("therapist", "client")
]


def curve(*steps: int, whole: dict[str, Any] = SAFE, **changes: Any) -> list[tuple[str | None, str, Any]]:
    """The rows of a curve whose steps have so many; `changes` are of the second step. The own cut-off is 14."""
    part, base = sum(steps[:2]), sum(steps)
    own = {**whole, "base": base, "part": part}
    small = {**own, **dict.fromkeys(LARGEST, 2), "breakdown": "within_days"}
    cuts = [
        {
            **small,
            "breakdown_value": cutoff,
            "base": step,
            "part": step if at < 2 else 0,
            **(changes if at == 1 else {}),
        }
        for at, (cutoff, step) in enumerate(zip(CUTOFFS, steps, strict=True))
    ]
    atoms = pd.DataFrame([own, *cuts])
    rows = decide_curves(atoms, decide(atoms.head(1), read_policy()), read_policy())
    return [(row["breakdown_value"], row["status"], row["part"]) for row in rows.to_dict("records")]


def test_a_curve_has_a_row_for_each_cut_off_with_all_up_to_it() -> None:
    assert curve(61, 39, 42, 21) == [("7", "published", 60), ("14", "published", 100), ("28", "published", 140)]


@pytest.mark.parametrize("steps", [(60, 9, 40, 20), (9, 60, 40, 20), (60, 40, 40, 9)])
def test_with_one_step_of_too_few_none_of_it_is_shown(steps: tuple[int, ...]) -> None:
    assert {status for _, status, _ in curve(*steps)} == {"not shown"}


def test_a_step_of_the_least_size_does_not_stand_beside_another() -> None:
    assert {status for _, status, _ in curve(60, 11, 11, 40)} == {"not shown"}
    assert {status for _, status, _ in curve(60, 11, 30, 40)} == {"published"}


@pytest.mark.parametrize(
    "changes",
    [{"base_therapists": 2}, {"base_clients": 4}, {"base_largest_therapist": 36}, {"base_largest_client": 36}],
)
def test_with_one_step_made_up_by_too_few_people_none_of_it_is_shown(changes: dict[str, Any]) -> None:
    assert {status for _, status, _ in curve(60, 40, 40, 20, **changes)} == {"not shown"}


def test_without_its_own_figure_there_is_no_curve() -> None:
    assert {status for _, status, _ in curve(60, 40, 40, 20, whole=atom(base_clients=9))} == {"not shown"}


def test_a_curve_about_clients_has_no_therapists_but_may_hang_on_them() -> None:
    whole = {**OF_CLIENTS, "therapists_behind": 6}
    shown = curve(60, 40, 40, 20, whole=whole, base_therapists=0)
    assert {status for _, status, _ in shown} == {"published"}
    hanging = curve(60, 40, 40, 20, whole=whole, base_therapists=0, base_largest_therapist=36)
    assert {status for _, status, _ in hanging} == {"not shown"}


def test_steps_that_are_no_parts_of_the_whole_are_refused() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        curve(60, 40, 40, 20, part=39)
