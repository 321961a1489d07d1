"""assets/whatif: what is replayed, which places there are, and what is counted of it, in October 2026."""

from __future__ import annotations

import pytest

from assets.whatif import AS_IT_WAS
from tests.sql.conftest import drawn, key, raw_tables
from tests.sql.replay_tables import build_replay, give

# All work on Thursdays: 1, 8, 15, 22 and 29 October. Ana and Ben have a threshold of 1, Cem of 2, Dua none. Eli is in another unit.
RAW = {
    "therapists": """
        | therapist | team_id |
        | Ana       | T1      |
        | Ben       | T1      |
        | Cem       | T1      |
        | Dua       | T1      |
        | Eli       | T2      |
    """,
    "profiles": """
        | therapist | specialties  | languages |
        | Ana       | grief; sleep | de        |
        | Ben       | grief        | de        |
        | Cem       | sleep        | de        |
        | Dua       |              | de        |
        | Eli       | grief        | de        |
    """,
    "thresholds": """
        | therapist | valid_from | daily_sessions |
        | Ana       | 2026-01-01 | 1              |
        | Ben       | 2026-01-01 | 1              |
        | Cem       | 2026-01-01 | 2              |
        | Eli       | 2026-01-01 | 9              |
    """,
    "requests": """
        | request | client | requested_at         | therapist | paired_at            | needs        | tolerated_wait_days |
        | r1      | c1     | 2026-10-02T08:00:00Z | Ben       | 2026-10-05T08:00:00Z | grief; sleep | 14                  |
        | r2      | c2     | 2026-10-05T08:00:00Z | Ana       | 2026-10-05T09:00:00Z | grief        |                     |
        | r3      | c3     | 2026-10-05T08:00:00Z | Cem       | 2026-10-06T08:00:00Z | sleep        | 60                  |
        | r4      | c4     | 2026-10-05T08:00:00Z | Dua       | 2026-10-06T08:00:00Z | sleep        |                     |
        | r5      | c5     | 2026-10-05T08:00:00Z | Ana       | 2026-10-06T08:00:00Z |              |                     |
        | r6      | c6     | 2026-10-05T08:00:00Z | Eli       | 2026-10-06T08:00:00Z | grief        |                     |
        | r7      | c7     | 2026-10-05T08:00:00Z |           |                      | grief        |                     |
    """,
    "sessions": """
        | session | therapist | client | starts_at            | status              | cancelled_at         |
        | a1      | Ana       | old1   | 2026-10-01T08:00:00Z | attended            |                      |
        | a2      | Ana       | c2     | 2026-10-08T08:00:00Z | attended            |                      |
        | a3      | Ana       | c2     | 2026-10-15T08:00:00Z | no_show             |                      |
        | b1      | Ben       | c1     | 2026-10-01T08:00:00Z | attended            |                      |
        | b2      | Ben       | old2   | 2026-10-08T08:00:00Z | attended            |                      |
        | b3      | Ben       | c1     | 2026-10-08T09:00:00Z | cancelled_by_client | 2026-10-01T09:00:00Z |
        | b4      | Ben       | c1     | 2026-10-15T08:00:00Z | attended            |                      |
        | b5      | Ben       | old2   | 2026-10-15T09:00:00Z | attended            |                      |
        | d1      | Cem       | old3   | 2026-10-01T08:00:00Z | attended            |                      |
        | d2      | Cem       | c3     | 2026-10-08T08:00:00Z | attended            |                      |
        | d3      | Cem       | c3     | 2026-11-05T09:00:00Z | scheduled           |                      |
        | e1      | Eli       | c6     | 2026-10-08T08:00:00Z | attended            |                      |
        | e2      | Eli       | c6     | 2026-10-15T08:00:00Z | attended            |                      |
    """,
}


def rows(query: str, **changes: str) -> list[tuple]:
    names = {key(word): word for text in {**RAW, **changes}.values() for word in text.split()}
    with raw_tables(None, **{**RAW, **changes}) as connection:
        build_replay(connection, ["T1"])
        give(connection)
        return [tuple(names.get(value, value) for value in row) for row in connection.execute(query).fetchall()]


def test_replayed_are_pairings_of_known_fit_with_those_who_take_part_in_order_of_asking():
    found = rows("""
        SELECT request_key, requested_on::VARCHAR, decided_on::VARCHAR, patience_days, first_on::VARCHAR FROM whatif.replayed
    """)
    assert found[0] == ("r1", "2026-10-02", "2026-10-05", 14, "2026-10-15")
    assert sorted(found[1:]) == [
        ("r2", "2026-10-05", "2026-10-05", 14, "2026-10-08"),
        ("r3", "2026-10-05", "2026-10-06", 28, "2026-10-08"),
    ]


