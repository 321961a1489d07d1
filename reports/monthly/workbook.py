"""The release as a workbook: a cover that says what it is and what it may not be used for, then a sheet for each section.

Only the form of what is released belongs here: figures are those of measures.csv, and the words on how to read them and on
their use are the page's own. A figure that is not there is a word, never a nought or an empty cell, and nothing can be
sorted by value from the filter.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from reports.monthly.figures import Period, Place
from reports.monthly.languages import ENGLISH
from reports.monthly.release import NUMBERS, Release
from reports.monthly.words import ROW_OUTCOMES, words_in

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter.format import Format

words = words_in(ENGLISH)  # but for what the cover repeats of the page

# The columns of the sheets, with their widths.
COLUMNS = {
    "Measure": 48, "Level": 12, "Unit": 28, "Service": 24, "Period": 24, "Broken down by": 24, "Group": 18,
    "Part": 20, "Base": 12, "Share": 12, "Lower": 12, "Upper": 12, "Included": 12, "Status": 14,
}  # fmt: skip
MEASURES = {
    "Measure": 48, "Section": 14, "Question": 48, "Part": 48, "Base": 48, "Counted in": 18, "Level": 12, "Period": 10,
    "Keep in mind": 60, "Convention": 48, "Source": 48, "In measures.csv": 28,
}  # fmt: skip
QUALITY = {"About": 28, "Table": 18, "What": 72, "How much": 20}
FIRST_NUMBER = list(COLUMNS).index("Part")
WITHOUT_BUTTON = range(FIRST_NUMBER, FIRST_NUMBER + len(NUMBERS))
SORTED_BY = ("measure_id", "breakdown", "level", "unit", "service")
FROM_PAGE = ("limits-of-use", "reading")  # the page's sections that the cover repeats
NO_FIGURE = "This release holds no figure of this section. Figures of a quarter are in the release of its last month."
A4 = 9  # as Excel numbers its papers
NOT_FOR = "Not for ranking, pay, appraisal or targets"


class _Sheet(Worksheet):
    """A sheet whose filter finds a measure or a unit, and has no button over figures, which would sort by them."""

    without_button: Iterable[int] = ()

    def _write_auto_filter(self) -> None:
        if self.autofilter_ref:
            self._xml_start_tag("autoFilter", [("ref", self.autofilter_ref)])
            for column in self.without_button:
                self._xml_empty_tag("filterColumn", [("colId", column), ("hiddenButton", 1)])
            self._xml_end_tag("autoFilter")


@dataclass(frozen=True)
class _Book:
    """The workbook that is being written, with its formats."""

    file: Workbook
    footer: str

    def format(self, **properties: Any) -> Format:
        return self.file.add_format({"valign": "top", **properties})

    def table(self, title: str, columns: Mapping[str, int], rows: int, without_button: Iterable[int] = ()) -> Worksheet:
        """A sheet with a head that stays, and a filter over so many rows: with no button at some columns."""
        sheet = self.file.add_worksheet(title, _Sheet)
        assert isinstance(sheet, _Sheet)
        sheet.without_button = without_button
        head = self.format(bold=True, bottom=1, text_wrap=True)
        for at, (name, width) in enumerate(columns.items()):
            sheet.set_column(at, at, width)
            sheet.write_string(0, at, name, head)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(rows, 1), len(columns) - 1)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(f"&L{self.footer}&R&P / &N")
        return sheet


def workbook(release: Release, page: str) -> bytes:
    """The workbook of a release whose report is `page`. The same release and page give the same bytes."""
    file = io.BytesIO()
    month = words.month(release.month)
    with Workbook(file, {"in_memory": True}) as written:
        made_at = dt.datetime.fromisoformat(release.manifest["made_at"]).astimezone(dt.UTC)
        written.set_properties({"title": month, "created": made_at.replace(tzinfo=None)})
        book = _Book(written, f"{month}. {NOT_FOR}")
        _write_cover(book, release, month, page)
        entries = release.catalogue["measures"]
        for section in release.catalogue["sections"]:
            members = [name for name, entry in entries.items() if entry["section"] == section["id"]]
            _write_section(book, section["title"], members, release)
        _write_measures(book, release)
        _write_quality(book, release.manifest.get("data_quality", {}))
    return file.getvalue()


def _write_cover(book: _Book, release: Release, month: str, page: str) -> None:
    sheet = book.file.add_worksheet("Read first")
    sheet.set_column(0, 0, 110)
    sheet.hide_gridlines(2)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f"&L{book.footer}&R&P / &N")
    looks = {
        "h1": book.format(bold=True, font_size=20, text_wrap=True, quote_prefix=True),
        "h2": book.format(bold=True, font_size=15, text_wrap=True),
        **dict.fromkeys(("h3", "dt"), book.format(bold=True, text_wrap=True)),
    }
    plain = book.format(text_wrap=True)
    said = [line for name in FROM_PAGE for line in _said(page, name)]
    for row, (kind, text) in enumerate([*_head(release, month), *said]):
        sheet.write_string(row, 0, text, looks.get(kind, plain))


def _head(release: Release, month: str) -> Iterable[tuple[str, str]]:
    """What the workbook is, as kinds of lines with their texts."""
    manifest = release.manifest
    yield "h1", manifest["organisation"]
    yield "h2", f"{month}: the figures of the monthly report"
    yield "p", f"Published on {words.day(manifest['made_at'])}, once; later corrections do not change it."
    if replaced := manifest.get("replaces"):
        when, why = words.day(replaced["withdrawn_at"]), words.withdrawal(replaced["reason"])
        yield "p", f"It replaces an earlier one of the same month, which was withdrawn on {when}: {why}."
    yield (
        "p",
        "Each section has a sheet of its own, with the same rows as measures.csv. What is counted is told after them.",
    )
    yield (
        "p",
        "Units stand in alphabetical order. Where a figure's cell holds words, there is no number, and it is not zero.",
    )


def _said(page: str, section: str) -> list[tuple[str, str]]:
    """The headings and paragraphs of one of the page's sections, as kinds of elements with their texts."""
    found = re.search(rf'<section id="{section}".*?</section>', page, re.DOTALL)
    if found is None:
        raise ValueError(f"the page has no section {section}, which the workbook repeats")
    lines = re.findall(r"<(h2|h3|p|li|dt|dd)\b[^>]*>(.*?)</\1>", found.group(), re.DOTALL)
    return [(kind, Markup(text).striptags()) for kind, text in lines]


