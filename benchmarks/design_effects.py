"""How much less is to be learnt from answers that go together: the design effects of the dictionary, by simulation.

    python -m benchmarks.design_effects

Answers are drawn for clients within therapists: how likely each is depends on the therapist and on the client (or on the
day, where a day is what falls out). The design effect is how many times wider the share varies, squared, than it would if every
answer were a person of its own. How alike the answers of one therapist or one client are is a convention within what is
published (decision 0019); sizes are those of a working platform.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

THERAPISTS = 60
ROUNDS = 2000
TIMES = (0.6, 1, 1.6)  # how alike one therapist's answers are: 3, 5 and 8 % of the differences in how therapies go


@dataclass(frozen=True)
class Answers:
    """What one figure counts: answers that are yes at a rate, of so many clients (or days) of each therapist.

    `of_therapist` and `of_client` are intraclass correlations, on the scale on which an answer becomes a yes.
    """

    clients: float
    answers: float
    rate: float
    of_therapist: float = 0.05
    of_client: float = 0.0


# By measure: the unit of counting, over the period of its grain.
COUNTED = {
    # a therapist's profile and diary are the same for all who are paired with them
    "needs_covered": Answers(clients=12, answers=2, rate=0.8, of_therapist=0.1, of_client=0.2),
    "preferences_met": Answers(clients=10, answers=1, rate=0.9, of_therapist=0.1),
    "earliest_slot_premium": Answers(clients=12, answers=1, rate=0.1, of_therapist=0.1),
    "fit_given_up": Answers(clients=12, answers=1, rate=0.15, of_therapist=0.1),
    "waits": Answers(clients=12, answers=1, rate=0.65, of_therapist=0.1),
    "informed_choice": Answers(clients=12, answers=1, rate=0.4, of_therapist=0.1),
    "early_rematch": Answers(clients=9, answers=1, rate=0.1),
    "closer_to_understanding": Answers(clients=24, answers=1.5, rate=0.6, of_client=0.35),
    "response_rate": Answers(clients=24, answers=3.3, rate=0.45, of_client=0.5),
    "alliance_repaired": Answers(clients=5, answers=1, rate=0.5),
    "endings_planned": Answers(clients=8, answers=1, rate=0.55),
    "ended_before_client_wanted": Answers(clients=8, answers=1, rate=0.2),
    "ended_before_therapist_planned": Answers(clients=8, answers=1, rate=0.2),
    "cancelled_by_us": Answers(clients=60, answers=5, rate=0.04, of_client=0.8),  # whole days fall out
    "return_in_context": Answers(clients=34, answers=1, rate=0.8),
}


def design_effect(counted: Answers, rng: np.random.Generator) -> float:
    """The variance of the share over many rounds, by that of as many independent answers."""
    shares, bases = np.empty(ROUNDS), np.empty(ROUNDS)
    for number in range(ROUNDS):
        answers, chances = _drawn(counted, rng)
        bases[number] = answers.sum()
        shares[number] = rng.binomial(answers, chances).sum() / bases[number]
    return float(shares.var() / (counted.rate * (1 - counted.rate) / bases.mean()))


def _drawn(counted: Answers, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """How many answers each client gives, and how likely each of them is a yes."""
    therapist = np.repeat(np.arange(THERAPISTS), rng.poisson(counted.clients, THERAPISTS))
    answers = rng.poisson(counted.answers, len(therapist)) if counted.answers > 1 else np.ones(len(therapist), int)
    of_therapist = rng.normal(0, counted.of_therapist**0.5, THERAPISTS)[therapist]
    of_client = rng.normal(0, counted.of_client**0.5, len(therapist))
    rest = (1 - counted.of_therapist - counted.of_client) ** 0.5
    leaning = ndtri(counted.rate) + of_therapist + of_client
    return answers, ndtr(leaning / rest)


def main() -> None:
    rng = np.random.default_rng(1)
    print(f"{'measure':34}" + "".join(f"{f'therapists × {times}':>16}" for times in TIMES))
    for measure, counted in COUNTED.items():
        found = [design_effect(replace(counted, of_therapist=times * counted.of_therapist), rng) for times in TIMES]
        print(f"{measure:34}" + "".join(f"{effect:16.2f}" for effect in found))


if __name__ == "__main__":
    main()
