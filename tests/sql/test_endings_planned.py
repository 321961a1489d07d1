"""endings_planned: planned endings ÷ endings."""


def test_every_way_of_ending_but_the_planned_is_the_rest(items, drawn):
    found = items(
        "endings_planned",
        endings="""
            | therapist | client | attended_sessions | ending         |
            | Ana       | c1     | 5                 | planned        |
            | Ana       | c2     | 1                 | client_stopped |
            | Ana       | c3     | 2                 | lost_contact   |
            | Ana       | c4     | 2                 | transferred    |
            | Ana       | c5     | 0                 | planned        |
        """,
    )
    # c5's work ended before its first session: nothing has ended
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | yes  |
            | Ana       | c2      | no   |
            | Ana       | c3      | no   |
            | Ana       | c4      | no   |
        """)
