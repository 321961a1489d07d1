"""core.client_episodes: one client's work with one therapist, up to its ending."""

COLUMNS = "client therapist first_attended_on last_attended_on attended_sessions attended_in_month has_begun"
THERAPISTS = """
    | therapist | team_id |
    | Ana       | T1      |
    | Ben       | T1      |
"""


def test_an_episode_is_told_as_it_stood_when_the_month_was_over(built, drawn):
    found = built(
        "client_episodes", COLUMNS, therapists=THERAPISTS,
        sessions="""
            | session | therapist | client | starts_at            | status   |
            | s1      | Ana       | c1     | 2026-08-03T08:00:00Z | attended |
            | s2      | Ana       | c1     | 2026-09-30T22:30:00Z | attended |
            | s3      | Ana       | c1     | 2026-10-20T08:00:00Z | no_show  |
            | s4      | Ana       | c1     | 2026-11-02T08:00:00Z | attended |
            | s5      | Ben       | c1     | 2026-10-31T22:30:00Z | attended |
            | s6      | Ana       | c2     | 2026-09-30T21:30:00Z | attended |
            | s7      | Ben       | c3     | 2026-10-31T23:30:00Z | attended |
        """,
    )  # fmt: skip
    # s2 is at half past midnight of 1 October in Berlin, s5 at half past eleven of the 31st; c2 and c3 are of other months
    assert found == drawn("""
            | client | therapist | first_attended_on | last_attended_on | attended_sessions | attended_in_month | has_begun |
            | c1     | Ana       | 2026-08-03        | 2026-10-01       | 2                 | 1                 | no        |
            | c1     | Ben       | 2026-10-31        | 2026-10-31       | 1                 | 1                 | yes       |
    """)


def test_after_an_ending_another_episode_begins_but_not_on_the_day_after(built, drawn):
    found = built(
        "client_episodes", "client therapist first_attended_on last_attended_on attended_sessions ended_on ending", therapists=THERAPISTS,
        sessions="""
            | session | therapist | client | starts_at            | status   |
            | s1      | Ana       | c1     | 2026-09-01T08:00:00Z | attended |
            | s2      | Ana       | c1     | 2026-10-06T08:00:00Z | attended |
            | s3      | Ana       | c1     | 2026-10-20T08:00:00Z | attended |
        """,
        endings="""
            | client | therapist | ended_on   | ending         |
            | c1     | Ana       | 2026-10-05 | planned        |
            | c2     | Ana       | 2026-10-09 | client_stopped |
            | c1     | Ana       | 2026-11-09 | lost_contact   |
        """,
    )  # fmt: skip
    assert found == drawn("""
            | client | therapist | first_attended_on | last_attended_on | attended_sessions | ended_on   | ending         |
            | c1     | Ana       | 2026-09-01        | 2026-10-06       | 2                 | 2026-10-05 | planned        |
            | c1     | Ana       | 2026-10-20        | 2026-10-20       | 1                 |            |                |
            | c2     | Ana       |                   |                  | 0                 | 2026-10-09 | client_stopped |
    """)


def test_a_wait_is_counted_from_the_first_request_since_the_client_was_last_seen(built, drawn):
    found = built(
        "client_episodes", "client therapist requested_on wait_days is_new_client", therapists=THERAPISTS,
        sessions="""
            | session | therapist | client | starts_at            | status   |
            | s1      | Ana       | c1     | 2026-10-20T08:00:00Z | attended |
            | s2      | Ana       | c2     | 2026-06-01T08:00:00Z | attended |
            | s3      | Ben       | c2     | 2026-10-20T08:00:00Z | attended |
            | s4      | Ana       | c3     | 2026-10-20T08:00:00Z | attended |
            | s5      | Ben       | c4     | 2026-10-01T08:00:00Z | attended |
            | s6      | Ana       | c4     | 2026-10-20T08:00:00Z | attended |
        """,
        requests="""
            | request | client | requested_at         |
            | r1      | c1     | 2026-10-01T08:00:00Z |
            | r2      | c1     | 2026-10-08T08:00:00Z |
            | r3      | c2     | 2026-05-20T08:00:00Z |
            | r4      | c2     | 2026-10-13T08:00:00Z |
            | r5      | c3     | 2026-10-21T08:00:00Z |
            | r6      | c4     | 2026-09-28T08:00:00Z |
        """,
    )  # fmt: skip
    assert found == drawn("""
            | client | therapist | requested_on | wait_days | is_new_client |
            | c1     | Ana       | 2026-10-01   | 19        | yes           |
            | c2     | Ben       | 2026-10-13   | 7         | no            |
            | c3     | Ana       |              |           |               |
            | c4     | Ana       |              |           | no            |
            | c4     | Ben       | 2026-09-28   | 3         | yes           |
    """)


