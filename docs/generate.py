"""Writes the generated parts of the documents: `make docs`. A test says when one of them is stale.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`, and is made from what the code goes by:
the data contract, the dictionary, the suites, the policy, the command line. What a person writes is left as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click

from assets.measures import CLIENTS, Curve, Measure, dictionary
from assets.raw.contract import TABLES, Field, FieldType, Table
from assets.raw.reading import LONGEST_CATEGORY
from expectations.no_competition import WHY
from expectations.policy import policy_data
from expectations.suites import Rule, load_suite, suite_tables
from pipelines.cli import main as command_line
from reports.monthly.findings import RULES
from reports.monthly.languages import ENGLISH, FOLDER
from reports.monthly.words import flat
from reports.naming import with_titles

ROOT = Path(__file__).resolve().parent.parent
PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

LOG = "a log: rows accumulate, and the latest version of a row counts"
SNAPSHOT = "a snapshot: what its files say now"
TYPES: dict[FieldType, str] = {
    "id": "id: becomes a keyed pseudonym",
    "name": "name of a group: kept, and published",
    "status": "one of",
    "category": f"a word or a few, at most {LONGEST_CATEGORY} characters",
    "instant": "date and time",
    "date": "date",
    "time": "time of day",
    "integer": "whole number",
    "number": "number",
    "boolean": "yes or no",
    "list": "list of words",
}


def documents() -> list[Path]:
    """All documents of the project."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]