def _write_section(book: _Book, title: str, members: Sequence[str], release: Release) -> None:
    """The rows of measures.csv that belong to a section: by measure, level and name, then its breakdowns."""
    rows = _in_order(release.measures, members)
    sheet = book.table(title, COLUMNS, len(rows), WITHOUT_BUTTON)
    if rows.empty:
        sheet.write_string(1, 0, NO_FIGURE)
        return
    text, name = book.format(), book.format(quote_prefix=True)
    _write_texts(sheet, 0, rows.measure_id.map(lambda id_: release.catalogue["measures"][id_]["title"]), text)
    _write_texts(sheet, 1, rows.level, text)
    _write_texts(sheet, 2, rows.unit, name)
    _write_texts(sheet, 3, rows.service, name)
    spans = rows[["period_start", "period_end"]].drop_duplicates().itertuples(index=False, name=None)
    spoken = {span: words.period(Period(*map(dt.date.fromisoformat, span))) for span in spans}
    _write_texts(sheet, 4, map(spoken.__getitem__, zip(rows.period_start, rows.period_end, strict=True)), text)
    breakdowns = release.catalogue.get("breakdowns", {})
    _write_texts(sheet, 5, rows.breakdown.map(lambda by: breakdowns.get(by, {}).get("title", by)), text)
    _write_texts(sheet, 6, rows.breakdown_value, name)
    _write_figures(book, sheet, rows, release.band_limit)
    _write_texts(sheet, FIRST_NUMBER + 5, rows.coverage, text)
    _write_texts(sheet, FIRST_NUMBER + 6, rows.status, text)


def _in_order(measures: pd.DataFrame, members: Sequence[str]) -> pd.DataFrame:
    """The rows of some measures, with empty texts where nothing is; names as the page puts them in order, never by value."""
    rows = measures.loc[measures.measure_id.isin(members)]
    texts = ["level", "unit", "service", "breakdown", "breakdown_value", "coverage"]
    rows = rows.assign(**{column: rows[column].astype(object).where(rows[column].notna(), "") for column in texts})
    order = {name: number for number, name in enumerate(members)}
    keys = [
        (order[name], by != "", Place(level, unit if level == "unit" else service).order)
        for name, by, level, unit, service in zip(*map(rows.get, SORTED_BY), strict=True)
    ]
    return rows.iloc[sorted(range(len(rows)), key=keys.__getitem__)]


