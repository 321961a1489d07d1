"""core.feedback: answers with their session, its therapist and its day."""

PLATFORM = {
    "therapists": """
        | therapist | team_id |
        | Ana       | T1      |
        | Ben       | T1      |
    """,
    "thresholds": """
        | therapist | valid_from | daily_sessions |
        | Ana       | 2026-01-01 | 1              |
    """,
    "sessions": """
        | session | therapist | client | starts_at            | ends_at              | status   |
        | s1      | Ana       | c1     | 2026-10-01T08:00:00Z | 2026-10-01T08:50:00Z | attended |
        | s2      | Ana       | c2     | 2026-10-01T09:00:00Z | 2026-10-01T09:50:00Z | attended |
        | s3      | Ana       | c1     | 2026-10-02T08:00:00Z | 2026-10-02T08:50:00Z | attended |
        | s4      | Ben       | c3     | 2026-10-31T08:00:00Z | 2026-10-31T08:50:00Z | attended |
        | s5      | Ben       | c3     | 2026-09-01T08:00:00Z | 2026-09-01T08:50:00Z | attended |
        | s6      | Ana       | c1     | 2026-10-03T08:00:00Z | 2026-10-03T08:50:00Z | no_show  |
    """,
}


def test_an_answer_lies_with_its_session_and_says_whether_the_day_was_over_the_threshold(built, drawn):
    found = built(
        "feedback", "session therapist client local_date status is_answered closer_to_understanding alliance is_over_threshold",
        **PLATFORM,
        feedback="""
            | session | submitted_at         | closer_to_understanding | alliance |
            | s1      | 2026-10-01T10:00:00Z | 2                       |          |
            | s1      | 2026-10-02T10:00:00Z |                         | 6        |
            | s1      | 2026-10-03T10:00:00Z | 4                       |          |
            | s3      | 2026-10-02T10:00:00Z | 3                       | 7        |
            | s3      | 2026-10-02T11:00:00Z |                         |          |
            | s4      | 2026-11-02T10:00:00Z | 1                       |          |
            | s5      | 2026-10-02T10:00:00Z | 1                       |          |
            | s6      | 2026-10-03T10:00:00Z | 0                       |          |
        """,
    )  # fmt: skip
    # s5 is September's, though answered in October
    assert found == drawn("""
            | session | therapist | client | local_date | status   | is_answered | closer_to_understanding | alliance | is_over_threshold |
            | s1      | Ana       | c1     | 2026-10-01 | attended | yes         | 4                       | 6        | yes               |
            | s2      | Ana       | c2     | 2026-10-01 | attended | no          |                         |          | yes               |
            | s3      | Ana       | c1     | 2026-10-02 | attended | yes         | 3                       | 7        | no                |
            | s4      | Ben       | c3     | 2026-10-31 | attended | yes         | 1                       |          |                   |
            | s6      | Ana       | c1     | 2026-10-03 | no_show  | yes         | 0                       |          |                   |
    """)


def test_an_answer_to_a_session_that_nobody_knows_is_there_with_nobody(built, drawn):
    found = built(
        "feedback", "session therapist is_answered is_individual",
        **PLATFORM | {"sessions": PLATFORM["sessions"].splitlines()[1]},
        feedback="""
            | session | submitted_at         | closer_to_understanding |
            | x1      | 2026-10-01T10:00:00Z | 2                       |
            | x2      | 2026-11-01T10:00:00Z | 2                       |
            | x3      | 2026-10-01T10:00:00Z |                         |
        """,
    )  # fmt: skip
    assert found == drawn("""
            | session | therapist | is_answered | is_individual |
            | x1      |           | yes         |               |
    """)
