"""Each rule of each suite, through Great Expectations: silent on clean tables, failing on a planted fault.

The clean tables are few rows that a person can check. A plant is one change of them, named after the rule
that must catch it. A rule without a plant fails the first test.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import duckdb
import pytest

from assets.raw.contract import DUCKDB_TYPES, TABLES
from expectations.engine import Verdict, validate
from expectations.suites import load_suite, suite_tables

OCTOBER = {"month_start": datetime.date(2026, 10, 1), "month_end": datetime.date(2026, 10, 31)}

# One team of three therapists with thresholds of their own. In raw: 200 sessions, 20 rows of everything else.
CLEAN_RAW = """
    INSERT INTO raw.sessions BY NAME
    SELECT key('s' || i) AS session_key, key('t' || i % 3) AS therapist_key, key('c' || i % 40) AS client_key,
      TIMESTAMPTZ '2026-10-01 08:00:00+00' + i * INTERVAL 3 HOUR AS starts_at,
      starts_at + INTERVAL 50 MINUTE AS ends_at,
      if(i % 10 = 0, 'cancelled_by_client', 'attended') AS status,
      if(i % 10 = 0, starts_at - INTERVAL 2 HOUR, NULL) AS cancelled_at
    FROM range(200) AS numbers(i);

    INSERT INTO raw.therapists BY NAME
    SELECT key('t' || i) AS therapist_key, 'T01' AS team_id, DATE '2024-01-01' AS valid_from,
      if(i = 0, DATE '2026-12-31', NULL) AS valid_to
    FROM range(20) AS numbers(i);

    INSERT INTO raw.teams BY NAME
    SELECT 'T' || i AS team_id, 'Team ' || i AS team_name, 'Adults' AS service, 'Europe/Berlin' AS timezone,
      'Unit ' || i % 5 AS reporting_unit
    FROM range(20) AS numbers(i);

    INSERT INTO raw.thresholds BY NAME
    SELECT key('t' || i) AS therapist_key, DATE '2024-01-01' AS valid_from, 4 + i % 3 AS daily_sessions,
      15 AS min_break_minutes, TIME '09:00' AS day_starts, TIME '18:00' AS day_ends
    FROM range(20) AS numbers(i);

    INSERT INTO raw.profiles BY NAME
    SELECT key('t' || i) AS therapist_key, DATE '2024-01-01' AS valid_from, ['grief'] AS specialties,
      ['German'] AS languages
    FROM range(20) AS numbers(i);

    INSERT INTO raw.requests BY NAME
    SELECT key('r' || i) AS request_key, key('c' || i) AS client_key, key('t' || i) AS therapist_key,
      TIMESTAMPTZ '2026-10-01 08:00:00+00' AS requested_at, requested_at + INTERVAL 3 DAY AS paired_at,
      'client' AS paired_by, 'client_choice' AS pairing_basis
    FROM range(20) AS numbers(i);

    INSERT INTO raw.feedback BY NAME
    SELECT key('s' || i) AS session_key, TIMESTAMPTZ '2026-10-09 08:00:00+00' AS submitted_at,
      i % 5 AS closer_to_understanding, i % 11 AS alliance
    FROM range(20) AS numbers(i);

    INSERT INTO raw.endings BY NAME
    SELECT key('c' || i) AS client_key, key('t' || i % 3) AS therapist_key, DATE '2026-10-20' AS ended_on,
      'planned' AS ending
    FROM range(20) AS numbers(i);
