"""repeated_over_threshold_days: over-threshold days in runs of three or more ÷ over-threshold days.

The client of each day is named after it, so that a row out can be told by its day.
"""


def test_three_worked_days_in_succession_make_a_run_and_two_do_not(items, drawn):
    found = items(
        "repeated_over_threshold_days",
        therapist_days="""
            | therapist | local_date | clients | is_over_threshold |
            | Ana       | 2026-10-05 | oct05   | true              |
            | Ana       | 2026-10-06 | oct06   | true              |
            | Ana       | 2026-10-07 | oct07   | true              |
            | Ana       | 2026-10-08 | oct08   | false             |
            | Ana       | 2026-10-09 | oct09   | true              |
            | Ana       | 2026-10-12 | oct12   | true              |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | oct05   | yes  |
            | Ana       | oct06   | yes  |
            | Ana       | oct07   | yes  |
            | Ana       | oct09   | no   |
            | Ana       | oct12   | no   |
        """)


def test_days_off_do_not_break_a_run_but_a_worked_day_without_a_threshold_does(items, drawn):
    found = items(
        "repeated_over_threshold_days",
        therapist_days="""
            | therapist | local_date | clients | is_over_threshold |
            | Ana       | 2026-10-02 | oct02   | true              |
            | Ana       | 2026-10-05 | oct05   | true              |
            | Ana       | 2026-10-19 | oct19   | true              |
            | Ben       | 2026-10-05 | ben05   | true              |
            | Ben       | 2026-10-06 | ben06   | true              |
            | Ben       | 2026-10-07 | ben07   |                   |
            | Ben       | 2026-10-08 | ben08   | true              |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | oct02   | yes  |
            | Ana       | oct05   | yes  |
            | Ana       | oct19   | yes  |
            | Ben       | ben05   | no   |
            | Ben       | ben06   | no   |
            | Ben       | ben08   | no   |
        """)


def test_runs_are_followed_over_both_borders_of_the_month_whose_days_alone_count(items, drawn):
    found = items(
        "repeated_over_threshold_days",
        therapist_days="""
            | therapist | local_date | clients | is_over_threshold |
            | Ana       | 2026-09-29 | sep29   | true              |
            | Ana       | 2026-09-30 | sep30   | true              |
            | Ana       | 2026-10-01 | oct01   | true              |
            | Ana       | 2026-10-02 | oct02   | false             |
            | Ana       | 2026-10-31 | oct31   | true              |
            | Ana       | 2026-11-02 | nov02   | true              |
            | Ana       | 2026-11-03 | nov03   | true              |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | oct01   | yes  |
            | Ana       | oct31   | yes  |
        """)


def test_colleagues_runs_are_not_joined(items, drawn):
    found = items(
        "repeated_over_threshold_days",
        therapist_days="""
            | therapist | local_date | clients | is_over_threshold |
            | Ana       | 2026-10-05 | oct05   | true              |
            | Ana       | 2026-10-06 | oct06   | true              |
            | Ben       | 2026-10-07 | oct07   | true              |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | oct05   | no   |
            | Ana       | oct06   | no   |
            | Ben       | oct07   | no   |
        """)
