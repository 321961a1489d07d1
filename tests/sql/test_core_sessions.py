"""core.sessions: the day of a session in its team's time zone, and its place in the therapist's day."""

TEAMS = """
    | team_id | timezone            |
    | T1      |                     |
    | T2      | Australia/Lord_Howe |
    | T3      | Pacific/Kiritimati  |
    | T4      | Pacific/Pago_Pago   |
"""
THERAPISTS = """
    | therapist | team_id |
    | Ana       | T1      |
    | Lou       | T2      |
    | Kit       | T3      |
    | Pat       | T4      |
"""


def test_a_session_over_the_hour_in_which_clocks_are_set_has_two_offsets(built, drawn):
    found = built(
        "sessions", "session starts_local ends_local duration_minutes", teams=TEAMS, therapists=THERAPISTS,
        sessions="""
            | session | therapist | client | starts_at            | ends_at              | status   |
            | s1      | Ana       | c1     | 2026-10-25T00:30:00Z | 2026-10-25T01:20:00Z | attended |
            | s2      | Ana       | c1     | 2026-10-25T01:00:00Z | 2026-10-25T01:50:00Z | attended |
            | s3      | Lou       | c2     | 2026-10-03T15:00:00Z | 2026-10-03T15:50:00Z | attended |
            | s4      | Lou       | c2     | 2026-10-03T15:30:00Z | 2026-10-03T16:20:00Z | attended |
            | s5      | Joe       | c3     | 2026-10-24T23:59:59Z | 2026-11-30T00:00:29Z | attended |
        """,
    )  # fmt: skip
    # in Berlin three becomes two at 01:00 UTC on the 25th; on Lord Howe two becomes half past two at 15:30 UTC on the 3rd; Joe is
    # in no register, so has the organisation's time zone
    assert found == drawn("""
            | session | starts_local        | ends_local          | duration_minutes |
            | s1      | 2026-10-25 02:30:00 | 2026-10-25 02:20:00 | 50               |
            | s2      | 2026-10-25 02:00:00 | 2026-10-25 02:50:00 | 50               |
            | s3      | 2026-10-04 01:30:00 | 2026-10-04 02:50:00 | 50               |
            | s4      | 2026-10-04 02:30:00 | 2026-10-04 03:20:00 | 50               |
            | s5      | 2026-10-25 01:59:59 | 2026-11-30 01:00:29 | 51840.5          |
    """)


def test_a_month_begins_and_ends_where_the_team_is(built, drawn):
    found = built(
        "sessions", "session local_date", teams=TEAMS, therapists=THERAPISTS,
        sessions="""
            | session | therapist | client | starts_at            | ends_at              | status   |
            | k1      | Kit       | c1     | 2026-09-30T09:59:00Z | 2026-09-30T10:50:00Z | attended |
            | k2      | Kit       | c1     | 2026-09-30T10:00:00Z | 2026-09-30T10:50:00Z | attended |
            | k3      | Kit       | c1     | 2026-10-31T10:00:00Z | 2026-10-31T10:50:00Z | attended |
            | p1      | Pat       | c2     | 2026-10-01T10:59:00Z | 2026-10-01T11:50:00Z | attended |
            | p2      | Pat       | c2     | 2026-10-01T11:00:00Z | 2026-10-01T11:50:00Z | attended |
            | p3      | Pat       | c2     | 2026-11-01T10:59:00Z | 2026-11-01T11:50:00Z | attended |
        """,
    )  # fmt: skip
    assert found == drawn("""
            | session | local_date |
            | k2      | 2026-10-01 |
            | p2      | 2026-10-01 |
            | p3      | 2026-10-31 |
    """)


def test_gaps_and_notice_are_counted_over_the_hour_that_comes_twice(built, drawn):
    found = built(
        "sessions", "session session_of_day gap_minutes cancellation_notice_hours", teams=TEAMS, therapists=THERAPISTS,
        sessions="""
            | session | therapist | client | starts_at            | ends_at              | status              | cancelled_at         |
            | s1      | Ana       | c1     | 2026-10-25T00:00:00Z | 2026-10-25T00:50:00Z | attended            |                      |
            | s2      | Ana       | c2     | 2026-10-25T01:10:30Z | 2026-10-25T02:00:00Z | attended            |                      |
            | s3      | Ana       | c3     | 2026-10-25T01:45:00Z | 2026-10-25T02:30:00Z | attended            |                      |
            | s4      | Ana       | c4     | 2026-10-25T12:00:00Z | 2026-10-25T12:50:00Z | cancelled_by_client | 2026-10-24T11:30:00Z |
        """,
    )  # fmt: skip
    assert found == drawn("""
            | session | session_of_day | gap_minutes | cancellation_notice_hours |
            | s1      | 1              |             |                           |
            | s2      | 2              | 20.5        |                           |
            | s3      | 3              | -15         |                           |
            | s4      |                |             | 24.5                      |
    """)