def test_places_given_come_back_and_free_ones_are_free_in_each_week_that_follows():
    found = rows("""
        SELECT therapist_key, weekday, free_from::VARCHAR, free_until::VARCHAR, places, request_key FROM whatif.places
        ORDER BY ALL
    """)
    assert sorted(found, key=str) == sorted(
        [
            ("Ana", 4, "2026-10-08", "2026-10-08", 1, "r2"),  # c2's, under the threshold of 1
            ("Ana", 4, "2026-10-22", "2026-11-28", 1, None),  # the 8th and the 15th were c2's
            # c1's first place with Ben was his second of the 15th: beyond his threshold, and given to nobody
            ("Ben", 4, "2026-10-22", "2026-11-28", 1, None),
            ("Cem", 4, "2026-10-08", "2026-10-08", 1, "r3"),
            ("Cem", 4, "2026-10-01", "2026-11-28", 1, None),  # the second is free but for 8 October and 5 November
            ("Cem", 4, "2026-11-12", "2026-11-28", 1, None),
        ],
        key=str,
    )


def test_without_a_threshold_no_place_is_free_and_one_that_was_given_is_there():
    """No threshold is imputed, and nothing is known to go beyond one."""
    thresholds = "\n".join(line for line in RAW["thresholds"].splitlines() if "Ana" not in line)
    query = "SELECT request_key FROM whatif.places WHERE therapist_key = $1"
    assert rows(query.replace("$1", f"'{key('Ana')}'"), thresholds=thresholds) == [("r2",)]


def test_who_declares_no_specialty_takes_no_part_in_giving():
    assert rows("SELECT DISTINCT therapist_key FROM whatif.therapists ORDER BY ALL") == rows(
        "SELECT DISTINCT therapist_key FROM whatif.places ORDER BY ALL"
    )
    assert ("Dua",) not in rows("SELECT therapist_key FROM whatif.therapists")
    assert ("Eli",) not in rows("SELECT therapist_key FROM whatif.members")


COUNTED = "SELECT rule, figure, count(*) FILTER (is_part), count(*) FROM whatif.items GROUP BY ALL"


@pytest.fixture(name="counted", scope="module")
def fixture_counted() -> dict[tuple[str, str], tuple[int, int]]:
    return {(rule, figure): (part, base) for rule, figure, part, base in rows(COUNTED)}


@pytest.mark.parametrize(
    ("figure", "as_it_was", "earliest", "within_28"),
    # As it was: r1 to Ben on the 15th after 13 days, r2 to Ana and r3 to Cem on the 8th after 3.
    # The earliest place: r1 takes Ana's of the 8th, which comes first; r2 and r3 those of Cem on the 8th.
    # Best fit within 28 days: r1 to Ana, who covers both, on the 8th; r2 to Ana again, on the 22nd; r3 to Cem on the 8th.
    [
        ("seen_within_7_days", (2, 3), (3, 3), (2, 3)),
        ("seen_within_14_days", (3, 3), (3, 3), (2, 3)),
        ("seen_within_28_days", (3, 3), (3, 3), (3, 3)),
        ("begun_within_threshold", (2, 3), (3, 3), (3, 3)),
        ("needs_covered", (3, 4), (3, 4), (4, 4)),
        ("three_quarters_covered", (2, 3), (2, 3), (3, 3)),
        # The five Thursdays of three therapists. Ben's 15th goes over: with c1 as it was, and without c1 it does not.
        ("days_over_threshold", (1, 15), (0, 15), (0, 15)),
    ],
)
def test_each_figure_is_counted_under_each_rule(counted, figure, as_it_was, earliest, within_28):
    assert counted[AS_IT_WAS, figure] == as_it_was
    assert counted["earliest_place", figure] == earliest
    assert counted["fit_within_28_days", figure] == within_28


def test_a_place_that_somebody_else_shares_is_not_given_back():
    sessions = RAW["sessions"].replace("| cancelled_at         |", "| cancelled_at         | group_session |", 1)
    with_groups = [
        line if "cancelled_at" in line or not line.strip() else f"{line} {'g1' if ' a2 ' in line else ''} |"
        for line in sessions.splitlines()
    ]
    with_groups.append(
        "        | a9      | Ana       | old9   | 2026-10-08T08:00:00Z | attended            |                      | g1 |"
    )
    text = "\n".join(line for line in with_groups if line.strip())
    assert drawn(text)
    found = rows(
        "SELECT free_from::VARCHAR FROM whatif.places WHERE request_key IS NOT NULL ORDER BY ALL", sessions=text
    )
    assert found == [("2026-10-08",), ("2026-10-15",)]  # Cem's, and Ana's next with c2 alone
