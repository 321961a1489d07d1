"""What was planted can be seen in the files; the workload truth is what they give when read a third way."""

from __future__ import annotations

import tomllib
from collections import Counter
from typing import Any

import duckdb
import pandas as pd
import pytest

from examples.platform import simulate
from examples.platform.frames import first_of_each, sums, where
from tests.unit.platform_reading import Simulated, read


@pytest.fixture(scope="module")
def half_year(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """The default six months."""
    home = tmp_path_factory.mktemp("half year")
    simulate(home)
    return read(home)


@pytest.fixture(scope="module")
def days(half_year: Simulated) -> pd.DataFrame:
    """Worked days: therapist_id, day, month, attended, daily_sessions and unit (null where none)."""
    sessions = half_year.sessions[half_year.sessions.status == "attended"]
    held = sessions.assign(hour=sessions.group_session_id.fillna(sessions.session_id))
    worked = held.groupby(["therapist_id", "day", "month"], as_index=False).agg(attended=("hour", "nunique"))
    declared = half_year.table("thresholds.csv")
    membership = half_year.table("therapists.csv")
    units = pd.DataFrame(half_year.truth["teams"])[["team_id", "unit"]]
    with duckdb.connect() as connection:
        tables = {"worked": worked, "declared": declared, "membership": membership, "units": units}
        for name, table in tables.items():
            connection.register(name, table)
        return connection.sql("""
            WITH valid AS (
                SELECT clinician, since::DATE AS since, sessions_a_day::INTEGER AS daily_sessions
                FROM declared WHERE sessions_a_day::INTEGER BETWEEN 1 AND 24
            )
            SELECT worked.*, (SELECT arg_max(daily_sessions, since) FROM valid
                              WHERE clinician = therapist_id AND since <= day::DATE) AS daily_sessions, unit
            FROM worked
            LEFT JOIN membership ON clinician = therapist_id
                AND (month || '-01')::DATE
                    BETWEEN coalesce("from"::DATE, '1900-01-01') AND coalesce("until"::DATE, '2999-01-01')
            LEFT JOIN units ON team_id = team""").df()


def by_unit(items: pd.DataFrame, is_part: pd.Series) -> dict[tuple[str, str], tuple[int, int]]:
    """(unit, month) → (base, part) of these items."""
    counted = items.assign(part=is_part.astype(int), base=1).dropna(subset=["unit"])
    totals = sums(counted, ["unit", "month"], ["base", "part"]).to_dict("records")
    return {(row["unit"], row["month"]): (int(row["base"]), int(row["part"])) for row in totals}


def units_by_month(days: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(first_of_each(days, ["therapist_id", "month"]), columns=["therapist_id", "month", "unit"])


def without_zeros(figures: dict[tuple[str, str], tuple[int, int]]) -> dict[tuple[str, str], tuple[int, int]]:
    return {key: figure for key, figure in figures.items() if figure[0]}


def share(figures: dict[tuple[str, str], tuple[int, int]], unit: str) -> float:
    of_unit = [figure for (name, _), figure in figures.items() if name == unit]
    return sum(part for _, part in of_unit) / sum(base for base, _ in of_unit)


def test_over_threshold_days_and_coverage_are_what_the_files_give(half_year: Simulated, days: pd.DataFrame) -> None:
    declared = where(days, days.daily_sessions.notna())
    expected = half_year.workload("over_threshold_days")
    assert by_unit(declared, declared.attended > declared.daily_sessions) == without_zeros(expected)
    everybody = where(days, days.unit.notna()).sort_values("daily_sessions")  # who declared none comes last
    therapists = first_of_each(everybody, ["therapist_id", "month"]).assign(unit="everybody")
    expected = {("everybody", month): figure for (_, month), figure in half_year.workload("threshold_coverage").items()}
    assert by_unit(therapists, therapists.daily_sessions.notna()) == expected


def test_late_cancellations_and_spread_are_what_the_files_give(half_year: Simulated, days: pd.DataFrame) -> None:
    sessions = half_year.sessions.merge(units_by_month(days), on=["therapist_id", "month"])
    is_cancelled = sessions.status.str.startswith("cancelled")
    is_booked = (sessions.status != "scheduled") & ~(is_cancelled & (sessions.notice_hours >= 24))
    booked = where(sessions, is_booked)
    absorbed = booked.status.isin(["no_show", "cancelled_by_client"])
    assert by_unit(booked, absorbed) == without_zeros(half_year.workload("late_cancellations_absorbed"))
    alone = where(sessions, (sessions.status == "attended") & sessions.group_session_id.isna())
    first = first_of_each(alone, ["therapist_id", "client_id", "month"])
    assert by_unit(alone, alone.session_id.isin(first.session_id)) == without_zeros(
        half_year.workload("caseload_spread")
    )


def test_short_breaks_are_what_the_files_give(half_year: Simulated, days: pd.DataFrame) -> None:
    attended = where(half_year.sessions, half_year.sessions.status == "attended")
    load = first_of_each(attended, ["therapist_id", "wall"]).sort_values(["therapist_id", "wall"])
    own = half_year.table("thresholds.csv")
    own = where(own, own.sessions_a_day.astype(int).between(1, 24))
    least = own.groupby("clinician").least_break.first().astype(int)  # nobody declares another break later
    first = own.groupby("clinician").since.min()
    day = load.wall.dt.strftime("%Y-%m-%d")
    in_force = load.therapist_id.map(least).where(load.therapist_id.map(first) <= day).fillna(10)
    end = load.wall + pd.to_timedelta(load.minutes, "min")
    gap = (load.wall - end.groupby([load.therapist_id, load.day]).shift()).dt.total_seconds() / 60
    pairs = where(load.assign(is_short=gap < in_force), gap.notna())
    breaks = pairs.groupby(["therapist_id", "month", "day"], as_index=False).is_short.max()
    breaks = breaks.merge(units_by_month(days), on=["therapist_id", "month"])
    assert by_unit(breaks, breaks.is_short) == without_zeros(half_year.workload("short_breaks"))


def test_full_weeks_are_what_the_files_give(half_year: Simulated, days: pd.DataFrame) -> None:
    """Only the third quarter is whole; its units are those of July."""
    declared = where(days, days.daily_sessions.notna())
    day = pd.to_datetime(declared.day)
    monday = (day - pd.to_timedelta(day.dt.weekday, "D")).rename("monday")
    over = (declared.attended > declared.daily_sessions).groupby([declared.therapist_id, monday]).sum()
    weeks = over.rename("over").reset_index()
    weeks = where(weeks, (weeks.monday >= "2026-07-01") & (weeks.monday <= "2026-09-30")).assign(month="2026-09")
    july = half_year.table("therapists.csv").fillna({"from": "1900-01-01", "until": "2999-01-01"})
    july = where(july, (july["from"] <= "2026-07-01") & (july.until >= "2026-07-01"))
    teams = pd.DataFrame(half_year.truth["teams"])[["team_id", "unit"]]
    weeks = weeks.merge(july, left_on="therapist_id", right_on="clinician")
    weeks = weeks.merge(teams, left_on="team", right_on="team_id")
    expected = half_year.workload("repeated_over_threshold_days")
    assert {month for _, month in expected} == {"2026-09"}
    assert by_unit(weeks, weeks.over >= 3) == without_zeros(expected)


def test_quota_pull_is_what_the_files_give(half_year: Simulated, days: pd.DataFrame) -> None:
    declared = where(days, days.daily_sessions.notna() & days.unit.notna())
    usual = declared.groupby(["unit", "month"]).attended.agg(lambda counts: counts.mode().min()).rename("usual")
    declared = declared.merge(usual.reset_index(), on=["unit", "month"])
    to_usual, to_own = (
        (declared.attended - declared.usual).abs(),
        (declared.attended - declared.daily_sessions).abs(),
    )
    assert by_unit(declared, to_usual < to_own) == without_zeros(half_year.workload("quota_pull"))


def test_figures_hold_together(half_year: Simulated) -> None:
    over, beyond = half_year.workload("over_threshold_days"), half_year.workload("sessions_over_threshold")
    long_runs, breaks = half_year.workload("long_runs"), half_year.workload("short_breaks")
    pull, weeks = half_year.workload("quota_pull"), half_year.workload("repeated_over_threshold_days")
    units = {unit for unit, _ in over}
    assert len(half_year.truth["workload"]) == 7 * len(over) + 2 * 6 + len(units)
    for key in over:
        assert over[key][0] == pull[key][0]
        assert over[key][1] <= beyond[key][1]
        assert long_runs[key][0] <= breaks[key][0]
    assert {unit for unit, _ in weeks} == units
    assert all(0 <= row["part"] <= row["base"] for row in half_year.truth["workload"])


def test_size_and_mix_are_those_of_a_platform(half_year: Simulated) -> None:
    statuses = Counter(half_year.sessions.status)
    total = sum(statuses.values())
    assert 95_000 < total < 110_000
    assert 0.78 < statuses["attended"] / total < 0.86
    assert 0.04 < statuses["no_show"] / total < 0.08
    sizes = [team["size"] for team in half_year.truth["teams"]]
    assert 16 <= len(sizes) <= 24
    assert len({team["name"] for team in half_year.truth["teams"]}) == len(sizes)
    assert len({team["timezone"] for team in half_year.truth["teams"]}) == 4


def planted(half_year: Simulated, name: str) -> dict[str, Any]:
    return half_year.truth["planted"][name]


def test_overloaded_healthy_and_ordinary_teams_differ(half_year: Simulated) -> None:
    over, repeated = (
        half_year.workload("over_threshold_days"),
        half_year.workload("repeated_over_threshold_days"),
    )
    overloaded, healthy = planted(half_year, "overloaded")["unit"], planted(half_year, "healthy")["unit"]
    ordinary = [team["unit"] for team in half_year.truth["teams"] if not team["planted"]]
    assert share(over, overloaded) > 0.35
    assert share(repeated, overloaded) > 0.3
    assert share(over, healthy) < 0.03
    assert 0.07 < sum(share(over, unit) for unit in ordinary) / len(ordinary) < 0.16


def test_the_quota_team_piles_up_on_its_quota_and_not_on_its_thresholds(
    half_year: Simulated, days: pd.DataFrame
) -> None:
    team = planted(half_year, "fixed_quota")
    theirs = days[days.unit == team["unit"]]
    at_most_usual_count = days.groupby("unit").attended.agg(lambda counts: counts.value_counts(normalize=True).max())
    assert theirs.attended.mode().tolist() == [team["quota"]]
    assert at_most_usual_count[team["unit"]] > 1.4 * at_most_usual_count.drop(team["unit"]).max()
    assert theirs.daily_sessions.nunique() >= 4
    pull = half_year.workload("quota_pull")
    ordinary = [each["unit"] for each in half_year.truth["teams"] if each["manner"] == "ordinary"]
    assert share(pull, team["unit"]) > 0.6 > sum(share(pull, unit) for unit in ordinary) / len(ordinary)


def test_one_team_declared_the_same_threshold_throughout(half_year: Simulated, days: pd.DataFrame) -> None:
    team = planted(half_year, "same_threshold")
    counts = days.groupby("unit").daily_sessions.nunique()
    assert counts[team["unit"]] == 1
    assert days[days.unit == team["unit"]].daily_sessions.unique().tolist() == [team["threshold"]]
    assert (counts.drop(team["unit"]) > 1).all()


def test_small_teams_and_the_joined_unit(half_year: Simulated) -> None:
    sizes = {team["team_id"]: team["size"] for team in half_year.truth["teams"]}
    assert sizes[planted(half_year, "team_of_three")["team_id"]] == 3
    joined = planted(half_year, "joined_unit")
    configured = tomllib.loads((half_year.source.parent / "rapport.toml").read_text(encoding="utf-8"))["unit"]
    assert configured == [{"name": joined["unit"], "teams": joined["team_ids"]}]
    assert sorted(sizes[team] for team in joined["team_ids"]) == [4, 5]
    assert not {"Harbour", "Quay"} & {unit for unit, _ in half_year.workload("long_runs")}


def test_one_moves_one_joins_and_one_leaves_in_the_middle_of_a_month(half_year: Simulated) -> None:
    memberships = half_year.table("therapists.csv").set_index("clinician")
    mover = planted(half_year, "mover")
    lines = memberships.loc[mover["therapist_id"]]
    assert lines.team.tolist() == [mover["from_team_id"], mover["to_team_id"]]
    assert lines["from"].tolist()[1] == mover["on"]
    assert not mover["on"].endswith("-01")
    for name, column in (("joiners", "from"), ("leavers", "until")):
        assert planted(half_year, name)
        for therapist, on in planted(half_year, name).items():
            assert memberships.loc[therapist, column] == on
            held = half_year.sessions[half_year.sessions.therapist_id == therapist].day.astype(str)
            assert (held >= on).all() if column == "from" else (held <= on).all()


def test_the_earliest_slot_team_gives_up_fit_that_colleagues_had(half_year: Simulated) -> None:
    team = planted(half_year, "earliest_slot")
    assert team["mean_fit"] < team["mean_best_fit"] - 0.25
    assert team["mean_fit"] < team["mean_fit_of_best_fit_teams"] - 0.2
    rows = {row["team_id"]: row for row in half_year.truth["pairings"]}
    missed = {team: row["better_had_room"] / row["with_choice"] for team, row in rows.items()}
    assert missed[team["team_id"]] > 0.4
    assert missed[planted(half_year, "healthy")["team_id"]] < 0.1
    requests = half_year.table("requests-*.csv").drop_duplicates()
    assert len(requests[requests.clinician.notna()]) == sum(row["pairings"] for row in rows.values())


def test_understanding_falls_on_over_threshold_days_of_one_team_only(half_year: Simulated) -> None:
    falls = planted(half_year, "understanding_falls")

    def difference(where: dict[str, dict[str, int]]) -> float:
        return (
            where["other_days"]["closer"] / where["other_days"]["responses"]
            - where["over_threshold_days"]["closer"] / where["over_threshold_days"]["responses"]
        )

    assert difference(falls["there"]) > 0.15
    assert abs(difference(falls["elsewhere"])) < 0.03
    answers = half_year.table("feedback-*.csv").drop_duplicates()
    scored = answers.understanding.isin(list("01234")) & answers.appointment.isin(half_year.sessions.session_id)
    counted = sum(sum(day["responses"] for day in falls[where].values()) for where in ("there", "elsewhere"))
    assert int(scored.sum()) == counted
    attended = (half_year.sessions.status == "attended").sum()
    assert 0.3 < len(answers) / attended < 0.6


def test_one_need_is_asked_for_and_covered_by_nobody(half_year: Simulated) -> None:
    need = planted(half_year, "uncovered_need")
    asked = half_year.table("requests-*.csv").drop_duplicates().needs.str.split(";")
    assert sum(need["need"] in needs for needs in asked) == need["requests"] > 50
    declared = half_year.table("profiles.csv").specialties.str.split(";").explode()
    assert need["need"] not in set(declared)
    assert set(asked.explode()) - set(declared) == {need["need"]}


def test_the_outage_cancels_sessions_on_its_days(half_year: Simulated) -> None:
    outage = planted(half_year, "outage")
    known = where(half_year.sessions, ~half_year.sessions.therapist_id.str.startswith("th-99"))
    cancelled = where(known, known.status == "cancelled_by_platform")
    assert set(cancelled.day.astype(str)) == set(outage["days"])
    assert len(cancelled) == sum(outage["cancelled_by_platform"].values()) > 500


def test_thresholds_change_in_force_and_some_declare_none(half_year: Simulated) -> None:
    declared = half_year.table("thresholds.csv")
    therapists = set(half_year.table("therapists.csv").clinician)
    within = declared[declared.since >= "2026-05-01"]
    assert len(within) > 5
    assert 0.05 < 1 - declared.clinician.nunique() / len(therapists) < 0.25
    sensible = declared.sessions_a_day.astype(int)
    assert set(sensible[sensible.between(1, 24)]) == {3, 4, 5, 6, 7, 8}


def test_group_sessions_have_several_clients_and_one_therapist(half_year: Simulated) -> None:
    groups = half_year.sessions.dropna(subset=["group_session_id"]).groupby("group_session_id")
    assert (groups.therapist_id.nunique() == 1).all()
    assert (groups.wall.nunique() == 1).all()
    assert groups.client_id.nunique().mean() > 2
