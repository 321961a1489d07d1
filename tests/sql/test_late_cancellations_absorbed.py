"""late_cancellations_absorbed: no-shows and clients' cancellations within 24 hours ÷ booked sessions."""


def test_each_status_with_each_notice(items, drawn):
    found = items(
        "late_cancellations_absorbed",
        sessions="""
            | therapist | client           | status                 | cancellation_notice_hours |
            | Ana       | attended         | attended               |                           |
            | Ana       | missed           | no_show                |                           |
            | Ana       | client_early     | cancelled_by_client    | 24                        |
            | Ana       | client_late      | cancelled_by_client    | 23.9                      |
            | Ana       | client_after     | cancelled_by_client    | -1                        |
            | Ana       | client_unknown   | cancelled_by_client    |                           |
            | Ana       | therapist_early  | cancelled_by_therapist | 48                        |
            | Ana       | therapist_late   | cancelled_by_therapist | 2                         |
            | Ana       | platform_early   | cancelled_by_platform  | 24                        |
            | Ana       | platform_unknown | cancelled_by_platform  |                           |
            | Ana       | to_come          | scheduled              |                           |
        """,
    )
    assert found == drawn("""
            | therapist | clients          | part |
            | Ana       | attended         | no   |
            | Ana       | client_after     | yes  |
            | Ana       | client_late      | yes  |
            | Ana       | missed           | yes  |
            | Ana       | platform_unknown | no   |
            | Ana       | therapist_late   | no   |
        """)


def test_each_client_of_a_group_session_counts(items, drawn):
    found = items(
        "late_cancellations_absorbed",
        sessions="""
            | therapist | client | status   | group_session | is_load |
            | Ana       | c1     | attended | g1            | true    |
            | Ana       | c2     | attended | g1            | false   |
            | Ana       | c3     | no_show  | g1            | false   |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | no   |
            | Ana       | c2      | no   |
            | Ana       | c3      | yes  |
        """)
