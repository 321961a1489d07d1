"""`rapport backfill` of a large platform against DuckDB loading the same session files with types, and nothing else.

    python -m benchmarks.backfill [--sessions 10000000] [--months 24] [--home build/bench]

Each is a process of its own; the yardstick is run before and after, and the ratio is to the mean of the two.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

MOST_RATIO, MOST_GIB = 12, 6

YARDSTICK = """
import duckdb, glob, sys
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
times = {name: "TIMESTAMPTZ" for name in ("start", "booked", "cancelled", "changed")}
texts = {name: "VARCHAR" for name in ("appointment_id", "clinician", "client", "state", "type", "channel", "group_id")}
connection.execute(
    "CREATE TABLE sessions AS FROM read_csv($files, header = true, union_by_name = true, ignore_errors = true, types = $types)",
    {"files": sorted(glob.glob(sys.argv[1] + "/source/sessions-*")), "types": times | texts | {"minutes": "DOUBLE"}},
)
print(connection.execute("SELECT count(*) FROM sessions").fetchall()[0][0])
"""


def timed(command: list[str], **options: object) -> tuple[float, float, str]:
    """Wall seconds, peak resident memory in GiB, and what it printed."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload]
    said = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command[:4])} … failed\n{said}")
    return time.perf_counter() - started, usage.ru_maxrss / 2**20, said


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--sessions", type=int, default=10_000_000)
    given.add_argument("--months", type=int, default=24)
    given.add_argument("--home", type=Path, default=Path("build/bench"))
    options = given.parse_args()
    home = options.home / f"{options.sessions}-{options.months}"
    if not (home / "source" / "truth.json").exists():
        wall, memory, _ = timed([sys.executable, "-m", "examples.platform", "--home", str(home),
                                 "--sessions", str(options.sessions), "--months", str(options.months)])  # fmt: skip
        print(f"platform made: {wall:.0f} s, {memory:.1f} GiB")
    for part in ("lake", "releases", "dagster"):
        shutil.rmtree(home / part, ignore_errors=True)
    if not (home / "rapport.key").exists():
        timed([sys.executable, "-m", "pipelines.cli", "--config", str(home / "rapport.toml"), "key"])

    before, _, rows = timed([sys.executable, "-c", YARDSTICK, str(home)])
    wall, memory, said = timed(
        [sys.executable, "-m", "pipelines.cli", "--config", str(home / "rapport.toml"), "backfill"]
    )
    after, _, _ = timed([sys.executable, "-c", YARDSTICK, str(home)])
    yardstick = (before + after) / 2
    releases = len(list((home / "releases").glob("2*/report.html")))
    print(said.splitlines()[-1])
    print(f"yardstick: {before:.1f} s and {after:.1f} s for {int(rows):,} rows")
    print(f"backfill: {wall:.1f} s, {releases} releases = {wall / yardstick:.1f} × the yardstick (bound {MOST_RATIO})")
    print(f"peak memory: {memory:.2f} GiB (bound {MOST_GIB})")
    if wall / yardstick > MOST_RATIO or memory > MOST_GIB:
        sys.exit(1)


if __name__ == "__main__":
    main()