"""

# Ada, Ben and Cem, on 5 October (UTC + 2 h):
#   Ada  09:00 09:50 c1 | 10:00 10:50 group g (c2 and c3) | 13:00 13:50 c1    3 sessions, threshold 2: over
#   Ben  09:00 09:50 c4 | cancelled 11:00 c5                                  1 session, threshold 5
#   Cem  23:30 00:20 c6                                                       1 session, no threshold
CLEAN_CORE = """
    CREATE TABLE core.sessions AS
    SELECT key(id) AS session_key, key(therapist) AS therapist_key, key(client) AS client_key,
      'T01' AS team_id, 'Europe/Berlin' AS timezone, DATE '2026-10-05' AS local_date,
      starts_local::TIMESTAMPTZ - INTERVAL 2 HOUR AS starts_at, starts_at + INTERVAL 50 MINUTE AS ends_at,
      starts_local, starts_local + INTERVAL 50 MINUTE AS ends_local, 50.0::DOUBLE AS duration_minutes, status,
      key(groups) AS group_session_key, is_load, session_of_day, gap_minutes::DOUBLE AS gap_minutes
    FROM (
      VALUES
        ('s1', 'Ada', 'c1', TIMESTAMP '2026-10-05 09:00', 'attended', NULL, true, 1, NULL),
        ('s2', 'Ada', 'c2', TIMESTAMP '2026-10-05 10:00', 'attended', 'g', true, 2, 10),
        ('s3', 'Ada', 'c3', TIMESTAMP '2026-10-05 10:00', 'attended', 'g', false, NULL, NULL),
        ('s4', 'Ada', 'c1', TIMESTAMP '2026-10-05 13:00', 'attended', NULL, true, 3, 130),
        ('s5', 'Ben', 'c4', TIMESTAMP '2026-10-05 09:00', 'attended', NULL, true, 1, NULL),
        ('s6', 'Ben', 'c5', TIMESTAMP '2026-10-05 11:00', 'cancelled_by_client', NULL, false, NULL, NULL),
        ('s7', 'Cem', 'c6', TIMESTAMP '2026-10-05 23:30', 'attended', NULL, true, 1, NULL)
    ) AS rows(id, therapist, client, starts_local, status, groups, is_load, session_of_day, gap_minutes);

    CREATE TABLE core.therapist_days AS
    SELECT key(therapist) AS therapist_key, DATE '2026-10-05' AS local_date, attended_sessions,
      [key(client) FOR client IN clients] AS client_keys, longest_run, daily_sessions, is_over_threshold
    FROM (
      VALUES
        ('Ada', 3, ['c1', 'c2', 'c3'], 2, 2, true),
        ('Ben', 1, ['c4'], 1, 5, false),
        ('Cem', 1, ['c6'], 1, NULL, NULL)
    ) AS rows(therapist, attended_sessions, clients, longest_run, daily_sessions, is_over_threshold);

    CREATE TABLE core.thresholds AS
    SELECT key(therapist) AS therapist_key, daily_sessions, valid_from, valid_until
    FROM (
      VALUES
        ('Ada', 4, DATE '2024-01-01', DATE '2026-01-01'), ('Ada', 2, DATE '2026-01-01', NULL),
        ('Ben', 5, DATE '2024-01-01', NULL), ('Dua', 4, DATE '2024-01-01', NULL)
    ) AS rows(therapist, daily_sessions, valid_from, valid_until);

    CREATE TABLE settings.units AS SELECT 'Unit T01' AS unit, 'T01' AS team_id;

    CREATE TABLE core.team_memberships AS
    SELECT key(therapist) AS therapist_key, team_id, 'Unit ' || team_id AS reporting_unit,
      'Adults' AS service, 'Europe/Berlin' AS timezone, valid_from::TIMESTAMPTZ AS valid_from,
      valid_until::TIMESTAMPTZ AS valid_until
    FROM (
      VALUES
        ('Ada', 'T02', '2023-12-31 23:00', '2025-06-30 22:00'), ('Ada', 'T01', '2025-06-30 22:00', NULL),
        ('Ben', 'T01', '2023-12-31 23:00', NULL), ('Cem', 'T01', '2023-12-31 23:00', NULL),
        ('Dua', 'T01', '2023-12-31 23:00', NULL)
    ) AS rows(therapist, team_id, valid_from, valid_until);

    CREATE TABLE core.profiles AS
    SELECT key(therapist) AS therapist_key, specialties, ['de'] AS languages, NULL::VARCHAR[] AS modalities,
      true AS visible_to_clients, valid_from, valid_until
    FROM (
      VALUES
        ('Ada', ['grief'], DATE '2024-01-01', DATE '2026-01-01'),
        ('Ada', ['grief', 'self esteem'], DATE '2026-01-01', DATE '2200-01-01'),
        ('Ben', ['sleep'], DATE '2024-01-01', DATE '2200-01-01')
    ) AS rows(therapist, specialties, valid_from, valid_until);

    CREATE TABLE core.requests AS
    SELECT key('r' || i) AS request_key, key('c' || i) AS client_key, 'T01' AS team_id,
      DATE '2026-10-01' + i::INTEGER AS requested_on, ['sleep', 'grief'] AS needs, 14 AS tolerated_wait_days,
      key('Ada') AS therapist_key, 3 AS days_to_pairing
    FROM range(4) AS numbers(i);

    CREATE TABLE core.room AS
    SELECT key('Ben') AS therapist_key, DATE '2026-10-01' + i::INTEGER AS asked_on, 2 AS room_in_days
    FROM range(4) AS numbers(i);

    CREATE TABLE core.pairings AS
    SELECT request_key, needs, therapist_key, 'paired' AS outcome, 0.5 AS fit, 1 AS feasible_therapists,
      if(request_key = key('r1'), 0.5, 1) AS best_feasible_fit,
      if(request_key = key('r1'), NULL, 2) AS better_fit_in_days
    FROM core.requests;

    CREATE TABLE core.few_in_reach AS
    SELECT request_key, 'sleep' AS need, [key('Ben')] AS therapist_keys FROM core.requests;

    CREATE TABLE core.first_sessions AS
    SELECT session_key, 1 AS session_number, 4 AS wait_days FROM core.sessions WHERE status = 'attended';

    CREATE TABLE core.endings AS
    SELECT key('c' || i) AS client_key, key('Ada') AS therapist_key, DATE '2026-10-05' AS ended_on, 'planned' AS ending,
      3 AS attended_sessions
    FROM range(4) AS numbers(i);

    CREATE TABLE core.clients_seen AS
    SELECT DISTINCT client_key, therapist_key FROM core.sessions WHERE status = 'attended' AND group_session_key IS NULL;

    CREATE TABLE core.feedback AS
    SELECT session_key, therapist_key, client_key, status, is_load AND group_session_key IS NULL AS is_individual,
      true AS is_answered
    FROM core.sessions WHERE status = 'attended';

    CREATE TABLE core.rosters AS
    SELECT key('t' || i) AS therapist_key, 'Unit ' || i % 2 AS reporting_unit, 'Adults' AS service
    FROM range(10) AS numbers(i);
