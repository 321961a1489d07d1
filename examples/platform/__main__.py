"""`python -m examples.platform --home DIR`: write a synthetic platform's source files."""

from __future__ import annotations

import argparse
from pathlib import Path

from examples.platform import simulate


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m examples.platform", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder for rapport.toml and source/")
    parser.add_argument("--sessions", type=int, default=100_000, help="about how many sessions (default 100000)")
    parser.add_argument("--months", type=int, default=6, help="how many months (default 6)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same files (default 1)")
    parser.add_argument("--last-month", default="2026-10", help="the last month, as 2026-10")
    parser.add_argument("--truth", action="store_true", help="workload truth also beyond 500,000 sessions")
    wanted = parser.parse_args()
    simulate(
        wanted.home,
        wanted.sessions,
        wanted.months,
        wanted.seed,
        wanted.last_month,
        progress=lambda done, months, month: print(f"{month}  {done} of {months}", flush=True),
        truth=True if wanted.truth else None,
    )


if __name__ == "__main__":
    main()
