"""The generated parts of the documents are what the code says now, and the pictures are fit to be shown."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from docs import generate, picture


@pytest.mark.parametrize("path", generate.documents(), ids=lambda path: str(path.relative_to(generate.ROOT)))
def test_generated_parts_are_fresh(path: Path) -> None:
    text = path.read_text("utf-8")
    assert generate.renewed(text) == text, f"{path.name} is stale; run: make docs"


def test_every_part_stands_in_one_document() -> None:
    texts = [path.read_text("utf-8") for path in generate.documents()]
    begun = Counter(name for text in texts for name in re.findall(r"<!-- generated: (\w+) -->", text))
    whole = Counter(part[2] for text in texts for part in generate.PART.finditer(text))
    assert begun == whole == Counter(list(generate.PARTS))


def test_a_part_is_renewed_and_what_a_person_wrote_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(generate.PARTS, "greeting", lambda: "hello\n")
    text = "before\n<!-- generated: greeting -->\nstale\n<!-- end -->\nafter\n"
    assert generate.renewed(text) == "before\n<!-- generated: greeting -->\n\nhello\n\n<!-- end -->\nafter\n"


def test_the_pictures_that_documents_show_are_those_that_a_command_takes_and_small() -> None:
    shown = [
        path
        for document in generate.documents()
        for path in re.findall(r"\]\((\S+\.png)\)", document.read_text("utf-8"))
    ]
    assert sorted(Path(path).stem for path in shown) == sorted(picture.NAMES)
    for content in (picture.picture(name).read_bytes() for name in picture.NAMES):
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        assert len(content) <= picture.LARGEST_BYTES
    assert int.from_bytes(picture.picture("report").read_bytes()[16:20], "big") == picture.WIDTH
