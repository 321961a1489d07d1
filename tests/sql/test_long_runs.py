"""long_runs: days with four or more sessions in a row ÷ days with two or more sessions."""


def test_four_in_a_row_is_a_long_run_and_three_is_not_and_a_day_of_one_session_is_not_asked(items, drawn):
    found = items(
        "long_runs",
        therapist_days="""
            | therapist | local_date | clients     | attended_sessions | longest_run |
            | Ana       | 2026-10-01 | c1 c2 c3 c4 | 6                 | 3           |
            | Ana       | 2026-10-02 | c1 c2 c3 c4 | 4                 | 4           |
            | Ana       | 2026-10-05 | c1 c2 c3    | 3                 | 3           |
            | Ben       | 2026-10-01 | c5          | 1                 | 1           |
        """,
    )
    assert found == drawn("""
            | therapist | clients     | part |
            | Ana       | c1 c2 c3 c4 | no   |
            | Ana       | c1 c2 c3 c4 | yes  |
            | Ana       | c1 c2 c3    | no   |
        """)
