"""docs/configuration.md tells every key of rapport.toml, with its default; its example can be read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from assets.raw.sources import ENDINGS, Source
from docs.generate import ROOT
from expectations.policy import read_policy
from pipelines.settings import Calendar, Organisation, Pseudonyms, Settings, Unit, load_settings

TEXT = (ROOT / "docs" / "configuration.md").read_text("utf-8")
SECTIONS: dict[str, type[BaseModel]] = {
    "[organisation]": Organisation,
    "[calendar]": Calendar,
    "[pseudonyms]": Pseudonyms,
    "[[unit]]": Unit,
    "[[source]]": Source,
}


def told(section: str) -> dict[str, str]:
    """The keys of a section with their defaults, as its table tells them."""
    body = TEXT.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", body, re.MULTILINE))


def test_every_section_is_told() -> None:
    keys = {field.alias or name for name, field in Settings.model_fields.items()} - {"path"}
    assert {heading.strip("[]") for heading in re.findall(r"^## (\[+\w+\]+)$", TEXT, re.MULTILINE)} == keys


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_told_with_its_default(section: str) -> None:
    fields = SECTIONS[section].model_fields
    assert list(told(section)) == list(fields)
    for key, default in told(section).items():
        if default == "needed":
            assert fields[key].is_required(), key
        elif default.startswith("`"):
            assert fields[key].default == tomllib.loads(f"value = {default.strip('`')}")["value"], key
        else:  # told in words: nothing is set
            assert not fields[key].is_required() and not fields[key].default, key


def test_every_ending_is_told() -> None:
    row = re.search(r"^\| `format` .*$", TEXT, re.MULTILINE)
    assert row
    for ending, form in ENDINGS.items():
        assert re.search(rf'"{form}" \([^)]*\{ending}\b', row[0].replace("`", "")), ending


def test_the_example_is_a_configuration(tmp_path: Path) -> None:
    block = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert block
    path = tmp_path / "rapport.toml"
    path.write_text(block[1], "utf-8")
    settings = load_settings(path)
    assert read_policy(settings.policy).rules.min_therapists == 8
    assert [source.table for source in settings.sources] == ["sessions", "therapists"]
