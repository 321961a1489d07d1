"""The key of a home beside its lake: when one may be made, and the way out of one that is of no use.

How a key is kept is `settings`', how it is changed `rotation`'s.
"""

from __future__ import annotations

import os
from pathlib import Path

from assets.errors import InputError
from assets.raw.register import Register
from pipelines.settings import MINIMUM_KEY_BYTES, Settings

GONE = (
    "If it is gone for good: remove the folder lake{and_file}, make a key with: rapport key, and run: rapport backfill. "
    "Releases stay; months published until then cannot be replaced any more."
)


def check_key(settings: Settings) -> None:
    """Raises InputError where the key cannot be used, with the mend that fits what the lake was read with."""
    try:
        settings.key()
    except InputError as error:
        raise InputError(error.what, where=error.where, mend=_way_out(settings) or error.mend) from None


def _way_out(settings: Settings) -> str:
    """The mend of a key that is too short; '' of any other fault."""
    if "RAPPORT_KEY" in os.environ:
        return "Set it to the key of this home, or unset it to use the key file."
    path = _path(settings)
    if not path.is_file() or len(path.read_bytes().strip()) >= MINIMUM_KEY_BYTES:
        return ""
    if not _is_read(settings):
        return "Nothing was read with it yet: remove this file, and make a key with: rapport key"
    return f"Put the key back that the lake's pseudonyms were made with. {GONE.format(and_file=' and this file')}"


def make_first_key(settings: Settings) -> Path:
    """Makes the key of a home, once. Raises InputError where there is one, or was one that the lake still needs."""
    if "RAPPORT_KEY" in os.environ:
        raise InputError(
            "the key is in the environment, which goes before a file", where="RAPPORT_KEY",
            mend="Nothing is to be made. To keep the key in a file, unset it first.",
        )  # fmt: skip
    path = _path(settings)
    if path.exists():
        check_key(settings)
    elif _is_read(settings):
        raise InputError(
            "the key that the lake's pseudonyms were made with is missing", where=str(path),
            mend=f"Put it back: with another one, nothing can be read. {GONE.format(and_file='')}",
        )  # fmt: skip
    return settings.make_key()


def _path(settings: Settings) -> Path:
    return settings.home / settings.pseudonyms.key_file


def _is_read(settings: Settings) -> bool:
    return bool(Register.load(settings.home / "lake" / "raw").files)
