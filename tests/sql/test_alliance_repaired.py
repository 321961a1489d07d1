"""alliance_repaired: low first alliances that rose ÷ endings with a low first alliance, rated again."""


def test_a_first_rating_of_six_or_less_that_rose_is_repaired(items, drawn):
    found = items(
        "alliance_repaired",
        endings="""
            | therapist | client | attended_sessions | alliance_answers | first_alliance | last_alliance |
            | Ana       | c1     | 5                 | 2                | 6              | 6.5           |
            | Ana       | c2     | 5                 | 3                | 4              | 4             |
            | Ana       | c3     | 5                 | 3                | 5              | 3             |
            | Ana       | c4     | 5                 | 2                | 6.5            | 9             |
            | Ana       | c5     | 5                 | 1                | 2              | 2             |
            | Ana       | c6     | 5                 | 0                |                |               |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | yes  |
            | Ana       | c2      | no   |
            | Ana       | c3      | no   |
        """)
