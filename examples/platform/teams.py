"""The teams of a simulated platform: how many, what they are called, how they are run.

The first ten are planted: each shows one thing that a report must find. The others are ordinary.
No therapist is named or made here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from examples.platform.days import TIMEZONES

# Booked sessions in a month of a therapist who is there: counted in four runs of this simulation.
SESSIONS_A_MONTH, SESSIONS_A_MONTH_WHERE_PLANTED = 99, 110
TURNOVER_PER_MONTH = 0.006  # share of the therapists who join in a month, and of those who leave
SMALLEST_ORDINARY = 6
FEWEST_ORDINARY, SIZE_OF_THE_FIRST = 2, 9
SERVICES = ("Adult therapy", "Young people", "Couples and families", "Work and burnout")
LANGUAGES = ("de", "en", "pt", "es", "tr", "pl")
LANGUAGE_OF_TIMEZONE = {"Europe/Berlin": 0, "Europe/London": 1, "Europe/Lisbon": 2, "America/New_York": 1}
SECOND_LANGUAGES = {
    "Europe/Berlin": (1, 4),
    "Europe/London": (5, 3),
    "Europe/Lisbon": (1, 3),
    "America/New_York": (3, 2),
}
NAMES = (
    "Meadow", "Juniper", "Heron", "Birch", "Ridge", "Clover", "Maple", "Brook", "Anchor", "Fern",
    "Larch", "Sandpiper", "Thistle", "Cedar", "Linden", "Rowan", "Kestrel", "Hazel", "Island", "Bridge",
    "Garden", "Terrace", "Canal", "Valley", "Pier", "Courtyard", "Windmill", "Aspen", "Finch", "Delta",
    "Bay", "Copper", "Slate", "Amber", "Granite", "Prairie", "Lagoon", "Poplar", "Swallow", "Estuary",
)  # fmt: skip


@dataclass(frozen=True)
class Manner:
    """How a team's diary is filled. `slots_over_threshold`: shares of weekdays with so many slots beyond."""

    slots_over_threshold: dict[int, float]
    refill: float  # share of slots fallen free that are given to another client at short notice
    back_to_back: float  # share of gaps that are 0 or 5 minutes
    lunch: float  # share of days with a break in the middle
    thresholds: dict[int, float]
    declared: float  # share of therapists who declared a threshold
    daily_quota: int | None = None
    demand: float = 1.0  # new requests a week for each open seat


MIXED = {3: 0.04, 4: 0.13, 5: 0.26, 6: 0.29, 7: 0.18, 8: 0.10}
ORDINARY = Manner({-1: 0.28, 0: 0.37, 1: 0.27, 2: 0.08}, 0.06, 0.15, 0.75, MIXED, 1.0)
MANNERS = {
    "ordinary": ORDINARY,
    "new_to_thresholds": replace(ORDINARY, declared=0.6),
    "healthy": replace(
        ORDINARY, slots_over_threshold={-2: 0.1, -1: 0.35, 0: 0.55}, back_to_back=0.04, lunch=0.95, demand=0.5
    ),
    "overloaded": Manner({1: 0.35, 2: 0.45, 3: 0.2}, 0.45, 0.5, 0.35, {4: 0.3, 5: 0.45, 6: 0.25}, 1.0),
    "fixed_quota": replace(
        ORDINARY,
        thresholds={3: 0.15, 4: 0.3, 5: 0.25, 6: 0.1, 7: 0.2},
        daily_quota=6,
        refill=0.9,
    ),
    "same_threshold": replace(ORDINARY, thresholds={6: 1.0}),
    "strained": replace(ORDINARY, slots_over_threshold={0: 0.2, 1: 0.4, 2: 0.4}, refill=0.12),
}


@dataclass(frozen=True)
class Team:
    team_id: str
    name: str
    service: str
    timezone: str
    size: int
    manner: str
    pairing: str  # best_fit, earliest_slot, client_choice
    planted: str = ""
    source: str = "platform"  # which software its sessions are booked in: platform or practice

    @property
    def language(self) -> int:
        return LANGUAGE_OF_TIMEZONE[self.timezone]


