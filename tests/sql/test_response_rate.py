"""response_rate: sessions with a response ÷ attended sessions that are not group sessions."""


def test_a_session_is_responded_to_if_its_client_answered_that_question(items, drawn):
    found = items(
        "response_rate",
        feedback="""
            | therapist | client | is_individual | is_answered | closer_to_understanding | alliance | is_over_threshold |
            | Ana       | c1     | true          | true        | 3                       |          | true              |
            | Ana       | c2     | true          | true        | 2                       |          |                   |
            | Ana       | c3     | true          | true        |                         | 9        | false             |
            | Ana       | c4     | true          | false       |                         |          | false             |
            | Ana       | c5     | false         | true        | 4                       |          | false             |
            | Ben       | c6     | true          | true        | 4                       | 2        | false             |
            |           |        |               | true        |                         |          |                   |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | yes  |
            | Ana       | c2      | yes  |
            | Ana       | c3      | no   |
            | Ana       | c4      | no   |
            | Ben       | c6      | yes  |
        """)
