"""over_threshold_days: days above the therapist's own threshold ÷ days with a declared threshold."""


def test_a_day_is_measured_against_the_threshold_of_that_day_and_of_no_other(items, drawn):
    found = items(
        "over_threshold_days",
        therapist_days="""
            | therapist | local_date | clients     | attended_sessions | daily_sessions | is_over_threshold |
            | Ana       | 2026-10-01 | c1 c2 c3    | 3                 | 3              | false             |
            | Ana       | 2026-10-02 | c1 c2 c3 c4 | 4                 | 3              | true              |
            | Ana       | 2026-10-05 | c1 c2 c3 c4 | 4                 | 5              | false             |
            | Ben       | 2026-10-01 | c7          | 1                 |                |                   |
        """,
    )
    assert found == drawn("""
            | therapist | clients     | part |
            | Ana       | c1 c2 c3    | no   |
            | Ana       | c1 c2 c3 c4 | yes  |
            | Ana       | c1 c2 c3 c4 | no   |
        """)


def test_without_any_declared_threshold_nothing_is_counted(items):
    days = """
        | therapist | local_date | clients | attended_sessions |
        | Ben       | 2026-10-01 | c7      | 14                |
    """
    assert items("over_threshold_days", therapist_days=days) == []