PLANTED = (
    ("Willow", 0, 0, 9, "healthy", "best_fit", "healthy"),
    ("Beacon", 1, 1, 10, "overloaded", "client_choice", "overloaded"),
    ("Harbour", 2, 2, 4, "ordinary", "best_fit", "joined_unit"),
    ("Quay", 2, 2, 5, "ordinary", "best_fit", "joined_unit"),
    ("Summit", 3, 3, 10, "fixed_quota", "client_choice", "fixed_quota"),
    ("Compass", 0, 1, 9, "same_threshold", "best_fit", "same_threshold"),
    ("Ferry", 1, 0, 11, "ordinary", "earliest_slot", "earliest_slot"),
    ("Cove", 3, 3, 3, "ordinary", "best_fit", "team_of_three"),
    ("Lantern", 3, 1, 14, "strained", "client_choice", "understanding_falls"),
    ("Orchard", 2, 0, 9, "new_to_thresholds", "best_fit", "practice_software"),
)
JOINED_UNIT = ("Harbour and Quay", ("T03", "T04"))


def teams(sessions: int, months: int, rng: np.random.Generator) -> list[Team]:
    """The teams that give about so many sessions: the ten planted ones and at least two ordinary ones."""
    made = [
        Team(f"T{number:02d}", name, SERVICES[service], TIMEZONES[zone], size, manner, pairing, planted,
             "practice" if planted == "practice_software" else "platform")
        for number, (name, service, zone, size, manner, pairing, planted) in enumerate(PLANTED, 1)
    ]  # fmt: skip
    share_present = max(1 - TURNOVER_PER_MONTH * months, 0.3)
    left = sessions / months - SESSIONS_A_MONTH_WHERE_PLANTED * sum(team.size for team in made)
    therapists = left / (SESSIONS_A_MONTH * share_present)
    ordinary: list[Team] = []
    while len(ordinary) < FEWEST_ORDINARY or therapists > SMALLEST_ORDINARY / 2:
        ordinary.append(_ordinary_team(len(ordinary), therapists, rng))
        therapists -= ordinary[-1].size
    return made + ordinary


def expected_sessions(sessions: int, months: int) -> int:
    """About how many sessions there will be when so many are asked for: the fewest teams give more than few."""
    planted = SESSIONS_A_MONTH_WHERE_PLANTED * sum(size for _, _, _, size, *_ in PLANTED)
    return max(sessions, months * (planted + SESSIONS_A_MONTH * FEWEST_ORDINARY * SIZE_OF_THE_FIRST))


def _ordinary_team(number: int, wanted: float, rng: np.random.Generator) -> Team:
    """The next ordinary team. The first two are alike: someone moves from one to the other."""
    round_, place = divmod(number, len(NAMES))
    size = int(rng.choice([8, 9, 10, 11, 12, 7, 6], p=[0.26, 0.22, 0.16, 0.1, 0.08, 0.1, 0.08]))
    zone = int(rng.choice(len(TIMEZONES), p=[0.4, 0.28, 0.12, 0.2]))
    service = int(rng.integers(len(SERVICES)))
    pairing = str(rng.choice(["best_fit", "client_choice"], p=[0.65, 0.35]))
    if number < FEWEST_ORDINARY:
        size, zone, service = SIZE_OF_THE_FIRST, 0, 0
    return Team(
        team_id=f"T{len(PLANTED) + number + 1:02d}",
        name=NAMES[place] if round_ == 0 else f"{NAMES[place]} {round_ + 1}",
        service=SERVICES[service],
        timezone=TIMEZONES[zone],
        size=size if number < FEWEST_ORDINARY else min(size, max(SMALLEST_ORDINARY, round(wanted))),
        manner="new_to_thresholds" if number % 3 == 2 else "ordinary",
        pairing=pairing,
    )
