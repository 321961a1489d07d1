"""`rapport backfill` of a large platform against DuckDB loading the same session files with types, and nothing else.

    python -m benchmarks.backfill [--sessions 10000000] [--months 24] [--home build/bench]

Each is a process of its own; the yardstick is run before and after, and the ratio is to the mean of the two. The bound is
on wall time; CPU seconds, also of each step, are told beside it, as they hang less on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

MOST_RATIO, MOST_GIB = 12, 6
STEP = re.compile(r"  [a-z_.]+")  # as `rapport backfill` prints it

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


@dataclass
class Took:
    """What a process took: seconds on the clock and of the CPU, its peak resident memory in GiB, and what it printed."""

    wall: float
    cpu: float
    memory: float
    lines: list[str]


def timed(command: list[str]) -> Took:
    """Runs a command, and tells each step that it names when it is done, with the seconds since the step before."""
    started, last, lines = time.perf_counter(), (0.0, 0.0), []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for line in process.stdout or ():
        lines.append(line.rstrip())
        if STEP.fullmatch(lines[-1]):
            now = time.perf_counter() - started, _cpu_seconds(process.pid)
            print(f"{lines[-1]:26}{now[0] - last[0]:8.1f} s{now[1] - last[1]:8.1f} CPU seconds", flush=True)
            last = now
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit("\n".join([f"{' '.join(command[:4])} … failed", *lines]))
    wall = time.perf_counter() - started
    return Took(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20, lines)


def _cpu_seconds(process: int) -> float:
    try:
        times = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # not on Linux
        return 0.0
    return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--sessions", type=int, default=10_000_000)
    given.add_argument("--months", type=int, default=24)
    given.add_argument("--home", type=Path, default=Path("build/bench"))
    options = given.parse_args()
    home = options.home / f"{options.sessions}-{options.months}"
    if not (home / "source" / "truth.json").exists():
        made = timed([sys.executable, "-m", "examples.platform", "--home", str(home),
                      "--sessions", str(options.sessions), "--months", str(options.months)])  # fmt: skip
        print(f"platform made: {made.wall:.0f} s, {made.memory:.1f} GiB")
    for part in ("lake", "releases", "dagster"):
        shutil.rmtree(home / part, ignore_errors=True)
    rapport = [sys.executable, "-m", "pipelines.cli", "--config", str(home / "rapport.toml")]
    if not (home / "rapport.key").exists():
        timed([*rapport, "key"])

    before = timed([sys.executable, "-c", YARDSTICK, str(home)])
    backfill = timed([*rapport, "backfill"])
    after = timed([sys.executable, "-c", YARDSTICK, str(home)])
    wall, cpu = (before.wall + after.wall) / 2, (before.cpu + after.cpu) / 2
    releases = len(list((home / "releases").glob("2*/report.html")))
    print(backfill.lines[-1])
    print(
        f"yardstick: {before.wall:.1f} s and {after.wall:.1f} s for {int(before.lines[0]):,} rows; {cpu:.1f} CPU seconds"
    )
    print(f"CPU: {backfill.cpu:.1f} s = {backfill.cpu / cpu:.1f} × the yardstick's")
    print(
        f"backfill: {backfill.wall:.1f} s, {releases} releases = {backfill.wall / wall:.1f} × the yardstick (bound {MOST_RATIO})"
    )
    print(f"peak memory: {backfill.memory:.2f} GiB (bound {MOST_GIB})")
    if backfill.wall / wall > MOST_RATIO or backfill.memory > MOST_GIB:
        sys.exit(1)


if __name__ == "__main__":
    main()
