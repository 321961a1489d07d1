"""ended_before_client_wanted: endings that came too early for the client ÷ endings."""


def test_what_nobody_noted_is_not_in_the_part(items, drawn):
    found = items(
        "ended_before_client_wanted",
        endings="""
            | therapist | client | attended_sessions | earlier_than_client_wanted |
            | Ana       | c1     | 5                 | true                       |
            | Ana       | c2     | 1                 | false                      |
            | Ana       | c3     | 2                 |                            |
            | Ana       | c4     | 0                 | true                       |
        """,
    )
    # c4's work ended before its first session: nothing has ended
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | yes  |
            | Ana       | c2      | no   |
            | Ana       | c3      | no   |
        """)
