"""needs_covered: stated needs that the paired therapist declares ÷ stated needs."""


def test_each_stated_need_of_a_pairing_is_asked_about_where_it_is_known_what_the_therapist_covers(items, drawn):
    found = items(
        "needs_covered",
        pairings="""
            | therapist | client | outcome            | needs        | covered_needs |
            | Ana       | c1     | paired             | grief; sleep | sleep         |
            | Ana       | c2     | paired             | panic        | -             |
            | Ana       | c3     | paired             | panic        |               |
            | Ana       | c4     | paired             |              |               |
            | Ben       | c5     | therapist_had_left | grief        | grief         |
            |           | c6     | not_paired         | grief        |               |
        """,
    )
    # of who declares nothing (c3) it is unknown what they cover; who covers none of the needs (c2) is no unknown
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | no   |
            | Ana       | c1      | yes  |
            | Ana       | c2      | no   |
        """)