"""


def quarantined(reason: str) -> str:
    """The plant of one quarantined row: file_number, line, field, reason."""
    return f"INSERT INTO {{table}}_quarantine VALUES (1, 7, 'field', '{reason}')"


# A plant is a statement; one that begins with SET is an UPDATE of the table, with FILES SET of {table}_files.
# These are for every raw table that has such a rule.
PLANTED_IN_RAW = {
    "every_row_is_accounted_for": "FILES SET read = read + 1 WHERE file_number = 2",
    "accepted_rows_are_those_counted": "DELETE FROM {table} WHERE line = 3",
    "quarantined_rows_are_those_counted": "FILES SET quarantined = 1 WHERE file_number = 2",
    "no_empty_files": "FILES SET read = 0 WHERE file_number = 2",
    "snapshot_is_not_empty": "DELETE FROM {table}",
    "no_rows_quarantined": "FILES SET quarantined = 1 WHERE file_number = 2",
    "few_rows_quarantined": "FILES SET quarantined = 5, read = 50",
    "no_file_mostly_unusable": "FILES SET quarantined = 5, read = 24 WHERE file_number = 2",
    "no_duplicates": "FILES SET duplicate = 1 WHERE file_number = 2",
    "no_rows_superseded": "FILES SET superseded = 1 WHERE file_number = 2",
    "no_unreadable_rows": quarantined("unreadable_row"),
    "no_mangled_ids": quarantined("mangled_id"),
    "no_free_text_ids": quarantined("free_text_id"),
    "no_unreadable_times": quarantined("unreadable_date"),
    "no_missing_times": quarantined("missing_time"),
    "no_ambiguous_local_times": quarantined("ambiguous_local_time"),
    "no_unknown_values": quarantined("unknown_value"),
    "no_numbers_out_of_range": quarantined("out_of_range"),
}

ONE_MORE = "INSERT INTO {table} SELECT * FROM {table} LIMIT 1"

PLANTED: dict[str, dict[str, str]] = {
    "raw.sessions": {
        "sessions_are_complete": "SET client_key = NULL WHERE line = 3",
        "sessions_are_unique": ONE_MORE,
        "times_are_there": "SET ends_at = NULL WHERE line = 3",
        "sessions_end_after_they_start": "SET ends_at = starts_at WHERE line = 3 AND status = 'attended'",
        "statuses_are_known": "SET status = 'Completed' WHERE line = 3",
        "cancelled_sessions_are_not_attended": "SET cancelled_at = starts_at WHERE line = 3",
        "some_sessions_were_attended": "SET status = 'scheduled'",
        "durations_are_no_hours": "SET ends_at = starts_at + INTERVAL 50 SECOND",  # 0.83 hours
        "durations_are_of_sessions": "SET ends_at = starts_at + INTERVAL 5 HOUR",
        "no_unknown_statuses": quarantined("unknown_status"),
        "no_impossible_durations": quarantined("lasts_over_a_day"),
        "no_attended_sessions_in_the_future": quarantined("attended_in_the_future"),
    },
    "raw.therapists": {
        "memberships_are_complete": "SET team_id = NULL WHERE line = 3",
        "memberships_are_unique": ONE_MORE,
        "memberships_end_after_they_begin": "SET valid_to = DATE '2023-12-31' WHERE line = 3",
        "no_two_teams_at_once": quarantined("two_teams_at_once"),
        "no_missing_teams": quarantined("missing_team"),
    },
    "raw.teams": {
        "teams_are_complete": "SET team_id = NULL WHERE line = 3",
        "teams_are_unique": ONE_MORE,
        "team_names_differ": "SET team_name = 'Team 0' WHERE line = 3",
        "time_zones_are_known": "SET timezone = 'Europe/Bärlin' WHERE line = 3",
        "units_lie_in_one_service": "SET service = 'Youth' WHERE line = 3",
    },
    "raw.thresholds": {
        "thresholds_are_complete": "SET daily_sessions = NULL WHERE line = 3",
        "thresholds_are_unique": ONE_MORE,
        "thresholds_are_possible": "SET daily_sessions = 400 WHERE line = 3",
        "breaks_are_possible": "SET min_break_minutes = -3 WHERE line = 3",
        "days_end_after_they_start": "SET day_ends = day_starts WHERE line = 3",
        "no_thresholds_out_of_range": quarantined("threshold_out_of_range"),
    },
    "raw.profiles": {
        "profiles_are_complete": "SET therapist_key = NULL WHERE line = 3",
        "profiles_are_unique": ONE_MORE,
        "profiles_declare_specialties": "SET specialties = [] WHERE line = 3",
        "profiles_declare_languages": "SET languages = NULL WHERE line = 3",
    },
    "raw.requests": {
        "requests_are_complete": "SET requested_at = NULL WHERE line = 3",
        "requests_are_unique": ONE_MORE,
        "pairers_are_known": "SET paired_by = 'nobody' WHERE line = 3",
        "pairing_bases_are_known": "SET pairing_basis = 'luck' WHERE line = 3",
        "pairings_follow_requests": "SET paired_at = requested_at - INTERVAL 1 MINUTE WHERE line = 3",
        "pairings_name_a_therapist": "SET therapist_key = NULL WHERE line = 3",
    },
    "raw.feedback": {
        "answers_are_complete": "SET session_key = NULL WHERE line = 3",
        "answers_are_unique": ONE_MORE,
        "closeness_is_on_its_scale": "SET closer_to_understanding = 5 WHERE line = 3",
        "alliance_is_on_its_scale": "SET alliance = 10.5 WHERE line = 3",
        "answers_answer_something": "SET closer_to_understanding = NULL, alliance = NULL WHERE line = 3",
    },
    "raw.endings": {
        "endings_are_complete": "SET ending = NULL WHERE line = 3",
        "endings_are_unique": ONE_MORE,
        "endings_are_known": "SET ending = 'faded' WHERE line = 3",
    },
    "core.sessions": {
        "sessions_are_complete": "SET status = NULL WHERE session_key = key('s1')",
        "sessions_are_unique": ONE_MORE,
        "sessions_are_of_the_month": "SET local_date = DATE '2026-11-01' WHERE session_key = key('s1')",
        # Cem begins at 23:30 on the 5th, which is 21:30 in UTC; an hour later it is the 6th
        "local_dates_are_those_of_the_start": "SET starts_local = starts_local + INTERVAL 1 HOUR",
        "statuses_are_known": "SET status = 'Completed' WHERE session_key = key('s1')",
        "durations_are_possible": "SET duration_minutes = 0 WHERE session_key = key('s1')",
        "therapists_have_a_team": "SET team_id = NULL WHERE session_key = key('s1')",
        "most_therapists_have_a_team": "SET team_id = NULL WHERE session_key IN (key('s1'), key('s2'))",
        "only_attended_sessions_are_load": "SET is_load = true WHERE session_key = key('s6')",
        "group_sessions_count_once": "SET is_load = true WHERE session_key = key('s3')",
        "sessions_of_a_day_are_numbered": "SET gap_minutes = 5 WHERE session_key = key('s1')",
        "few_sessions_overlap": "SET gap_minutes = -10 WHERE session_key = key('s4')",
    },
    "core.therapist_days": {
        "days_are_complete": "SET client_keys = NULL WHERE therapist_key = key('Ada')",
        "days_are_unique": ONE_MORE,
        "days_are_of_the_month": "SET local_date = DATE '2026-09-30' WHERE therapist_key = key('Ada')",
        "days_hold_their_sessions": "DELETE FROM core.therapist_days WHERE therapist_key = key('Cem')",
        "runs_fit_into_their_day": "SET longest_run = 4 WHERE therapist_key = key('Ada')",
        "days_have_clients": "SET client_keys = [] WHERE therapist_key = key('Ada')",
        "thresholds_are_possible": "SET daily_sessions = 0 WHERE therapist_key = key('Ben')",
        "over_threshold_days_are_over": "SET is_over_threshold = false WHERE therapist_key = key('Cem')",
        "days_are_believable": "SET attended_sessions = 17 WHERE therapist_key = key('Ada')",
    },
    "core.thresholds": {
        "thresholds_are_complete": "SET daily_sessions = NULL WHERE therapist_key = key('Ben')",
        "thresholds_are_possible": "SET daily_sessions = -3 WHERE therapist_key = key('Ben')",
        "thresholds_end_after_they_begin": "SET valid_until = valid_from WHERE valid_until IS NOT NULL",
        "thresholds_do_not_overlap": "SET valid_until = DATE '2026-01-02' WHERE valid_until IS NOT NULL",
        # Ada 2, Ben 5, Dua 4 declare; Cem does not. Ada's old 4 no longer counts
        "thresholds_are_not_quotas": "SET daily_sessions = 6 WHERE valid_until IS NULL",
    },
    "core.team_memberships": {
        "memberships_are_complete": "SET reporting_unit = NULL WHERE therapist_key = key('Ben')",
        "memberships_end_after_they_begin": "SET valid_until = valid_from WHERE valid_until IS NOT NULL",
        "memberships_do_not_overlap": "SET valid_until = NULL",
        "time_zones_are_known": "SET timezone = 'Europe/Bärlin' WHERE therapist_key = key('Ben')",
        "teams_lie_in_one_unit": "SET reporting_unit = 'Quay' WHERE therapist_key = key('Ben')",
        "declared_units_have_their_teams_alone": "SET reporting_unit = 'Unit T01' WHERE team_id = 'T02'",
    },
    "core.profiles": {
        "profiles_are_complete": "SET valid_until = NULL WHERE therapist_key = key('Ben')",
        "profiles_do_not_overlap": "SET valid_until = DATE '2200-01-01'",
        "words_are_in_their_normal_form": "SET specialties = ['self-esteem'] WHERE therapist_key = key('Ben')",
    },
    "core.requests": {
        "requests_are_complete": "SET tolerated_wait_days = NULL WHERE request_key = key('r1')",
        "requests_are_unique": ONE_MORE,
        "requests_are_of_the_month": "SET requested_on = DATE '2026-11-01' WHERE request_key = key('r1')",
        "requests_state_needs": "SET needs = NULL WHERE request_key = key('r1')",
        "requests_ask_known_teams": "SET team_id = 'T99' WHERE request_key = key('r1')",
        "pairings_have_a_wait": "SET days_to_pairing = NULL WHERE request_key = key('r1')",
    },
    "core.room": {
        "rooms_are_complete": "SET room_in_days = NULL WHERE asked_on = DATE '2026-10-01'",
        "rooms_are_unique": ONE_MORE,
        "rooms_are_of_the_month": "SET room_in_days = 29 WHERE asked_on = DATE '2026-10-01'",
        "rooms_are_under_own_thresholds": "SET therapist_key = key('Cem') WHERE asked_on = DATE '2026-10-01'",
    },
    "core.pairings": {
        "pairings_are_those_of_the_requests": "DELETE FROM core.pairings WHERE request_key = key('r1')",
        "fits_are_shares": "SET fit = 1.5 WHERE request_key = key('r1')",
        "best_fits_are_feasible": "SET feasible_therapists = 0 WHERE request_key = key('r1')",
        "better_fits_are_better": "SET better_fit_in_days = NULL WHERE request_key = key('r2')",
        "therapists_had_not_left": "SET outcome = 'therapist_had_left' WHERE request_key = key('r1')",
        "needs_are_declared_by_somebody": "SET needs = ['gambling'] WHERE request_key = key('r1')",
    },
    "core.few_in_reach": {
        "few_are_one_to_four": "SET therapist_keys = [key('Ben'), key('Ben')] WHERE request_key = key('r1')",
        "few_are_of_requests_and_unique": "SET need = 'gambling' WHERE request_key = key('r1')",
    },
    "core.first_sessions": {
        "first_sessions_are_those_of_the_month": ONE_MORE,
        "first_sessions_are_numbered": "SET session_number = 4 WHERE session_key = key('s1')",
        "waits_are_not_negative": "SET wait_days = -1 WHERE session_key = key('s1')",
    },
    "core.endings": {
        "endings_are_complete": "SET ended_on = DATE '2026-11-01' WHERE client_key = key('c1')",
        "endings_are_unique": ONE_MORE,
        "endings_follow_sessions": "SET attended_sessions = 0 WHERE client_key = key('c1')",
    },
    "core.clients_seen": {
        "clients_seen_are_those_of_the_sessions": ONE_MORE,
    },
    "core.feedback": {
        "attended_sessions_are_all_there": "SET is_individual = false WHERE session_key = key('s1')",
        "sessions_are_unique": ONE_MORE,
        "sessions_are_known": "SET therapist_key = NULL WHERE session_key = key('s1')",
        "most_sessions_are_known": "SET therapist_key = NULL WHERE session_key IN (key('s1'), key('s2'))",
        "answered_sessions_were_attended": "SET status = 'no_show' WHERE session_key = key('s1')",
    },
    "core.rosters": {
        "rosters_are_complete": "SET reporting_unit = NULL WHERE therapist_key = key('t1')",
        "therapists_are_on_one_roster": (
            "INSERT INTO core.rosters SELECT therapist_key, 'Unit 1', service FROM core.rosters LIMIT 1"
        ),
        "units_lie_in_one_service": "SET service = 'Youth' WHERE therapist_key = key('t1')",
        "rosters_are_large_enough": "DELETE FROM core.rosters WHERE therapist_key = key('t1')",
    },
}


def plants_of(table: str) -> dict[str, str]:
    """For each rule of a table's suite, the statement that plants a violation of it."""
    names = {rule.name for rule in load_suite(table).rules}
    shared = PLANTED_IN_RAW if table.startswith("raw.") else {}
    return {
        name: plant.replace("FILES SET", "UPDATE {table}_files SET")
        .replace("SET", "UPDATE {table} SET", 1 if plant.startswith("SET") else 0)
        .format(table=table)
        for name, plant in (shared | PLANTED[table]).items()
        if name in names
    }


