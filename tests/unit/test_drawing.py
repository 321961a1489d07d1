"""What a release shows is the same, whether a thread draws it or a process of its own."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.drawing import MANY_UNITS, drawing, drawn
from reports.adhoc.mart import MART
from tests.unit.report_fixtures import releases, write


def test_a_process_draws_what_a_thread_draws(tmp_path: Path) -> None:
    before, now = releases(months=2)
    past = [(write(before, tmp_path / before.month), "the hash of its manifest")]
    found = []
    for units, kind in ((MANY_UNITS, ProcessPoolExecutor), (MANY_UNITS - 1, ThreadPoolExecutor)):
        with drawing(units) as pool:
            assert isinstance(pool, kind)
            found.append(pool.submit(drawn, now, past).result())
    apart, here = found
    assert apart.keys() == here.keys() >= {"report.html", "measures.xlsx", MART}
    assert [name for name in here if apart[name] != here[name]] == [MART]  # which is never written alike twice


def test_what_goes_wrong_in_a_process_is_raised_here(tmp_path: Path) -> None:
    with drawing(MANY_UNITS) as pool, pytest.raises(FileNotFoundError, match="is not a release"):
        pool.submit(drawn, releases(months=1)[0], [(tmp_path, "")]).result()
