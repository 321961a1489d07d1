"""threshold_coverage: therapists who declared a threshold ÷ therapists who worked, in the whole organisation."""


def test_every_therapist_who_worked_counts_once_with_all_clients_seen(items, drawn):
    found = items(
        "threshold_coverage",
        therapist_days="""
            | therapist | local_date | clients | daily_sessions |
            | Ana       | 2026-10-01 | c1 c2   |                |
            | Ana       | 2026-10-02 | c1      | 5              |
            | Ben       | 2026-10-01 | c3      |                |
            | Ben       | 2026-10-02 | c1 c3   |                |
            | Cem       | 2026-10-01 | c4      | 6              |
        """,
    )
    assert found == drawn("""
            | therapist | clients | part |
            | Ana       | c1 c2   | yes  |
            | Ben       | c1 c3   | no   |
            | Cem       | c4      | yes  |
        """)


def test_it_is_one_figure_of_everybody_on_a_roster(atoms, drawn):
    found = atoms(
        "threshold_coverage",
        "level unit service roster base part part_clients rest_clients",
        rosters="""
            | therapist | reporting_unit | service |
            | Ana       | Harbour        | North   |
            | Ben       | Harbour        | North   |
            | Cem       | Willow         | South   |
            | Dee       | Willow         | South   |
        """,
        therapist_days="""
            | therapist | local_date | clients | daily_sessions |
            | Ana       | 2026-10-01 | c1 c2   | 5              |
            | Ana       | 2026-10-02 | c1 c2   | 5              |
            | Ben       | 2026-10-01 | c1      |                |
            | Cem       | 2026-10-01 | c1 c3   | 6              |
            | New       | 2026-10-01 | c9      | 6              |
        """,
    )
    # Dee did not work, and New is on no roster
    assert found == drawn("""
        | level        | unit | service | roster | base | part | part_clients | rest_clients |
        | organisation |      |         | 4      | 3    | 2    | 4            | 1            |
    """)
