"""A month replayed under all rules: seconds and memory, as it grows.

    python -m benchmarks.whatif [--requests 40000] [--therapists 30000] [--any-team]

Draws a platform, and measures the SQL of a replay, and each rule. With `--any-team` no request names a team, so that all of them
reach for the same places: the hardest case.
"""

from __future__ import annotations

import argparse
import resource
import time

import duckdb

from assets.whatif import MONTHLY, RULES, sql
from assets.whatif.assignment import Month, given
from benchmarks.pairings import DRAWN, OCTOBER
from pipelines.whatif import GIVEN_BY_RULE, NO_ITEMS

# Each therapist has a first session with the clients they were given, besides those they see anyway.
CORE = """
CREATE SCHEMA whatif;
CREATE TABLE core.sessions AS
SELECT therapist_key, client_key, session_key, group_session_key, starts_at::DATE AS local_date, status,
    NULL::DOUBLE AS cancellation_notice_hours
FROM raw.sessions
WHERE starts_at >= DATE '2026-10-01';
INSERT INTO core.sessions
SELECT therapist_key, client_key, request_key, NULL, paired_on + (7 * week + hash(request_key) % 14)::INTEGER, 'attended', NULL
FROM core.requests CROSS JOIN range(4) AS weeks (week);
CREATE TABLE core.therapist_days AS
SELECT DISTINCT therapist_key, local_date FROM core.sessions WHERE local_date < DATE '2026-11-01';
CREATE TABLE whatif.members AS SELECT therapist_key FROM core.profiles;
ALTER TABLE core.requests ADD COLUMN requested_at DATE;
UPDATE core.requests SET requested_at = requested_on;
UPDATE core.requests SET team_id = memberships.team_id
FROM core.team_memberships AS memberships WHERE NOT $any_team AND memberships.therapist_key = core.requests.therapist_key;
CREATE TABLE core.pairings AS
SELECT requests.*, 'paired' AS outcome, list_intersect(requests.needs, profiles.specialties) AS covered_needs
FROM core.requests AS requests INNER JOIN core.profiles AS profiles USING (therapist_key);
"""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--requests", type=int, default=40_000)
    asked.add_argument("--therapists", type=int, default=30_000)
    asked.add_argument("--any-team", action="store_true")
    options = asked.parse_args()
    with duckdb.connect(config={"threads": 2, "memory_limit": "4GB"}) as connection:
        run = connection.execute
        run("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        drawn = DRAWN.replace("$therapists", str(options.therapists)).replace("$needs", "14")
        run(drawn.replace("$requests", str(options.requests)))
        run(CORE.replace("$any_team", str(options.any_team)))
        started = time.perf_counter()
        for name in MONTHLY:
            run(f"CREATE TABLE whatif.{name} AS {sql(name)}", _bound(sql(name)))
        run(NO_ITEMS)
        _say("the SQL of the month", started)
        started = time.perf_counter()
        month = Month(*(run(f"FROM whatif.{name}").df() for name in ("replayed", "therapists", "places")))
        _say(f"{len(month.kinds):,} requests, {month.free.sum():,} places, {len(month.blocks())} blocks", started)
        for rule in RULES:
            started = time.perf_counter()
            found = given(month, rule)
            _say(f"{rule.id}: {len(found):,} given a place, {found.covered.sum():,} needs covered", started)
            started = time.perf_counter()
            connection.register("given", found)
            run(f"CREATE OR REPLACE TABLE whatif.given AS {GIVEN_BY_RULE}")
            run(f"INSERT INTO whatif.items SELECT '{rule.id}', * FROM ({sql('items')})", _bound(sql("items")))
            _say("  and counted", started)
    print(f"peak memory with the drawn tables: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


def _bound(text: str) -> dict | None:
    return {name: day for name, day in OCTOBER.items() if f"${name}" in text} or None


def _say(what: str, started: float) -> None:
    print(f"{what}: {time.perf_counter() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
