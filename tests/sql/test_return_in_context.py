"""return_in_context: clients seen again within six weeks, or whose work ended as planned ÷ clients whom a therapist saw."""


def test_a_return_and_a_planned_ending_count_alike(items, drawn):
    found = items(
        "return_in_context",
        clients_seen="""
            | therapist | client | has_returned | has_planned_ending |
            | Ana       | c1     | true         | false              |
            | Ana       | c2     | false        | true               |
            | Ana       | c3     | true         | true               |
            | Ana       | c4     | false        | false              |
            | Ben       | c1     | true         | false              |
        """,
    )
    assert found == drawn("""
        | therapist | clients | part |
        | Ana       | c1      | yes  |
        | Ana       | c2      | yes  |
        | Ana       | c3      | yes  |
        | Ana       | c4      | no   |
        | Ben       | c1      | yes  |
    """)
