"""How things are said in the report's language: texts by their key, and figures, dates and lists in words.

The texts are data: `languages/en.toml`, and one file beside it for each other language. No figure is computed here, and
nothing here decides what is shown.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from math import ceil, floor
from string import Formatter
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from reports.monthly.figures import Figure, History, Level, Period, Place
from reports.monthly.languages import ENGLISH, FOLDER, languages
from reports.monthly.limits import Limits
from reports.naming import with_titles

ROW_OUTCOMES = ("read", "accepted", "superseded", "duplicate", "quarantined")  # what can become of a row that was read
SPACE = "\N{NO-BREAK SPACE}"  # between a number and its unit


@cache
def words_in(language: str) -> Words:
    """The words of a language. Raises ValueError for one that there is none of."""
    if language not in languages():
        raise ValueError(f"there is no report in '{language}'; there is one in {', '.join(languages())}")
    return Words(language)


class Words:
    """The words of one language. `code` is its ISO 639-1 code, which is also its locale's."""

    def __init__(self, code: str) -> None:
        self.code, self.locale = code, Locale.parse(code)
        self._texts = flat(tomllib.loads((FOLDER / f"{code}.toml").read_text("utf-8")))
        self._pieces = {key: _pieces(text) for key, text in self._texts.items()}
        self._count, self._plural = lru_cache(4096)(self._counted), cache(self.locale.plural_form)
        self._period, self._day = cache(self._spoken), cache(self._dated)
        self.bare_month = cache(self._month_alone)
        self.percent, self.between = lru_cache(4096)(self._percent), lru_cache(4096)(self._between)
        self.text = lru_cache(10_000, typed=True)(self._text)  # typed: markup is not escaped, the same text is
        self.share = lru_cache(200_000)(self._share)  # the reports of a range of months say the same of their past

    def _text(self, key: str, **values: Any) -> Markup:
        """The text of a key; its placeholders are filled with values, which are escaped. `n` chooses the plural form."""
        if key not in self._pieces:
            key += f".{self._plural(values['n'])}"
            values["n"] = self.count(values["n"])
        if not values:
            return Markup(self._texts[key])
        return Markup(
            "".join([piece if is_literal else escape(values[piece]) for is_literal, piece in self._pieces[key]])
        )

    def named(self, group: str, name: str, otherwise: str | None = None) -> Markup | str:
        """The text that a group has for a name; for one that it does not know, the name itself."""
        key = f"{group}.{name}"
        return Markup(self._texts[key]) if key in self._texts else name if otherwise is None else otherwise

    # Numbers

    def count(self, number: float) -> str:
        """1,250."""
        return self._count(number)

    def _counted(self, number: float) -> str:
        return format_decimal(number, format="#,##0.#", locale=self.locale)

    def amount(self, number: int) -> str:
        """1,250, or none."""
        return self.count(number) if number else self.text("words.none")

    def _percent(self, number: float) -> str:
        """12 %, or 11.5 % when it is not whole."""
        return f"{self.count(round(number, 1))}{SPACE}%"

    def _between(self, lower: float, upper: float) -> str:
        """9 to 14 %."""
        return self.text("words.range", lower=self.count(round(lower, 1)), upper=self.percent(upper))

    def bounds(self, figure: Figure) -> str:
        """0 % to 5.6 %, as released; empty where nothing is."""
        if figure.lower is None or figure.upper is None:
            return ""
        return self.text("words.range", lower=self.percent(figure.lower), upper=self.percent(figure.upper))

    def whole_bounds(self, figure: Figure) -> str:
        """The bounds in whole percent, rounded away from each other."""
        if figure.lower is None or figure.upper is None:
            return ""
        lower, upper = self.percent(floor(figure.lower)), self.percent(ceil(figure.upper))
        return self.text("words.between", lower=lower, upper=upper)

    def limits(self, limits: Limits) -> str:
        """9 to 14 %: natural limits in whole percent, rounded away from each other."""
        return self.between(floor(limits.lower), ceil(limits.upper))

    # Figures

    def place(self, of: Place) -> str:
        """The name of a unit or a service, or Organisation."""
        return of.name or self.text("words.organisation")

    def status(self, figure: Figure) -> str:
        return self.named("status", figure.status.replace(" ", "_"))

    def _share(self, figure: Figure | None) -> str:
        """A figure in the fewest words: 12 %, fewer than 10 of 160, not shown, not measured."""
        if figure is None:
            return "–"
        if figure.status == "published" and figure.value is not None:
            if figure.value == 0 and figure.part:
                return self.text("words.under", share=self.percent(0.5))
            if figure.value == 100 and figure.part != figure.base:
                return self.text("words.over", share=self.percent(99.5))
            return self.percent(figure.value)
        return self.band(figure) if figure.status == "banded" else self.status(figure)

    def band(self, figure: Figure) -> str:
        """Fewer than 10 of 160, or all but fewer than 10 of 160."""
        key = "words.few" if figure.is_few else "words.all_but_few"
        return self.text(key, limit=figure.limit, base=self.count(figure.base or 0))

    def share_of(self, figure: Figure, places: Level) -> str:
        """12 %: 20 of 160, of a published figure; of a derived one also how many places it is from, which are of this level."""
        if figure.status != "published":
            return self.share(figure)
        part, base = self.count(figure.part or 0), self.count(figure.base or 0)
        said = self.text("words.share_of", share=self.share(figure), part=part, base=base)
        return f"{said}, {self.text('words.from', coverage=self.coverage(figure, places))}" if figure.coverage else said

    def coverage(self, figure: Figure, places: Level) -> str:
        """17 of 18 units: how many places, which are of this level, are in a derived figure. Empty for others."""
        if figure.included is None:
            return ""
        included, all_places = figure.included
        return self.text(f"coverage.{places}", n=all_places, included=self.count(included))

    def covered(self, figure: Figure) -> str:
        """17 of 18, as released."""
        if figure.included is None:
            return ""
        included, places = (self.count(number) for number in figure.included)
        return self.text("words.of", included=included, places=places)

    def past(self, history: History) -> str:
        """The extent of a place's own earlier published figures: before 9 to 14 %."""
        values = [figure.value for figure in history.earlier if figure.value is not None]
        if not values:
            return ""
        least, most = min(values), max(values)
        extent = self.percent(least) if least == most else self.between(least, most)
        return self.text("words.before", extent=extent)

    def drawn(self, title: str, history: History, periods: Sequence[Period], limits: Limits | None) -> str:
        """What a chart over time draws, for someone who does not see it."""
        name = self.place(history.place)
        parts = [
            self.text(
                "drawn.what", title=title, name=name, first=self.period(periods[0]), last=self.period(periods[-1])
            )
        ]
        if history.now:
            parts.append(self.text("drawn.now", period=self.period(periods[-1]), share=self.share(history.now)))
        values = [figure.value for figure in history.earlier if figure.value is not None]
        if values:
            parts.append(self.text("drawn.earlier", extent=self.between(min(values), max(values))))
        if limits:
            parts.append(self.text("drawn.limits", limits=self.limits(limits)))
        statuses = [figure.status for figure in history.earlier]
        for status in ("banded", "not_shown"):
            number = statuses.count(status.replace("_", " "))
            if number:
                parts.append(self.text(f"drawn.{status}", n=number))
        return Markup(" ".join(parts))

    # Dates and lists

    def day(self, moment: date | str) -> str:
        """10 November 2026; a text that is no date stays as it is."""
        if isinstance(moment, str):
            try:
                moment = datetime.fromisoformat(moment).date()
            except ValueError:
                return moment
        return self._day(moment)

    def _dated(self, moment: date) -> str:
        return format_date(moment, self._texts["form.day"], self.locale)

    def month(self, name: str) -> str:
        """October 2026, of "2026-10"."""
        return format_date(date.fromisoformat(f"{name}-01"), "LLLL y", self.locale)

    def _month_alone(self, moment: date) -> str:
        """October."""
        return format_date(moment, "LLLL", self.locale)

    def period(self, of: Period) -> str:
        """October 2026, or July to September 2026."""
        return self._period(of, "LLLL")

    def short_period(self, of: Period) -> str:
        """Oct 2026, or Jul to Sep 2026: for the axis of a chart and the head of a column."""
        return self._period(of, "LLL")

    def _spoken(self, of: Period, month: str) -> str:
        first, last = (format_date(day, month, self.locale) for day in of)
        if (of.start.year, of.start.month) == (of.end.year, of.end.month):
            return f"{first} {of.start.year}"
        if of.start.year != of.end.year and month == "LLLL":
            first = f"{first} {of.start.year}"
        return f"{self.text('words.range', lower=first, upper=last)} {of.end.year}"

    def series(self, items: Iterable[str]) -> Markup:
        """Harbour, Quay and Willow."""
        *most, last = [*items] or [""]
        return self.text("words.and", first=Markup(", ").join(most), last=last) if most else Markup.escape(last)

    # What comes with a release

    def entry(self, measure_id: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        """A measure's entry in the catalogue, with its texts in this language as far as there are any."""
        texts = {
            name: self.named(f"measures.{measure_id}", name, text)
            for name, text in entry.items()
            if isinstance(text, str)
        }
        return {**entry, **texts}

    def titles(self, measures: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """The titles of the catalogue's measures, by their ids."""
        return {name: self.named(f"measures.{name}", "title", entry["title"]) for name, entry in measures.items()}

    def told(self, text: str, titles: Mapping[str, str]) -> Markup:
        """A catalogue's text, in which measures are named by their titles."""
        return Markup("").join(with_titles(text, titles, lambda _, title: self.text("words.quoted", title=title)))

    def section(self, section: Mapping[str, str]) -> dict[str, str]:
        """A section of the catalogue: its title, its question."""
        return {
            **section,
            **{name: self.named(f"sections.{section['id']}", name, section[name]) for name in ("title", "question")},
        }

    def dimension(self, name: str, title: str) -> str:
        """What a breakdown is by, or a curve."""
        return self.named(f"dimensions.{name}", "title", title)

    def bin(self, by: str, label: str) -> str:
        """A bin of a breakdown, as it is declared; of a curve, within 14 days."""
        curve = f"curves.{by}"
        if label == "0" and f"{curve}.zero" in self._texts:
            return self.text(f"{curve}.zero")
        if label.isdigit() and f"{curve}.other" in self._texts:
            return self.text(curve, n=int(label))
        return self.named(f"dimensions.{by}.bins", label)

    def need(self, need: str) -> str:
        """A source table or field that a measure needs: the field cancelled_at of sessions."""
        table, _, field = need.partition(".")
        return self.text("words.field", field=field, table=table) if field else self.text("words.table", table=table)

    def bare_table(self, name: str) -> str:
        """The table of "core.therapist_days" without its layer: therapist days."""
        bare = name.rpartition(".")[2]
        return self.named("tables", bare, bare.replace("_", " "))

    def withdrawal(self, reason: str) -> str:
        """Why a report was withdrawn."""
        return self.text(f"withdrawal.{reason}")

    def rule(self, name: str) -> str:
        """A rule of the policy; one that is not known here by its own name."""
        return self.named("policy", name, name.replace("_", " ").capitalize())

    def share_class(self, said: str) -> str:
        """A class of shares or counts, as the manifest has it in English: under 1 %; 1,000 to 2,000."""
        if said in ("", "none"):
            return self.text("words.none") if said else ""
        for old, new in (("or more", "words.or_more"), ("under ", "words.under_class"), (" to ", "words.to")):
            said = said.replace(old, self._texts[new])
        return said if self.code == ENGLISH else said.translate(str.maketrans(",.", ".,"))

    def setting(self, value: Any) -> str:
        """A policy's number, switch or list as a word."""
        if isinstance(value, bool):
            return self.text("words.yes" if value else "words.no")
        if isinstance(value, list | tuple):
            return self.series([self.setting(each) for each in value])
        return self.count(value) if isinstance(value, int | float) else str(value)


def _pieces(text: str) -> list[tuple[bool, str]]:
    """A text cut at its placeholders, once: each piece is literal, or a placeholder's name."""
    cut = [piece for literal, name, _, _ in Formatter().parse(text) for piece in ((True, literal), (False, name))]
    return [(is_literal, piece) for is_literal, piece in cut if piece]


def flat(texts: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Texts in nested tables, by their keys with dots between."""
    found: dict[str, str] = {}
    for name, text in texts.items():
        found |= flat(text, f"{prefix}{name}.") if isinstance(text, Mapping) else {prefix + name: str(text)}
    return found
