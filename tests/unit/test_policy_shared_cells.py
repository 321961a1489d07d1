"""One cell, one status: what is the part of one measure and the base of another, worked by hand.

Three measures around one another, as coverage, over-threshold days and their repetition are: `outer` counts
A, of which B; `inner` counts B, of which C; `innermost` counts C, of which D. `beside` has the base A too. A
is 200 throughout.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from expectations.policy import Policy, decide, read_policy

WIDE = {
    "breakdown": None,
    "breakdown_value": None,
    "concerns": "clients and therapists",
    "therapists_behind": 0,
    "roster": 12,
    **{f"{side}_therapists": 12 for side in ("base", "part", "rest")},
    **{f"{side}_clients": 100 for side in ("base", "part", "rest")},
    **{
        f"{side}_{size}_{who}": 2
        for side in ("base", "part", "rest")
        for size in ("largest", "second")
        for who in ("therapist", "client")
    },
}


def measure(name: str, cells: str, base: int, part: int, **changes: Any) -> dict[str, Any]:
    base_cell, part_cell = cells.split()
    identity = {"period_start": "2026-10-01", "period_end": "2026-10-31", "level": "unit", "unit": "Harbour"}
    counts = {"base_cell": base_cell, "part_cell": part_cell, "base": base, "part": part}
    return {**identity, "service": None, "measure_id": name, **counts, **WIDE, **changes}


def decided(*atoms: dict[str, Any], kept: tuple[str, ...] = ()) -> dict[str, tuple[Any, ...]]:
    """By measure: part, base and status."""
    policy = Policy("test", read_policy().rules, kept)
    rows = decide(pd.DataFrame(list(atoms)), policy).to_dict("records")
    names = ("part", "base", "status")
    return {row["measure_id"]: tuple(None if pd.isna(row[name]) else row[name] for name in names) for row in rows}


HIDDEN = (None, None, "not shown")


def test_a_shared_cell_shows_one_rounded_value():
    found = decided(
        measure("outer", "A B", 200, 148),
        measure("inner", "B C", 148, 51),
        measure("innermost", "C D", 51, 20),
    )
    assert found == {
        "outer": (150, 200, "published"),
        "inner": (50, 150, "published"),
        "innermost": (20, 50, "published"),
    }


def test_counting_a_cell_differently_is_an_error_that_tells_no_figure():
    with pytest.raises(ValueError, match=r"^measures count the same cell differently: B$"):
        decided(measure("outer", "A B", 200, 148), measure("inner", "B C", 147, 51))
    with pytest.raises(ValueError, match=r"^measures count the same cell differently: A$"):
        decided(measure("outer", "A B", 200, 148), measure("beside", "A E", 201, 51))


def test_a_base_is_safe_only_where_it_is_safe_in_every_measure():
    found = decided(measure("outer", "A B", 200, 100), measure("beside", "A E", 200, 100, base_clients=9))
    assert found == {"outer": HIDDEN, "beside": HIDDEN}


def test_cells_of_other_units_and_months_have_their_own_status():
    small = {**measure("outer", "A B", 200, 148, rest_therapists=1), "unit": "Willow"}
    found = decide(
        pd.DataFrame([small, measure("outer", "A B", 300, 250), measure("inner", "B C", 250, 50)]),
        read_policy(),
    )
    assert list(found.status) == ["not shown", "published", "published"]


def test_a_banded_cell_is_a_base_only_as_the_middle_of_its_band():
    # B is all but a few of 200. As a base it counts as 195, and may be anything from 189 to 202
    for b in (191, 197, 200):
        rows = decide(
            pd.DataFrame([measure("outer", "A B", 200, b), measure("inner", "B C", b, 40)]), read_policy()
        ).to_dict("records")
        assert [row["status"] for row in rows] == ["banded", "published"]
        assert (rows[1]["part"], rows[1]["base"], rows[1]["value"]) == (40, 195, 21)
        # 38 ÷ 202 = 18.81…; 42 ÷ 189 = 22.22…
        assert (rows[1]["lower"], rows[1]["upper"]) == (18.8, 22.3)


def test_a_band_within_a_band_is_as_wide_as_both():
    rows = decide(
        pd.DataFrame(
            [
                measure("outer", "A B", 200, 197),
                measure("inner", "B C", 197, 195),
                measure("innermost", "C D", 195, 40),
            ]
        ),
        read_policy(),
    ).to_dict("records")
    assert [row["status"] for row in rows] == ["banded", "banded", "published"]
    assert (rows[1]["base"], rows[2]["base"]) == (195, 190)
    # C lies within 9 of B, and B within 9 of 198 to 202: 180 to 202
    assert (rows[2]["lower"], rows[2]["upper"]) == (18.8, 23.4)


def test_a_published_part_must_not_narrow_the_band_of_its_base():
    # B may be as few as 189. That 10 are left beside 180 (178 or more) says that B is 188 or more, which is
    # known; that 10 are left beside 185 (183 or more) would say that B is 193 or more
    wide = decided(measure("outer", "A B", 200, 197), measure("inner", "B C", 197, 181))
    assert wide["inner"][2] == "published"
    narrowing = decided(
        measure("outer", "A B", 200, 197),
        measure("inner", "B C", 197, 184),
        measure("innermost", "C D", 184, 50),
    )
    assert narrowing["inner"] == HIDDEN
    assert narrowing["innermost"] == HIDDEN  # C would narrow the band as a base just as well


def test_a_shown_base_of_twenty_or_more_must_be_known_from_where_else_it_is_shown():
    # B is 21 and rounds to 20, so that outer says 18 to 22; inner shown would say 20 or more
    assert decided(measure("outer", "A B", 200, 21), measure("inner", "B C", 21, 11))["inner"] == HIDDEN
    assert decided(measure("outer", "A B", 200, 23), measure("inner", "B C", 23, 11))["inner"][2] == "published"
    assert decided(measure("inner", "B C", 21, 11))["inner"][2] == "published"


def test_a_part_that_is_not_shown_gives_way_as_a_base():
    # A and B together would tell of the rest, which is one therapist's
    found = decided(
        measure("outer", "A B", 200, 150, rest_therapists=1),
        measure("beside", "A E", 200, 50),
        measure("inner", "B C", 150, 40),
        measure("innermost", "C D", 40, 20),
    )
    assert found["outer"] == found["inner"] == HIDDEN
    assert found["beside"] == (50, 200, "published")
    assert found["innermost"] == (20, 40, "published")  # nothing is left to subtract it from


def test_beside_a_kept_cell_the_base_gives_way_wherever_it_would_be_shown():
    found = decided(
        measure("outer", "A B", 200, 150, rest_therapists=1),
        measure("beside", "A E", 200, 50),
        measure("inner", "B C", 150, 40),
        kept=("B",),
    )
    assert found["outer"] == found["beside"] == HIDDEN
    assert found["inner"] == (40, 150, "published")


def test_a_kept_cell_that_cannot_be_shown_anyway_takes_nothing_with_it():
    found = decided(
        measure("outer", "A B", 200, 150, rest_therapists=1),
        measure("beside", "A E", 200, 50),
        measure("inner", "B C", 150, 40, base_therapists=4),
        kept=("B",),
    )
    assert found["beside"] == (50, 200, "published")
    assert found["outer"] == found["inner"] == HIDDEN


def test_a_base_that_is_nowhere_shown_takes_nothing_with_it():
    # A is not safe, so nobody can subtract B from it, whoever made up the rest
    found = decided(
        measure("outer", "A B", 200, 150, base_largest_therapist=101, rest_therapists=1),
        measure("inner", "B C", 150, 40),
    )
    assert found == {"outer": HIDDEN, "inner": (40, 150, "published")}


def test_the_policy_keeps_days_with_a_threshold():
    assert read_policy().kept_cells == ()
