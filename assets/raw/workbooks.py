"""The cells of a workbook's sheet as texts. What the sheet's columns are called, and which file it is, is `sources`'s."""

from __future__ import annotations

import datetime as dt
import posixpath
import re
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

from assets.errors import InputError, nearest

WHOLE_NUMBERS_END = 10**15  # a spreadsheet keeps 15 digits: what is longer has lost some
FORMATS_WITH_TIME = {"18", "19", "20", "21", "22", "45", "46", "47"}  # of those that every workbook knows by number
PLACE = re.compile(rb"""\br=["']([A-Z]+)([0-9]+)["']""")  # as BC12
BLOCK_BYTES = 1 << 20
NOT_SHOWN_IN_A_FORMAT = r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]'  # texts, blanks, colours, languages


def sheet_rows(path: Path, sheet: str | None, most: int | None = None) -> list[list[str]]:
    """The first rows of a sheet, or all; of the first sheet where none is named. Raises InputError where it is not there."""
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_path(path) as workbook:
        names = workbook.sheet_names
        if sheet and sheet not in names:
            # the others are not listed: a sheet may be called by a person's name
            mend = nearest(sheet, names) or "Set sheet as it is called there, or leave it out for the first."
            raise InputError(f'there is no sheet "{sheet}"', where=path.name, mend=mend)
        cells = workbook.get_sheet_by_name(sheet or names[0])
        rows: list[list[Any]] = cells.to_python(skip_empty_area=False, nrows=most)
    if any(type(value) is dt.date for row in rows for value in row):
        _tell_midnights(path, sheet or names[0], rows)
    return [[_text(value) for value in row] for row in rows]


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value)) if abs(value) < WHOLE_NUMBERS_END else f"{value:E}"
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    return str(value)


def _tell_midnights(path: Path, sheet: str, rows: list[list[Any]]) -> None:
    """Makes date-times of those dates whose cells show a time of day: a midnight is a whole number, as a date is.

    Formats are not among what the library tells, so they are read here. Where they cannot be, dates stay dates.
    """
    with suppress(BadZipFile, KeyError, ValueError, ElementTree.ParseError), ZipFile(path) as archive:
        if not (timed := _styles_with_time(archive)):
            return
        cell = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\bs=["'](?:%s)["'][^>]*>""" % "|".join(timed).encode())
        with archive.open(_part_of(archive, sheet)) as file:
            rest = b""
            while block := file.read(BLOCK_BYTES):
                block = rest + block
                rest = block[block.rfind(b"<") :]
                for place in filter(None, map(PLACE.search, cell.findall(block))):
                    row, column = int(place[2]) - 1, _column(place[1])
                    if row < len(rows) and column < len(rows[row]) and type(day := rows[row][column]) is dt.date:
                        rows[row][column] = dt.datetime.combine(day, dt.time())


@cache
def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1


def _styles_with_time(archive: ZipFile) -> set[str]:
    """The styles, by their numbers as cells name them, that show an hour or a second."""
    root = ElementTree.fromstring(archive.read("xl/styles.xml"))
    formats = {found.get("numFmtId"): found.get("formatCode", "") for found in root.findall(".//{*}numFmt")}
    timed = FORMATS_WITH_TIME | {
        number for number, code in formats.items() if re.search("[hs]", re.sub(NOT_SHOWN_IN_A_FORMAT, "", code.lower()))
    }
    styles = root.findall("{*}cellXfs/{*}xf")
    return {str(number) for number, style in enumerate(styles) if style.get("numFmtId") in timed}


def _part_of(archive: ZipFile, sheet: str) -> str:
    """The name of the part that holds a sheet's cells."""
    sheets = ElementTree.fromstring(archive.read("xl/workbook.xml")).findall(".//{*}sheet")
    attributes = {found.get("name"): found.attrib for found in sheets}[sheet]
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {found.get("Id"): found.get("Target", "") for found in relations}
    [target] = [targets[value] for name, value in attributes.items() if name.endswith("}id")]
    return posixpath.join("xl", target).lstrip("/")
