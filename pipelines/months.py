"""Months as text ("2026-10"): arithmetic, the periods that end with a month, and when a month closes."""

from __future__ import annotations

import calendar
import datetime as dt


def shift(month: str, by: int) -> str:
    """The month so many months later."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + by, 12)
    return f"{year:04d}-{number + 1:02d}"


def months_between(first: str, last: str) -> list[str]:
    """The months from the first to the last, both included."""
    months = []
    while first <= last:
        months.append(first)
        first = shift(first, 1)
    return months


def period_ending_with(month: str, length: int) -> list[str]:
    """The months of the period of so many months that ends with this one; none where it ends no such period.

    Periods are those of the calendar year: with a length of 3, quarters that end in March, June, September, December.
    """
    return [] if int(month[5:]) % length else months_between(shift(month, 1 - length), month)


def first_and_last_day(month: str) -> tuple[dt.date, dt.date]:
    year, number = int(month[:4]), int(month[5:])
    return dt.date(year, number, 1), dt.date(year, number, calendar.monthrange(year, number)[1])


def closes_on(month: str, closing_lag_days: int) -> dt.date:
    """The first day on which a month may be published: the lag must have passed after its last day."""
    return first_and_last_day(month)[1] + dt.timedelta(days=closing_lag_days + 1)


def last_closed_month(today: dt.date, closing_lag_days: int) -> str:
    month = f"{today:%Y-%m}"
    while closes_on(month, closing_lag_days) > today:
        month = shift(month, -1)
    return month


def bounds(month: str, length: int = 1, ends_before: int = 0) -> dict[str, dt.date]:
    """The parameters that SQL binds: first and last day of a month, and of the period of so many months that ends with it, or so
    many months before it.

    None for what has no month.
    """
    if not month:
        return {}
    first, last = first_and_last_day(month)
    period_start, _ = first_and_last_day(shift(month, 1 - length - ends_before))
    _, period_end = first_and_last_day(shift(month, -ends_before))
    return {"month_start": first, "month_end": last, "period_start": period_start, "period_end": period_end}
