"""outside_own_hours: sessions outside the therapist's own hours ÷ sessions on days with such hours."""


def test_to_begin_or_end_on_the_hour_is_inside_and_a_minute_beyond_is_outside(items, drawn):
    found = items(
        "outside_own_hours",
        therapist_days="""
            | therapist | local_date | day_starts | day_ends |
            | Ana       | 2026-10-01 | 09:00      | 17:00    |
        """,
        sessions="""
            | therapist | local_date | client | is_load | starts_local     | ends_local       |
            | Ana       | 2026-10-01 | c1     | true    | 2026-10-01 09:00 | 2026-10-01 09:50 |
            | Ana       | 2026-10-01 | c2     | true    | 2026-10-01 08:59 | 2026-10-01 09:49 |
            | Ana       | 2026-10-01 | c3     | true    | 2026-10-01 16:10 | 2026-10-01 17:00 |
            | Ana       | 2026-10-01 | c4     | true    | 2026-10-01 16:11 | 2026-10-01 17:01 |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | no   |
            | Ana       | c2      | yes  |
            | Ana       | c3      | no   |
            | Ana       | c4      | yes  |
        """)


def test_a_session_that_ends_after_midnight_is_outside_although_its_clock_time_is_early(items, drawn):
    found = items(
        "outside_own_hours",
        therapist_days="""
            | therapist | local_date | day_starts | day_ends |
            | Ana       | 2026-10-01 | 14:00      | 23:00    |
        """,
        sessions="""
            | therapist | local_date | client | is_load | starts_local     | ends_local       |
            | Ana       | 2026-10-01 | c1     | true    | 2026-10-01 23:30 | 2026-10-02 00:20 |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | yes  |
        """)


def test_only_load_on_days_with_both_hours_declared_counts(items):
    found = items(
        "outside_own_hours",
        therapist_days="""
            | therapist | local_date | day_starts | day_ends |
            | Ana       | 2026-10-01 | 09:00      |          |
            | Ben       | 2026-10-01 |            | 17:00    |
            | Cem       | 2026-10-01 | 09:00      | 17:00    |
        """,
        sessions="""
            | therapist | local_date | client | is_load | starts_local     | ends_local       |
            | Ana       | 2026-10-01 | c1     | true    | 2026-10-01 07:00 | 2026-10-01 08:00 |
            | Ben       | 2026-10-01 | c2     | true    | 2026-10-01 20:00 | 2026-10-01 21:00 |
            | Cem       | 2026-10-01 | c3     | false   | 2026-10-01 07:00 | 2026-10-01 08:00 |
        """,
    )
    assert found == []