def test_an_early_rematch_is_seen_at_the_third_session_of_a_client_who_asked(built, drawn):
    found = built(
        "client_episodes", "client therapist is_early_rematch", therapists=THERAPISTS,
        sessions="""
            | session | therapist | client | starts_at            | status   |
            | s1      | Ana       | c1     | 2026-09-20T08:00:00Z | attended |
            | s2      | Ben       | c1     | 2026-10-01T08:00:00Z | attended |
            | s3      | Ben       | c1     | 2026-10-08T08:00:00Z | attended |
            | s4      | Ana       | c2     | 2026-10-01T08:00:00Z | attended |
            | s5      | Ana       | c2     | 2026-10-08T08:00:00Z | attended |
            | s6      | Ana       | c2     | 2026-10-15T08:00:00Z | attended |
            | s7      | Ben       | c2     | 2026-10-22T08:00:00Z | attended |
            | s8      | Ana       | c3     | 2026-10-01T08:00:00Z | attended |
            | s9      | Ben       | c3     | 2026-10-08T08:00:00Z | attended |
            | sa      | Ana       | c4     | 2026-10-01T08:00:00Z | attended |
            | sb      | Ben       | c4     | 2026-10-08T08:00:00Z | attended |
            | sc      | Ben       | c4     | 2026-10-15T08:00:00Z | attended |
        """,
        requests="""
            | request | client | requested_at         |
            | r1      | c1     | 2026-09-01T08:00:00Z |
            | r2      | c2     | 2026-09-01T08:00:00Z |
            | r3      | c3     | 2026-09-01T08:00:00Z |
        """,
    )  # fmt: skip
    # c3 has not come a third time; of c4 nobody knows whether they are new
    assert found == drawn("""
            | client | therapist | is_early_rematch |
            | c1     | Ben       | yes              |
            | c2     | Ana       | no               |
            | c2     | Ben       |                  |
            | c3     | Ana       |                  |
            | c3     | Ben       |                  |
            | c4     | Ana       |                  |
            | c4     | Ben       |                  |
    """)


def test_a_return_is_a_session_with_anyone_within_six_weeks(built, drawn):
    found = built(
        "client_episodes", "client therapist has_returned has_planned_ending", therapists=THERAPISTS,
        sessions="""
            | session | therapist | client | starts_at            | status   |
            | s1      | Ana       | c1     | 2026-10-10T08:00:00Z | attended |
            | s2      | Ben       | c1     | 2026-11-21T08:00:00Z | attended |
            | s3      | Ana       | c2     | 2026-10-10T08:00:00Z | attended |
            | s4      | Ana       | c2     | 2026-11-22T08:00:00Z | attended |
            | s5      | Ana       | c3     | 2026-10-10T08:00:00Z | attended |
            | s6      | Ana       | c3     | 2026-10-17T08:00:00Z | no_show  |
        """,
        endings="""
            | client | therapist | ended_on   | ending       |
            | c2     | Ana       | 2026-11-23 | planned      |
            | c3     | Ana       | 2026-10-17 | planned      |
        """,
    )  # fmt: skip
    assert found == drawn("""
            | client | therapist | has_returned | has_planned_ending |
            | c1     | Ana       | yes          | no                 |
            | c2     | Ana       | no           | no                 |
            | c3     | Ana       | no           | yes                |
    """)


def test_the_alliance_of_an_episode_is_told_when_it_has_ended(built, drawn):
    found = built(
        "client_episodes", "client alliance_answers first_alliance last_alliance", therapists=THERAPISTS,
        sessions="""
            | session | therapist | client | starts_at            | status   |
            | s1      | Ana       | c1     | 2026-09-10T08:00:00Z | attended |
            | s2      | Ana       | c1     | 2026-09-17T08:00:00Z | attended |
            | s3      | Ana       | c1     | 2026-10-10T08:00:00Z | attended |
            | s4      | Ana       | c2     | 2026-10-10T08:00:00Z | attended |
        """,
        endings="""
            | client | therapist | ended_on   | ending  |
            | c1     | Ana       | 2026-10-10 | planned |
        """,
        feedback="""
            | session | submitted_at         | alliance | closer_to_understanding |
            | s1      | 2026-09-30T08:00:00Z | 4        |                         |
            | s2      | 2026-09-18T08:00:00Z |          | 3                       |
            | s3      | 2026-10-11T08:00:00Z | 7        | 2                       |
            | s4      | 2026-10-11T08:00:00Z | 9        | 2                       |
        """,
    )  # fmt: skip
    assert found == drawn("""
            | client | alliance_answers | first_alliance | last_alliance |
            | c1     | 2                | 4              | 7             |
            | c2     | 0                |                |               |
    """)
