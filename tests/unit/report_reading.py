"""A report's HTML as a test reads it: words, tables, elements; and what its tables should hold. No test is here."""

from __future__ import annotations

import base64
import gzip
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pandas as pd

from reports.monthly.release import Release

VOID = {"meta", "link", "br", "img", "input", "hr"}
BLOCKS = {"p", "div", "li", "dt", "dd", "td", "th", "caption", "h1", "h2", "h3", "summary", "span", "tr"}


@dataclass
class Element:
    """An element with its children, in order; texts are plain strings."""

    name: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All words in it, spaces run together; nothing of styles and scripts."""
        return re.sub(r"\s+", " ", "".join(self._texts())).strip()

    def _texts(self) -> list[str]:
        if self.name in ("script", "style"):
            return []
        return [
            text
            for child in self.children
            for text in ([child] if isinstance(child, str) else [*child._texts(), " " * (child.name in BLOCKS)])
        ]

    def all(self, name: str = "", **attributes: str) -> list[Element]:
        """The elements inside it with this name and these attributes (`class` as `kind`, `_` for `-`)."""
        wanted = {{"kind": "class"}.get(key, key.replace("_", "-")): value for key, value in attributes.items()}
        return [
            element
            for element in self._inside()
            if name in ("", element.name)
            and all(value in element.attributes.get(key, "").split() for key, value in wanted.items())
        ]

    def one(self, name: str = "", **attributes: str) -> Element:
        """The only such element."""
        (found,) = self.all(name, **attributes)
        return found

    def _inside(self) -> list[Element]:
        children = [child for child in self.children if isinstance(child, Element)]
        return [element for child in children for element in (child, *child._inside())]

    def rows(self) -> list[list[str]]:
        """Of a table: the words of each cell of its body."""
        body = self.one("tbody")
        return [[cell.text for cell in row.all() if cell.name in ("td", "th")] for row in body.all("tr")]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            child = self.open[-1].children[-1]
            assert isinstance(child, Element)
            self.open.append(child)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].name == tag, f"</{tag}> where <{self.open[-1].name}> is open"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(html: str) -> Element:
    """The whole page; every element has to be closed where it was opened."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root


def unpacked(element: Element) -> str:
    """The text that an element of the page carries compressed."""
    return gzip.decompress(base64.b64decode("".join(str(child) for child in element.children))).decode()


def as_table(release: Release, measure_id: str) -> list[list[str]]:
    """The released rows of a measure as the report's table should show them, with plain spaces."""
    rows = []
    for row in release.measures.to_dict("records"):
        if row["measure_id"] != measure_id:
            continue
        few, lower, upper = "", row["lower"], row["upper"]
        if row["status"] == "banded":
            few = f": {'' if lower == 0 else 'all but '}fewer than 10 of {row['base']:,}"
        rows.append(
            [
                row["unit"] or (row["service"] if row["level"] == "service" else "Organisation"),
                "" if pd.isna(row["part"]) else f"{row['part']:,}",
                "" if pd.isna(row["base"]) else f"{row['base']:,}",
                "" if pd.isna(row["value"]) else f"{row['value']} %",
                "" if pd.isna(lower) else f"{_percent(lower)} to {_percent(upper)}",
                row["status"] + few,
                row["coverage"],
                row["level"],
                row["service"] if row["level"] == "unit" else "",
            ]
        )
    return rows


def _percent(number: float) -> str:
    return f"{number:.1f} %".replace(".0 %", " %")
