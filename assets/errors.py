"""The one error that a user's mistake ends in. What a row may hold against it is a quarantine reason, not this."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(Exception):
    """Something a person gave cannot be used.

    `what` was wrong, `where` (file, line, column or key), and what `mend`s it. Never holds a value out of a source
    that could be an id, a name or free text.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what, self.where, self.mend = what, where, mend
        super().__init__(f"{where}: {what}" if where else what)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n  {self.mend}" if self.mend else head


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean "…"?` when one of the known words is near, else nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f'Did you mean "{near[0]}"?' if near else ""
