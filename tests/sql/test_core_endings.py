"""core.endings: how a client's work with a therapist ended, and what the client said of the alliance before."""

THERAPISTS = """
    | therapist | team_id |
    | Ana       | T1      |
    | Ben       | T1      |
"""


def test_an_ending_closes_the_sessions_since_the_ending_before(built, drawn):
    found = built(
        "endings", "client therapist ended_on ending attended_sessions", therapists=THERAPISTS,
        sessions="""
            | session | therapist | client | starts_at            | status    |
            | s1      | Ana       | c1     | 2026-08-04T08:00:00Z | attended  |
            | s2      | Ana       | c1     | 2026-08-11T08:00:00Z | attended  |
            | s3      | Ana       | c1     | 2026-09-01T08:00:00Z | attended  |
            | s4      | Ana       | c1     | 2026-09-08T08:00:00Z | no_show   |
            | s5      | Ana       | c1     | 2026-10-06T08:00:00Z | attended  |
            | s6      | Ben       | c1     | 2026-10-01T08:00:00Z | attended  |
            | s7      | Ana       | c1     | 2026-10-07T08:00:00Z | attended  |
            | s8      | Ana       | c2     | 2026-10-12T08:00:00Z | attended  |
        """,
        endings="""
            | client | therapist | ended_on   | ending         |
            | c1     | Ana       | 2026-08-10 | client_stopped |
            | c1     | Ana       | 2026-10-05 | planned        |
            | c2     | Ana       | 2026-10-09 | lost_contact   |
            | c1     | Ben       | 2026-11-09 | planned        |
        """,
    )  # fmt: skip
    # s2, of the day after the ending in August, belongs to it; c2 was first seen after the work had ended
    assert found == drawn("""
            | client | therapist | ended_on   | ending       | attended_sessions |
            | c1     | Ana       | 2026-10-05 | planned      | 2                 |
            | c2     | Ana       | 2026-10-09 | lost_contact | 0                 |
    """)


def test_the_alliance_is_told_by_the_first_and_the_last_answer(built, drawn):
    found = built(
        "endings", "client alliance_answers first_alliance last_alliance", therapists=THERAPISTS,
        sessions="""
            | session | therapist | client | starts_at            | status   |
            | s1      | Ana       | c1     | 2026-09-10T08:00:00Z | attended |
            | s2      | Ana       | c1     | 2026-09-17T08:00:00Z | attended |
            | s3      | Ana       | c1     | 2026-10-10T08:00:00Z | attended |
            | s4      | Ana       | c2     | 2026-10-10T08:00:00Z | attended |
        """,
        endings="""
            | client | therapist | ended_on   | ending         |
            | c1     | Ana       | 2026-10-10 | planned        |
            | c2     | Ana       | 2026-10-11 | client_stopped |
        """,
        feedback="""
            | session | submitted_at         | alliance | closer_to_understanding |
            | s1      | 2026-09-12T08:00:00Z | 9        |                         |
            | s1      | 2026-09-30T08:00:00Z | 4        |                         |
            | s2      | 2026-09-18T08:00:00Z |          | 3                       |
            | s3      | 2026-10-11T08:00:00Z | 7        | 2                       |
        """,
    )  # fmt: skip
    assert found == drawn("""
            | client | alliance_answers | first_alliance | last_alliance |
            | c1     | 2                | 4              | 7             |
            | c2     | 0                |                |               |
    """)
