"""core.first_sessions: the first three sessions of a client who had asked for a therapist."""

THERAPISTS = """
    | therapist | team_id |
    | Ana       | T1      |
    | Ben       | T1      |
"""


def test_a_wait_is_counted_from_the_first_request_before_the_first_session(built, drawn):
    found = built(
        "first_sessions", "client therapist local_date session_number requested_on wait_days", therapists=THERAPISTS,
        sessions="""
            | session | therapist | client | starts_at            | status   |
            | s1      | Ana       | c1     | 2026-10-20T08:00:00Z | attended |
            | s2      | Ana       | c2     | 2026-06-01T08:00:00Z | attended |
            | s3      | Ben       | c2     | 2026-10-20T08:00:00Z | attended |
            | s4      | Ana       | c3     | 2026-10-20T08:00:00Z | attended |
            | s5      | Ben       | c4     | 2026-09-30T22:30:00Z | attended |
            | s6      | Ana       | c4     | 2026-10-20T08:00:00Z | no_show  |
            | s7      | Ana       | c4     | 2026-10-31T23:30:00Z | attended |
            | s8      | Ana       | c5     | 2025-09-01T08:00:00Z | attended |
            | s9      | Ana       | c5     | 2026-10-06T08:00:00Z | attended |
        """,
        requests="""
            | request | client | requested_at         |
            | r1      | c1     | 2026-10-01T08:00:00Z |
            | r2      | c1     | 2026-10-08T08:00:00Z |
            | r4      | c2     | 2026-10-13T08:00:00Z |
            | r5      | c3     | 2026-10-21T08:00:00Z |
            | r6      | c4     | 2026-09-28T08:00:00Z |
            | r7      | c5     | 2026-10-05T08:00:00Z |
        """,
    )  # fmt: skip
    # c2 was in care before they asked, c3 asked after they were seen; c4's first session is at half past midnight of the
    # 1st in Berlin, the next in November; c5 was not seen for a year
    assert found == drawn("""
            | client | therapist | local_date | session_number | requested_on | wait_days |
            | c1     | Ana       | 2026-10-20 | 1              | 2026-10-01   | 19        |
            | c4     | Ben       | 2026-10-01 | 1              | 2026-09-28   | 3         |
            | c5     | Ana       | 2026-10-06 | 1              | 2026-10-05   | 1         |
    """)


def test_an_early_rematch_is_seen_at_the_third_session(built, drawn):
    found = built(
        "first_sessions", "client therapist session_number is_early_rematch", therapists=THERAPISTS,
        sessions="""
            | session | therapist | client | starts_at            | status   |
            | s1      | Ana       | c1     | 2026-09-20T08:00:00Z | attended |
            | s2      | Ben       | c1     | 2026-10-01T08:00:00Z | attended |
            | s3      | Ben       | c1     | 2026-10-08T08:00:00Z | attended |
            | s4      | Ana       | c2     | 2026-09-01T08:00:00Z | attended |
            | s5      | Ana       | c2     | 2026-09-08T08:00:00Z | attended |
            | s6      | Ana       | c2     | 2026-10-15T08:00:00Z | attended |
            | s7      | Ben       | c2     | 2026-10-22T08:00:00Z | attended |
            | s8      | Ana       | c3     | 2026-09-01T08:00:00Z | attended |
            | s9      | Ana       | c3     | 2026-09-08T08:00:00Z | attended |
            | sa      | Ben       | c3     | 2026-10-31T22:00:00Z | attended |
        """,
        requests="""
            | request | client | requested_at         |
            | r1      | c1     | 2026-09-01T08:00:00Z |
            | r2      | c2     | 2026-08-20T08:00:00Z |
            | r3      | c3     | 2026-08-20T08:00:00Z |
        """,
    )  # fmt: skip
    assert found == drawn("""
            | client | therapist | session_number | is_early_rematch |
            | c1     | Ben       | 2              |                  |
            | c1     | Ben       | 3              | yes              |
            | c2     | Ana       | 3              | no               |
            | c3     | Ben       | 3              | yes              |
    """)
