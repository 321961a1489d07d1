"""informed_choice: pairings the client chose with the profile in view ÷ pairings."""


def test_the_client_chose_and_could_see_whom(items, drawn):
    found = items(
        "informed_choice",
        pairings="""
            | therapist | client | outcome            | paired_by   | was_profile_visible |
            | Ana       | c1     | paired             | client      | true                |
            | Ana       | c2     | paired             | client      | false               |
            | Ana       | c3     | paired             | client      |                     |
            | Ana       | c4     | paired             | coordinator | true                |
            | Ana       | c5     | paired             |             | true                |
            | Ben       | c6     | therapist_had_left | client      | true                |
            |           | c7     | not_paired         |             |                     |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | yes  |
            | Ana       | c2      | no   |
            | Ana       | c3      | no   |
            | Ana       | c4      | no   |
            | Ana       | c5      | no   |
        """)
