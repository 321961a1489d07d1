"""core.clients_seen: whom a therapist saw in the month, and what came after the last time."""

THERAPISTS = """
    | therapist | team_id |
    | Ana       | T1      |
    | Ben       | T1      |
"""


def test_a_return_is_a_session_with_anyone_within_six_weeks(built, drawn):
    found = built(
        "clients_seen", "client therapist last_attended_on has_returned has_planned_ending", therapists=THERAPISTS,
        sessions="""
            | session | therapist | client | starts_at            | status   | group_session |
            | s0      | Ana       | c5     | 2026-10-03T08:00:00Z | attended | g1            |
            | s1      | Ana       | c1     | 2026-10-03T08:00:00Z | attended |               |
            | s2      | Ana       | c1     | 2026-10-10T08:00:00Z | attended |               |
            | s3      | Ben       | c1     | 2026-11-21T08:00:00Z | attended |               |
            | s4      | Ana       | c2     | 2026-10-10T08:00:00Z | attended |               |
            | s5      | Ana       | c2     | 2026-11-22T08:00:00Z | attended |               |
            | s6      | Ana       | c3     | 2026-10-10T08:00:00Z | attended |               |
            | s7      | Ana       | c3     | 2026-10-17T08:00:00Z | no_show  |               |
            | s8      | Ana       | c4     | 2026-10-31T22:30:00Z | attended |               |
            | s9      | Ana       | c4     | 2026-12-12T08:00:00Z | attended |               |
        """,
        endings="""
            | client | therapist | ended_on   | ending         |
            | c2     | Ana       | 2026-11-23 | planned        |
            | c3     | Ana       | 2026-10-17 | planned        |
            | c4     | Ana       | 2026-11-01 | client_stopped |
        """,
    )  # fmt: skip
    assert found == drawn("""
            | client | therapist | last_attended_on | has_returned | has_planned_ending |
            | c1     | Ana       | 2026-10-10       | yes          | no                 |
            | c2     | Ana       | 2026-10-10       | no           | no                 |
            | c3     | Ana       | 2026-10-10       | no           | yes                |
            | c4     | Ana       | 2026-10-31       | yes          | no                 |
    """)
