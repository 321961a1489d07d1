"""`rapport.toml` and the key: what a home is configured to be. Every fault is told with its line, key and mend."""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from itertools import count
from pathlib import Path
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from assets.errors import InputError, nearest
from assets.measures import dictionary
from assets.raw.contract import TABLES
from assets.raw.sources import Source, UnfitError, known_timezone
from reports.monthly.languages import ENGLISH, languages

MINIMUM_KEY_BYTES = 32


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Organisation(_Part):
    name: str = Field(min_length=1, max_length=200)
    timezone: str
    language: str = ENGLISH

    @field_validator("language")
    @classmethod
    def _language_is_there(cls, language: str) -> str:
        if language not in languages():
            raise UnfitError(f'there is no report in "{language}"', mend=f"Write one of {', '.join(languages())}.")
        return language

    @field_validator("timezone")
    @classmethod
    def _timezone_is_known(cls, timezone: str) -> str:
        return known_timezone(timezone)


def _is_a_month(month: object) -> object:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", str(month)):
        raise UnfitError(f'"{month}" is no month', mend='Write a month as "2026-07".')
    return month


Month = Annotated[str, BeforeValidator(_is_a_month)]


class Calendar(_Part):
    closing_lag_days: int = Field(default=10, ge=0, le=90)
    first_month: Month | None = None
    complete: list[Month] = []


class Pseudonyms(_Part):
    key_file: str = "rapport.key"

    @field_validator("key_file")
    @classmethod
    def _lies_apart(cls, key_file: str) -> str:
        if Path(key_file).parts[:1] in (("lake",), ("releases",)):
            raise UnfitError("the key may not lie with what it protects", mend="Keep it outside of lake and releases.")
        return key_file


class Unit(_Part):
    """A reporting unit that joins several teams, by declaration."""

    name: str = Field(min_length=1, max_length=200)
    teams: list[str] = Field(min_length=1)


