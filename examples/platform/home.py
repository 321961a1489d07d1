"""A home for the simulated platform: rapport.toml, source files, and the truth about them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from examples.platform import Progress, dirt, log_files, reference, simulation
from examples.platform.configuration import RAPPORT_TOML
from examples.platform.days import calendar
from examples.platform.files import Files
from examples.platform.layouts import PLATFORM, PRACTICE
from examples.platform.planted import Planted
from examples.platform.session_files import SessionFiles
from examples.platform.simulation import Month
from examples.platform.state import Platform, first_morning
from examples.platform.teams import teams
from examples.platform.workload import Workload


def write_home(
    home: Path,
    sessions: int,
    months: int,
    seed: int,
    last_month: str,
    progress: Progress | None,
    with_workload: bool,
) -> None:
    """See `examples.platform.simulate`."""
    source = home / "source"
    source.mkdir(parents=True, exist_ok=True)
    _remove_former(source)
    rng, dirt_rng = (np.random.default_rng([seed, stream]) for stream in (0, 1))
    days = calendar(last_month, months)
    platform = first_morning(teams(sessions, months, rng), days, rng)
    planted, workload, files = Planted(platform), Workload(platform), Files(source)
    session_files = [SessionFiles(layout, files, days, platform.teams, dirt_rng) for layout in (PLATFORM, PRACTICE)]
    logs = log_files.LogFiles(files, days, platform.teams, dirt_rng)
    clean_sessions = 0
    for month, following in _with_following(simulation.months(platform)):
        for software in session_files:
            software.write(month, following)
        logs.write(month)
        planted.add(month)
        if with_workload:
            workload.add(month)
        clean_sessions += len(month.sessions)
        if progress is not None:
            progress(month.number + 1, months, month.name)
    _write_reference_tables(platform, files)
    files.close()
    truth = {
        "seed": seed,
        "sessions": clean_sessions,
        "months": list(days.months),
        **planted.found(),
        "dirt": dict(sorted(files.dirt.items())),
        "outcomes": dirt.OUTCOMES | log_files.OUTCOMES | reference.OUTCOMES,
        "rows": dict(sorted(files.rows.items())),
        "workload": workload.rows() if with_workload else None,
    }
    (home / "rapport.toml").write_text(RAPPORT_TOML, encoding="utf-8")
    (source / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def _write_reference_tables(platform: Platform, files: Files) -> None:
    for file, table in reference.tables(platform).items():
        files.write_frame(file, table)
    is_possible = platform.thresholds.rows.daily_sessions.between(1, 24)
    files.note_dirt("thresholds.csv", {"threshold_out_of_range": int((~is_possible).sum())})


def _with_following(months: Iterator[Month]) -> Iterator[tuple[Month, Month | None]]:
    """Each month with the one after it, or None after the last."""
    month = next(months)
    for following in months:
        yield month, following
        month = following
    yield month, None


def _remove_former(source: Path) -> None:
    """Remove the files that an earlier simulation wrote here, as its truth.json names them, and no others."""
    former = source / "truth.json"
    if former.exists():
        for name in json.loads(former.read_text(encoding="utf-8"))["rows"]:
            (source / Path(name).name).unlink(missing_ok=True)
