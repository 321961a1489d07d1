"""The dictionary is complete as shipped; an entry that cannot be used is named with field and mend."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.measures import DictionaryError, dictionary, read_dictionary

ENTRY = """
[long_days]
section = "workload"
title = "Long days"
question = "How often?"
base = "days"
part = "long days"
base_cell = "days"
part_cell = "long_days"
counted_in = "days"
grain = { level = "unit", period = "month" }
direction = "neither"
needs = ["thresholds", "sessions.cancelled_at"]
caveat = "None."
source = "A test."
"""
SECTION = '[[sections]]\nid = "workload"\ntitle = "Workload"\nquestion = "Too much?"\n'
DIMENSIONS = "".join(
    f'[{name}]\ntitle = "Of it"\ncolumn = "{name}"\nvalue = "{name}"\nbins = {{}}\n'
    for name in ("week", "day", "room", "town")
)
OTHER = ENTRY.replace("[long_days]", "[other_days]").replace('part_cell = "long_days"', 'part_cell = "other_days"')

Write = Callable[..., Path]


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Write:
    def folder(text: str, *sql: str) -> Path:
        (tmp_path / "dictionary.toml").write_text(text, encoding="utf-8")
        (tmp_path / "dimensions.toml").write_text(DIMENSIONS, encoding="utf-8")
        for name in (*sql, "atoms"):
            (tmp_path / f"{name}.sql").write_text("SELECT 1", encoding="utf-8")
        return tmp_path

    return folder


def test_the_measures_in_their_order():
    assert list(dictionary().measures) == [
        "over_threshold_days",
        "sessions_over_threshold",
        "threshold_coverage",
        "repeated_over_threshold_days",
        "short_breaks",
        "long_runs",
        "outside_own_hours",
        "late_cancellations_absorbed",
        "caseload_spread",
        "quota_pull",
        "needs_covered",
        "preferences_met",
        "earliest_slot_premium",
        "fit_given_up",
        "waits",
        "wait_versus_fit",
        "unmet_needs",
        "early_rematch",
        "profile_freshness",
        "informed_choice",
        "closer_to_understanding",
        "response_rate",
        "alliance_repaired",
        "endings_planned",
        "ended_before_client_wanted",
        "ended_before_therapist_planned",
        "cancelled_by_us",
        "return_in_context",
    ]
    assert [section.id for section in dictionary().sections] == ["workload", "matching", "care"]


def test_one_part_is_a_base_and_what_is_alike_is_counted_once():
    measures = dictionary().measures
    alike = [
        {"over_threshold_days", "quota_pull"},
        {"short_breaks", "long_runs"},
        {"caseload_spread", "response_rate"},
        {"earliest_slot_premium", "fit_given_up", "informed_choice"},
        {"endings_planned", "ended_before_client_wanted", "ended_before_therapist_planned"},
    ]
    for names in alike:
        assert len({measures[name].base_cell for name in names}) == 1
    bases = {measure.base_cell for measure in measures.values()}
    assert len(bases) == len(measures) - sum(len(names) - 1 for names in alike)
    assert bases & {measure.part_cell for measure in measures.values()} == {"responses", "therapist_client_pairs"}
    # the second is not published twice in one period's release: what is later is held to what stands (expectations/later.py)
    assert [name for name, measure in measures.items() if measure.complete_after_months] == ["return_in_context"]


def test_what_is_broken_down_and_by_what():
    assert {name: measure.breakdowns for name, measure in dictionary().measures.items() if measure.breakdowns} == {
        "over_threshold_days": ("weekday",),
        "sessions_over_threshold": ("kind",),
        "late_cancellations_absorbed": ("weekday", "hour_band", "modality"),
        "closer_to_understanding": ("load",),
    }
    for dimension in dictionary().dimensions.values():
        values = [value for values in dimension.bins.values() for value in values]
        assert len(values) == len(set(values)), dimension.id


GRAINS = {
    ("organisation", "month"): {"threshold_coverage", "outside_own_hours"},
    ("organisation", "quarter"): {"profile_freshness", "wait_versus_fit", "unmet_needs"},
    ("unit", "quarter"): {
        *("repeated_over_threshold_days", "needs_covered", "preferences_met"),
        *("earliest_slot_premium", "fit_given_up", "informed_choice", "waits"),
    },
    ("service", "quarter"): {
        *("early_rematch", "alliance_repaired", "cancelled_by_us"),
        *("endings_planned", "ended_before_client_wanted", "ended_before_therapist_planned"),
    },
}


def test_the_grains():
    coarse = {name: grain for grain, names in GRAINS.items() for name in names}
    grains = {name: (measure.grain.level, measure.grain.period) for name, measure in dictionary().measures.items()}
    assert grains == dict.fromkeys(grains, ("unit", "month")) | coarse
    assert {measure.grain.period: measure.grain.months for measure in dictionary().measures.values()} == {
        "month": 1,
        "quarter": 3,
    }


def test_a_count_is_broken_down_once(folder: Write):
    entries = [text.replace("needs =", 'breakdowns = ["week"]\nneeds =') for text in (ENTRY, OTHER)]
    with pytest.raises(DictionaryError, match="other_days: breakdowns: long_days breaks 'days' down already"):
        read_dictionary(folder(SECTION + "".join(entries), "long_days", "other_days"))


def test_what_a_measure_needs_is_met_by_a_table_or_by_a_field_of_it():
    late, over = (dictionary().measures[name] for name in ("late_cancellations_absorbed", "over_threshold_days"))
    assert late.unmet_needs({"sessions": {"starts_at"}}) == ("sessions.cancelled_at",)
    assert late.unmet_needs({"sessions": {"starts_at", "cancelled_at"}}) == ()
    assert over.unmet_needs({"sessions": {"starts_at"}}) == ("thresholds",)
    assert over.unmet_needs({"thresholds": set()}) == ()


def test_texts_are_of_one_line_and_speak_of_no_rank():
    for measure in dictionary().measures.values():
        for text in (
            measure.title,
            measure.question,
            measure.base,
            measure.part,
            measure.caveat,
            measure.source,
        ):
            assert not re.search(r"\n|  |\b(rank|best|worst|top|bottom|leaderboard|target)\b", text), measure.id


def test_the_catalogue_holds_every_entry_as_plain_data():
    catalogue = dictionary().catalogue()
    assert list(catalogue["measures"]) == list(dictionary().measures)
    entry = catalogue["measures"]["short_breaks"]
    assert entry["grain"] == {"level": "unit", "period": "month"}
    assert entry["needs"] == []
    assert "10 minutes" in entry["convention"]
    assert "convention" not in catalogue["measures"]["quota_pull"]


def test_a_good_dictionary_is_read(folder: Write):
    read = read_dictionary(folder(SECTION + ENTRY, "long_days"))
    assert read.measures["long_days"].needs == ("thresholds", "sessions.cancelled_at")
    assert read.measures["long_days"].convention is None


@pytest.mark.parametrize(
    ("text", "replacement", "message"),
    [
        ('title = "Long days"', "", 'long_days: title: is missing; write title = "…"'),
        ('caveat = "None."', 'caveat = " "', "long_days: caveat: is missing"),
        ('caveat = "None."', "caveat = 3", "long_days: caveat: is missing"),
        (
            'section = "workload"',
            'section = "play"',
            "long_days: section: 'play' is not known; write one of workload",
        ),
        ('"neither"', '"higher"', "long_days: direction: 'higher' is not known; write one of neither"),
        (
            'level = "unit"',
            'level = "person"',
            "long_days: grain.level: 'person' is not known; write one of unit",
        ),
        ('period = "month"', 'period = "day"', "long_days: grain.period: 'day' is not known"),
        ('{ level = "unit", period = "month" }', '"unit"', "long_days: grain: write grain = {"),
        (
            "needs =",
            'breakdowns = ["weak"]\nneeds =',
            "long_days: breakdowns: 'weak' is not known; write one of week, day, room, town",
        ),
        ("needs =", "complete_after_months = 3\nneeds =", "long_days: complete_after_months: write 1 or 2"),
        ("needs =", 'shown_beside = "long_days"\nneeds =', "long_days: shown_beside: 'long_days' is not known"),
        (
            "needs =",
            'breakdowns = ["week", "day", "room", "town"]\nneeds =',
            "long_days: breakdowns: 3 are the most",
        ),
        (
            'grain = { level = "unit", period = "month" }',
            'grain = { level = "service", period = "month" }\nbreakdowns = ["week"]',
            "long_days: breakdowns: are over units",
        ),
        (
            'needs = ["thresholds",',
            'needs = ["", ',
            "long_days: needs: write a list of tables or table.field",
        ),
        ('source = "A test."', 'source = "A test."\nunit = "h"', "long_days: unit: no such field"),
        ('base_cell = "days"', 'base_cell = "Days!"', "long_days: base_cell: 'Days!' is not a name"),
        (
            'base_cell = "days"',
            'base_cell = "long_days"',
            "long_days: base_cell: 'long_days' would be a part of itself",
        ),
    ],
)
def test_an_entry_that_cannot_be_used(folder: Write, text: str, replacement: str, message: str):
    assert text in ENTRY
    with pytest.raises(DictionaryError) as error:
        read_dictionary(folder(SECTION + ENTRY.replace(text, replacement), "long_days"))
    assert message in str(error.value)


def test_every_entry_has_its_sql_and_every_sql_its_entry(folder: Write):
    with pytest.raises(DictionaryError, match=r"^long_days: has no SQL; write long_days\.sql beside"):
        read_dictionary(folder(SECTION + ENTRY))
    with pytest.raises(DictionaryError, match=r"^stray\.sql: has no entry; write \[stray\]"):
        read_dictionary(folder(SECTION + ENTRY, "long_days", "stray"))


def test_a_cell_is_the_part_of_one_measure_and_has_one_grain(folder: Write):
    twice = OTHER.replace('part_cell = "other_days"', 'part_cell = "long_days"')
    with pytest.raises(DictionaryError, match="other_days: part_cell: 'long_days'"):
        read_dictionary(folder(SECTION + ENTRY + twice, "long_days", "other_days"))
    coarse = OTHER.replace('level = "unit"', 'level = "service"')
    with pytest.raises(DictionaryError, match="other_days: base_cell: 'days' has another grain in long_days"):
        read_dictionary(folder(SECTION + ENTRY + coarse, "long_days", "other_days"))


def test_the_dictionary_and_the_policy_start_without_pandas():
    code = """
import sys
from assets.measures import atoms_query, dictionary
from expectations.policy import read_policy
dictionary(), read_policy(), [atoms_query(measure) for measure in dictionary().measures.values()]
assert not {"pandas", "pydantic", "sqlglot"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
