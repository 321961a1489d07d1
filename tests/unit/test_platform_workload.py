"""The simulator's own computation of the workload truth, on days drawn by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from examples.platform.people import Thresholds
from examples.platform.sessions import ATTENDED, NO_SHOW
from examples.platform.workload import _days, _gaps, _load


def sessions(drawn: str) -> pd.DataFrame:
    """Lines of: therapist, client, day, start as HH:MM, minutes, status, group."""
    rows = []
    for line in drawn.strip().splitlines():
        therapist, client, day, start, minutes, status, group = line.split()
        hour, minute = start.split(":")
        what = {"attended": ATTENDED, "no_show": NO_SHOW}[status]
        rows.append((therapist, client, day, int(hour) * 60 + int(minute), minutes, what, group))
    columns = ["therapist", "client", "day", "minute", "minutes", "status", "group"]
    return pd.DataFrame(rows, columns=columns).astype(int)


def load(drawn: str) -> pd.DataFrame:
    return _load(sessions(drawn)).sort_values(["therapist", "day", "start"], ignore_index=True)


def test_gaps_run_from_the_latest_end_so_far_within_a_day() -> None:
    gaps = _gaps(
        load("""
            1  11  0  09:00  50  attended  0
            1  12  0  10:00  90  attended  0
            1  13  0  10:30  30  attended  0
            1  14  0  12:00  50  attended  0
            1  15  1  09:00  50  attended  0
            2  16  1  09:00  50  attended  0
        """)
    )
    # 13 starts while 12 is still there; 14 comes 30 minutes after 12, which ended last
    assert np.array_equal(gaps, [np.nan, 10, -60, 30, np.nan, np.nan], equal_nan=True)


def test_a_group_counts_once_and_a_no_show_not_at_all() -> None:
    counted = load("""
        1  11  0  09:00  90  attended  7
        1  12  0  09:00  90  attended  7
        1  13  0  09:00  90  no_show   7
        1  14  0  11:00  50  no_show   0
        1  15  0  12:00  50  attended  0
    """)
    assert counted.start.tolist() == [540, 720]


def test_a_run_goes_on_until_a_gap_of_half_an_hour() -> None:
    drawn = load("""
        1  11  0  09:00  50  attended  0
        1  12  0  10:19  50  attended  0
        1  13  0  11:10  50  attended  0
        1  14  0  12:30  50  attended  0
        1  15  1  09:00  50  attended  0
    """).assign(daily_sessions=3.0)
    # gaps of 29, 1 and 30 minutes: three in a row, then one
    assert _days(drawn)[["day", "attended", "longest_run"]].values.tolist() == [[0, 4, 3], [1, 1, 1]]


def test_the_threshold_in_force_is_the_latest_possible_one() -> None:
    rows = pd.DataFrame(
        [(1, -30, 5), (1, 10, 400), (1, 20, 4), (2, 5, 6), (3, 0, -3)],
        columns=["therapist", "valid_from", "daily_sessions"],
    )
    therapist = np.array([1, 1, 1, 1, 2, 2, 3, 0])
    day = np.array([-40, 0, 15, 20, 4, 5, 9, 9])
    assert Thresholds(rows).in_force(therapist, day).tolist() == [0, 5, 5, 4, 0, 6, 0, 0]