def _write_texts(sheet: Worksheet, column: int, texts: Iterable[str], form: Format) -> None:
    for row, text in enumerate(texts, 1):
        if text:
            sheet.write_string(row, column, text, form)


def _write_figures(book: _Book, sheet: Worksheet, rows: pd.DataFrame, limit: int) -> None:
    """Part, base, share and bounds. Where a figure has none, the cell says why in a word or two."""
    said = book.format(align="right", italic=True, font_color="#555555")
    count, bound = book.format(num_format="#,##0"), book.format(num_format="0.0 %")
    share, few, most = (book.format(num_format=form) for form in ("0 %", '"under 0.5 %"', '"over 99.5 %"'))
    columns = (rows[column].astype(object).where(rows[column].notna(), None) for column in ("status", *NUMBERS))
    for row, (status, part, base, value, lower, upper) in enumerate(zip(*columns, strict=True), 1):
        if status in ("not shown", "not measured"):
            for column in WITHOUT_BUTTON:
                sheet.write_string(row, column, status, said)
            continue
        if status == "banded":
            band = f"fewer than {limit}" if lower == 0 else f"all but fewer than {limit}"
            sheet.write_string(row, FIRST_NUMBER, band, said)
            sheet.write_string(row, FIRST_NUMBER + 2, status, said)
        else:
            form = few if value == 0 and part else most if value == 100 and part != base else share
            sheet.write_number(row, FIRST_NUMBER, part, count)
            sheet.write_number(row, FIRST_NUMBER + 2, round(value / 100, 2), form)
        sheet.write_number(row, FIRST_NUMBER + 1, base, count)
        sheet.write_number(row, FIRST_NUMBER + 3, round(lower / 100, 3), bound)
        sheet.write_number(row, FIRST_NUMBER + 4, round(upper / 100, 3), bound)


def _write_measures(book: _Book, release: Release) -> None:
    """What each measure means, in the dictionary's order."""
    sections = {section["id"]: section["title"] for section in release.catalogue["sections"]}
    keys = ("title", "section", "question", "part", "base", "counted_in", "level", "period")
    keys += ("caveat", "convention", "source", "id")
    entries = [
        {**entry, **entry["grain"], "section": sections[entry["section"]], "id": name}
        for name, entry in release.catalogue["measures"].items()
    ]
    _write_words(book, "What is counted", MEASURES, [[entry.get(key, "") for key in keys] for entry in entries])


def _write_quality(book: _Book, quality: Mapping[str, Any]) -> None:
    """What the figures were made from: classes and outcomes, as the page has them."""
    rows = [
        ("Sources", one["table"], "Is there", "yes" if one["present"] else "no") for one in quality.get("sources", ())
    ]
    rows += [
        ("What became of each row", one["table"], words.text(f"outcome.{outcome}"), one[outcome])
        for one in quality.get("accounting", ())
        for outcome in ROW_OUTCOMES
        if outcome in one
    ]
    rows += [
        ("Why rows were set aside", one["table"], one["reason"].replace("_", " "), one["share"])
        for one in quality.get("quarantine_reasons", ())
    ]
    rows += [
        ("What the month does not hold", "", what, quality[key])
        for key, what in (
            ("late", "Of the rows that came since the last release, those of months that were published already"),
            ("without_unit", "Sessions of therapists who were in no reporting unit on the first of the month"),
        )
        if quality.get(key)
    ]
    kinds = {"error": "Checks that block", "warn": "Checks that warn"}
    rows += [
        (kinds[one["severity"]], words.bare_table(one["table"]), one["title"], one["outcome"])
        for one in quality.get("checks", ())
    ]
    _write_words(book, "Data quality", QUALITY, rows)


def _write_words(book: _Book, title: str, columns: Mapping[str, int], rows: Sequence[Sequence[str]]) -> None:
    sheet, text = book.table(title, columns, len(rows)), book.format(text_wrap=True)
    for row, texts in enumerate(rows, 1):
        for column, cell in enumerate(texts):
            if cell:
                sheet.write_string(row, column, cell, text)