CASES = [(table, name) for table in suite_tables() for name in plants_of(table)]


@pytest.fixture(scope="module")
def clean() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB with the clean tables. Each raw table came in two files."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; CREATE SCHEMA raw; CREATE SCHEMA core; CREATE SCHEMA settings")
        connection.execute("CREATE MACRO key(word) AS md5(word)::UUID")
        for name, table in TABLES.items():
            columns = ", ".join(f"{field.column} {DUCKDB_TYPES[field.type]}" for field in table.fields)
            connection.execute(f"CREATE TABLE raw.{name} ({columns}, file_number INTEGER, line BIGINT)")
        connection.execute(CLEAN_RAW)
        for name in TABLES:
            connection.execute(f"UPDATE raw.{name} SET file_number = 1 + rowid % 2, line = rowid // 2 + 2")
            connection.execute(f"""
                CREATE TABLE raw.{name}_files AS
                SELECT file_number, file_number || '.csv' AS file, count(*) AS read, count(*) AS stored,
                  0 AS quarantined, 0 AS duplicate, 0 AS superseded, count(*) AS accepted
                FROM raw.{name} GROUP BY file_number""")
            columns = "file_number INTEGER, line BIGINT, field VARCHAR, reason VARCHAR"
            connection.execute(f"CREATE TABLE raw.{name}_quarantine ({columns})")
        connection.execute(CLEAN_CORE)
        yield connection


