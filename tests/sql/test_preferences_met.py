"""preferences_met: stated languages and modalities that the paired therapist declares ÷ those stated."""


def test_each_stated_preference_counts_and_what_is_unknown_does_not(items, drawn):
    found = items(
        "preferences_met",
        pairings="""
            | therapist | client | outcome    | is_language_met | is_modality_met |
            | Ana       | c1     | paired     | true            | false           |
            | Ana       | c2     | paired     |                 | true            |
            | Ben       | c3     | paired     |                 |                 |
            |           | c4     | not_paired | true            | true            |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | no   |
            | Ana       | c1      | yes  |
            | Ana       | c2      | yes  |
        """)
