"""A week of sessions: who was due, what became of each, and which freed hours were given to someone else.

The rows made here are the clean state of the platform. Dirt comes in later, in `dirt`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from examples.platform import Bools, Ints
from examples.platform.caseload import VACANT, Caseload
from examples.platform.days import Calendar
from examples.platform.diary import Seats, Slots
from examples.platform.people import Therapists, timezone_number
from examples.platform.teams import MANNERS, Team

STATUSES = (
    "attended", "no_show", "cancelled_by_client", "cancelled_by_therapist", "cancelled_by_platform",
    "scheduled",
)  # fmt: skip
ATTENDED, NO_SHOW, BY_CLIENT, BY_THERAPIST, BY_PLATFORM, SCHEDULED = range(6)
NOT_CANCELLED = -1
GROUP = 2
DAY = 1440


@dataclass(frozen=True)
class Diary:
    """Everything about the therapists' weeks that does not change."""

    teams: list[Team]
    people: Therapists
    slots: Slots
    seats: Seats
    calendar: Calendar

    def works(self, slot: Ints, week: int) -> tuple[Ints, Bools]:
        """The day on which a slot falls this week, and whether its therapist works then."""
        therapist = self.slots.therapist[slot]
        day = self.calendar.mondays[week] + self.slots.weekday[slot]
        in_range = (day >= 0) & (day < self.calendar.days)
        is_closed = self.calendar.is_closed[np.where(in_range, day, 0)] & in_range
        return day, self.people.is_member(therapist, day) & ~self.people.on_leave[therapist, week] & ~is_closed


def week_of_sessions(diary: Diary, caseload: Caseload, week: int, rng: np.random.Generator) -> pd.DataFrame:
    """The sessions of one week, one line a client and appointment, without ids."""
    seats, slots = diary.seats, diary.slots
    slot_day, slot_works = diary.works(np.arange(len(slots.therapist)), week)
    is_tapering = (caseload.remaining <= 3) & (caseload.length >= 12) & (seats.parity < 0)
    comes = np.where(is_tapering, (caseload.client + week) % 2 == 0, (seats.parity < 0) | (seats.parity == week % 2))
    due = np.flatnonzero((caseload.client != VACANT) & comes & slot_works[seats.slot])
    status, notice = _what_became(diary, caseload, due, slot_day[seats.slot[due]], rng)
    refilled, refill_seat = _refills(diary, caseload, due, status, slot_works, slot_day, rng)
    refill_status = np.where(rng.random(len(refilled)) < 0.95, ATTENDED, NO_SHOW)
    slot = np.concatenate([seats.slot[due], refilled])
    seat = np.concatenate([due, refill_seat])
    status = np.concatenate([status, refill_status])
    notice = np.concatenate([notice, np.full(len(refilled), NOT_CANCELLED)])
    is_refill = np.arange(len(slot)) >= len(due)
    therapist, day = slots.therapist[slot], slot_day[slot]
    is_group = slots.is_group[slot]
    zone = timezone_number(diary.people, diary.teams, therapist, day)
    offset = diary.calendar.utc_offset_minutes[zone, day.clip(0, diary.calendar.days - 1)]
    notice = _never_at_night(notice, slots.start[slot])
    usual_lead = np.where(caseload.seen[seat] == 0, rng.integers(1, 5, len(seat)), 7 * rng.integers(1, 4, len(seat)))
    lead = np.where(is_refill, rng.integers(40, 20 * 60, len(seat)), usual_lead * DAY + rng.integers(0, 300, len(seat)))
    lead = _never_at_night(lead, slots.start[slot])
    return pd.DataFrame({
        "seat": seat,
        "slot": slot,
        "therapist": therapist,
        "team": diary.people.team_on(therapist, day),
        "client": caseload.client[seat],
        "day": day,
        "minute": slots.start[slot],
        "zone": zone,
        "offset": offset,
        "minutes": np.where(is_group, 90, slots.minutes[slot]),
        "status": status,
        "kind": np.where(is_group, GROUP, caseload.kind[seat]),
        "modality": caseload.modality[seat],
        "notice": notice,  # minutes before the start; NOT_CANCELLED
        "lead": np.maximum(lead, np.where(notice >= 0, notice + 90, 0)),  # minutes from booking to the start
    })  # fmt: skip


