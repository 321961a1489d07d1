"""A new key of the pseudonyms: all of them become others, and the lake is read again from the sources.

What is published stays: no release holds a pseudonym. Making the first key is `keys`'.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from assets.errors import InputError
from assets.raw.ingest import missing_files
from assets.release.folder import LEDGER
from assets.release.ledger import Ledger
from pipelines.keys import check_key
from pipelines.lake import Lake
from pipelines.settings import Settings

LAST = ("raw",)  # what the lake is known by goes last: a rotation that died is seen, and can be given again


def rotate_key(
    settings: Settings, forgets_missing: bool = False, agree: Callable[[Sequence[str]], None] = lambda months: None
) -> Path:
    """Puts a new key in the place of the old one, then drops the lake. Returns the key's path.

    `agree` is given the months that nobody can replace or ask for new cuts afterwards, and raises to stop it.

    Raises InputError where the key is not in a file, where a run is at work, and where rows of the lake would be lost
    because their source files are gone, unless `forgets_missing`.
    """
    if "RAPPORT_KEY" in os.environ:
        raise InputError(
            "the key is in the environment, where Rapport cannot change it", where="RAPPORT_KEY",
            mend="Change it there, remove the folder lake, and run: rapport backfill",
        )  # fmt: skip
    check_key(settings)
    lake = Lake(settings)
    try:
        with lake.locked():
            missing = missing_files(lake.register, settings.sources, settings.home)
            if missing and not forgets_missing:
                names = ", ".join(sorted(file.name for file in missing))
                raise InputError(
                    f"{len(missing)} of the files that were read are gone; their rows would be lost: {names}",
                    where=str(settings.home),
                    mend="Put them back, or give them up: rapport key --rotate --forget-missing",
                )
            decided = Ledger(settings.home / "releases" / LEDGER).decided
            agree([month for month in decided if lake.can_count_again(month)])
            path = settings.make_key(replaces=True)
            _drop(lake.folder)
    finally:
        lake.close()
    return path


def _drop(lake: Path) -> None:
    """Empties the lake, its lock left: what was made from raw first, so that it is never taken for new."""
    folders = [path for path in lake.iterdir() if path.is_dir()]
    for folder in sorted(folders, key=lambda path: path.name in LAST):
        shutil.rmtree(folder)
