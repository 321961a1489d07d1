"""What a measure means, from its id alone, and what the tables hold: from a catalogue, in words."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from reports.adhoc import columns
from reports.naming import with_titles


def explained(measure: str, catalogue: Mapping[str, Any]) -> str | None:
    """Definition, SQL, test and document of a measure; None where there is none of that id."""
    entry = catalogue["measures"].get(measure)
    if entry is None:
        return None
    grain = entry["grain"]
    titles = {name: one["title"] for name, one in catalogue["measures"].items()}
    facts = [
        ("counted", f"{entry['part']} ÷ {entry['base']}"),
        ("in", entry["counted_in"]),
        ("grain", " × ".join(filter(None, (grain["level"], grain["period"], grain.get("by"))))),
        ("broken down by", ", ".join(entry.get("breakdowns", [])) or "nothing; see rapport request --list"),
        ("convention", entry.get("convention")),
        ("mind", "".join(with_titles(entry["caveat"], titles, lambda name, title: f"“{title}” ({name})"))),
        ("source", entry["source"]),
        ("SQL", f"assets/measures/{measure}.sql"),
        ("test", f"tests/sql/test_{measure}.py"),
        ("document", f"docs/measures.md#{measure}"),
    ]
    told = [f"  {name:15}{' '.join(text.split())}" for name, text in facts if text]
    return "\n".join([f"{entry['title']} ({measure})", f"  {entry['question']}", *told])


def listed(catalogue: Mapping[str, Any]) -> str:
    """All measures, a line each."""
    return "\n".join(f"{name:32}{entry['title']}" for name, entry in catalogue["measures"].items())


def near(measure: str, catalogue: Mapping[str, Any]) -> str:
    found = difflib.get_close_matches(measure, catalogue["measures"], n=1)
    return f'Did you mean "{found[0]}"?' if found else "All of them: rapport explain"


def described(tables: Mapping[str, list[str]], catalogue: Mapping[str, Any], table: str | None = None) -> str:
    """The tables, or the columns of one with what each holds."""
    if table is None:
        return "\n".join(f"{name:12}{len(held)} columns" for name, held in tables.items())
    if table not in tables:
        return f'There is no table "{table}". The tables are {", ".join(tables)}.'
    wide = columns.sections(catalogue).get(table)
    found = columns.wide_columns(wide, catalogue) if wide else columns.measure_columns()
    return "\n".join(f"{name:34}{kind:9}{what}" for name, kind, what in found)
