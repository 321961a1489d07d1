"""A synthetic platform: clients, therapists and their sessions, with known truths planted in them.

`simulate` writes what a platform would hand to Rapport (source files and rapport.toml), and beside them
truth.json: what was planted, what dirt the files hold, and every workload figure as it ought to come out,
computed a second way. Nothing here is imported by the pipeline, and nothing here imports it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer]
Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]
Progress = Callable[[int, int, str], None]

TRUTH_UP_TO_SESSIONS = 500_000
MOST_MONTHS = 120


def simulate(
    home: Path,
    sessions: int = 100_000,
    months: int = 6,
    seed: int = 1,
    last_month: str = "2026-10",
    progress: Progress | None = None,
    truth: bool | None = None,
) -> None:
    """Write `home`/rapport.toml and `home`/source: about `sessions` sessions in `months` up to `last_month`.

    The same arguments give the same bytes. At least 102 therapists are simulated, however few sessions are
    asked for. `progress(done, months, month)` is called after each month. The workload truth is left out of
    truth.json beyond 500,000 sessions unless `truth` asks for it. Raises ValueError for what cannot be.
    """
    from examples.platform.home import write_home

    if sessions < 1 or not 1 <= months <= MOST_MONTHS:
        raise ValueError(f"sessions must be 1 or more and months 1 to {MOST_MONTHS}, not {sessions} and {months}")
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", last_month):
        raise ValueError(f'last_month must be a month such as "2026-10", not {last_month!r}')
    wanted = sessions <= TRUTH_UP_TO_SESSIONS if truth is None else truth
    write_home(Path(home), sessions, months, seed, last_month, progress, wanted)
