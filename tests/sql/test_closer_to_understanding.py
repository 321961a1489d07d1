"""closer_to_understanding: responses of 3 or 4 ÷ responses."""


def test_three_and_four_are_closer_and_who_said_nothing_of_it_is_no_response(items, drawn):
    found = items(
        "closer_to_understanding",
        feedback="""
            | therapist | client | is_individual | is_answered | closer_to_understanding | alliance | is_over_threshold |
            | Ana       | c1     | true          | true        | 3                       |          | true              |
            | Ana       | c2     | true          | true        | 2                       |          |                   |
            | Ana       | c3     | true          | true        |                         | 9        | false             |
            | Ana       | c4     | true          | false       |                         |          | false             |
            | Ana       | c5     | false         | true        | 4                       |          | false             |
            | Ben       | c6     | true          | true        | 4                       | 2        | false             |
            |           |        |               | true        |                         |          |                   |
        """,
    )
    # c5's was a group session, the last a session that nobody knows
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | yes  |
            | Ana       | c2      | no   |
            | Ben       | c6      | yes  |
        """)


def test_a_day_of_which_no_threshold_is_known_is_among_the_other_days(atoms, drawn):
    found = atoms(
        "closer_to_understanding", "breakdown breakdown_value base part",
        rosters="""
            | therapist | reporting_unit |
            | Ana       | Quay           |
            | Ben       | Quay           |
        """,
        feedback="""
            | therapist | client | is_individual | is_answered | closer_to_understanding | alliance | is_over_threshold |
            | Ana       | c1     | true          | true        | 3                       |          | true              |
            | Ana       | c2     | true          | true        | 2                       |          |                   |
            | Ana       | c3     | true          | true        |                         | 9        | false             |
            | Ana       | c4     | true          | false       |                         |          | false             |
            | Ana       | c5     | false         | true        | 4                       |          | false             |
            | Ben       | c6     | true          | true        | 4                       | 2        | false             |
            |           |        |               | true        |                         |          |                   |
        """,
    )  # fmt: skip
    assert sorted(found, key=lambda row: tuple(row.values())) == drawn("""
            | breakdown | breakdown_value | base | part |
            |           |                 | 3    | 2    |
            | load      | over            | 1    | 1    |
            | load      | other           | 2    | 1    |
            | load      |                 | 0    | 0    |
        """)
