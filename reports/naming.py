"""How a measure is named in what people read: by its title, where the catalogue's texts name it by its id.

Which form a title has there, a link or quotes, is up to whoever asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping


def with_titles(text: str, titles: Mapping[str, str], form: Callable[[str, str], str]) -> Iterator[str]:
    """The pieces of a text; what `form` makes of an id and its title stands where the id stood. An id that is also a plain word,
    as waits, stays a word."""
    for word in re.split(r"(\w+)", text):
        yield form(word, titles[word]) if "_" in word and word in titles else word
