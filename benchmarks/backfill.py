"""`rapport backfill` of a large platform against DuckDB loading the same session files with types, and nothing else.

    python -m benchmarks.backfill [--sessions 10000000] [--months 24] [--home build/bench]

First of a session log with who works where and their thresholds, which feeds all measures of workload; then of the whole data
contract, of whose tables the yardstick loads the session log alone. Both are held against the bound.

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
OF_WORKLOAD = ("sessions", "therapists", "teams", "thresholds")
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
    """What a process took with those of its own: seconds on the clock and of the CPU, the peak resident memory of the largest
    in GiB, and what it printed."""

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
    return sum(map(int, times[11:15])) / os.sysconf("SC_CLK_TCK")  # with that of processes of its own that have ended


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
    log = home / "session-log"
    log.mkdir(exist_ok=True)
    (log / "rapport.toml").write_text(_of_session_log((home / "rapport.toml").read_text("utf-8")), "utf-8")

    before = timed([sys.executable, "-c", YARDSTICK, str(home)])
    print(f"yardstick: {int(before.lines[0]):,} rows")
    is_within = []
    for what, folder in (("session log", log), ("whole contract", home)):
        print(f"{what}:")
        backfill = _backfill(folder)
        after = timed([sys.executable, "-c", YARDSTICK, str(home)])
        is_within.append(_told(backfill, before, after, len(list((folder / "releases").glob("2*/report.html")))))
        before = after
    sys.exit(0 if all(is_within) else 1)


def _of_session_log(configuration: str) -> str:
    """A configuration with those sources alone that are needed for workload, one folder further down."""
    head, *sources = re.split(r"(?m)^(?=\[\[source\]\])", configuration)
    kept = [source for source in sources if re.findall(r'table = "(\w+)"', source)[0] in OF_WORKLOAD]
    return "".join([head, *kept]).replace('"source/', '"../source/')


def _backfill(home: Path) -> Took:
    for part in ("lake", "releases", "dagster"):
        shutil.rmtree(home / part, ignore_errors=True)
    rapport = [sys.executable, "-m", "pipelines.cli", "--config", str(home / "rapport.toml")]
    if not (home / "rapport.key").exists():
        timed([*rapport, "key"])
    return timed([*rapport, "backfill"])


def _told(backfill: Took, before: Took, after: Took, releases: int) -> bool:
    """Tells what a backfill took, and whether that is within the bounds."""
    wall, cpu = (before.wall + after.wall) / 2, (before.cpu + after.cpu) / 2
    ratio = backfill.wall / wall
    print(f"  yardstick {before.wall:.1f} s before and {after.wall:.1f} s after; {cpu:.1f} CPU seconds")
    print(f"  backfill {backfill.wall:.1f} s, {releases} releases = {ratio:.1f} × the yardstick (bound {MOST_RATIO})")
    print(
        f"  {backfill.cpu:.1f} CPU seconds = {backfill.cpu / cpu:.1f} ×; {backfill.memory:.2f} GiB (bound {MOST_GIB})"
    )
    return ratio <= MOST_RATIO and backfill.memory <= MOST_GIB


if __name__ == "__main__":
    main()
