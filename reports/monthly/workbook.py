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
from math import ceil
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from reports.monthly.figures import LEVELS, STATUSES, Period, Place
from reports.monthly.languages import ENGLISH
from reports.monthly.release import NUMBERS, Release
from reports.monthly.words import ROW_OUTCOMES, Words, words_in

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter.format import Format

# The columns of the sheets, by the key of their heads, with their widths.
COLUMNS = {
    "measure": 48, "level": 14, "unit": 28, "service": 24, "period": 24, "by": 24, "group": 18,
    "part": 22, "base": 12, "share": 14, "lower": 14, "upper": 14, "coverage": 12, "status": 16,
}  # fmt: skip
MEASURES = {
    "measure": 48, "section": 14, "question": 48, "part": 48, "base": 48, "counted_in": 18, "level": 12, "period": 12,
    "caveat": 60, "convention": 48, "source": 48, "id": 28,
}  # fmt: skip
QUALITY = {"about": 28, "table": 18, "what": 72, "amount": 20}
FIRST_NUMBER = list(COLUMNS).index("part")
WITHOUT_BUTTON = range(FIRST_NUMBER, FIRST_NUMBER + len(NUMBERS))
SORTED_BY = ("measure_id", "breakdown", "level", "unit", "service")
FROM_PAGE = ("limits-of-use", "reading")  # the page's sections that the cover repeats
A4 = 9  # as Excel numbers its papers
SIZE, SIZES = 11, {"h1": 20, "h2": 15}  # of letters in points; of headings
LINE = 15 / 11  # a line's height, in sizes of its letters


class _Sheet(Worksheet):
    """A sheet whose filter finds a measure or a unit, and has no button over figures, which would sort by them."""

    without_button: Sequence[int] = ()

    def _write_auto_filter(self) -> None:
        if self.autofilter_ref:
            self._xml_start_tag("autoFilter", [("ref", self.autofilter_ref)])
            for column in self.without_button:
                self._xml_empty_tag("filterColumn", [("colId", column), ("hiddenButton", 1)])
            self._xml_end_tag("autoFilter")


@dataclass(frozen=True)
class _Book:
    """The workbook that is being written, in the language of its release."""

    file: Workbook
    release: Release
    words: Words

    @property
    def month(self) -> str:
        return self.words.month(self.release.month)

    def text(self, key: str, **values: Any) -> str:
        """A text as a cell holds it, not as a page does."""
        return self.words.text(key, **values).striptags()

    def format(self, **properties: Any) -> Format:
        return self.file.add_format({"valign": "top", **properties})

    def table(self, title: str, columns: Mapping[str, int], rows: int, without_button: Sequence[int] = ()) -> Worksheet:
        """A sheet with a head that stays, and a filter over so many rows: with no button at some columns."""
        sheet = self.file.add_worksheet(title, _Sheet)
        assert isinstance(sheet, _Sheet)
        sheet.without_button = without_button
        heads = [self.text(f"column.{name}") for name in columns]
        look: dict[str, Any] = {"bold": True, "bottom": 1, "text_wrap": True}
        sheet.set_row(0, _height(heads, columns.values()))
        for at, (head, width) in enumerate(zip(heads, columns.values(), strict=True)):
            sheet.set_column(at, at, width)
            sheet.write_string(0, at, head, self.format(**look, align="right" if at in without_button else "left"))
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(rows, 1), len(columns) - 1)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        self.print_below(sheet)
        return sheet

    def print_below(self, sheet: Worksheet) -> None:
        sheet.set_footer(f"&L{self.month}. {self.text('workbook.not_for')}&R&P / &N")


def workbook(release: Release, page: str) -> bytes:
    """The workbook of a release whose report is `page`. The same release and page give the same bytes."""
    file = io.BytesIO()
    words = words_in(release.manifest.get("language", ENGLISH))
    with Workbook(file, {"in_memory": True}) as written:
        book = _Book(written, release, words)
        made_at = dt.datetime.fromisoformat(release.manifest["made_at"]).astimezone(dt.UTC)
        written.set_properties({"title": book.month, "created": made_at.replace(tzinfo=None)})
        _write_cover(book, page)
        entries = release.catalogue["measures"]
        for section in release.catalogue["sections"]:
            members = [name for name, entry in entries.items() if entry["section"] == section["id"]]
            _write_section(book, _plain(words.section(section)["title"]), members)
        _write_measures(book)
        _write_quality(book, release.manifest.get("data_quality", {}))
    return file.getvalue()


