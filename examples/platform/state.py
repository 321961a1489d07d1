"""The platform as it stands: what never changes (teams, people, diaries) and what each week changes.

Only the state and its first morning are here; `intake` and `simulation` move it on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from examples.platform import Floats, care, caseload, diary, people, sessions
from examples.platform.days import Calendar
from examples.platform.teams import Team

FIRST_SESSION_ID = 1_000_000_001
FIRST_CLIENT = 29_872_500_000_001


@dataclass
class Platform:
    teams: list[Team]
    calendar: Calendar
    thresholds: people.Thresholds
    diary: sessions.Diary
    caseload: caseload.Caseload
    response_rates: Floats
    rng: np.random.Generator
    next_client: int
    queue: pd.DataFrame = field(default_factory=pd.DataFrame)  # requests that wait; see `matching.new_requests`
    ended: list[pd.DataFrame] = field(default_factory=list)  # episodes that ended, one entry a week
    next_session: int = FIRST_SESSION_ID
    next_request: int = 1
    next_group: int = 1

    @property
    def people(self) -> people.Therapists:
        return self.diary.people


def first_morning(teams: list[Team], calendar: Calendar, rng: np.random.Generator) -> Platform:
    """The platform before its first week, in the middle of most clients' care."""
    staff = people.therapists(teams, calendar, rng)
    thresholds = people.thresholds(staff, teams, calendar, rng)
    slots = diary.slots(staff, teams, rng)
    seats = diary.seats(slots, rng)
    clients = caseload.begun(seats, staff.modalities, rng, FIRST_CLIENT)
    clients.client[staff.joins_on[seats.therapist] > 0] = caseload.VACANT
    return Platform(
        teams=teams,
        calendar=calendar,
        thresholds=thresholds,
        diary=sessions.Diary(teams, staff, slots, seats, calendar),
        caseload=clients,
        response_rates=care.response_rates(teams, rng),
        rng=rng,
        next_client=FIRST_CLIENT + len(seats.slot),
    )
