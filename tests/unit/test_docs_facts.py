"""What documents say in numbers and lists, held to the code: reasons for quarantine, columns, statuses, the policy."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import fields

from assets.raw.contract import TABLES
from assets.raw.reading import typed_select
from assets.raw.sources import Opened, Source
from assets.release.ledger import REASONS, Closing
from docs.generate import ROOT
from expectations.policy import (
    BANDED,
    DERIVING_COLUMNS,
    NOT_MEASURED,
    NOT_SHOWN,
    PUBLISHED,
    RELEASED_COLUMNS,
    read_policy,
)
from expectations.suites import load_suite, suite_tables
from pipelines.check import RECOMMENDED_ROSTER
from pipelines.settings import Calendar
from reports.monthly.words import words_in


def document(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def first_cells(text: str, heading: str) -> list[str]:
    """What stands in backticks in the first column of the tables under a heading."""
    body = re.split(r"\n## ", text.split(f"\n## {heading}\n", 1)[1])[0]
    cells = re.findall(r"^\| (`[^|]+) \|", body, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def reasons_in_code() -> set[str]:
    """The reasons in the SQL that reads a file with every field of a table, and in the tables' own SQL."""
    texts = [path.read_text("utf-8") for path in (ROOT / "assets" / "raw").glob("*.sql")]
    for table in TABLES.values():
        columns = {field.name: "VARCHAR" for field in table.fields}
        source = Source(table=table.name, files=["*.csv"], timezone="Europe/Berlin")
        texts.append(typed_select(table, source, Opened("file", columns), "file", dt.date(2036, 1, 1)))
    found = {reason for text in texts for reason in re.findall(r"'\w+\|(\w+)'", text)}
    return found | {"unreadable_row"}  # of lines that no SELECT sees


def test_every_reason_for_quarantine_is_told_with_its_mend() -> None:
    told = first_cells(document("docs/sources.md"), "Reasons for quarantine")
    assert len(told) == len(set(told))
    assert set(told) == reasons_in_code()


def test_every_reason_that_a_check_counts_is_told() -> None:
    told = set(first_cells(document("docs/sources.md"), "Reasons for quarantine"))
    rules = [rule for table in suite_tables() for rule in load_suite(table).rules]
    counted = {
        reason
        for rule in rules
        for reason in re.findall(r"'(\w+)'", rule.unexpected)
        if "list_has_any" in rule.unexpected
    }
    assert counted <= told


def test_every_column_of_measures_csv_is_told() -> None:
    text = document("docs/releases.md")
    body = text.split("| column | what it holds |", 1)[1].split("\n\n", 1)[0]
    told = re.findall(
        r"`([a-z_]+)`", " ".join(line.split("|")[1] for line in body.splitlines() if line.startswith("| `"))
    )
    assert sorted(told) == sorted(RELEASED_COLUMNS)


def test_every_status_is_told() -> None:
    text = document("docs/releases.md")
    body = text.split("| status | what it means | what is filled in |", 1)[1].split("\n\n", 1)[0]
    assert re.findall(r"^\| `([^`]+)`", body, re.MULTILINE) == [PUBLISHED, BANDED, NOT_SHOWN, NOT_MEASURED]


def test_numbers_in_the_readme_are_those_of_the_policy() -> None:
    text, rules = " ".join(document("README.md").split()), read_policy().rules
    assert f"only if at least {rules.min_therapists} therapists and {rules.min_clients} clients stand behind it" in text
    assert f"Counts below {rules.min_part} are never given" in text
    assert f'"fewer than {rules.min_part} of 160"' in text
    assert f"Counts are rounded to {rules.rounding}." in text
    assert f"not shown below {rules.min_therapists} therapists, and little below {RECOMMENDED_ROSTER}" in text
    assert f"closes {Calendar().closing_lag_days} days after its end" in text


def test_every_reason_of_a_withdrawal_is_told_in_documents_and_on_the_notice() -> None:
    body = document("docs/releases.md").split("| reason | what was wrong |", 1)[1].split("\n\n", 1)[0]
    assert tuple(re.findall(r"^\| `(\w+)`", body, re.MULTILINE)) == REASONS
    assert all(words_in("en").withdrawal(reason) for reason in REASONS)


def test_every_part_of_a_line_of_the_ledger_is_told() -> None:
    body = document("docs/releases.md").split("| of a line | what it holds |", 1)[1].split("\n\n", 1)[0]
    told = set(re.findall(r"`([a-z_]+)`", body))
    assert {"previous", "kind", "month", *DERIVING_COLUMNS, *(field.name for field in fields(Closing))} <= told
