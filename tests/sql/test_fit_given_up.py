"""fit_given_up: pairings that gave up a quarter or more of the fit that was feasible ÷ pairings."""


def test_a_quarter_of_the_needs_or_more_is_given_up(items, drawn):
    found = items(
        "fit_given_up",
        pairings="""
            | therapist | client | outcome            | fit  | best_feasible_fit |
            | Ana       | c1     | paired             | 0.75 | 1                 |
            | Ana       | c2     | paired             | 0.8  | 1                 |
            | Ana       | c3     | paired             | 1    | 0.5               |
            | Ana       | c4     | paired             | 0    |                   |
            | Ana       | c5     | paired             |      | 1                 |
            | Ben       | c6     | therapist_had_left | 0    | 1                 |
        """,
    )
    # c3's therapist had no room of their own that day, and fits better than all who had; for c4 nobody was feasible
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | yes  |
            | Ana       | c2      | no   |
            | Ana       | c3      | no   |
            | Ana       | c4      | no   |
            | Ana       | c5      | no   |
        """)
