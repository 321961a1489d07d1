"""The columns of the tables that analysts read, with what each holds: one description for DuckDB, Parquet, shell and docs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MEASURES = "measures"
MEASURES_IS = "Every figure of every release that stands, and of answers: one row each, as in measures.csv"
# name: DuckDB type, what it holds
MEASURE_COLUMNS: dict[str, tuple[str, str]] = {
    "period_start": ("DATE", "First day of the month or quarter"),
    "period_end": ("DATE", "Last day of it"),
    "level": ("VARCHAR", "organisation, service or unit"),
    "unit": ("VARCHAR", "Reporting unit, NULL above the units"),
    "service": ("VARCHAR", "Service of the unit, or the service itself; NULL of the organisation"),
    "measure_id": ("VARCHAR", "A measure of the dictionary: rapport explain MEASURE"),
    "breakdown": ("VARCHAR", "What it is broken down by; NULL for the figure itself"),
    "breakdown_value": ("VARCHAR", "The bin; NULL for the figure itself"),
    "part": ("BIGINT", "How many, rounded to 5; NULL where status is not published. Never 0 for what is hidden"),
    "base": ("BIGINT", "Of how many, rounded to 5; NULL where it is hidden"),
    "value": ("BIGINT", "Part of base in whole percent; NULL where status is not published"),
    "lower": ("DOUBLE", "Percent above which the exact rate lies"),
    "upper": ("DOUBLE", "Percent below which the exact rate lies"),
    "coverage": ("VARCHAR", "On rows above the measure's own level: how many of the places are in it"),
    "status": ("VARCHAR", "published, banded, not shown or not measured"),
}
PLACE = ("period_start", "period_end", "level", "unit", "service")
# of each measure, in the wide table of its section: suffix, column of measures
WIDE = (("", "value"), ("_part", "part"), ("_base", "base"), ("_status", "status"))


def sections(catalogue: Mapping[str, Any]) -> dict[str, list[str]]:
    """The measures of each section that a wide table can hold: those with one figure a place."""
    measures = catalogue["measures"]
    return {
        section["id"]: [
            name for name, one in measures.items() if one["section"] == section["id"] and not one["grain"].get("by")
        ]
        for section in catalogue["sections"]
    }


def wide_columns(measures: list[str], catalogue: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Of the wide table of a section: name, type and meaning of each column."""
    for name in PLACE:
        yield (name, *MEASURE_COLUMNS[name])
    for measure in measures:
        title = catalogue["measures"][measure]["title"]
        for suffix, column in WIDE:
            kind, what = MEASURE_COLUMNS[column]
            yield f"{measure}{suffix}", kind, f"{title}. {what}"


def wide_sql(measures: list[str]) -> str:
    """A SELECT of the wide table of some measures from `measures`: one row for each place and period in which one of them is."""
    columns = [
        f"any_value({column}) FILTER (measure_id = '{measure}') AS {measure}{suffix}"
        for measure in measures
        for suffix, column in WIDE
    ]
    place, listed = ", ".join(PLACE), ", ".join(f"'{measure}'" for measure in measures)
    return f"""
        SELECT {place}, {", ".join(columns)}
        FROM measures
        WHERE breakdown IS NULL AND measure_id IN ({listed})
        GROUP BY {place}
        ORDER BY period_start, period_end, level, service, unit"""


def comments(table: str, described: str, columns: Iterator[tuple[str, str, str]]) -> str:
    """SQL that says in the database itself what a table and its columns hold."""
    of_columns = [f"COMMENT ON COLUMN {table}.{name} IS {_text(what)}" for name, _, what in columns]
    return ";\n".join([f"COMMENT ON TABLE {table} IS {_text(described)}", *of_columns])


def measure_columns() -> Iterator[tuple[str, str, str]]:
    """Of `measures`: name, type and meaning of each column."""
    for name, (kind, what) in MEASURE_COLUMNS.items():
        yield name, kind, what


def _text(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"
