"""cancelled_by_us: sessions that the therapist or the platform cancelled ÷ sessions that were booked."""


def test_what_became_of_every_booked_session(items, drawn):
    found = items(
        "cancelled_by_us",
        sessions="""
            | therapist | client | status                 |
            | Ana       | c1     | attended               |
            | Ana       | c2     | no_show                |
            | Ana       | c3     | cancelled_by_client    |
            | Ana       | c4     | cancelled_by_platform  |
            | Ana       | c5     | cancelled_by_therapist |
            | Ana       | c6     | scheduled              |
        """,
    )
    # of c6's session nobody has said yet what became of it
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | no   |
            | Ana       | c2      | no   |
            | Ana       | c3      | no   |
            | Ana       | c4      | yes  |
            | Ana       | c5      | yes  |
        """)
