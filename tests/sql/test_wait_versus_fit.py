"""wait_versus_fit: requests for which somebody who covers three quarters of the needs had room within 14 days ÷ requests."""

PAIRINGS = """
    | request | client | needs        | three_quarters_in_days |
    | r1      | c1     | grief        | 0                      |
    | r2      | c2     | grief; sleep | 14                     |
    | r3      | c3     | grief; sleep | 15                     |
    | r4      | c4     | gambling     |                        |
    | r5      | c5     |              |                        |
"""
FEW = """
    | request | need  | therapists |
    | r1      | grief | Ana        |
    | r2      |       | Ana Ben    |
    | r3      |       | Ana        |
"""


def test_a_request_counts_by_when_three_quarters_of_its_needs_had_room(items, drawn):
    found = items("wait_versus_fit", pairings=PAIRINGS, few_in_reach=FEW)
    assert found == drawn("""
        | therapist | clients | part |
        |           | c1      | yes  |
        |           | c4      | no   |
        | Ana       | c3      | no   |
        | Ana Ben   | c2      | yes  |
    """)


def test_what_hangs_on_few_counts_for_each_of_them(atoms, drawn):
    sides = " ".join(f"{side}_{at}_therapist" for side in ("base", "part", "rest") for at in ("largest", "second"))
    found = atoms(
        "wait_versus_fit", f"breakdown_value base part base_clients therapists_behind {sides}",
        rosters="| therapist |\n| Ana |", pairings=PAIRINGS, few_in_reach=FEW,
    )  # fmt: skip
    # Ana decides r2 and r3, Ben r2; the steps end with 0, 7, 14, 28 days and with what is beyond
    rows = [" ".join(row.values()) for row in found]
    assert rows == [
        " 4 2 4 2 2 1 1 1 1 0",
        "0 1 1 1 0 0 0 0 0 0 0",
        "7 0 0 0 0 0 0 0 0 0 0",
        "14 1 1 1 2 1 1 1 1 0 0",
        "28 1 0 1 1 1 0 0 0 1 0",
        " 1 0 1 0 0 0 0 0 0 0",
    ]
