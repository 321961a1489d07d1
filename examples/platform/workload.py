"""Every workload figure as it ought to come out, computed from the clean state a second way.

Nothing here is shared with the pipeline, on purpose: the definitions are those of the measure dictionary, the
code is numpy over whole months. Figures are exact and unprotected, and belong to made-up people only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from examples.platform import Bools, Ints
from examples.platform.frames import first_of_each, where
from examples.platform.sessions import ATTENDED, BY_CLIENT, BY_PLATFORM, NO_SHOW, SCHEDULED
from examples.platform.simulation import Month
from examples.platform.state import Platform
from examples.platform.teams import JOINED_UNIT, Team

MEASURES = (
    "over_threshold_days", "sessions_over_threshold", "threshold_coverage", "repeated_over_threshold_days",
    "short_breaks", "long_runs", "outside_own_hours", "late_cancellations_absorbed", "caseload_spread",
    "quota_pull",
)  # fmt: skip
NO_UNIT = -1
USUAL_BREAK_MINUTES = 10
RUN_ENDS_WITH_GAP_OF = 30
LONG_RUN = 4
DAYS_OVER_IN_A_WEEK = 3
QUARTER = 3
FULL_NOTICE = 24 * 60


def unit_names(teams: Sequence[Team]) -> list[str]:
    """The name of each team's reporting unit."""
    joined, team_ids = JOINED_UNIT
    return [joined if team.team_id in team_ids else team.name for team in teams]


