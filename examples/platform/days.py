"""The calendar of a simulated platform: its months, weeks, days and their distance from UTC.

Days are counted from the first day of the first month (day 0). Nothing here knows of people or sessions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from examples.platform import Bools, Ints

TIMEZONES = ("Europe/Berlin", "Europe/London", "Europe/Lisbon", "America/New_York")
CLOSED = {(1, 1), (12, 25), (12, 26)}
OUTAGE_DAYS = 3


@dataclass(frozen=True)
class Calendar:
    """The simulated months, day by day. Arrays have one entry a day unless said."""

    first: date
    months: tuple[str, ...]
    month_first_day: Ints  # one entry a month, and one more for the end
    mondays: Ints  # one entry a week: the day number of its Monday (the first may be negative)
    utc_offset_minutes: Ints  # time zone × day, as at noon: right for anything between 06:00 and 23:00
    is_closed: Bools
    is_outage: Bools

    @property
    def days(self) -> int:
        return int(self.month_first_day[-1])

    def day_number(self, day: date) -> int:
        return (day - self.first).days

    def date_of(self, day: int) -> date:
        return self.first + timedelta(days=int(day))

    def month_of(self, day: Ints) -> Ints:
        """The month's number for each day; -1 before the first and after the last."""
        month = np.searchsorted(self.month_first_day, day, side="right") - 1
        return np.where(month < len(self.months), month, -1)

    def moment(self, day: Ints, minute: Ints) -> np.ndarray:
        """The wall-clock time of a minute of a day, as datetime64[s]."""
        start = np.datetime64(self.first, "s")
        return start + (np.asarray(day, np.int64) * 1440 + minute).astype("timedelta64[m]")


def calendar(last_month: str, months: int) -> Calendar:
    """The `months` months that end with `last_month` ("2026-10"), with an outage in the middle one."""
    year, month = (int(part) for part in last_month.split("-"))
    firsts = [date(*divmod_month(year * 12 + month - 1 - back)) for back in range(months - 1, -2, -1)]
    first, days = firsts[0], (firsts[-1] - firsts[0]).days
    dates = [first + timedelta(days=day) for day in range(days)]
    outage_begins = (firsts[months // 2] - first).days + 10
    is_outage = np.zeros(days, bool)
    is_outage[outage_begins : outage_begins + OUTAGE_DAYS] = True
    return Calendar(
        first=first,
        months=tuple(f"{day:%Y-%m}" for day in firsts[:-1]),
        month_first_day=np.array([(day - first).days for day in firsts]),
        mondays=np.arange(-first.weekday(), days, 7),
        utc_offset_minutes=np.array([[_noon_offset(day, zone) for day in dates] for zone in TIMEZONES]),
        is_closed=np.array([(day.month, day.day) in CLOSED for day in dates]),
        is_outage=is_outage,
    )


def divmod_month(months_since_year_0: int) -> tuple[int, int, int]:
    """Year, month and day 1 of a month counted from the year 0."""
    return months_since_year_0 // 12, months_since_year_0 % 12 + 1, 1


def clock_changes(month: str) -> tuple[date | None, date | None]:
    """The Sundays of this month on which Europe's clocks go forward and back (in Berlin at 02:00, 03:00)."""
    year, number = (int(part) for part in month.split("-"))
    if number not in (3, 10):
        return None, None
    sunday = date(year, number, 31)
    sunday -= timedelta(days=(sunday.weekday() + 1) % 7)
    return (sunday, None) if number == 3 else (None, sunday)


def _noon_offset(day: date, zone: str) -> int:
    offset = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds() // 60)
