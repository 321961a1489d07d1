"""profile_freshness: therapists with a complete and recent profile ÷ therapists who worked."""


def test_a_profile_is_fresh_if_it_is_complete_and_of_the_last_twelve_months(items, drawn):
    found = items(
        "profile_freshness",
        therapist_days="""
            | therapist | local_date | clients |
            | Ana       | 2026-07-01 | c1 c2   |
            | Ana       | 2026-09-02 | c2 c3   |
            | Ben       | 2026-08-01 | c4      |
            | Cem       | 2026-08-01 | c5      |
            | Dua       | 2026-08-01 | c6      |
            | Eda       | 2026-08-01 | c7      |
            | Fin       | 2026-08-01 | c8      |
        """,
        profiles="""
            | therapist | valid_from | valid_until | specialties | languages | modalities |
            | Ana       | 2025-10-01 | 2200-01-01  | grief       | de        | video      |
            | Ben       | 2025-09-30 | 2200-01-01  | grief       | de        | video      |
            | Cem       | 2026-01-01 | 2200-01-01  | grief       |           | video      |
            | Dua       | 1900-01-01 | 2200-01-01  | grief       | de        | video      |
            | Eda       | 2026-01-01 | 2026-09-01  | grief       | de        | video      |
            | Eda       | 2026-09-01 | 2026-10-01  |             | de        | video      |
            | Gil       | 2026-01-01 | 2200-01-01  | grief       | de        | video      |
        """,
    )
    # Ben's is a year and a day old on 30 September, Cem's and Eda's newest are not complete, Dua's has no date, Fin has none;
    # Gil did not work
    assert found == drawn("""
            | therapist | clients  | part |
            | Ana       | c1 c2 c3 | yes  |
            | Ben       | c4       | no   |
            | Cem       | c5       | no   |
            | Dua       | c6       | no   |
            | Eda       | c7       | no   |
            | Fin       | c8       | no   |
        """)
