"""How figures, dates and lists are said in English: all wording that is made from data.

No figure is computed here, and nothing here decides what is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from math import ceil, floor
from typing import Any

from reports.monthly.figures import Figure, History, Period, Place

SPACE = "\N{NO-BREAK SPACE}"  # between a number and its unit
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def count(number: int) -> str:
    """1,250."""
    return f"{number:,}"


def amount(number: int) -> str:
    """1,250, or none."""
    return count(number) if number else "none"


def percent(number: float) -> str:
    """12 %, or 11.5 % when it is not whole."""
    return f"{number:.0f}{SPACE}%" if number == int(number) else f"{number:.1f}{SPACE}%"


def bounds(figure: Figure) -> str:
    """0 % to 5.6 %, as released; empty where nothing is."""
    if figure.lower is None or figure.upper is None:
        return ""
    return f"{percent(figure.lower)} to {percent(figure.upper)}"


def whole_bounds(figure: Figure) -> str:
    """The bounds in whole percent, rounded away from each other."""
    if figure.lower is None or figure.upper is None:
        return ""
    return f"between {percent(floor(figure.lower))} and {percent(ceil(figure.upper))}"


def place(of: Place) -> str:
    """The name of a unit or a service, or Organisation."""
    return of.name or "Organisation"


def share(figure: Figure | None) -> str:
    """A figure in the fewest words: 12 %, fewer than 10 of 160, not shown, not measured."""
    if figure is None:
        return "–"
    if figure.status == "published" and figure.value is not None:
        if figure.value == 0 and figure.part:
            return f"under 0.5{SPACE}%"
        if figure.value == 100 and figure.part != figure.base:
            return f"over 99.5{SPACE}%"
        return percent(figure.value)
    if figure.status == "banded":
        return band(figure)
    return figure.status


def band(figure: Figure) -> str:
    """Fewer than 10 of 160, or all but fewer than 10 of 160."""
    few = f"fewer than {figure.limit} of {count(figure.base or 0)}"
    return few if figure.is_few else f"all but {few}"


def share_of(figure: Figure) -> str:
    """12 %: 20 of 160, of a published figure; of a derived one also the units it is from."""
    said = f"{share(figure)}: {count(figure.part or 0)} of {count(figure.base or 0)}"
    return f"{said}, from {figure.coverage} units" if figure.coverage else said


def day(moment: date | str) -> str:
    """10 November 2026; a text that is no date stays as it is."""
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment).date()
        except ValueError:
            return moment
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def month(name: str) -> str:
    """October 2026, of "2026-10"."""
    return f"{MONTHS[int(name[5:]) - 1]} {name[:4]}"


def period(of: Period) -> str:
    """October 2026, or July to September 2026."""
    first, last = MONTHS[of.start.month - 1], MONTHS[of.end.month - 1]
    if (of.start.year, of.start.month) == (of.end.year, of.end.month):
        return f"{first} {of.start.year}"
    if of.start.year == of.end.year:
        return f"{first} to {last} {of.end.year}"
    return f"{first} {of.start.year} to {last} {of.end.year}"


def short_period(of: Period) -> str:
    """Oct 2026, or Jul to Sep 2026: for the axis of a chart and the head of a column."""
    first, last = MONTHS[of.start.month - 1][:3], MONTHS[of.end.month - 1][:3]
    return f"{first} {of.end.year}" if first == last else f"{first} to {last} {of.end.year}"


def series(items: Sequence[str], last: str = "and") -> str:
    """Harbour, Quay and Willow."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def plural(number: int, one: str, many: str) -> str:
    """1 month, 2 months."""
    return f"{count(number)} {one if number == 1 else many}"


def earlier_range(history: History) -> str:
    """The extent of a unit's own earlier published figures: before 9 % to 14 %."""
    values = [figure.value for figure in history.earlier if figure.value is not None]
    if not values:
        return ""
    least, most = min(values), max(values)
    return f"before: {percent(least)}" if least == most else f"before: {least}{SPACE}to {percent(most)}"


def chart_alternative(title: str, name: str, history: History, periods: Sequence[Period]) -> str:
    """What a chart draws, for someone who does not see it."""
    span = f"{period(periods[0])} to {period(periods[-1])}"
    parts = [f"{title}, {name}, {span}."]
    if history.now:
        parts.append(f"{period(periods[-1])}: {share(history.now)}.")
    values = [figure.value for figure in history.earlier if figure.value is not None]
    if values:
        parts.append(f"Earlier, where published: {percent(min(values))} to {percent(max(values))}.")
    for status in ("banded", "not shown"):
        number = sum(figure.status == status for figure in history.earlier)
        if number:
            parts.append(f"{plural(number, 'earlier period', 'earlier periods')} {status}.")
    return " ".join(parts)


def table_name(need: str) -> str:
    """A source table or field that a measure needs: the field cancelled_at of sessions."""
    table, _, field = need.partition(".")
    return f"the field {field} of {table}" if field else f"the table {table}"


# Why a report was withdrawn, by the word that its manifest has for it.
WITHDRAWALS = {
    "wrong_source": "what it was made from was wrong or lacked something",
    "wrong_mapping": "what it was made from had been read wrongly",
    "wrong_configuration": "the organisation, its units or its rules had been set up wrongly",
    "software_error": "a fault in the software made figures wrong",
}


def withdrawal(reason: str) -> str:
    return WITHDRAWALS[reason]


# The policy's rules as a reader of the report is told them; the policy itself says more.
RULES = {
    "min_therapists": "Fewest therapists in a unit, and behind a base",
    "min_clients": "Fewest clients behind a base",
    "min_base": "Smallest base",
    "max_therapist_share_percent": "Largest share of a base that may come from one therapist, in percent",
    "max_client_share_percent": "Largest share of a base that may come from one client, in percent",
    "min_part": "Smallest part, and smallest remainder, that is not banded",
    "min_side_therapists": "Fewest therapists behind a part, and behind the remainder",
    "min_side_clients": "Fewest clients behind a part, and behind the remainder",
    "colleague_percent": "What a colleague's own figures must leave open, in percent of the smaller of part and rest",
    "p_percent": "What the others must have beside the two largest contributors, in percent of the largest",
    "rounding": "Counts are rounded to a multiple of",
}


def rule(name: str) -> str:
    """A rule of the policy in words; one that is not known here by its own name."""
    return RULES.get(name, name.replace("_", " ").capitalize())


# What can become of a row that was read.
ROW_OUTCOMES = {
    "read": "Read",
    "accepted": "Accepted",
    "superseded": "Replaced by a newer version",
    "duplicate": "Already there",
    "quarantined": "Set aside",
}


def bare_table(name: str) -> str:
    """The table of "core.therapist_days" without its layer: therapist days."""
    return name.rpartition(".")[2].replace("_", " ")


def setting(value: Any) -> str:
    """A policy's number, switch or list as a word."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return series([setting(each) for each in value])
    return str(value)
