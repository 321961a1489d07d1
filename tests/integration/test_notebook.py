"""The notebook that analysts start from runs as it stands, on releases of three months."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.unit import report_fixtures

NOTEBOOK = Path(__file__).parents[2] / "examples" / "analysts.ipynb"


@pytest.mark.long
def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for release in report_fixtures.releases(months=3):
        report_fixtures.write(release, tmp_path / "releases" / release.month)
    monkeypatch.setenv("RAPPORT_RELEASES", str(tmp_path / "releases"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    printed = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert len(printed) >= 8 and not any(output.output_type == "error" for output in printed)


def test_the_notebook_is_kept_without_what_it_printed() -> None:
    """Outputs would be figures of somebody's releases."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
