"""ended_before_therapist_planned: endings that came before the therapist had planned ÷ endings."""


def test_what_nobody_noted_is_not_in_the_part(items, drawn):
    found = items(
        "ended_before_therapist_planned",
        endings="""
            | therapist | client | attended_sessions | earlier_than_therapist_planned |
            | Ana       | c1     | 5                 | true                           |
            | Ana       | c2     | 1                 | false                          |
            | Ana       | c3     | 2                 |                                |
            | Ana       | c4     | 0                 | true                           |
        """,
    )
    # c4's work ended before its first session: nothing has ended
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | yes  |
            | Ana       | c2      | no   |
            | Ana       | c3      | no   |
        """)
