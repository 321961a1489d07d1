"""The data contract: the tables that a platform can give, and what each field must look like.

The one place that names source tables and fields; reading, `rapport check` and the docs are made from it.
What a source calls its columns belongs in `rapport.toml`, what a row means in `assets/core`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FieldType = Literal[
    "id",  # becomes a keyed pseudonym while it is read
    "name",  # a word for a group (a team, a service): kept as it is and published
    "status",  # one of the allowed values, after mapping
    "category",  # a short word; free text is refused
    "instant",
    "date",
    "time",
    "integer",
    "number",
    "boolean",
    "list",
]

DUCKDB_TYPES: dict[FieldType, str] = {
    "id": "UUID",
    "name": "VARCHAR",
    "status": "VARCHAR",
    "category": "VARCHAR",
    "instant": "TIMESTAMPTZ",
    "date": "DATE",
    "time": "TIME",
    "integer": "INTEGER",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "list": "VARCHAR[]",
}


@dataclass(frozen=True)
class Field:
    """One field of a table.

    `person` is the namespace of an id's pseudonym, so that a therapist and a client with the same id differ.
    `between` are the least and the greatest value that are believed, both included.
    """

    name: str
    type: FieldType
    required: bool = False
    person: str = ""
    allowed: tuple[str, ...] = ()
    between: tuple[float, float] | None = None

    @property
    def column(self) -> str:
        """Its name in the lake: ids end in `_key` there."""
        return self.name.removesuffix("_id") + "_key" if self.type == "id" else self.name


@dataclass(frozen=True)
class Table:
    """One table of the contract.

    A log grows: rows accumulate, and of the rows with one `key` the latest version counts. A snapshot (`month`
    empty) is what its files say now. `month` is the field whose UTC month the row is kept under.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    month: str = ""
    needed: bool = False

    @property
    def is_log(self) -> bool:
        return bool(self.month)

    @property
    def kept(self) -> tuple[Field, ...]:
        """The fields that the lake keeps: a session's duration is told by its end."""
        return tuple(field for field in self.fields if (self.name, field.name) != ("sessions", "duration_minutes"))

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)


def _id(name: str, person: str, required: bool = True) -> Field:
    return Field(name, "id", required, person)


STATUSES = (
    "attended",
    "no_show",
    "cancelled_by_client",
    "cancelled_by_therapist",
    "cancelled_by_platform",
    "scheduled",
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "sessions",
            "One appointment between a therapist and a client, whatever became of it",
            (
                _id("session_id", "session"),
                _id("therapist_id", "therapist"),
                _id("client_id", "client"),
                Field("starts_at", "instant", required=True),
                Field("ends_at", "instant"),
                Field("duration_minutes", "number"),
                Field("status", "status", required=True, allowed=STATUSES),
                Field("kind", "category"),
                Field("modality", "category"),
                Field("booked_at", "instant"),
                Field("cancelled_at", "instant"),
                Field("updated_at", "instant"),
                _id("group_session_id", "group_session", required=False),
            ),
            key=("session_key",),
            month="starts_at",
            needed=True,
        ),
        Table(
            "therapists",
            "Which team a therapist is in, and from when to when",
            (
                _id("therapist_id", "therapist"),
                Field("team_id", "name"),
                Field("valid_from", "date"),
                Field("valid_to", "date"),
            ),
            key=("therapist_key", "team_id", "valid_from"),
            needed=True,
        ),
        Table(
            "teams",
            "A team's name, its service and its time zone",
            (
                Field("team_id", "name", required=True),
                Field("team_name", "name"),
                Field("service", "name"),
                Field("timezone", "name"),
                Field("reporting_unit", "name"),
            ),
            key=("team_id",),
        ),
        Table(
            "thresholds",
            "The number of sessions in a day that a therapist declared as theirs, valid from a date",
            (
                _id("therapist_id", "therapist"),
                Field("valid_from", "date"),
                Field("daily_sessions", "integer", required=True),
                Field("min_break_minutes", "integer", between=(0, 240)),
                Field("day_starts", "time"),
                Field("day_ends", "time"),
            ),
            key=("therapist_key", "valid_from"),
        ),
        Table(
            "profiles",
            "What a therapist declares to work with, valid from a date",
            (
                _id("therapist_id", "therapist"),
                Field("valid_from", "date"),
                Field("specialties", "list"),
                Field("languages", "list"),
                Field("modalities", "list"),
                Field("visible_to_clients", "boolean"),
            ),
            key=("therapist_key", "valid_from"),
        ),
        Table(
            "requests",
            "A client's request for a therapist, and the pairing it led to",
            (
                _id("request_id", "request"),
                _id("client_id", "client"),
                Field("requested_at", "instant", required=True),
                Field("team_id", "name"),
                Field("needs", "list"),
                Field("language", "category"),
                Field("modality", "category"),
                Field("tolerated_wait_days", "integer", between=(0, 730)),
                _id("therapist_id", "therapist", required=False),
                Field("paired_at", "instant"),
                Field("paired_by", "status", allowed=("client", "coordinator", "algorithm")),
                Field(
                    "pairing_basis",
                    "status",
                    allowed=("best_fit", "earliest_slot", "client_choice", "continuity"),
                ),
                Field("updated_at", "instant"),
            ),
            key=("request_key",),
            month="requested_at",
        ),
        Table(
            "feedback",
            "What a client answered after a session",
            (
                _id("session_id", "session"),
                Field("submitted_at", "instant", required=True),
                Field("closer_to_understanding", "integer", between=(0, 4)),
                Field("alliance", "number", between=(0, 10)),
                Field("updated_at", "instant"),
            ),
            key=("session_key", "submitted_at"),
            month="submitted_at",
        ),
        Table(
            "endings",
            "How the work of a client with a therapist ended",
            (
                _id("client_id", "client"),
                _id("therapist_id", "therapist"),
                Field("ended_on", "date", required=True),
                Field(
                    "ending",
                    "status",
                    required=True,
                    allowed=("planned", "client_stopped", "lost_contact", "transferred"),
                ),
                Field("earlier_than_client_wanted", "boolean"),
                Field("earlier_than_therapist_planned", "boolean"),
                Field("updated_at", "instant"),
            ),
            key=("client_key", "therapist_key", "ended_on"),
            month="ended_on",
        ),
    )
}
