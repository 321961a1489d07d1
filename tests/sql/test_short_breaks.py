"""short_breaks: days with a break under the therapist's own minimum ÷ days with two or more sessions."""


def test_one_gap_under_the_own_minimum_makes_the_day_and_ten_minutes_are_taken_where_none_is_declared(items, drawn):
    found = items(
        "short_breaks",
        therapist_days="""
            | therapist | local_date | clients  | attended_sessions | min_break_minutes |
            | Ana       | 2026-10-01 | c1 c2 c3 | 3                 | 15                |
            | Ana       | 2026-10-02 | c1 c4    | 2                 | 15                |
            | Ben       | 2026-10-01 | c5 c6    | 2                 |                   |
            | Ben       | 2026-10-02 | c7 c8    | 2                 |                   |
        """,
        sessions="""
            | therapist | local_date | is_load | gap_minutes |
            | Ana       | 2026-10-01 | true    |             |
            | Ana       | 2026-10-01 | true    | 14          |
            | Ana       | 2026-10-01 | true    | 60          |
            | Ana       | 2026-10-02 | true    |             |
            | Ana       | 2026-10-02 | true    | 15          |
            | Ben       | 2026-10-01 | true    |             |
            | Ben       | 2026-10-01 | true    | 9.5         |
            | Ben       | 2026-10-02 | true    |             |
            | Ben       | 2026-10-02 | true    | 10          |
        """,
    )
    assert found == drawn("""
            | therapist | clients  | part |
            | Ana       | c1 c2 c3 | yes  |
            | Ana       | c1 c4    | no   |
            | Ben       | c5 c6    | yes  |
            | Ben       | c7 c8    | no   |
        """)


def test_overlapping_sessions_have_no_break_and_a_day_of_one_session_is_not_asked(items, drawn):
    found = items(
        "short_breaks",
        therapist_days="""
            | therapist | local_date | clients | attended_sessions | min_break_minutes |
            | Ana       | 2026-10-01 | c1      | 2                 | 0                 |
            | Ana       | 2026-10-02 | c2 c3   | 1                 | 15                |
        """,
        sessions="""
            | therapist | local_date | is_load | gap_minutes |
            | Ana       | 2026-10-01 | true    |             |
            | Ana       | 2026-10-01 | true    | -20         |
            | Ana       | 2026-10-02 | true    |             |
            | Ana       | 2026-10-02 | false   |             |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | yes  |
        """)
