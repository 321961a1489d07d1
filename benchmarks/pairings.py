"""Who could have been paired: a month of requests against all therapists, in CPU seconds.

    python -m benchmarks.pairings [--requests 1000000] [--therapists 30000] [--needs 14]

Measures core.room, core.pairings and core.few_in_reach on drawn tables, at the size asked for and at a quarter of the requests and of the
therapists, to show how it grows. The yardstick is DuckDB counting the sessions of each therapist, client and day.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import sys

import duckdb

from assets.transforms import transforms

MOST_SECONDS, MOST_GIB = 120, 6
OCTOBER = {"month_start": dt.date(2026, 10, 1), "month_end": dt.date(2026, 10, 31)}
YARDSTICK = """SELECT count(*) FROM (
    SELECT therapist_key, client_key, starts_at::DATE, count(*) FROM raw.sessions GROUP BY ALL)"""

# Draws are hashes of what they are drawn for: the same in every run. A therapist sees five clients a day on five days a week.
DRAWN = """
CREATE SCHEMA raw; CREATE SCHEMA core; CREATE SCHEMA settings;
CREATE MACRO key(kind, number) AS md5(kind || number)::UUID;
CREATE MACRO draw(number, of, seed) AS (hash(number, seed) % of)::INTEGER;
CREATE MACRO words(number, of, most, seed) AS
    list_sort(list_distinct([draw(number, of, seed + each) FOR each IN range(most)]))::VARCHAR[];

CREATE TABLE core.team_memberships AS
SELECT key('t', i) AS therapist_key, 'T' || i // 10 AS team_id, 'Europe/Berlin' AS timezone,
    TIMESTAMPTZ '1900-01-01' AS valid_from, TIMESTAMPTZ '2200-01-01' AS valid_until
FROM range($therapists) AS numbers (i);

CREATE TABLE core.thresholds AS
SELECT key('t', i) AS therapist_key, 4 + draw(i, 4, 1) AS daily_sessions,
    DATE '1900-01-01' AS valid_from, DATE '2200-01-01' AS valid_until
FROM range($therapists) AS numbers (i);

CREATE TABLE core.profiles AS
SELECT key('t', i) AS therapist_key, words(i, $needs, 7, 100) AS specialties, words(i, 6, 2, 200) AS languages,
    words(i, 3, 2, 300) AS modalities, true AS visible_to_clients,
    DATE '1900-01-01' AS valid_from, DATE '2200-01-01' AS valid_until
FROM range($therapists) AS numbers (i);

CREATE TABLE core.requests AS
SELECT key('r', i) AS request_key, key('n', i) AS client_key, NULL::VARCHAR AS team_id,
    DATE '2026-10-01' + draw(i, 31, 1) AS requested_on, words(i, $needs, 3, 100) AS needs,
    if(draw(i, 2, 2) = 0, NULL, draw(i, 6, 3)::VARCHAR) AS language, if(draw(i, 2, 4) = 0, NULL, draw(i, 3, 5)::VARCHAR) AS modality,
    7 * (1 + draw(i, 5, 6)) AS tolerated_wait_days, true AS is_wait_stated, key('t', draw(i, $therapists, 7)) AS therapist_key,
    requested_on + 3 AS paired_on, 'client' AS paired_by, 'best_fit' AS pairing_basis, 3 AS days_to_pairing
FROM range($requests) AS numbers (i);

CREATE TABLE raw.sessions AS
SELECT key('s', (i * 91 + day) * 5 + place) AS session_key, key('t', i) AS therapist_key,
    key('c', i * 100 + day % 14 * 5 + place) AS client_key, NULL::UUID AS group_session_key,
    TIMESTAMPTZ '2026-09-01 08:00:00Z' + day * INTERVAL 1 DAY + place * INTERVAL 1 HOUR AS starts_at,
    starts_at - (1 + draw(session_key, 21, 1)) * INTERVAL 1 DAY AS booked_at,
    if(draw(session_key, 12, 2) = 0, 'cancelled_by_client', 'attended') AS status,
    if(status = 'attended', NULL, starts_at - INTERVAL 2 DAY) AS cancelled_at
FROM range($therapists) AS therapists (i), range(91) AS days (day), range(5) AS places (place)
WHERE (day + i) % 7 < 5;

CREATE TABLE core.sessions AS
SELECT session_key, therapist_key, client_key, group_session_key, status, starts_at::DATE AS local_date,
    if(status = 'attended', NULL, 48.0) AS cancellation_notice_hours
FROM raw.sessions WHERE local_date >= DATE '2026-10-01';

CREATE TABLE core.therapist_days AS
SELECT DISTINCT therapist_key, local_date FROM core.sessions WHERE status = 'attended' AND local_date <= DATE '2026-10-31';
"""


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measured(requests: int, therapists: int, needs: int) -> float:
    """Draws a platform, builds the three tables, prints what they took; returns their CPU seconds together."""
    with duckdb.connect(config={"threads": 2, "memory_limit": "4GB"}) as connection:
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        drawn = DRAWN.replace("$therapists", str(therapists)).replace("$needs", str(needs))
        connection.execute(drawn.replace("$requests", str(requests)))
        started = cpu_seconds()
        connection.execute(YARDSTICK)
        yardstick = cpu_seconds() - started
        took = {}
        for transform in transforms("core"):
            if transform.name in ("core.room", "core.pairings", "core.few_in_reach"):
                started = cpu_seconds()
                bound = {name: day for name, day in OCTOBER.items() if f"${name}" in transform.sql}
                connection.execute(f"CREATE TABLE {transform.name} AS {transform.sql}", bound)
                took[transform.name] = cpu_seconds() - started
    total = sum(took.values())
    parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items())
    print(
        f"{requests:,} requests, {therapists:,} therapists: {total:.1f} CPU s ({parts}) = {total / yardstick:.1f} × the yardstick"
    )
    return total


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--requests", type=int, default=1_000_000)
    given.add_argument("--therapists", type=int, default=30_000)
    given.add_argument("--needs", type=int, default=14, help="so many different needs")
    options = given.parse_args()
    measured(options.requests // 4, options.therapists // 4, options.needs)
    measured(options.requests, options.therapists // 4, options.needs)
    measured(options.requests // 4, options.therapists, options.needs)
    total = measured(options.requests, options.therapists, options.needs)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"bound {MOST_SECONDS} CPU s; peak memory with the drawn tables: {memory:.2f} GiB (bound {MOST_GIB})")
    if total > MOST_SECONDS or memory > MOST_GIB:
        sys.exit(1)


if __name__ == "__main__":
    main()
