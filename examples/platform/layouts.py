"""The two softwares that sessions are booked in, and how each writes them down.

A layout turns the clean state into text, field by field: DuckDB expressions over the columns that
`clean_columns` gives. What is wrong with the files is in `dirt`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from examples.platform import Ints
from examples.platform.days import Calendar
from examples.platform.sessions import ATTENDED, NO_SHOW, SCHEDULED

FIRST_THERAPIST = 1001


def therapist_id(number: int) -> str:
    return f"th-{FIRST_THERAPIST + number}"


THERAPIST = f"'th-' || ({FIRST_THERAPIST} + therapist)"
UTC = "strftime({}, '%Y-%m-%dT%H:%M:%SZ')"
LOCAL = "strftime({}, '%d.%m.%Y %H:%M')"
BERLIN = LOCAL.format("timezone('Europe/Berlin', timezone('UTC', {}::TIMESTAMP))")
GROUP = "CASE WHEN group_number > 0 THEN 'G' || group_number END"


def spelled(column: str, spellings: list[list[str]]) -> str:
    """An expression that writes each code in one of its spellings; the first is the most frequent."""
    cases = []
    for code, (usual, *others) in enumerate(spellings):
        cases += [
            f"WHEN {column} = {code} AND session_id % {11 * (turn + 1)} = {turn} THEN '{other}'"
            for turn, other in enumerate(others)
        ]
        cases.append(f"WHEN {column} = {code} THEN '{usual}'")
    return f"CASE {' '.join(cases)} END"


@dataclass(frozen=True)
class Layout:
    """How one software exports sessions: our field → its header, and our field → the text it writes."""

    name: str
    headers: dict[str, str]
    texts: dict[str, str]
    has_seen: str  # how it says attended, and the opposite: used where an earlier version said otherwise
    has_missed: str
    time_form: str  # of wall-clock times
    delimiter: str = ","
    encoding: str = "utf-8"


PLATFORM_STATUSES = [
    ["Completed", "completed", "COMPLETED "], ["No-show", "no show"],
    ["Cancelled by client", "Client cancelled"], ["Cancelled by therapist", "Therapist cancelled"],
    ["Cancelled by platform"], ["Booked"],
]  # fmt: skip
PRACTICE_STATUSES = [["3", " 3", "03"], ["2", "02"], ["4", "04"], ["5", "05"], ["6"], ["1"]]

PLATFORM = Layout(
    name="sessions",
    headers={
        "session_id": "appointment_id", "therapist_id": "clinician", "client_id": "client",
        "starts_at": "start", "duration_minutes": "minutes", "status": "state", "kind": "type",
        "modality": "channel", "booked_at": "booked", "cancelled_at": "cancelled", "updated_at": "changed",
        "group_session_id": "group_id",
    },
    texts={
        "session_id": "session_id::VARCHAR",
        "therapist_id": THERAPIST,
        "client_id": "client::VARCHAR",
        "starts_at": "strftime(start, '%Y-%m-%dT%H:%M:%S') || "
                     "CASE utc_offset WHEN 0 THEN '+00:00' WHEN 60 THEN '+01:00' WHEN 120 THEN '+02:00' "
                     "WHEN -240 THEN '-04:00' WHEN -300 THEN '-05:00' END",
        "duration_minutes": "minutes::VARCHAR",
        "status": spelled("status", PLATFORM_STATUSES),
        "kind": spelled("kind", [["individual"], ["couple"], ["group"]]),
        "modality": spelled("modality", [["video", "Video"], ["in person"], ["phone"]]),
        "booked_at": UTC.format("booked"),
        "cancelled_at": UTC.format("cancelled"),
        "updated_at": UTC.format("updated"),
        "group_session_id": GROUP,
    },
    has_seen="Completed",
    has_missed="No-show",
    time_form="%Y-%m-%dT%H:%M:%S",
)  # fmt: skip

PRACTICE = Layout(
    name="practice",
    headers={
        "session_id": "Terminnummer", "therapist_id": "Behandler", "client_id": "Klient",
        "starts_at": "Beginn", "ends_at": "Ende", "status": "Status", "kind": "Form",
        "modality": "Durchführung", "booked_at": "Vereinbart am", "cancelled_at": "Abgesagt am",
        "group_session_id": "Gruppe",
    },
    texts={
        "session_id": "session_id::VARCHAR",
        "therapist_id": THERAPIST,
        "client_id": "client::VARCHAR",
        "starts_at": LOCAL.format("start"),
        "ends_at": LOCAL.format("start::TIMESTAMP + to_minutes(minutes)"),
        "status": spelled("status", PRACTICE_STATUSES),
        "kind": spelled("kind", [["Einzel"], ["Paar"], ["Gruppe"]]),
        "modality": spelled("modality", [["Video"], ["Praxis"], ["Telefon"]]),
        "booked_at": BERLIN.format("booked"),
        "cancelled_at": BERLIN.format("cancelled"),
        "group_session_id": GROUP,
    },
    has_seen="3",
    has_missed="2",
    time_form="%d.%m.%Y %H:%M",
    delimiter=";",
    encoding="latin-1",
)  # fmt: skip


def clean_columns(sessions: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """What the texts are made of: codes, the wall-clock start, and UTC times of what was done when."""
    start = calendar.moment(sessions.day.to_numpy(), sessions.minute.to_numpy())
    utc = start - _minutes(sessions.offset.to_numpy())
    notice, status = sessions.notice.to_numpy(), sessions.status.to_numpy()
    booked = utc - _minutes(sessions.lead.to_numpy())
    cancelled = np.where(notice >= 0, utc - _minutes(notice), np.datetime64("NaT", "s"))
    entered_after = sessions.minutes.to_numpy() + 5 + sessions.session_id.to_numpy() % 115
    updated = np.where(
        np.isin(status, (ATTENDED, NO_SHOW)),
        utc + _minutes(entered_after),
        np.where(status == SCHEDULED, booked, cancelled),
    )
    return pd.DataFrame({
        "place": np.arange(len(sessions), dtype=float),
        "session_id": sessions.session_id.to_numpy(),
        "therapist": sessions.therapist.to_numpy(np.int32),
        "client": sessions.client.to_numpy(),
        "start": start,
        "zone": sessions.zone.to_numpy(np.int8),
        "utc_offset": sessions.offset.to_numpy(np.int16),
        "minutes": sessions.minutes.to_numpy(np.int16),
        "status": status.astype(np.int8),
        "kind": sessions.kind.to_numpy(np.int8),
        "modality": sessions.modality.to_numpy(np.int8),
        "booked": booked,
        "cancelled": cancelled,
        "updated": updated,
        "group_number": sessions.group.to_numpy(),
        "day": sessions.day.to_numpy(np.int32),
    })  # fmt: skip


def _minutes(count: Ints) -> np.ndarray:
    return np.asarray(count, np.int64).astype("timedelta64[m]")
