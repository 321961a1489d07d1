"""Atoms of units in the bins of a breakdown: rows in, rows out."""

from tests.sql.conftest import Draw


def test_a_units_items_in_bins_and_in_none(atoms: Draw, drawn: Draw):
    found = atoms(
        "over_threshold_days",
        "unit breakdown breakdown_value base part base_therapists part_clients",
        rosters="""
            | therapist | reporting_unit | service |
            | Ana       | Harbour        | North   |
            | Ben       | Harbour        | North   |
            | Cem       | Quay           | North   |
        """,
        therapist_days="""
            | therapist | local_date | clients | daily_sessions | is_over_threshold |
            | Ana       | 2026-10-05 | c1 c2   | 4              | true              |
            | Ben       | 2026-10-05 | c3      | 4              | true              |
            | Ana       | 2026-10-06 | c1 c2   | 4              | false             |
            | Ben       | 2026-10-07 | c3      | 4              | true              |
            | Cem       | 2026-10-09 | c4      | 4              | false             |
        """,
    )
    # the 5th was a Monday; a Friday is in no bin of this test
    assert sorted(found, key=lambda row: tuple(row.values())) == drawn("""
        | unit    | breakdown | breakdown_value | base | part | base_therapists | part_clients |
        | Harbour |           |                 | 4    | 3    | 2               | 3            |
        | Harbour | weekday   |                 | 0    | 0    | 0               | 0            |
        | Harbour | weekday   | Monday          | 2    | 2    | 2               | 3            |
        | Harbour | weekday   | other weekdays  | 2    | 1    | 2               | 1            |
        | Quay    |           |                 | 1    | 0    | 1               | 0            |
        | Quay    | weekday   |                 | 1    | 0    | 1               | 0            |
        | Quay    | weekday   | Monday          | 0    | 0    | 0               | 0            |
        | Quay    | weekday   | other weekdays  | 0    | 0    | 0               | 0            |
    """)


def test_a_breakdown_without_bins_has_no_rows_and_several_stand_beside_each_other(atoms: Draw):
    found = atoms(
        "late_cancellations_absorbed",  # by weekday, hour_band and modality, which has no bins in this test
        "breakdown breakdown_value base",
        rosters="""
            | therapist | reporting_unit | service |
            | Ana       | Harbour        | North   |
        """,
        sessions="""
            | therapist | client | status   | local_date | starts_local     | modality |
            | Ana       | c1     | attended | 2026-10-05 | 2026-10-05 09:50 | video    |
            | Ana       | c2     | no_show  | 2026-10-06 | 2026-10-06 09:00 | video    |
            | Ana       | c3     | attended | 2026-10-06 | 2026-10-06 10:00 | phone    |
        """,
    )
    assert [tuple(row.values()) for row in found] == [
        ("", "", "3"),
        ("weekday", "Monday", "1"),
        ("weekday", "other weekdays", "2"),
        ("weekday", "", "0"),
        ("hour_band", "at nine", "2"),
        ("hour_band", "", "1"),
    ]
