"""What a release shows of its figures: pages, workbook and tables for other tools, drawn beside the auditor's look.

Drawing costs as much as all else of a release, and needs nothing but released figures. It happens in a thread or, where
there are many units and so many pages, in a process of its own, which has a core to itself and remembers what it read of the past.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from reports.monthly.release import Release

Past = tuple[Path, str]  # the folder of an earlier release, and the hash of its manifest
MANY_UNITS = 100  # a process takes a second to begin, as long as a release of so many units takes to draw


@contextmanager
def drawing(units: int = 0) -> Iterator[Executor]:
    """Where releases of so many units are drawn, one after the other: submit `drawn` to it."""
    import pandas as pd

    is_apart = units >= MANY_UNITS
    with (
        pd.option_context("mode.string_storage", "python"),  # see audit
        ProcessPoolExecutor(1, get_context("spawn"), _in_its_process) if is_apart else ThreadPoolExecutor(1) as pool,
    ):
        if is_apart:
            pool.submit(int)  # so the process begins now, and is ready when the first release is
        yield pool


def _in_its_process() -> None:
    import pandas as pd

    import reports.adhoc.mart
    import reports.monthly.page
    import reports.monthly.units
    import reports.monthly.workbook  # noqa: F401

    pd.options.mode.string_storage = "python"
    gc.disable()  # it would look through hundreds of thousands of figures again and again, and find next to nothing to free


def drawn(release: Release, past: Sequence[Past]) -> dict[str, str | bytes]:
    """The files that show a release beside its past, by their path in its folder. They depend on nothing else."""
    from reports.adhoc.mart import mart_files
    from reports.monthly.figures import measure_histories
    from reports.monthly.page import render
    from reports.monthly.units import unit_pages
    from reports.monthly.workbook import workbook

    measures = measure_histories(release, [_read(*earlier) for earlier in past])
    page = render(release, measures)
    return {
        "report.html": page,
        "measures.xlsx": workbook(release, page),
        **dict(unit_pages(release, measures)),
        **mart_files(release.measures, release.catalogue),
    }


@cache  # the reports of a range of months share their past; what has another manifest is another release
def _read(folder: Path, manifest: str) -> Release:
    return Release.read(folder)
