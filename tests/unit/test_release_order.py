"""No Python that makes what is published puts anything in the order of a figure, or looks for the most or least."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "reports").rglob("*.py"), *(ROOT / "assets" / "release").rglob("*.py")])
ORDERS = {
    "sort",
    "sorted",
    "sort_values",
    "nlargest",
    "nsmallest",
    "rank",
    "argsort",
    "idxmax",
    "idxmin",
    "argmax",
    "argmin",
}
FIGURES = re.compile(r"\b(part|base|value|lower|upper|coverage|status)\b")


def orders_by_figure(source: str) -> list[str]:
    """Calls that order, or find an extreme, by what is named as a figure."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    found = []
    for call in calls:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        has_key = any(keyword.arg == "key" for keyword in call.keywords)
        if (name in ORDERS or (name in ("max", "min") and has_key)) and FIGURES.search(ast.unparse(call)):
            found.append(ast.unparse(call))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_put_in_the_order_of_a_figure(path: Path) -> None:
    assert orders_by_figure(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "rows.sort_values('value')",
        "rows.nlargest(3, 'part')",
        "sorted(figures, key=lambda figure: figure.value)",
        "max(figures, key=lambda figure: figure.upper)",
        "rows.value.rank()",
    ],
)
def test_an_order_by_figure_is_seen(line: str) -> None:
    assert orders_by_figure(line) == [line]


def test_templates_sort_nothing() -> None:
    templates = [path.read_text("utf-8") for path in (ROOT / "reports").rglob("*.html")]
    assert templates and not [text for text in templates if re.search(r"\|\s*(sort|dictsort|max|min)\b", text)]
