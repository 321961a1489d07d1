"""An answer as text or as a file: a table to read, CSV, JSON, Parquet. What is NULL is empty, and never 0."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from reports.adhoc.asking import Answer

FORMATS = ("table", "csv", "json", "parquet")
_WIDEST = 48


class TwoOfOneNameError(ValueError):
    """Columns that a file cannot tell apart."""


def as_text(answer: Answer, form: str) -> str:
    """The rows as table, csv or json, in their order."""
    names = [name for name, _ in answer.columns]
    if form == "json":
        return json.dumps([dict(zip(names, row, strict=True)) for row in answer.rows], indent=2, ensure_ascii=False)
    if form == "csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([names, *([_cell(value) for value in row] for row in answer.rows)])
        return text.getvalue().rstrip("\n")
    return _table(names, [[_short(_cell(value)) for value in row] for row in answer.rows], answer)


def _table(names: list[str], rows: list[list[str]], answer: Answer) -> str:
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)] if names else []
    is_number = [
        bool(answer.rows) and all(isinstance(row[at], int | float | None) for row in answer.rows)
        for at in range(len(names))
    ]

    def line(cells: list[str]) -> str:
        placed = zip(cells, widths, is_number, strict=True)
        return "  ".join(f"{cell:>{width}}" if right else f"{cell:<{width}}" for cell, width, right in placed).rstrip()

    told = [line(names), line(["─" * width for width in widths]), *map(line, rows)]
    count = f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'}"
    return "\n".join([*told, f"({count}{'; there are more: --rows' if answer.is_cut else ''})"])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def _short(text: str) -> str:
    text = text.replace("\n", " ")
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def write_parquet(answer: Answer, path: Path) -> None:
    """The rows as a Parquet file, in the types that DuckDB gave them. Raises TwoOfOneNameError."""
    import tempfile

    import duckdb

    names = [name for name, _ in answer.columns]
    if len(set(names)) < len(names):
        raise TwoOfOneNameError("two columns have one name")
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        lines = Path(folder) / "rows.json"
        told = (json.dumps(dict(zip(names, row, strict=True))) for row in answer.rows)
        lines.write_text("\n".join(told), "utf-8")
        rows = "read_json($lines, format = 'newline_delimited', columns = $columns)"
        types = dict(answer.columns)
        connection.execute("SET VARIABLE path = ?", [str(path)])
        connection.execute(
            f"COPY (SELECT * FROM {rows}) TO (getvariable('path')) (FORMAT parquet)",
            {"lines": str(lines), "columns": types},
        )
