"""`rapport.toml` and the key: what a home is configured to be. Every fault is told with its line, key and mend."""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from assets.errors import InputError, nearest
from assets.raw.contract import TABLES
from assets.raw.sources import Source, known_timezone

MINIMUM_KEY_BYTES = 32


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Organisation(_Part):
    name: str = Field(min_length=1, max_length=200)
    timezone: str

    @field_validator("timezone")
    @classmethod
    def _timezone_is_known(cls, timezone: str) -> str:
        return known_timezone(timezone)


class Calendar(_Part):
    closing_lag_days: int = Field(default=10, ge=0, le=90)
    first_month: str | None = Field(default=None, pattern=r"^\d{4}-(0[1-9]|1[0-2])$")


class Pseudonyms(_Part):
    key_file: str = "rapport.key"


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
    units: list[Unit] = Field(default=[], alias="unit")
    sources: list[Source] = Field(alias="source")

    @model_validator(mode="after")
    def _holds_together(self) -> Settings:
        given = {source.table for source in self.sources}
        for table in TABLES.values():
            if table.needed and table.name not in given:
                raise ValueError(f'no [[source]] gives the table "{table.name}", without which nothing can be measured')
        teams = [team for unit in self.units for team in unit.teams]
        doubled = next((team for team in teams if teams.count(team) > 1), None)
        if doubled is not None:
            raise ValueError(f'the team "{doubled}" stands in two [[unit]]s')
        for source in self.sources:
            source.timezone = source.timezone or self.organisation.timezone
        return self

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

    def make_key(self) -> Path:
        """Writes a new random key. Raises InputError where there is one already."""
        path = self.home / self.pseudonyms.key_file
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32) + "\n")
        except FileExistsError as error:
            raise InputError("there is a key already", where=str(path), mend="It is kept: the lake's pseudonyms were made with it.") from error
        return path


def _long_enough(key: bytes, where: str) -> bytes:
    if len(key) < MINIMUM_KEY_BYTES:
        raise InputError(f"the key is shorter than {MINIMUM_KEY_BYTES} characters", where=where, mend="Make one with: rapport key")
    return key


def load_settings(path: Path) -> Settings:
    """Reads `rapport.toml`. Raises InputError that names line and key."""
    if not path.is_file():
        raise InputError(
            "there is no configuration here", where=str(path),
            mend="Go to a folder with a rapport.toml, or name it: rapport --config PATH …; rapport demo makes one to start from.",
        )  # fmt: skip
    try:
        text = path.read_text("utf-8")
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise InputError("is not UTF-8 text", where=path.name, mend="Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"is not valid TOML: {error}", where=path.name, mend="Strings stand in quotes; see docs/configuration.md.") from error
    try:
        return Settings(path=path.resolve(), **data)
    except ValidationError as error:
        raise _explained(error, text, path.name) from error
    except TypeError as error:
        raise InputError("may not set path", where=path.name, mend="Remove the key path.") from error


def _explained(error: ValidationError, text: str, file: str) -> InputError:
    first = error.errors()[0]
    place = tuple(part for part in first["loc"] if not (isinstance(part, str) and part in ("str", "Expression")))
    key = ".".join(str(part) for part in place if not isinstance(part, int)) or "the whole"
    message = first["msg"].removeprefix("Value error, ")
    mend = "See docs/configuration.md."
    if first["type"] == "extra_forbidden":
        message, mend = "there is no such key", nearest(str(place[-1]), _known_keys(place[:-1])) or mend
    elif first["type"] == "missing":
        message = "is missing"
    line = line_of(text, place)
    more = len(error.errors()) - 1
    return InputError(
        message + (f" (and {more} more)" if more else ""), where=f"{file}{f', line {line}' if line else ''}, key {key}", mend=mend
    )


def _known_keys(place: tuple[int | str, ...]) -> list[str]:
    models = {"organisation": Organisation, "calendar": Calendar, "pseudonyms": Pseudonyms, "unit": Unit, "source": Source}
    model = models.get(str(place[0]), Settings) if place else Settings
    return [field.alias or name for name, field in model.model_fields.items() if name != "path"]


_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[\w-]+)((?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=""")


def line_of(text: str, place: tuple[int | str, ...]) -> int | None:
    """The line on which a key stands, or the nearest table around it. tomllib tells no positions, so we look."""
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
        elif key := _KEY.match(line):
            names = (key.group(1) + key.group(2)).split(".")
            lines.setdefault(here + tuple(name.strip().strip("\"'") for name in names), number)
    for length in range(len(place), 0, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return None