@pytest.fixture
def connection(clean: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The clean tables, to be changed: afterwards they are clean again."""
    clean.begin()
    yield clean
    clean.rollback()


def verdicts_of(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, Verdict]:
    return {verdict.name: verdict for verdict in validate(connection, table, load_suite(table), OCTOBER)}


def test_every_rule_of_every_suite_has_a_planted_violation() -> None:
    rules = {(table, rule.name) for table in suite_tables() for rule in load_suite(table).rules}
    assert rules == set(CASES)
    assert {name for _, name in CASES} >= set(PLANTED_IN_RAW)
    assert all(set(plants) <= set(plants_of(table)) for table, plants in PLANTED.items())


@pytest.mark.parametrize("table", suite_tables())
def test_clean_tables_pass(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    outcomes = {name: verdict.outcome for name, verdict in verdicts_of(connection, table).items()}
    without_quarantine = {"quarantined_rows_are_those_counted"} & set(outcomes)
    assert outcomes == dict.fromkeys(outcomes, "passed") | dict.fromkeys(without_quarantine, "not applicable")


@pytest.mark.parametrize(("table", "rule"), CASES, ids=[f"{table}:{rule}" for table, rule in CASES])
def test_each_rule_catches_its_planted_violation(connection: duckdb.DuckDBPyConnection, table: str, rule: str) -> None:
    connection.execute(plants_of(table)[rule])
    verdict = verdicts_of(connection, table)[rule]
    assert verdict.outcome == "failed"
    assert verdict.blocks == (verdict.severity == "error")
    assert 0 < verdict.unexpected <= verdict.denominator


@pytest.mark.parametrize("table", suite_tables())
def test_an_empty_table_is_not_applicable_and_never_passed(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    for (name,) in connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall():
        connection.execute(f"DELETE FROM {name}")
    assert {verdict.outcome for verdict in verdicts_of(connection, table).values()} == {"not applicable"}


def test_counts_and_shares_are_those_of_the_rows(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("UPDATE core.sessions SET team_id = NULL WHERE session_key = key('s1')")
    verdicts = verdicts_of(connection, "core.sessions")
    without_team = verdicts["therapists_have_a_team"]
    assert (without_team.unexpected, without_team.denominator) == (1, 7)
    assert without_team.share == pytest.approx(1 / 7)
    assert without_team.message == "1 of 7 sessions"
    assert not without_team.blocks
    # one in seven is under a fifth
    assert verdicts["most_therapists_have_a_team"].outcome == "passed"
    # s3 is the second client of the one group session
    groups = verdicts["group_sessions_count_once"]
    assert (groups.unexpected, groups.denominator) == (0, 1)


def test_a_day_that_is_only_in_the_sessions_counts_as_missing(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("UPDATE core.sessions SET therapist_key = key('Dua') WHERE session_key = key('s7')")
    verdict = verdicts_of(connection, "core.therapist_days")["days_hold_their_sessions"]
    # Cem's day has no session any more, and Dua's session has no day: 2 of Ada, Ben, Cem, Dua
    assert (verdict.unexpected, verdict.denominator) == (2, 4)


def test_sessions_of_a_neighbouring_month_are_left_out(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("""
        INSERT INTO core.sessions
        SELECT * REPLACE (key('s8') AS session_key, DATE '2026-11-01' AS local_date) FROM core.sessions
        WHERE session_key = key('s7')""")
    assert verdicts_of(connection, "core.therapist_days")["days_hold_their_sessions"].outcome == "passed"


def test_a_team_of_two_declaring_the_same_is_no_quota(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("UPDATE core.thresholds SET daily_sessions = 6 WHERE valid_until IS NULL")
    connection.execute("DELETE FROM core.thresholds WHERE therapist_key = key('Dua')")
    verdict = verdicts_of(connection, "core.thresholds")["thresholds_are_not_quotas"]
    assert verdict.outcome == "not applicable"


def test_a_quota_is_seen_whether_open_ends_are_empty_or_infinite(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("UPDATE core.thresholds SET daily_sessions = 6 WHERE valid_until IS NULL")
    connection.execute("UPDATE core.thresholds SET valid_until = 'infinity' WHERE valid_until IS NULL")
    connection.execute("UPDATE core.team_memberships SET valid_until = 'infinity' WHERE valid_until IS NULL")
    assert verdicts_of(connection, "core.thresholds")["thresholds_are_not_quotas"].outcome == "failed"
    assert verdicts_of(connection, "core.team_memberships")["memberships_do_not_overlap"].outcome == "passed"


@pytest.mark.parametrize(
    ("read", "quarantined", "few", "usable"),
    [
        (200, 10, "passed", "passed"),  # 5 %
        (200, 11, "failed", "passed"),  # 5.5 %
        (25, 5, "failed", "passed"),  # 20 % of the file
        (24, 5, "failed", "failed"),  # 20.8 %
        (10, 4, "passed", "passed"),  # a handful
        (2, 2, "passed", "failed"),  # the whole file
    ],
)
def test_shares_of_quarantined_rows_at_their_borders(
    connection: duckdb.DuckDBPyConnection, read: int, quarantined: int, few: str, usable: str
) -> None:
    connection.execute("DELETE FROM raw.sessions_files WHERE file_number = 2")
    connection.execute("UPDATE raw.sessions_files SET read = ?, quarantined = ?", [read, quarantined])
    verdicts = verdicts_of(connection, "raw.sessions")
    assert verdicts["few_rows_quarantined"].outcome == few
    assert verdicts["no_file_mostly_unusable"].outcome == usable


@pytest.mark.parametrize(
    ("sessions", "seconds", "outcomes"),
    [
        (90, 60, ("passed", "passed")),  # half of the 180 that were attended
        (91, 60, ("failed", "failed")),
        (91, 5 * 60, ("passed", "failed")),
        (91, 10 * 60, ("passed", "passed")),
        (91, 4 * 3600, ("passed", "passed")),
        (91, 4 * 3600 + 1, ("passed", "failed")),
    ],
)
def test_most_sessions_last_as_sessions_do(
    connection: duckdb.DuckDBPyConnection, sessions: int, seconds: int, outcomes: tuple[str, str]
) -> None:
    of_so_many = f"(SELECT session_key FROM raw.sessions WHERE status = 'attended' ORDER BY 1 LIMIT {sessions})"
    connection.execute(
        f"UPDATE raw.sessions SET ends_at = starts_at + INTERVAL {seconds} SECOND WHERE session_key IN {of_so_many}"
    )
    verdicts = verdicts_of(connection, "raw.sessions")
    assert (verdicts["durations_are_no_hours"].outcome, verdicts["durations_are_of_sessions"].outcome) == outcomes


def test_a_few_short_sessions_say_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DELETE FROM raw.sessions WHERE line > 12 OR status <> 'attended'")
    connection.execute("UPDATE raw.sessions SET ends_at = starts_at + INTERVAL 1 MINUTE")
    verdict = verdicts_of(connection, "raw.sessions")["durations_are_no_hours"]
    assert (verdict.outcome, verdict.unexpected, verdict.denominator) == ("passed", 19, 19)


def test_a_row_with_two_faults_of_a_kind_is_quarantined_once(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "INSERT INTO raw.sessions_quarantine VALUES (1, 7, 'starts_at', 'unreadable_time'),"
        " (1, 7, 'ends_at', 'unreadable_time'), (2, 7, 'ends_at', 'unreadable_time')"
    )
    verdict = verdicts_of(connection, "raw.sessions")["no_unreadable_times"]
    assert (verdict.unexpected, verdict.denominator) == (2, 200)
