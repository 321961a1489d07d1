"""core.profiles and core.requests: words brought to one spelling, and the time for which they hold."""

SYNONYMS = {"self confidence": "self esteem"}


def test_words_are_in_their_normal_form_whatever_their_spelling(built, drawn):
    found = built(
        "profiles", "therapist specialties languages modalities", SYNONYMS,
        profiles="""
            | therapist | specialties                                     | languages | modalities |
            | Ana       | self-esteem; Self_Confidence; grief and  loss   | de; DE    | In_Person  |
            | Ben       |                                                 | de        | video      |
        """,
    )  # fmt: skip
    assert found == drawn("""
            | therapist | specialties                  | languages | modalities |
            | Ana       | grief and loss; self esteem  | de        | in person  |
            | Ben       |                              | de        | video      |
    """)


def test_a_profile_holds_until_the_day_of_the_next(built, drawn):
    found = built(
        "profiles", "therapist specialties valid_from valid_until",
        profiles="""
            | therapist | valid_from | specialties |
            | Ana       |            | grief       |
            | Ana       | 2026-03-01 | sleep       |
        """,
    )  # fmt: skip
    assert found == drawn("""
            | therapist | specialties | valid_from | valid_until |
            | Ana       | grief       | 1900-01-01 | 2026-03-01  |
            | Ana       | sleep       | 2026-03-01 | 2200-01-01  |
    """)


def test_a_request_lies_in_its_local_month_and_states_what_it_states(built, drawn):
    # Berlin is two hours ahead in summer, one from 25 October on
    found = built(
        "requests", "request requested_on needs language modality tolerated_wait_days is_wait_stated days_to_pairing",
        SYNONYMS,
        requests="""
            | request | requested_at      | needs           | language | modality  | tolerated_wait_days | therapist | paired_at         |
            | r1      | 2026-09-30T21:59Z | sleep           |          |           |                     |           |                   |
            | r2      | 2026-09-30T22:00Z | Self-Confidence | DE       | in_person | 20                  | Ana       | 2026-10-03T10:00Z |
            | r3      | 2026-10-20T10:00Z |                 |          |           |                     | Ana       | 2026-10-19T10:00Z |
            | r4      | 2026-10-31T23:00Z | sleep           |          |           |                     |           |                   |
        """,
    )  # fmt: skip
    assert found == drawn("""
            | request | requested_on | needs       | language | modality  | tolerated_wait_days | is_wait_stated | days_to_pairing |
            | r2      | 2026-10-01   | self esteem | de       | in person | 20                  | yes            | 2               |
            | r3      | 2026-10-20   |             |          |           | 14                  | no             |                 |
    """)