def renewed(text: str) -> str:
    """A document with its generated parts as they are to be. Raises KeyError for a part that nothing makes."""
    return PART.sub(lambda part: f"{part[1]}\n{PARTS[part[2]]().strip()}\n\n{part[3]}", text)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a bar in a cell would end it, and so is escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    cells = ([cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def contract() -> str:
    """The tables and fields that a platform can give."""
    return "\n\n".join(_contract_table(table) for table in TABLES.values())


def _contract_table(table: Table) -> str:
    kind = LOG if table.is_log else SNAPSHOT
    key = ", ".join(name.removesuffix("_key") + "_id" if name.endswith("_key") else name for name in table.key)
    rows = [(f"`{field.name}`", "yes" if field.required else "", _what(field)) for field in table.fields]
    need = "Needed" if table.needed else "Optional"
    head = f"### {table.name}\n\n{table.title}. {need}; {kind}. A row is known by {key}."
    return f"{head}\n\n{_table(('field', 'needed', 'what it is'), rows)}"


def _what(field: Field) -> str:
    words = TYPES[field.type]
    if field.allowed:
        words = f"{words} {', '.join(field.allowed)}"
    if field.between:
        words += f", {field.between[0]} to {field.between[1]}"
    return words


def measures() -> str:
    """Every measure of the dictionary, by section."""
    found = dictionary()
    sections = []
    for section in found.sections:
        entries = [_measure(measure) for measure in found.measures.values() if measure.section == section.id]
        sections.append("\n\n".join([f"## {section.title}\n\n{section.question}", *entries]))
    return "\n\n".join(sections)


def bought() -> str:
    """Which tables, beside those that are needed, buy which measures: the fewest first."""
    buys: dict[tuple[str, ...], list[str]] = {}
    for measure in dictionary().measures.values():
        asked = {need.partition(".")[0] for need in measure.needs}
        optional = tuple(name for name, table in TABLES.items() if name in asked and not table.needed)
        buys.setdefault(optional, []).append(f"`{measure.id}`")
    rows = [
        (", ".join(f"`{name}`" for name in tables) or "`sessions` and `therapists` alone", ", ".join(measures))
        for tables, measures in sorted(buys.items(), key=lambda bought: len(bought[0]))
    ]
    return _table(("with", "there are"), rows)


def _measure(measure: Measure) -> str:
    titles = {one.id: one.title for one in dictionary().measures.values()}
    needs = ", ".join(f"`{need}`" for need in measure.needs) or "nothing beyond sessions and therapists"
    facts = [
        ("counted", f"{measure.part} ÷ {measure.base}"),
        ("in", measure.counted_in),
        ("grain", _grain(measure)),
        *([("also", _curve(measure.curve))] if measure.curve else []),
        *([("broken down by", ", ".join(f"`{name}`" for name in measure.breakdowns))] if measure.breakdowns else []),
        ("needs", needs),
        *([("convention", measure.convention)] if measure.convention else []),
        ("mind", "".join(with_titles(measure.caveat, titles, lambda name, title: f"[{title}](#{name})"))),
        ("source", measure.source),
        ("SQL", f"[`assets/measures/{measure.id}.sql`](../assets/measures/{measure.id}.sql)"),
        ("tests", f"[`tests/sql/test_{measure.id}.py`](../tests/sql/test_{measure.id}.py)"),
    ]
    listed = "\n".join(f"- {name}: {text}" for name, text in facts)
    return f"### {measure.id}\n\n**{measure.title}.** {measure.question}\n\n{listed}"


def _grain(measure: Measure) -> str:
    by = f", each declared `{measure.grain.by}` by itself" if measure.grain.by else ""
    about = "; about clients alone" if measure.concerns == CLIENTS else ""
    later = f", {measure.complete_after_months} months later, when complete" if measure.complete_after_months else ""
    beside = f"; only where `{measure.shown_beside}` is shown" if measure.shown_beside else ""
    return f"{measure.grain.level} × {measure.grain.period}{later}{by}{about}{beside}"


def _curve(curve: Curve) -> str:
    return f"with {', '.join(map(str, curve.cutoffs))} instead of {curve.own} days, as a curve (`{curve.by}`)"


def commands() -> str:
    """What each command says of itself when asked for help."""
    context = click.Context(command_line, info_name="rapport", terminal_width=96, **command_line.context_settings)
    helps = [("rapport", command_line.get_help(context))]
    for name, command in sorted(command_line.commands.items()):
        asked = click.Context(command, parent=context, info_name=name, terminal_width=96)
        helps.append((f"rapport {name}", command.get_help(asked)))
    return "\n\n".join(f"## {name}\n\n```text\n{text}\n```" for name, text in helps)


def checks() -> str:
    """The rules of every table; those that all raw tables share stand once."""
    raw_first = sorted(suite_tables(), key=lambda table: table.startswith("core"))
    suites = {table: load_suite(table).rules for table in raw_first}
    shared = _shared_by_raw(suites)
    parts = [_rules("every raw table", shared.values())]
    for table, rules in suites.items():
        own = [rule for rule in rules if not (table.startswith("raw.") and rule.name in shared)]
        parts.append(_rules(table, own))
    return "\n\n".join(parts)


def _shared_by_raw(suites: dict[str, tuple[Rule, ...]]) -> dict[str, Rule]:
    """Rules by name that more than one raw table has with the same title: those of `every_table.toml`."""
    raw = [rule for table, rules in suites.items() if table.startswith("raw.") for rule in rules]
    times = {rule.name: sum(rule.name == other.name and rule.title == other.title for other in raw) for rule in raw}
    return {rule.name: rule for rule in raw if times[rule.name] > 1}


def _rules(heading: str, rules: Iterable[Rule]) -> str:
    rows = [(rule.title, "blocks" if rule.severity == "error" else "warns", _why(rule)) for rule in rules]
    return f"## {heading}\n\n{_table(('what must hold', 'if not', 'why'), rows)}"


def _why(rule: Rule) -> str:
    """The reason without its date, and what is let pass."""
    tolerated = [f"up to {100 * rule.tolerated_share:g} % of the {rule.counted} pass"] if rule.tolerated_share else []
    tolerated += [f"up to {rule.tolerated_count} always pass"] if rule.tolerated_count else []
    text = rule.reason.split(": ", 1)[1].rstrip(".")
    return "; ".join([text[0].upper() + text[1:], *tolerated]) + "."


def policy() -> str:
    """The rules of the policy with their values."""
    ways = {"higher": "{} or more", "lower": "{} or less", "fixed": "fixed"}
    heads = ("rule", "value", "you may set", "what it is about", "whose practice")
    rows = [
        (f"`{name}`", str(rule["value"]), ways[rule["stricter"]].format(rule["value"]), rule["meaning"], rule["anchor"])
        for name, rule in policy_data()["rules"].items()
    ]
    return f"Version {policy_data()['version']}.\n\n{_table(heads, rows)}"


def competition() -> str:
    """What the check of the SQL refuses, as a list."""
    return "\n".join(f"- {reason}" for reason in WHY.values())


def sentences() -> str:
    """The rules of the report's first screen: when each speaks, and what it says."""
    texts = flat(tomllib.loads((FOLDER / f"{ENGLISH}.toml").read_text("utf-8")))

    def said(rule: str) -> str:
        text = texts.get(f"rules.{rule}") or texts[f"rules.{rule}.other"]
        return re.sub(r"<[^>]+>", "", text)

    rows = [(f"`{rule.__name__}`", " ".join((rule.__doc__ or "").split()), said(rule.__name__)) for rule in RULES]
    return _table(("rule", "speaks when", "says"), rows)


def decisions() -> str:
    """The decisions by number, each with its title."""
    files = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    return "\n".join(f"- [{file.read_text('utf-8').splitlines()[0].removeprefix('# ')}]({file.name})" for file in files)


PARTS: dict[str, Callable[[], str]] = {
    "contract": contract,
    "measures": measures,
    "bought": bought,
    "commands": commands,
    "checks": checks,
    "policy": policy,
    "competition": competition,
    "sentences": sentences,
    "decisions": decisions,
}


def main() -> None:
    for path in documents():
        text = path.read_text("utf-8")
        if (new := renewed(text)) != text:
            path.write_text(new, "utf-8")
            print(f"renewed {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