def _write_cover(book: _Book, page: str) -> None:
    sheet, width = book.file.add_worksheet(book.text("workbook.cover")), 76
    sheet.set_column(0, 0, width)
    sheet.hide_gridlines(2)
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    book.print_below(sheet)
    looks = {
        "h1": book.format(bold=True, font_size=SIZES["h1"], text_wrap=True, quote_prefix=True),
        "h2": book.format(bold=True, font_size=SIZES["h2"], text_wrap=True),
        **dict.fromkeys(("h3", "dt"), book.format(bold=True, text_wrap=True)),
    }
    plain = book.format(text_wrap=True)
    said = [line for name in FROM_PAGE for line in _said(page, name)]
    for row, (kind, text) in enumerate([*_head(book), *said]):
        sheet.set_row(row, _height([text], [width], SIZES.get(kind, SIZE)))
        sheet.write_string(row, 0, text, looks.get(kind, plain))


def _height(texts: Iterable[str], widths: Iterable[int], size: int = SIZE) -> float:
    """The height, in points, at which a row shows all of its wrapped texts: not every program finds it by itself.

    A width is so many digits of a line at the usual size. Words break early, and fonts differ: nine tenths of it hold text.
    """
    fitting = [0.9 * width * SIZE / size for width in widths]
    lines = [
        sum(max(1, ceil(len(line) / fits)) for line in text.split("\n"))
        for text, fits in zip(texts, fitting, strict=True)
    ]
    return LINE * size * max(lines)


def _head(book: _Book) -> Iterable[tuple[str, str]]:
    """What the workbook is, as kinds of lines with their texts."""
    manifest, words = book.release.manifest, book.words
    yield "h1", manifest["organisation"]
    yield "h2", book.text("workbook.title", month=book.month)
    yield "p", book.text("page.closed", day=words.day(manifest["closed_on"]))
    if replaced := manifest.get("replaces"):
        day, reason = words.day(replaced["withdrawn_at"]), words.withdrawal(replaced["reason"])
        yield "p", book.text("page.replaces", day=day, reason=reason)
    yield "p", book.text("workbook.sheets")
    yield "p", book.text("workbook.cells")


def _said(page: str, section: str) -> list[tuple[str, str]]:
    """The headings and paragraphs of one of the page's sections, as kinds of elements with their texts."""
    found = re.search(rf'<section id="{section}".*?</section>', page, re.DOTALL)
    if found is None:
        raise ValueError(f"the page has no section {section}, which the workbook repeats")
    lines = re.findall(r"<(h2|h3|p|li|dt|dd)\b[^>]*>(.*?)</\1>", found.group(), re.DOTALL)
    return [(kind, Markup(text).striptags()) for kind, text in lines]


def _write_section(book: _Book, title: str, members: Sequence[str]) -> None:
    """The rows of measures.csv that belong to a section: by measure, level and name, then its breakdowns."""
    words, catalogue = book.words, book.release.catalogue
    rows = _in_order(book.release.measures, members)
    sheet = book.table(title, COLUMNS, len(rows), WITHOUT_BUTTON)
    if rows.empty:
        sheet.write_string(1, 0, book.text("workbook.nothing"))
        return
    titles = {name: _plain(words.entry(name, catalogue["measures"][name])["title"]) for name in members}
    levels = {level: book.text(f"level.{level}") for level in LEVELS}
    statuses = {status: book.text(f"status.{status.replace(' ', '_')}") for status in STATUSES}
    spans = rows[["period_start", "period_end"]].drop_duplicates().itertuples(index=False, name=None)
    spoken = {span: _plain(words.period(Period(*map(dt.date.fromisoformat, span)))) for span in spans}
    dimensions = {by: entry["title"] for by, entry in catalogue.get("breakdowns", {}).items()}
    text, name = book.format(), book.format(quote_prefix=True)
    _write_texts(sheet, 0, map(titles.__getitem__, rows.measure_id), text)
    _write_texts(sheet, 1, map(levels.__getitem__, rows.level), text)
    _write_texts(sheet, 2, rows.unit, name)
    _write_texts(sheet, 3, rows.service, name)
    _write_texts(sheet, 4, map(spoken.__getitem__, zip(rows.period_start, rows.period_end, strict=True)), text)
    _write_texts(sheet, 5, (by and _plain(words.dimension(by, dimensions.get(by, by))) for by in rows.breakdown), text)
    groups = zip(rows.breakdown, rows.breakdown_value, strict=True)
    _write_texts(sheet, 6, (by and _plain(words.bin(by, group)) for by, group in groups), name)
    _write_figures(book, sheet, rows, statuses)
    _write_texts(
        sheet, FIRST_NUMBER + 5, (_covered(book, said) for said in rows.coverage), book.format(align="left", indent=1)
    )
    _write_texts(sheet, FIRST_NUMBER + 6, map(statuses.__getitem__, rows.status), text)


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


def _plain(text: str) -> str:
    """What is told in words of a language comes as markup; what is not known there, as it was given."""
    return text.striptags() if isinstance(text, Markup) else text


