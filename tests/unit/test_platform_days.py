"""The simulator's calendar: months, weeks, and the distance from UTC on the days the clocks change."""

from __future__ import annotations

from datetime import date

import numpy as np

from examples.platform.days import TIMEZONES, calendar, clock_changes


def test_months_end_with_the_last_one_asked_for() -> None:
    half_year = calendar("2026-03", 4)
    assert half_year.months == ("2025-12", "2026-01", "2026-02", "2026-03")
    assert np.diff(half_year.month_first_day).tolist() == [31, 31, 28, 31]
    assert half_year.first == date(2025, 12, 1)


def test_days_outside_belong_to_no_month() -> None:
    autumn = calendar("2026-10", 2)
    assert autumn.month_of(np.array([-1, 0, 29, 30, 60, 61])).tolist() == [-1, 0, 0, 1, 1, -1]


def test_weeks_begin_on_mondays_and_cover_every_day() -> None:
    autumn = calendar("2026-10", 1)
    assert all(autumn.date_of(monday).weekday() == 0 for monday in autumn.mondays)
    assert autumn.mondays[0] <= 0
    assert autumn.mondays[-1] + 7 >= autumn.days


def test_offsets_follow_the_clocks_of_each_place() -> None:
    autumn = calendar("2026-11", 2)
    offsets = {
        day: [int(offset) for offset in autumn.utc_offset_minutes[:, autumn.day_number(date(2026, *day))]]
        for day in [(10, 24), (10, 25), (11, 2)]
    }
    assert TIMEZONES == ("Europe/Berlin", "Europe/London", "Europe/Lisbon", "America/New_York")
    assert offsets == {
        (10, 24): [120, 60, 60, -240],
        (10, 25): [60, 0, 0, -240],  # a week in which New York is an hour nearer
        (11, 2): [60, 0, 0, -300],
    }


def test_clocks_change_on_the_last_sundays_of_march_and_october() -> None:
    assert clock_changes("2026-10") == (None, date(2026, 10, 25))
    assert clock_changes("2027-03") == (date(2027, 3, 28), None)
    assert clock_changes("2026-07") == (None, None)


def test_the_outage_lies_within_one_month() -> None:
    half_year = calendar("2026-10", 6)
    days = [half_year.date_of(int(day)) for day in np.flatnonzero(half_year.is_outage)]
    assert days == [date(2026, 8, 11), date(2026, 8, 12), date(2026, 8, 13)]
