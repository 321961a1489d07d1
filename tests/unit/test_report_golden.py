"""The whole page of one small release, word for word, but for its style and scripts. A change of it is to be looked at:

python -m tests.unit.test_report_golden

writes it anew; then read the difference.
"""

from __future__ import annotations

import re
from pathlib import Path

from reports.monthly.figures import measure_histories
from reports.monthly.page import render
from reports.monthly.units import unit_pages
from tests.unit.report_fixtures import history_of

GOLDEN = Path(__file__).parent / "golden"


def pages() -> dict[str, str]:
    """The report and the unit's page of nine months of one unit, the last outside of its limits."""
    *past, month = history_of([10, 12, 11, 13, 12, 14, None, 11, 13, 12, 14, 11, 13, 12, 40])
    measures = measure_histories(month, past)
    (unit,) = dict(unit_pages(month, measures)).values()
    return {"report.html": bare(render(month, measures)), "unit.html": bare(unit)}


def bare(html: str) -> str:
    """Without style, scripts, the policy that names them by hash, and the versions of what made it."""
    html = re.sub(r"<(style|script)\b.*?</\1>", r"<\1></\1>", html, flags=re.DOTALL)
    html = re.sub(r'content="default-src[^"]*"', 'content=""', html)
    return re.sub(r"plotly\.js [\d.]+", "plotly.js", html)


def test_the_page_is_as_it_was() -> None:
    for name, html in pages().items():
        assert html == (GOLDEN / name).read_text("utf-8"), f"{name} has changed; see the head of this file"


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, html in pages().items():
        (GOLDEN / name).write_text(html, encoding="utf-8")