def _covered(book: _Book, said: str) -> str:
    """17 of 18, as released."""
    included, _, places = said.partition(" of ")
    return book.text("words.of", included=included, places=places) if places else said


def _write_figures(book: _Book, sheet: Worksheet, rows: pd.DataFrame, statuses: Mapping[str, str]) -> None:
    """Part, base, share and bounds. Where a figure has none, the cell says why in a word or two."""
    words, limit = book.words, book.release.band_limit
    few, most = (book.text(f"workbook.{band}", limit=limit) for band in ("few", "all_but_few"))
    under, over = (
        book.text(f"words.{side}", share=words.percent(share)) for side, share in (("under", 0.5), ("over", 99.5))
    )
    said = book.format(align="right", italic=True, font_color="#555555")
    count, bound = book.format(num_format="#,##0"), book.format(num_format="0.0 %")
    exact, nearly_none, nearly_all = (book.format(num_format=form) for form in ("0 %", f'"{under}"', f'"{over}"'))
    columns = (rows[column].astype(object).where(rows[column].notna(), None) for column in ("status", *NUMBERS))
    for row, (status, part, base, value, lower, upper) in enumerate(zip(*columns, strict=True), 1):
        if status in ("not shown", "not measured"):
            for column in WITHOUT_BUTTON:
                sheet.write_string(row, column, statuses[status], said)
            continue
        if status == "banded":
            sheet.write_string(row, FIRST_NUMBER, few if lower == 0 else most, said)
            sheet.write_string(row, FIRST_NUMBER + 2, statuses[status], said)
        else:
            form = nearly_none if value == 0 and part else nearly_all if value == 100 and part != base else exact
            sheet.write_number(row, FIRST_NUMBER, part, count)
            sheet.write_number(row, FIRST_NUMBER + 2, round(value / 100, 2), form)
        sheet.write_number(row, FIRST_NUMBER + 1, base, count)
        sheet.write_number(row, FIRST_NUMBER + 3, round(lower / 100, 3), bound)
        sheet.write_number(row, FIRST_NUMBER + 4, round(upper / 100, 3), bound)


def _write_measures(book: _Book) -> None:
    """What each measure means, in the dictionary's order."""
    catalogue, words = book.release.catalogue, book.words
    sections = {section["id"]: words.section(section)["title"] for section in catalogue["sections"]}
    titles = words.titles(catalogue["measures"])
    rows = []
    for name, entry in catalogue["measures"].items():
        grain = {
            "level": book.text(f"level.{entry['grain']['level']}"),
            "period": book.text(f"grain.{entry['grain']['period']}"),
        }
        entry = {
            key: words.told(text, titles) for key, text in words.entry(name, entry).items() if isinstance(text, str)
        }
        about = {**entry, **grain, "section": sections[entry["section"]], "measure": entry["title"], "id": name}
        rows.append([_plain(about.get(key, "")) for key in MEASURES])
    _write_words(book, "workbook.counted", MEASURES, rows)


def _write_quality(book: _Book, quality: Mapping[str, Any]) -> None:
    """What the figures were made from: classes and outcomes, as the page has them."""
    t, words = book.text, book.words
    rows = [
        (t("quality.sources"), one["table"], t("quality.present"), t("words.yes" if one["present"] else "words.no"))
        for one in quality.get("sources", ())
    ]
    rows += [
        (t("quality.accounting"), one["table"], t(f"outcome.{outcome}"), words.share_class(one[outcome]))
        for one in quality.get("accounting", ())
        for outcome in ROW_OUTCOMES
        if outcome in one
    ]
    rows += [
        (
            t("quality.reasons"),
            one["table"],
            _plain(words.named("quarantine", one["reason"])),
            words.share_class(one["share"]),
        )
        for one in quality.get("quarantine_reasons", ())
    ]
    rows += [
        (t("quality.without"), "", t(f"workbook.{key}"), words.share_class(quality[key]))
        for key in ("late", "without_unit")
        if quality.get(key)
    ]
    rows += [
        (
            t(f"workbook.check_{one['severity']}"),
            one["table"],
            words.named("checks", one["title"]),
            words.named("checks.outcome", one["outcome"]),
        )
        for one in quality.get("checks", ())
    ]
    _write_words(book, "quality.title", QUALITY, [[_plain(cell) for cell in row] for row in rows])


def _write_words(book: _Book, title: str, columns: Mapping[str, int], rows: Sequence[Sequence[str]]) -> None:
    sheet, text = book.table(book.text(title), columns, len(rows)), book.format(text_wrap=True)
    for row, texts in enumerate(rows, 1):
        sheet.set_row(row, _height(texts, columns.values()))
        for column, cell in enumerate(texts):
            if cell:
                sheet.write_string(row, column, cell, text)