class Settings(_Part):
    """A home's configuration. `path` is the file it came from, and its folder is the home."""

    path: Path
    organisation: Organisation
    calendar: Calendar = Calendar()
    pseudonyms: Pseudonyms = Pseudonyms()
    policy: dict[str, int | float | str] = {}
    breakdowns: dict[str, dict[str, list[int | str]]] = {}
    synonyms: dict[str, str] = {}
    units: list[Unit] = Field(default=[], alias="unit")
    sources: list[Source] = Field(alias="source")
    _lines: dict[tuple[int | str, ...], int] = PrivateAttr(default_factory=dict)

    @field_validator("synonyms")
    @classmethod
    def _one_spelling_each(cls, synonyms: dict[str, str]) -> dict[str, str]:
        """The words in their normal form, so that however they are written they are found."""
        normal: dict[str, str] = {}
        for theirs, ours in synonyms.items():
            word, spelling = normal_form(theirs), normal_form(ours)
            if normal.setdefault(word, spelling) != spelling:
                mend = "Capitals, hyphens and underscores make no difference. Keep one line."
                raise UnfitError(f'"{word}" is given two spellings', theirs, mend=mend)
        for theirs, ours in synonyms.items():
            if normal.get(normal_form(ours), normal_form(ours)) != normal_form(ours):
                mend = "Map each word straight to the one spelling."
                raise UnfitError(f'"{ours}" is itself mapped to another spelling', theirs, mend=mend)
        return normal

    @model_validator(mode="after")
    def _holds_together(self) -> Settings:
        given = {source.table for source in self.sources}
        for table in TABLES.values():
            if table.needed and table.name not in given:
                raise UnfitError(
                    f'no [[source]] gives the table "{table.name}", without which nothing can be measured',
                    "source", mend=f'Add a [[source]] with table = "{table.name}".',
                )  # fmt: skip
        _is_said_once("unit", "name", [(place, unit.name) for place, unit in enumerate(self.units)])
        _is_said_once("unit", "teams", [(place, team) for place, unit in enumerate(self.units) for team in unit.teams])
        self._check_breakdowns()
        for source in self.sources:
            source.timezone = source.timezone or self.organisation.timezone
        return self

    def _check_breakdowns(self) -> None:
        dimensions = dictionary().dimensions
        for name, bins in self.breakdowns.items():
            if name not in dimensions:
                mend = nearest(name, list(dimensions)) or f"The breakdowns are {', '.join(dimensions)}."
                raise UnfitError("there is no such breakdown", "breakdowns", name, mend=mend)
            seen: set[str] = set()
            for label, values in bins.items():
                twice = seen & {str(value) for value in values}
                if twice or not values or not label.strip():
                    what = f"{min(twice)} lies in two bins" if twice else "a bin needs a name and at least one value"
                    raise UnfitError(what, "breakdowns", name, label, mend="Bins must not overlap: mend the lists.")
                seen |= {str(value) for value in values}

    def bins(self) -> list[tuple[str, str | None, str | None, int]]:
        """Of each value that lies in a bin: breakdown, value, bin, and the bin's number. One row a breakdown is for what
        lies in no bin. A breakdown without bins has no rows."""
        numbers = count(1)
        rows: list[tuple[str, str | None, str | None, int]] = []
        for name, dimension in dictionary().dimensions.items():
            bins = self.breakdowns.get(name, dimension.bins)
            for label, values in bins.items():
                number = next(numbers)
                rows += [(name, str(value), label, number) for value in values]
            if bins:
                rows.append((name, None, None, next(numbers)))
        return rows

    def with_bins(self) -> set[str]:
        """The breakdowns that have bins."""
        return {name for name, *_ in self.bins()}

    def stands(self, lines: dict[tuple[int | str, ...], int]) -> None:
        """Takes note of the lines on which its keys stand, and those of its sources."""
        self._lines = lines
        for number, source in enumerate(self.sources):
            of_it = {place[2:]: line for place, line in lines.items() if place[:2] == ("source", number)}
            source.stands(self.path.name, {tuple(map(str, key)): line for key, line in of_it.items()})

    def where(self, *key: str) -> str:
        """Where a key stands, for an error."""
        line = self._lines.get(key)
        return f"{self.path.name}, {f'line {line}, ' if line else ''}key {'.'.join(key)}"

    @property
    def home(self) -> Path:
        return self.path.parent

    def key(self) -> bytes:
        """The key of the pseudonyms. Raises InputError where it is missing, readable by others, or too short."""
        from_environment = os.environ.get("RAPPORT_KEY")
        if from_environment is not None:
            return _long_enough(from_environment.strip().encode(), "the environment variable RAPPORT_KEY")
        path = self.home / self.pseudonyms.key_file
        if not path.is_file():
            raise InputError(
                "the key of the pseudonyms is missing", where=str(path),
                mend="Put the key back, or set RAPPORT_KEY. For a new home, make one with: rapport key",
            )  # fmt: skip
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise InputError("the key file can be read by others", where=str(path), mend=f'Run: chmod 600 "{path}"')
        return _long_enough(path.read_bytes().strip(), str(path))

    def make_key(self, replaces: bool = False) -> Path:
        """Writes a new random key, in one step. Raises InputError where there is one already, unless it `replaces` it."""
        path = self.home / self.pseudonyms.key_file
        beside = path.with_name(f"{path.name}.new")
        try:
            beside.unlink(missing_ok=True)
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            if replaces:
                beside.replace(path)
            else:
                path.hardlink_to(beside)
                beside.unlink()
        except FileExistsError:
            beside.unlink()
            mend = "It is kept: the lake's pseudonyms were made with it. For a new one: rapport key --rotate"
            raise InputError("there is a key already", where=str(path), mend=mend) from None
        except OSError as error:
            mend = "Set key_file under [pseudonyms] to a place that can be written."
            raise InputError(f"cannot be written: {error.strerror}", where=str(path), mend=mend) from None
        return path


def normal_form(word: str) -> str:
    """A word in small letters, with one blank for blanks, hyphens and underscores; core.profiles does the same in SQL."""
    return re.sub(r"[\s_-]+", " ", word.lower()).strip()


def _is_said_once(table: str, key: str, said: list[tuple[int, str]]) -> None:
    seen: set[str] = set()
    for place, value in said:
        if value in seen:
            raise UnfitError(
                f'"{value}" stands there twice', table, place, key, mend=f"Name it in one [[{table}]] only."
            )
        seen.add(value)


def _long_enough(key: bytes, where: str) -> bytes:
    if len(key) < MINIMUM_KEY_BYTES:
        raise InputError(
            f"the key is shorter than {MINIMUM_KEY_BYTES} characters", where=where, mend="Make one with: rapport key"
        )
    return key


