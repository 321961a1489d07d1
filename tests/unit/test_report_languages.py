"""Every text is there in every language, with the same placeholders; German has every text of the dictionary as well."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from string import Formatter

import pytest

from assets.measures import dictionary
from assets.raw.contract import TABLES
from assets.transforms import transforms
from expectations.suites import load_suite
from reports.monthly.languages import FOLDER, languages
from reports.monthly.page import TEMPLATES
from reports.monthly.words import flat, words_in

TEXTS = {code: flat(tomllib.loads((FOLDER / f"{code}.toml").read_text("utf-8"))) for code in languages()}
# English ones come with the release
OF_CATALOGUE = ("measures.", "sections.", "dimensions.", "checks.", "tables.")
OTHERS = [code for code in TEXTS if code != "en"]
MEASURE_TEXTS = ("title", "question", "base", "part", "counted_in", "caveat", "source", "convention")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_there_is_english_and_one_more() -> None:
    assert "en" in TEXTS and OTHERS


@pytest.mark.parametrize("code", OTHERS)
def test_no_text_is_missing_and_none_is_left_over(code: str) -> None:
    own = {key for key in TEXTS[code] if not key.startswith(OF_CATALOGUE)}
    english = {key for key in TEXTS["en"] if not key.startswith(OF_CATALOGUE)}

    assert own == english


@pytest.mark.parametrize("code", OTHERS)
def test_placeholders_and_tags_are_the_same(code: str) -> None:
    for key, text in TEXTS["en"].items():
        is_singular = key.endswith(".one")
        own = placeholders(TEXTS[code][key])
        assert own - {"n"} == placeholders(text) - {"n"}, key
        assert own == placeholders(text) or is_singular, key
        assert (
            sorted(re.findall(r"<[^>]+>", TEXTS[code][key])) == sorted(re.findall(r"<[^>]+>", text)) or is_singular
        ), key


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("measure_id", dictionary().measures)
def test_every_measure_is_told(code: str, measure_id: str) -> None:
    measure = dictionary().measures[measure_id]
    for field in MEASURE_TEXTS:
        english, own = getattr(measure, field), TEXTS[code].get(f"measures.{measure_id}.{field}")
        assert bool(own) == bool(english) and (not english or own != english), field
        ids = {name for name in dictionary().measures if "_" in name}
        if english and own:  # the measures that a text leads to
            assert set(re.findall(r"\w+", own)) & ids == set(re.findall(r"\w+", english)) & ids, field


@pytest.mark.parametrize("code", OTHERS)
def test_sections_and_breakdowns_are_told(code: str) -> None:
    for section in dictionary().sections:
        assert {f"sections.{section.id}.title", f"sections.{section.id}.question"} <= set(TEXTS[code])
    for dimension in dictionary().dimensions.values():
        assert f"dimensions.{dimension.id}.title" in TEXTS[code]
        for label in dimension.bins:
            assert f"dimensions.{dimension.id}.bins.{label}" in TEXTS[code]
    curves = {measure.curve.by for measure in dictionary().measures.values() if measure.curve}
    for name in curves:
        assert {f"dimensions.{name}.title", f"curves.{name}.other"} <= set(TEXTS["en"]) & set(TEXTS[code])


@pytest.mark.parametrize("code", OTHERS)
def test_every_check_and_its_table_are_told_and_no_other(code: str) -> None:
    tables = [*(f"raw.{table}" for table in TABLES), *(transform.name for transform in transforms("core"))]
    titles = {rule.title for table in tables for rule in load_suite(table).rules}

    told = {key for key in TEXTS[code] if key.startswith("checks.") and not key.startswith("checks.outcome.")}
    assert told == {f"checks.{title}" for title in titles}
    assert {f"checks.outcome.{outcome}" for outcome in ("passed", "failed")} <= set(TEXTS[code])
    named = {key for key in TEXTS[code] if key.startswith("tables.")}
    assert named == {f"tables.{table.partition('.')[2]}" for table in tables}


def test_every_text_that_is_asked_for_is_there_and_every_text_is_asked_for() -> None:
    modules = [path.read_text("utf-8") for path in TEMPLATES.parent.glob("*.py")]
    asked = "\n".join([*modules, *(path.read_text("utf-8") for path in TEMPLATES.glob("*.html"))])
    known = {key.removesuffix(".one").removesuffix(".other") for key in TEXTS["en"]}
    begun = set(re.findall(r"""(?:\bt|\btext|\bnamed)\(f?["']([a-z_]+[\w.]*)""", asked))

    # What is asked for is a key, or begins one that is put together.
    assert [each for each in sorted(begun) if not any(key.startswith(each) for key in TEXTS["de"])] == []
    whole = {each for each in begun if each in known}
    parts = tuple(each if each.endswith((".", "_")) else f"{each}." for each in begun - whole)
    unasked = [key for key in sorted(known - whole) if not key.startswith((*parts, "form.", "curves.", "dimensions."))]
    assert [key for key in unasked if f'"{key}"' not in asked] == []


def test_a_german_page_has_no_english_text(tmp_path: Path) -> None:
    from dataclasses import replace

    from reports.monthly.figures import measure_histories
    from reports.monthly.page import render
    from tests.unit.report_fixtures import releases
    from tests.unit.report_reading import read

    *past, month = releases(months=10, units=4, hidden_share=0.2)
    month = replace(month, manifest={**month.manifest, "language": "de"})

    page = read(render(month, measure_histories(month, past)))

    assert page.one("html").attributes["lang"] == "de"
    for known in (
        "In Kürze",
        "Tage über der eigenen Schwelle",
        "Oktober 2026",
        "Jeder Status der Quelle ist zugeordnet (Sitzungen)",
        "Wofür dies nicht verwendet werden darf",
    ):
        assert known in page.text
    for words in (
        "not shown",
        "October",
        "natural limits",
        "The figures as a table",
        "Convention",
        "Keep in mind",
        "fewer than",
        "Every status",
    ):
        assert words not in page.text, words


def test_numbers_of_a_language_are_written_its_way() -> None:
    assert words_in("de").count(12345.6) == "12.345,6" and words_in("en").count(12345.6) == "12,345.6"
