"""quota_pull: days nearer the unit's most usual count than the own threshold ÷ days with a declared threshold.

The client of each day is named after its count, so that a row out can be told by it.
"""

ROSTERS = """
    | therapist | reporting_unit |
    | Ana       | Harbour        |
    | Ben       | Harbour        |
    | Cem       | Willow         |
"""


def test_a_day_strictly_nearer_the_usual_count_than_the_own_threshold_is_the_part(items, drawn):
    # Harbour's most usual count is 6 (three days of six); five lies half way to four; Ben's six is his own threshold too
    found = items(
        "quota_pull",
        rosters=ROSTERS,
        therapist_days="""
            | therapist | local_date | clients | attended_sessions | daily_sessions |
            | Ana       | 2026-10-01 | six     | 6                 | 4              |
            | Ana       | 2026-10-02 | five    | 5                 | 4              |
            | Ana       | 2026-10-05 | four    | 4                 | 4              |
            | Ana       | 2026-10-06 | six     | 6                 | 4              |
            | Ben       | 2026-10-01 | six     | 6                 | 6              |
            | Ben       | 2026-10-02 | two     | 2                 | 3              |
            | Ben       | 2026-10-05 | nine    | 9                 | 8              |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | five    | no   |
            | Ana       | four    | no   |
            | Ana       | six     | yes  |
            | Ana       | six     | yes  |
            | Ben       | nine    | no   |
            | Ben       | six     | no   |
            | Ben       | two     | no   |
        """)


def test_of_two_equally_usual_counts_the_smaller_is_taken(items, drawn):
    # 3 and 5 are equally usual: 3 is taken, so no day with a threshold of 3 is nearer to it than to the threshold
    found = items(
        "quota_pull",
        rosters=ROSTERS,
        therapist_days="""
            | therapist | local_date | clients | attended_sessions | daily_sessions |
            | Ana       | 2026-10-01 | five    | 5                 | 5              |
            | Ana       | 2026-10-02 | three   | 3                 | 5              |
            | Ben       | 2026-10-01 | five    | 5                 | 3              |
            | Ben       | 2026-10-02 | three   | 3                 | 3              |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | five    | no   |
            | Ana       | three   | yes  |
            | Ben       | five    | no   |
            | Ben       | three   | no   |
        """)


def test_each_unit_has_its_own_usual_count_and_days_without_a_threshold_do_not_shape_it(items, drawn):
    # Harbour's usual count is 4 from Ben's day alone; Willow's is 7
    found = items(
        "quota_pull",
        rosters=ROSTERS,
        therapist_days="""
            | therapist | local_date | clients | attended_sessions | daily_sessions |
            | Ana       | 2026-10-01 | seven   | 7                 |                |
            | Ana       | 2026-10-02 | seven   | 7                 |                |
            | Ben       | 2026-10-01 | four    | 4                 | 6              |
            | Cem       | 2026-10-01 | seven   | 7                 | 4              |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ben       | four    | yes  |
            | Cem       | seven   | yes  |
        """)


def test_a_therapist_on_no_roster_neither_counts_nor_shapes_the_usual_count(items, drawn):
    found = items(
        "quota_pull",
        rosters=ROSTERS,
        therapist_days="""
            | therapist | local_date | clients | attended_sessions | daily_sessions |
            | Cem       | 2026-10-01 | four    | 4                 | 5              |
            | New       | 2026-10-01 | nine    | 9                 | 5              |
            | New       | 2026-10-02 | nine    | 9                 | 5              |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Cem       | four    | yes  |
        """)
