"""repeated_over_threshold_days: weeks with three or more over-threshold days ÷ weeks with a declared threshold.

The clients of a week are named after its days, so that a row out can be told by them. 5 October 2026 is a Monday.
"""


def test_three_over_threshold_days_anywhere_in_a_week_are_the_part_and_two_are_not(items, drawn):
    found = items(
        "repeated_over_threshold_days",
        therapist_days="""
            | therapist | local_date | clients | daily_sessions | is_over_threshold |
            | Ana       | 2026-08-03 | aug03   | 5              | true              |
            | Ana       | 2026-08-04 | aug04   | 5              | false             |
            | Ana       | 2026-08-05 | aug05   | 5              | true              |
            | Ana       | 2026-08-09 | aug09   | 5              | true              |
            | Ana       | 2026-08-10 | aug10   | 5              | true              |
            | Ana       | 2026-08-11 | aug11   | 5              | true              |
            | Ben       | 2026-08-05 | ben05   | 4              | true              |
        """,
    )
    assert found == drawn("""
            | therapist | clients                 | part |
            | Ana       | aug03 aug04 aug05 aug09 | yes  |
            | Ana       | aug10 aug11             | no   |
            | Ben       | ben05                   | no   |
        """)


def test_days_without_a_threshold_make_no_week_and_add_nothing_to_one(items, drawn):
    found = items(
        "repeated_over_threshold_days",
        therapist_days="""
            | therapist | local_date | clients | daily_sessions | is_over_threshold |
            | Ana       | 2026-08-03 | aug03   |                |                   |
            | Ana       | 2026-08-04 | aug04   |                |                   |
            | Ben       | 2026-08-03 | ben03   |                |                   |
            | Ben       | 2026-08-04 | ben04   | 3              | true              |
            | Ben       | 2026-08-05 | ben05   | 3              | true              |
        """,
    )
    assert found == drawn("""
            | therapist | clients     | part |
            | Ben       | ben04 ben05 | no   |
        """)


def test_a_week_belongs_to_the_quarter_of_its_monday_and_is_followed_into_the_next_month(items, drawn):
    # 29 June and 28 September 2026 are Mondays: the first week of July is the last of the second quarter
    found = items(
        "repeated_over_threshold_days",
        therapist_days="""
            | therapist | local_date | clients | daily_sessions | is_over_threshold |
            | Ana       | 2026-06-29 | jun29   | 5              | true              |
            | Ana       | 2026-07-01 | jul01   | 5              | true              |
            | Ana       | 2026-07-02 | jul02   | 5              | true              |
            | Ana       | 2026-07-06 | jul06   | 5              | false             |
            | Ana       | 2026-09-29 | sep29   | 5              | true              |
            | Ana       | 2026-10-01 | oct01   | 5              | true              |
            | Ana       | 2026-10-04 | oct04   | 5              | true              |
            | Ana       | 2026-10-05 | oct05   | 5              | true              |
        """,
    )
    assert found == drawn("""
            | therapist | clients           | part |
            | Ana       | jul06             | no   |
            | Ana       | oct01 oct04 sep29 | yes  |
        """)
