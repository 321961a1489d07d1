"""atoms.sql: items and rosters in, one row a unit, service or organisation out, with who contributed what to each side."""

ROSTERS = """
    | therapist | reporting_unit | service |
    | Ana       | Harbour        | North   |
    | Ben       | Harbour        | North   |
    | Cem       | Harbour        | North   |
    | Dee       | Willow         | North   |
    | Eve       | Willow         | South   |
"""
# Harbour: Ana has 3 full days (1 with a long run), Ben 2 (2 with one), Cem none; New is on no roster. Ana and Ben both see c1.
DAYS = """
    | therapist | local_date | clients | attended_sessions | longest_run |
    | Ana       | 2026-10-01 | c1 c2   | 5                 | 4           |
    | Ana       | 2026-10-02 | c1 c3   | 4                 | 1           |
    | Ana       | 2026-10-05 | c1      | 4                 | 3           |
    | Ben       | 2026-10-01 | c1 c4   | 5                 | 5           |
    | Ben       | 2026-10-02 | c4      | 4                 | 4           |
    | New       | 2026-10-01 | c9      | 9                 | 9           |
"""
EVE = "    | Eve       | 2026-10-01 | c4      | 6                 | 6           |\n"


def test_an_atom_for_each_unit_on_the_roster_with_much_or_with_nothing(atoms, drawn):
    found = atoms("long_runs", "unit service roster base part", rosters=ROSTERS, therapist_days=DAYS)
    assert found == drawn("""
        | unit    | service | roster | base | part |
        | Harbour | North   | 3      | 5    | 3    |
        | Willow  |         | 2      | 0    | 0    |
    """)


def test_an_atom_names_its_period_its_measure_and_its_cells(atoms, drawn):
    columns = "period_start period_end level measure_id base_cell part_cell"
    found = atoms("long_runs", columns, rosters=ROSTERS, therapist_days=DAYS)
    assert found[:1] == drawn("""
        | period_start | period_end | level | measure_id | base_cell              | part_cell     |
        | 2026-10-01   | 2026-10-31 | unit  | long_runs  | days_with_two_sessions | long_run_days |
    """)


def test_therapists_are_counted_on_each_side_with_the_two_largest(atoms):
    columns = " ".join(
        f"{side}_therapists {side}_largest_therapist {side}_second_therapist" for side in ("base", "part", "rest")
    )
    found = atoms("long_runs", columns, rosters=ROSTERS, therapist_days=DAYS)
    # base: Ana 3, Ben 2; part: Ben 2, Ana 1; rest: Ana 2
    assert [" ".join(row.values()) for row in found] == [
        "2 3 2  2 2 1  1 2 0".replace("  ", " "),
        "0 0 0 0 0 0 0 0 0",
    ]


def test_clients_are_counted_per_therapist_and_added_but_the_largest_is_one_person(atoms):
    columns = " ".join(
        f"{side}_clients {side}_largest_client {side}_second_client" for side in ("base", "part", "rest")
    )
    found = atoms("long_runs", columns, rosters=ROSTERS, therapist_days=DAYS)
    # base: Ana with c1 c2 c3, Ben with c1 c4: 5; c1 on 3 + 1 days, then c4 on 2
    # part: Ana with c1 c2, Ben with c1 c4: 4; c1 on 2 days, c4 on 2
    # rest: Ana with c1 c3: 2; c1 on 2 days, then c3 on 1
    assert [int(value) for value in found[0].values()] == [5, 4, 2, 4, 2, 2, 2, 2, 1]


def test_a_service_and_the_organisation_are_places_with_a_roster_and_contributors_of_their_own(atoms, drawn):
    """Dee is in no service. Ben and Eve both see c4: one person, counted with each of them, and largest as one."""
    columns = "unit service roster base part base_therapists base_clients base_largest_client base_second_client"
    rosters = ROSTERS.replace("| Dee       | Willow         | North   |", "| Dee       | Willow         |         |")
    found = atoms("long_runs", columns, level="service", rosters=rosters, therapist_days=DAYS + EVE)
    assert found == drawn("""
        | unit | service | roster | base | part | base_therapists | base_clients | base_largest_client | base_second_client |
        |      | North   | 3      | 5    | 3    | 2               | 5            | 4                   | 2                  |
        |      | South   | 1      | 1    | 1    | 1               | 1            | 1                   | 0                  |
    """)
    found = atoms("long_runs", columns, level="organisation", rosters=rosters, therapist_days=DAYS + EVE)
    assert found == drawn("""
        | unit | service | roster | base | part | base_therapists | base_clients | base_largest_client | base_second_client |
        |      |         | 5      | 6    | 4    | 3               | 6            | 4                   | 3                  |
    """)


def test_a_quarter_is_one_period_with_one_roster(atoms, drawn):
    """Whoever moves within the quarter counts where they were on its first day: the roster that is given is that one."""
    found = atoms(
        "repeated_over_threshold_days",
        "period_start period_end unit roster base part",
        rosters=ROSTERS,
        therapist_days="""
            | therapist | local_date | clients | daily_sessions | is_over_threshold |
            | Ana       | 2026-07-06 | c1      | 5              | true              |
            | Ana       | 2026-08-03 | c1      | 5              | true              |
            | Ana       | 2026-09-21 | c1      | 5              | true              |
            | Ana       | 2026-09-22 | c1      | 5              | true              |
            | Ana       | 2026-09-23 | c1      | 5              | true              |
        """,
    )
    assert found == drawn("""
        | period_start | period_end | unit    | roster | base | part |
        | 2026-07-01   | 2026-09-30 | Harbour | 3      | 3    | 1    |
        | 2026-07-01   | 2026-09-30 | Willow  | 2      | 0    | 0    |
    """)