def load_settings(path: Path) -> Settings:
    """Reads `rapport.toml`. Raises InputError that names line and key."""
    if not path.is_file():
        raise InputError(
            "there is no configuration here", where=str(path),
            mend="Go to a folder with a rapport.toml, or name it: rapport --config PATH …; "
            "rapport demo makes one to start from.",
        )  # fmt: skip
    try:
        text = path.read_text("utf-8").removeprefix("\ufeff")
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise InputError("is not UTF-8 text", where=f"{path.name}, line {line}", mend="Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        twice = "This key" if "overwrite a value" in said else "This table" if " twice" in said else ""
        mend = f"{twice} stands twice: keep one." if twice else "Strings stand in quotes; see docs/configuration.md."
        raise InputError(f"is not valid TOML: {error}", where=path.name, mend=mend) from None
    if "path" in data:  # a field of Settings, but none that can be set
        where = f"{path.name}, line {line_of(text, ('path',))}, key path"
        raise InputError("there is no such key", where=where, mend="See docs/configuration.md.")
    try:
        settings = Settings(path=path.resolve(), **data)
    except ValidationError as error:
        raise _explained(error, text, path.name) from None
    settings.stands(_lines_of(text))
    return settings


def _explained(error: ValidationError, text: str, file: str) -> InputError:
    """The first of what is wrong, with its line, its key and what to write instead."""
    errors = error.errors()
    # a key that is misspelt is missing as well
    telling = [one for kind in ("value_error", "extra_forbidden") for one in errors if one["type"] == kind]
    first = [*telling, *errors][0]
    cause = first.get("ctx", {}).get("error")
    place = tuple(part for part in first["loc"] if part not in ("str", "Expression"))
    if isinstance(cause, UnfitError):
        place += cause.place
    mend = getattr(cause, "mend", "") or "See docs/configuration.md."
    match first["type"]:
        case "extra_forbidden":
            what, mend = "there is no such key", nearest(str(place[-1]), _known_keys(place[:-1])) or mend
        case "missing":
            what = "is missing"
        case "string_type" if "columns" in place:
            what, mend = "is no column", 'Write "its column", or { sql = "an expression" }.'
        case _:
            what = str(cause) if cause else first["msg"][:1].lower() + first["msg"][1:]
    more = len({one["loc"][:4] for one in errors}) - 1
    line, key = line_of(text, place), ".".join(part for part in place if isinstance(part, str))
    where = f"{file}, line {line}, key {key}" if line else f"{file}, key {key}"
    return InputError(what + (f" (and {more} more)" if more else ""), where=where, mend=mend)


def _known_keys(place: tuple[int | str, ...]) -> list[str]:
    """The keys that a table can have; what is under [source.columns] and the like is told by its own errors."""
    models = {
        "organisation": Organisation,
        "calendar": Calendar,
        "pseudonyms": Pseudonyms,
        "unit": Unit,
        "source": Source,
    }
    model = models.get(str(place[0]), Settings) if place else Settings
    return [field.alias or name for name, field in model.model_fields.items() if name != "path"]


_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[\w-]+)((?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=""")


def line_of(text: str, place: tuple[int | str, ...]) -> int | None:
    """The line on which a key stands, or the nearest table around it."""
    lines = _lines_of(text)
    return next((lines[place[:length]] for length in range(len(place), 0, -1) if place[:length] in lines), None)


def _lines_of(text: str) -> dict[tuple[int | str, ...], int]:
    """The line on which each table and key stands. tomllib tells no positions, so we look."""
    lines: dict[tuple[int | str, ...], int] = {}
    here: tuple[int | str, ...] = ()
    counts: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            names = tuple(part.strip().strip("\"'") for part in header.group(2).split("."))
            if header.group(1) == "[[":
                counts[names] = counts.get(names, -1) + 1
            here = ()
            for depth, name in enumerate(names, 1):
                here += (name, counts[names[:depth]]) if names[:depth] in counts else (name,)
            lines.setdefault(here, number)
            lines.setdefault(names, number)  # of a list of tables, the first
        elif key := _KEY.match(line):
            names = (key.group(1) + key.group(2)).split(".")
            lines.setdefault(here + tuple(name.strip().strip("\"'") for name in names), number)
    return lines
