"""The languages that a report can be in: a file of texts each, named by the language's ISO 639-1 code. No text is read here."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
ENGLISH = "en"


def languages() -> list[str]:
    """The codes of the languages there are, by the alphabet."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))
