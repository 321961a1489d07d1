"""early_rematch: new clients who changed therapist within their first three sessions ÷ those who came a third time."""


def test_a_client_counts_at_the_third_session(items, drawn):
    found = items(
        "early_rematch",
        first_sessions="""
            | therapist | client | session_number | is_early_rematch |
            | Ana       | c1     | 1              |                  |
            | Ana       | c1     | 2              |                  |
            | Ben       | c1     | 3              | true             |
            | Ana       | c2     | 3              | false            |
            | Ana       | c3     | 2              |                  |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c2      | no   |
            | Ben       | c1      | yes  |
        """)
