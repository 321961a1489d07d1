"""short_breaks: neighbouring sessions with a gap under the therapist's own minimum break ÷ all such pairs."""

DAYS = """
    | therapist | local_date | min_break_minutes |
    | Ana       | 2026-10-01 | 15                |
    | Ben       | 2026-10-01 |                   |
"""


def test_a_gap_is_held_against_the_own_minimum_and_against_ten_minutes_where_none_is_declared(items, drawn):
    found = items(
        "short_breaks",
        therapist_days=DAYS,
        sessions="""
            | therapist | local_date | client | previous_client | is_load | gap_minutes |
            | Ana       | 2026-10-01 | c1     |                 | true    |             |
            | Ana       | 2026-10-01 | c2     | c1              | true    | 14          |
            | Ana       | 2026-10-01 | c3     | c2              | true    | 15          |
            | Ben       | 2026-10-01 | c4     |                 | true    |             |
            | Ben       | 2026-10-01 | c5     | c4              | true    | 9.5         |
            | Ben       | 2026-10-01 | c6     | c5              | true    | 10          |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1 c2   | yes  |
            | Ana       | c2 c3   | no   |
            | Ben       | c4 c5   | yes  |
            | Ben       | c5 c6   | no   |
        """)


def test_overlapping_sessions_have_no_break_and_one_client_twice_is_one_client(items, drawn):
    found = items(
        "short_breaks",
        therapist_days=DAYS,
        sessions="""
            | therapist | local_date | client | previous_client | is_load | gap_minutes |
            | Ana       | 2026-10-01 | c1     | c1              | true    | -20         |
            | Ana       | 2026-10-01 | c2     |                 | false   |             |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | yes  |
        """)