class Workload:
    """Collects base and part of each measure, reporting unit and month; of the organisation where it is measured whole."""

    def __init__(self, platform: Platform):
        names = unit_names(platform.teams)
        self.units = sorted(set(names))
        self.unit_of_team = np.array([self.units.index(name) for name in names])
        self.people, self.calendar = platform.people, platform.calendar
        self.declarations = platform.thresholds.valid.sort_values("valid_from", kind="stable")
        self.days: list[pd.DataFrame] = []
        self.counts: dict[tuple[str, int], tuple[Ints, Ints]] = {}  # base and part by unit, of a measure and month
        self.whole: dict[tuple[str, int], tuple[int, int]] = {}  # the same of the organisation

    def add(self, month: Month) -> None:
        """Count everything that this month alone decides."""
        unit_of = self._unit_on_the_first(month.number)
        load = self._with_declaration(_load(month.sessions))
        days = _days(load)
        days["unit"], days["month"] = unit_of[days.therapist], month.number
        self.days.append(days)
        is_declared = days.daily_sessions.notna().to_numpy()
        declared = where(days, is_declared)
        over = (declared.attended > declared.daily_sessions).to_numpy()
        self._count("over_threshold_days", month, declared.unit.to_numpy(), over)
        full = where(days, (days.attended >= 2).to_numpy())
        self._count("long_runs", month, full.unit.to_numpy(), full.longest_run.to_numpy() >= LONG_RUN)
        self._count_coverage(month, where(days, (days.unit != NO_UNIT).to_numpy()))
        self._count_beyond(month, declared)
        self._count_quota_pull(month, declared)
        self._count_breaks_and_hours(month, load, unit_of)
        self._count_spread(month, where(load, load.group == 0), unit_of)
        self._count_absorbed(month, unit_of)

    def rows(self) -> list[dict[str, object]]:
        """The truth as rows: measure_id, unit, month, base, part. Also units too small ever to be shown.

        The organisation's rows have no unit. `month` is the last of the period: of a quarter, its third.
        """
        self._count_full_weeks()
        rows: list[dict[str, object]] = []
        for measure, number in sorted([*self.counts, *self.whole], key=lambda one: (MEASURES.index(one[0]), one[1])):
            of_what = {"measure_id": measure, "month": self.calendar.months[number]}
            if (measure, number) in self.whole:
                base, part = self.whole[measure, number]
                rows.append({**of_what, "unit": None, "base": base, "part": part})
            else:
                bases, parts = self.counts[measure, number]
                rows += [
                    {**of_what, "unit": name, "base": int(bases[unit]), "part": int(parts[unit])}
                    for unit, name in enumerate(self.units)
                ]
        return rows

    def _unit_on_the_first(self, month: int) -> Ints:
        everyone = np.arange(len(self.people))
        first = np.full(len(everyone), self.calendar.month_first_day[month])
        unit = self.unit_of_team[self.people.team_on(everyone, first)]
        return np.where(self.people.is_member(everyone, first), unit, NO_UNIT)

    def _with_declaration(self, load: pd.DataFrame) -> pd.DataFrame:
        """Each session of load with the declaration in force on its day."""
        by_day = load.sort_values("day", kind="stable").astype({"day": "int64", "therapist": "int64"})
        declared = self.declarations.rename(columns={"valid_from": "day"}).astype(
            {"day": "int64", "therapist": "int64"}
        )
        joined = pd.merge_asof(by_day, declared, on="day", by="therapist")
        return joined.sort_values(["therapist", "day", "start"], kind="stable", ignore_index=True)

    def _count(self, measure: str, month: Month, unit: Ints, is_part: Bools) -> None:
        self._count_weighted(measure, month.number, unit, np.ones(len(unit), int), is_part.astype(int))

    def _count_weighted(self, measure: str, month: int, unit: Ints, base: Ints, part: Ints) -> None:
        known = unit != NO_UNIT
        sums = [np.bincount(unit[known], weight[known], len(self.units)).round().astype(int) for weight in (base, part)]
        self.counts[measure, month] = (sums[0], sums[1])

    def _count_beyond(self, month: Month, declared: pd.DataFrame) -> None:
        attended = declared.attended.to_numpy()
        beyond = (declared.attended - declared.daily_sessions).clip(lower=0).to_numpy()
        self._count_weighted("sessions_over_threshold", month.number, declared.unit.to_numpy(), attended, beyond)

    def _count_coverage(self, month: Month, days: pd.DataFrame) -> None:
        declared = where(days, days.daily_sessions.notna().to_numpy())
        whole = days.therapist.nunique(), declared.therapist.nunique()
        self.whole["threshold_coverage", month.number] = whole

    def _count_quota_pull(self, month: Month, declared: pd.DataFrame) -> None:
        usual = {unit: np.bincount(days.attended).argmax() for unit, days in declared.groupby("unit")}
        most_usual = declared.unit.map(usual).to_numpy()
        attended, own = declared.attended.to_numpy(), declared.daily_sessions.to_numpy()
        is_pulled = np.abs(attended - most_usual) < np.abs(attended - own)
        self._count("quota_pull", month, declared.unit.to_numpy(), is_pulled)

    def _count_spread(self, month: Month, alone: pd.DataFrame, unit_of: Ints) -> None:
        pairs = first_of_each(alone, ["therapist", "client"])
        is_first = alone.index.isin(pairs.index)
        self._count("caseload_spread", month, unit_of[alone.therapist], is_first)

    def _count_absorbed(self, month: Month, unit_of: Ints) -> None:
        status, notice = month.sessions.status.to_numpy(), month.sessions.notice.to_numpy()
        is_cancelled = (status >= BY_CLIENT) & (status <= BY_PLATFORM)
        is_booked = (status != SCHEDULED) & ~(is_cancelled & (notice >= FULL_NOTICE))
        is_absorbed = (status == NO_SHOW) | (status == BY_CLIENT)  # who gave full notice is not among the booked
        unit = unit_of[month.sessions.therapist]
        self._count("late_cancellations_absorbed", month, unit[is_booked], is_absorbed[is_booked])

    def _count_breaks_and_hours(self, month: Month, load: pd.DataFrame, unit_of: Ints) -> None:
        unit = unit_of[load.therapist]
        gap, least = _gaps(load), load.min_break.fillna(USUAL_BREAK_MINUTES).to_numpy()
        is_break = ~np.isnan(gap)
        breaks = where(load, is_break).assign(unit=unit[is_break], is_short=(gap < least)[is_break])
        by_day = breaks.groupby(["therapist", "day"])
        self._count("short_breaks", month, by_day.unit.first().to_numpy(), by_day.is_short.any().to_numpy())
        has_hours = (load.day_starts >= 0).to_numpy()  # -1: hours not said; NaN: nothing declared
        end = load.start + load.minutes
        outside = ((load.start < load.day_starts) | (end > load.day_ends)).to_numpy()
        is_counted = has_hours & (unit != NO_UNIT)
        self.whole["outside_own_hours", month.number] = int(is_counted.sum()), int(outside[is_counted].sum())

    def _count_full_weeks(self) -> None:
        """Weeks by the quarter of their Monday, of the units as they were on the quarter's first day."""
        days = pd.concat(self.days)
        declared = where(days, days.daily_sessions.notna().to_numpy())
        day = declared.day.to_numpy()
        weeks = declared.assign(
            monday=day - (day + self.calendar.first.weekday()) % 7, is_over=declared.attended > declared.daily_sessions
        )
        over = weeks.groupby(["therapist", "monday"]).is_over.sum()
        therapist, monday = (over.index.get_level_values(name).to_numpy() for name in over.index.names)
        is_full = over.to_numpy() >= DAYS_OVER_IN_A_WEEK
        for last, name in enumerate(self.calendar.months):
            first = last - QUARTER + 1
            if first >= 0 and int(name[5:]) % QUARTER == 0:
                from_day, until_day = self.calendar.month_first_day[[first, last + 1]]
                theirs = (monday >= from_day) & (monday < until_day)
                unit = self._unit_on_the_first(first)[therapist[theirs]]
                base, part = np.ones(len(unit), int), is_full[theirs].astype(int)
                self._count_weighted("repeated_over_threshold_days", last, unit, base, part)


def _load(sessions: pd.DataFrame) -> pd.DataFrame:
    """Attended sessions as the therapist lived them: a group once. `start` is the minute of the local day."""
    attended = where(sessions, sessions.status == ATTENDED)
    groups = first_of_each(where(attended, attended.group > 0), ["therapist", "group"])
    once = pd.concat([where(attended, attended.group == 0), groups])
    once = once.assign(start=once.minute)
    return pd.DataFrame(once, columns=["therapist", "client", "day", "start", "minutes", "group"])


def _gaps(load: pd.DataFrame) -> np.ndarray:
    """Minutes from the latest end so far that day to each start; NaN for the first of a day."""
    by_day = [load.therapist, load.day]
    latest_end = (load.start + load.minutes).groupby(by_day).cummax()
    return (load.start - latest_end.groupby(by_day).shift()).to_numpy(float)


def _days(load: pd.DataFrame) -> pd.DataFrame:
    """One row a worked day: attended, longest_run, and the threshold in force (NaN where none)."""
    gap = _gaps(load)
    run = np.cumsum(~(gap < RUN_ENDS_WITH_GAP_OF))
    in_run = pd.Series(run).groupby(run).transform("size")
    days = load.assign(in_run=in_run.to_numpy()).groupby(["therapist", "day"], as_index=False)
    return days.agg(
        attended=("start", "size"), longest_run=("in_run", "max"), daily_sessions=("daily_sessions", "first")
    )