def load_of_days(sessions: pd.DataFrame) -> pd.DataFrame:
    """Attended hours of each therapist and day, a group counted once: therapist, day, load."""
    held = sessions.loc[sessions.status == ATTENDED, ["therapist", "day", "slot"]].drop_duplicates()
    return held.groupby(["therapist", "day"], as_index=False).size().rename(columns={"size": "load"})


def _what_became(diary: Diary, caseload: Caseload, due: Ints, day: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Status, and minutes of notice where cancelled, of the sessions due."""
    therapist = diary.seats.therapist[due]
    unreliable = caseload.unreliability[due]
    # stays away, cancels, is cancelled by the therapist, is never closed in the software
    chance = rng.random(len(due))
    steps = np.cumsum([0.058 * unreliable, 0.088 * unreliable, np.full(len(due), 0.014), np.full(len(due), 0.004)], 0)
    status = np.select(
        [chance < step for step in steps], [NO_SHOW, BY_CLIENT, BY_THERAPIST, SCHEDULED], default=ATTENDED
    )
    in_range = (day >= 0) & (day < diary.calendar.days)
    safe_day = np.where(in_range, day, 0)
    is_sick = diary.people.is_sick[therapist, safe_day] & in_range
    is_down = diary.calendar.is_outage[safe_day] & in_range & (caseload.modality[due] == 0) & (chance < 0.97)
    status = np.select([is_sick, is_down], [BY_THERAPIST, BY_PLATFORM], default=status)
    is_late = rng.random(len(due)) < 0.38
    late, early = rng.integers(20, 23 * 60, len(due)), rng.integers(DAY, 9 * DAY, len(due))
    notice = np.where(is_sick | is_late, late, early)
    notice = np.where(is_down, rng.integers(0, 120, len(due)), notice)
    return status, np.where((status >= BY_CLIENT) & (status <= BY_PLATFORM), notice, NOT_CANCELLED)


def _refills(
    diary: Diary,
    caseload: Caseload,
    due: Ints,
    status: Ints,
    slot_works: Bools,
    slot_day: Ints,
    rng: np.random.Generator,
) -> tuple[Ints, Ints]:
    """Slots that fell free and went to another client of the therapist: the slots, and the clients' seats."""
    seats, slots, people = diary.seats, diary.slots, diary.people
    is_held = np.zeros(len(slots.therapist), bool)
    is_held[seats.slot[due[np.isin(status, (ATTENDED, NO_SHOW, SCHEDULED))]]] = True
    safe_day = slot_day.clip(0, diary.calendar.days - 1)
    away = people.is_sick[slots.therapist, safe_day] | diary.calendar.is_outage[safe_day]
    share = np.array([MANNERS[team.manner].refill for team in diary.teams])[people.team[slots.therapist]]
    offered = slot_works & ~is_held & ~slots.is_group & ~away & (rng.random(len(is_held)) < share)
    regulars = np.flatnonzero((caseload.client != VACANT) & ~slots.is_group[seats.slot])
    first, behind = (np.searchsorted(seats.therapist[regulars], slots.therapist, side) for side in ("left", "right"))
    free = np.flatnonzero(offered & (behind > first))
    chosen = first[free] + (rng.random(len(free)) * (behind - first)[free]).astype(int)
    return free, regulars[chosen]


def _never_at_night(notice: Ints, minute: Ints) -> Ints:
    """Nobody books or cancels between midnight and six: what falls there is done the evening before."""
    hour_of_notice = (minute - notice) % DAY
    return np.where((notice >= 0) & (hour_of_notice < 360), notice + 360, notice)
