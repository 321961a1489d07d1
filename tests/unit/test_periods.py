"""Months, quarters, and which months a measure reads: what belongs to a release, and what a run builds for it."""

from __future__ import annotations

import datetime
from types import SimpleNamespace
from typing import cast

import dagster as dg
import pytest

from assets.measures import dictionary
from pipelines.factory import measure_assets
from pipelines.lake import Lake
from pipelines.months import bounds, period_ending_with
from pipelines.needed import measure_transform, months_needed
from pipelines.releasing import due_in, why_incomplete
from pipelines.settings import Calendar

WEEKS = "repeated_over_threshold_days"


@pytest.mark.parametrize(
    ("month", "length", "months"),
    [
        ("2026-10", 1, ["2026-10"]),
        ("2026-09", 3, ["2026-07", "2026-08", "2026-09"]),
        ("2026-12", 3, ["2026-10", "2026-11", "2026-12"]),
        ("2026-10", 3, []),
        ("2026-11", 3, []),
    ],
)
def test_a_period_ends_with_its_last_month_and_with_no_other(month: str, length: int, months: list[str]) -> None:
    assert period_ending_with(month, length) == months


def test_sql_is_given_its_month_and_its_period() -> None:
    first, last = datetime.date(2026, 7, 1), datetime.date(2026, 9, 30)
    month = {"month_start": datetime.date(2026, 9, 1), "month_end": last}
    assert bounds("2026-09", 3) == {**month, "period_start": first, "period_end": last}
    assert bounds("2026-09") == {**month, "period_start": datetime.date(2026, 9, 1), "period_end": last}
    assert bounds("") == {}


def test_a_quarter_belongs_to_the_release_of_its_last_month_if_there_is_data_from_its_first_on() -> None:
    data = ["2026-07", "2026-08", "2026-09", "2026-10"]
    assert due_in("2026-09", data)[WEEKS] == ["2026-07", "2026-08", "2026-09"]
    assert due_in("2026-09", data)["long_runs"] == ["2026-09"]
    assert WEEKS not in due_in("2026-10", data)
    assert WEEKS not in due_in("2026-09", data[1:])
    assert not due_in("2026-06", data)
    assert list(due_in("2026-09", data)) == list(dictionary().measures)


def test_a_measure_reads_the_months_of_its_period_and_the_roster_of_the_first() -> None:
    quarterly, monthly = (measure_transform(dictionary().measures[name]) for name in (WEEKS, "long_runs"))
    assert quarterly.reads == {"core.rosters": (-2, -2), "core.therapist_days": (-2, 1)}
    assert monthly.reads == {"core.rosters": (0, 0), "core.therapist_days": (0, 0)}
    assert (quarterly.period_months, monthly.period_months) == (3, 1)


def test_what_looks_ahead_belongs_to_the_release_of_the_month_in_which_it_is_complete() -> None:
    returns, data = "return_in_context", [f"2026-{number:02d}" for number in range(7, 13)]
    assert due_in("2026-10", data)[returns] == ["2026-08"]
    assert returns not in due_in("2026-08", data)
    assert returns not in due_in("2027-01", [*data, "2027-01"])  # of another year, in which units may be others
    transform = measure_transform(dictionary().measures[returns])
    assert transform.reads == {"core.rosters": (-2, -2), "core.clients_seen": (-2, -2)}
    first, last = datetime.date(2026, 8, 1), datetime.date(2026, 8, 31)
    found = bounds("2026-10", transform.period_months, transform.period_ends_before)
    assert (found["period_start"], found["period_end"]) == (first, last)


def test_dagster_knows_the_months_that_a_quarter_reads() -> None:
    partitions = dg.MonthlyPartitionsDefinition(start_date="2026-01", fmt="%Y-%m")
    (spec,) = [spec for spec in measure_assets(partitions).specs if spec.key.path[-1] == WEEKS]
    windows = {
        dep.asset_key.path[-1]: (dep.partition_mapping.start_offset, dep.partition_mapping.end_offset)
        for dep in spec.deps
        if isinstance(dep.partition_mapping, dg.TimeWindowPartitionMapping)
    }
    assert windows == {"rosters": (-2, 0), "therapist_days": (-2, 1)}


@pytest.mark.parametrize(
    ("run", "needed"),
    [
        (["2026-10"], {"sessions": "10", "therapist_days": "10", "rosters": "10"}),
        (["2026-09"], {"sessions": "07 08 09 10", "therapist_days": "07 08 09 10", "rosters": "07 09"}),
        (["2026-08", "2026-09"], {"therapist_days": "07 08 09 10", "rosters": "07 08 09"}),
        (["2026-06"], {"therapist_days": "06", "rosters": "06"}),  # there is no April
    ],
)
def test_a_run_needs_what_its_periods_read_and_what_that_was_made_from(run: list[str], needed: dict[str, str]) -> None:
    data = [f"2026-{number:02d}" for number in range(5, 12)]
    found = months_needed(run, data, ["long_runs", WEEKS])
    assert {table: " ".join(month[5:] for month in found[f"core.{table}"]) for table in needed} == needed


def test_a_table_that_no_measure_reads_is_not_needed() -> None:
    found = months_needed(["2026-10"], ["2026-10"], ["long_runs"])
    assert found["core.therapist_days"] and found["core.thresholds"] and not found["core.feedback"]


@pytest.mark.parametrize(
    ("attended", "declared", "told"),
    [
        ({"2026-09": 100, "2026-10": 50}, [], ""),
        ({"2026-09": 101, "2026-10": 50}, [], "fewer than half of the attended sessions of 2026-09"),
        ({"2026-09": 101, "2026-10": 50}, ["2026-10"], ""),
        ({"2026-07": 101, "2026-08": 1, "2026-09": 1, "2026-10": 50}, [], "attended sessions of 2026-07"),
        ({"2026-06": 101, "2026-07": 9, "2026-08": 1, "2026-09": 1, "2026-10": 50}, [], ""),
        ({"2026-10": 1, "2026-11": 500}, [], ""),
        ({"2026-09": 100, "2026-10": 0}, [], "no session of this month was attended"),
        ({"2026-09": 100, "2026-11": 100}, [], "no session of this month was attended"),
        ({"2026-09": 100, "2026-11": 100}, ["2026-10"], ""),
    ],
)
def test_a_month_with_far_fewer_sessions_than_before_may_not_be_all_there(
    attended: dict[str, int], declared: list[str], told: str
) -> None:
    settings = SimpleNamespace(calendar=Calendar(complete=declared))
    found = why_incomplete(cast(Lake, SimpleNamespace(attended=attended, settings=settings)), "2026-10")
    assert told in found and bool(told) == bool(found)
