"""unmet_needs: requests for a need that nobody with room declares ÷ requests that name it, need by need."""

PAIRINGS = """
    | request | client | needs                     | uncovered_needs |
    | r1      | c1     | grief                     |                 |
    | r2      | c2     | burnout; grief            | burnout         |
    | r3      | c3     | burnout; gambling; grief  | burnout; grief  |
    | r4      | c4     |                           |                 |
"""
FEW = """
    | request | need  | therapists |
    | r1      |       | Ben        |
    | r3      | grief | Ana        |
"""


def test_each_stated_need_counts_by_itself(items, drawn):
    found = items("unmet_needs", pairings=PAIRINGS, few_in_reach=FEW)
    assert found == drawn("""
        | therapist | clients | part |
        |           | c1      | no   |
        |           | c2      | no   |
        |           | c2      | yes  |
        |           | c3      | no   |
        |           | c3      | yes  |
        | Ana       | c3      | yes  |
    """)


def test_there_is_an_atom_for_each_declared_need_and_none_for_all_together(atoms, drawn):
    columns = "breakdown breakdown_value base part base_clients base_largest_client therapists_behind"
    found = atoms("unmet_needs", columns, rosters="| therapist |\n| Ana |", pairings=PAIRINGS, few_in_reach=FEW)
    # gambling is in no declared bin
    assert found == drawn("""
        | breakdown | breakdown_value   | base | part | base_clients | base_largest_client | therapists_behind |
        | need      | grief             | 3    | 1    | 3            | 1                   | 1                 |
        | need      | sleep and burnout | 2    | 2    | 2            | 1                   | 0                 |
    """)
