"""caseload_spread: (therapist, client) pairs seen ÷ attended sessions that are not group sessions."""


def test_the_first_session_of_each_pair_is_the_part(items, drawn):
    found = items(
        "caseload_spread",
        sessions="""
            | session | therapist | client | starts_at        | is_load |
            | s1      | Ana       | c1     | 2026-10-01 09:00 | true    |
            | s2      | Ana       | c1     | 2026-10-08 09:00 | true    |
            | s3      | Ana       | c1     | 2026-10-15 09:00 | true    |
            | s4      | Ana       | c2     | 2026-10-15 10:00 | true    |
            | s5      | Ben       | c1     | 2026-10-15 09:00 | true    |
            | s6      | Ben       | c1     | 2026-10-15 09:00 | true    |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | no   |
            | Ana       | c1      | no   |
            | Ana       | c1      | yes  |
            | Ana       | c2      | yes  |
            | Ben       | c1      | no   |
            | Ben       | c1      | yes  |
        """)


def test_missed_and_group_sessions_are_left_out(items):
    found = items(
        "caseload_spread",
        sessions="""
            | session | therapist | client | starts_at        | is_load | group_session |
            | s1      | Ana       | c1     | 2026-10-01 09:00 | false   |               |
            | s2      | Ana       | c2     | 2026-10-08 09:00 | true    | g1            |
        """,
    )
    assert found == []
