"""waits: clients first seen within 14 days of asking ÷ clients first seen, and the same within 7 and 28."""

FIRST_SESSIONS = """
    | therapist | client | session_number | wait_days |
    | Ana       | c1     | 1              | 7         |
    | Ana       | c2     | 1              | 8         |
    | Ana       | c3     | 1              | 14        |
    | Ben       | c4     | 1              | 15        |
    | Ben       | c5     | 1              | 29        |
    | Ben       | c1     | 2              |           |
"""


def test_a_client_counts_where_they_were_first_seen(items, drawn):
    assert items("waits", first_sessions=FIRST_SESSIONS) == drawn("""
        | therapist | clients | part |
        | Ana       | c1      | yes  |
        | Ana       | c2      | yes  |
        | Ana       | c3      | yes  |
        | Ben       | c4      | no   |
        | Ben       | c5      | no   |
    """)


def test_the_steps_of_the_curve_are_between_the_cut_offs(atoms, drawn):
    rosters = """
        | therapist | reporting_unit |
        | Ana       | Harbour        |
        | Ben       | Harbour        |
    """
    columns = "breakdown breakdown_value base part"
    found = atoms("waits", columns, rosters=rosters, first_sessions=FIRST_SESSIONS)
    assert sorted(found, key=lambda row: tuple(row.values())) == drawn("""
        | breakdown   | breakdown_value | base | part |
        |             |                 | 5    | 3    |
        | within_days |                 | 1    | 0    |
        | within_days | 7               | 1    | 1    |
        | within_days | 14              | 2    | 2    |
        | within_days | 28              | 1    | 0    |
    """)
