"""threshold_coverage: days with a declared threshold ÷ days worked."""


def test_every_worked_day_counts_and_those_with_a_threshold_are_the_part(items, drawn):
    found = items(
        "threshold_coverage",
        therapist_days="""
            | therapist | local_date | clients | daily_sessions |
            | Ana       | 2026-10-01 | c1 c2   |                |
            | Ana       | 2026-10-02 | c1      | 5              |
            | Ben       | 2026-10-01 | c3      |                |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1 c2   | no   |
            | Ana       | c1      | yes  |
            | Ben       | c3      | no   |
        """)
