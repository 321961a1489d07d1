"""sessions_over_threshold: attended sessions beyond the threshold ÷ attended sessions on days with one."""


def test_the_sessions_after_the_threshold_is_reached_are_the_part(items, drawn):
    found = items(
        "sessions_over_threshold",
        therapist_days="""
            | therapist | local_date | daily_sessions |
            | Ana       | 2026-10-01 | 2              |
            | Ana       | 2026-10-02 | 4              |
            | Ben       | 2026-10-01 |                |
        """,
        sessions="""
            | therapist | local_date | client | is_load | session_of_day |
            | Ana       | 2026-10-01 | c1     | true    | 1              |
            | Ana       | 2026-10-01 | c2     | true    | 2              |
            | Ana       | 2026-10-01 | c3     | true    | 3              |
            | Ana       | 2026-10-01 | c4     | true    | 4              |
            | Ana       | 2026-10-02 | c5     | true    | 1              |
            | Ben       | 2026-10-01 | c6     | true    | 1              |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | no   |
            | Ana       | c2      | no   |
            | Ana       | c3      | yes  |
            | Ana       | c4      | yes  |
            | Ana       | c5      | no   |
        """)


def test_missed_sessions_and_further_rows_of_a_group_session_are_no_load(items, drawn):
    found = items(
        "sessions_over_threshold",
        therapist_days="""
            | therapist | local_date | daily_sessions |
            | Ana       | 2026-10-01 | 1              |
        """,
        sessions="""
            | therapist | local_date | client | status   | group_session | is_load | session_of_day |
            | Ana       | 2026-10-01 | c1     | attended | g1            | true    | 1              |
            | Ana       | 2026-10-01 | c2     | attended | g1            | false   |                |
            | Ana       | 2026-10-01 | c3     | no_show  |               | false   |                |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | no   |
        """)
