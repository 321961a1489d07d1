"""earliest_slot_premium: pairings in which an earlier slot went before a better fit ÷ pairings."""


def test_an_earlier_slot_won_where_a_better_fit_had_room_in_time_and_no_earlier(items, drawn):
    found = items(
        "earliest_slot_premium",
        pairings="""
            | therapist | client | outcome            | fit | better_fit_in_days | room_in_days |
            | Ana       | c1     | paired             | 0.5 | 4                  | 1            |
            | Ana       | c2     | paired             | 0.5 | 1                  | 1            |
            | Ana       | c3     | paired             | 0.5 | 1                  | 4            |
            | Ana       | c4     | paired             | 0.5 | 1                  |              |
            | Ana       | c5     | paired             | 1   |                    | 0            |
            | Ana       | c6     | paired             |     |                    | 1            |
            | Ben       | c7     | therapist_had_left | 0.5 | 4                  | 1            |
            |           | c8     | not_paired         |     | 4                  |              |
        """,
    )
    # of c3 the better fit had room earlier, so no earlier slot won; of c4's therapist no room is known, of c6's no fit
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1      | yes  |
            | Ana       | c2      | yes  |
            | Ana       | c3      | no   |
            | Ana       | c4      | no   |
            | Ana       | c5      | no   |
            | Ana       | c6      | no   |
        """)
