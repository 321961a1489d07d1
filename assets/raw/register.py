"""The register of what was read: one entry a file, and which parts in the lake are its rows.

It is the one commit point of the raw layer: a part that the register does not name does not exist. Kept as one JSON
file, replaced in one step.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from assets.errors import InputError


@dataclass
class ReadFile:
    """A source file that was read, and what became of its rows.

    read = accepted + superseded + duplicate + quarantined.
    """

    table: str
    number: int  # order of arrival
    name: str
    content: str  # SHA-256 of its bytes
    mapping: str  # SHA-256 of the settings it was read with
    read_at: str
    read: int
    quarantined: int
    parts: dict[str, list[str]]  # by UTC month; '' for a snapshot
    quarantine: str
    stored: int  # rows in the parts: all but those quarantined
    duplicate: int = 0
    superseded: int = 0
    late: int = 0  # rows of months that were published when they came

    @property
    def accepted(self) -> int:
        return self.stored - self.superseded - self.duplicate

    @property
    def all_parts(self) -> list[str]:
        return [part for parts in self.parts.values() for part in parts]


@dataclass
class Register:
    """What the raw layer holds. `outcomes` lists, by table and month, the parts that say which rows do not count."""

    path: Path
    key_check: str = ""
    files: list[ReadFile] = field(default_factory=list)
    outcomes: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @classmethod
    def load(cls, raw: Path) -> Register:
        path = raw / "register.json"
        if not path.exists():
            return cls(path)
        try:
            data = json.loads(path.read_text("utf-8"))
            return cls(path, data["key_check"], [ReadFile(**entry) for entry in data["files"]], data["outcomes"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                "the register of files is damaged", where=str(path),
                mend="Restore it from a backup, or remove lake/raw and run a backfill: sources are read again.",
            ) from error  # fmt: skip

    def save(self) -> None:
        """Replaces the register on disk in one step."""
        beside = self.path.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as file:
            files = [asdict(entry) for entry in self.files]
            json.dump({"key_check": self.key_check, "files": files, "outcomes": self.outcomes}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)

    def of(self, table: str) -> list[ReadFile]:
        return [file for file in self.files if file.table == table]

    def parts(self, table: str, months: list[str] | None = None) -> list[str]:
        """The parts of a table, of all months or of some, in a stable order."""
        return [part for file in self.of(table) for month, parts in sorted(file.parts.items())
                for part in parts if months is None or month in months]  # fmt: skip

    def months(self, table: str) -> list[str]:
        """The UTC months for which a log has rows."""
        return sorted({month for file in self.of(table) for month in file.parts})

    def outcome_parts(self, table: str, months: list[str] | None = None) -> list[str]:
        return [part for month, parts in sorted(self.outcomes.get(table, {}).items())
                for part in parts if months is None or month in months]  # fmt: skip
