"""What a quarter would have been under another pairing rule: the declared rules and figures, and the SQL that counts them.

What comes out counts people and is not protected yet: `expectations.whatif` decides, never this package. To whom a rule gives a
request is `assignment`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from assets.measures import ATOMS_SQL
from assets.measures import FOLDER as MEASURES
from assets.transforms import FOLDER

AS_IT_WAS = "as_it_was"
MONTHLY = (
    "therapists",
    "replayed",
    "held",
    "days",
    "places",
)  # the tables of a month, in the order in which they read each other


@dataclass(frozen=True)
class Rule:
    """A rule by which requests are given places: it looks at fit within so many days of asking, else at the earliest place.

    `limit` is None for each client's own patience, and -1 for a rule that never looks at fit. Planned are many requests at a
    time, with hindsight; the others one by one, in order of asking.
    """

    id: str
    title: str
    limit: int | None
    is_planned: bool = False


@dataclass(frozen=True)
class Figure:
    """A share that is counted under each rule. `lies_in` is the cell of a measure's base in which this base lies, if any."""

    id: str
    title: str
    base: str
    part: str
    lies_in: str = ""


RULES = (
    Rule("earliest_place", "The earliest place", -1),
    Rule("fit_within_7_days", "Fit first, within 7 days", 7),
    Rule("fit_within_14_days", "Fit first, within 14 days", 14),
    Rule("fit_within_28_days", "Fit first, within 28 days", 28),
    Rule("fit_within_own_patience", "Fit first, within the client's own patience", None),
    Rule("planned_within_7_days", "Planned together, within 7 days", 7, is_planned=True),
    Rule("planned_within_14_days", "Planned together, within 14 days", 14, is_planned=True),
    Rule("planned_within_28_days", "Planned together, within 28 days", 28, is_planned=True),
    Rule("planned_within_own_patience", "Planned together, within the client's own patience", None, is_planned=True),
)
RULE_TITLES = {AS_IT_WAS: "As it was"} | {rule.id: rule.title for rule in RULES}
FIGURES = (
    *(
        Figure(
            f"seen_within_{days}_days",
            f"first place within {days} days",
            "requests that are replayed",
            f"with a first place within {days} days of asking",
            lies_in="pairings",
        )
        for days in (7, 14, 28)
    ),
    Figure(
        "begun_within_threshold",
        "begun within the threshold",
        "requests that are replayed",
        "with a first place within the therapist's own threshold for that day",
        lies_in="pairings",
    ),
    Figure(
        "needs_covered",
        "needs covered",
        "needs stated in the requests that are given a place",
        "that the therapist declares to work with",
        lies_in="stated_needs",
    ),
    Figure(
        "three_quarters_covered",
        "three quarters covered",
        "requests that are given a place",
        "with a therapist who declares three quarters or more of the needs",
        lies_in="pairings",
    ),
    Figure(
        "days_over_threshold",
        "days over the threshold",
        "working days of therapists with a declared threshold",
        "that hold more places than the therapist's own threshold",
    ),
)


def sql(name: str) -> str:
    return (FOLDER / "whatif" / f"{name}.sql").read_text("utf-8")


def atoms_query(therapist: str) -> str:
    """One SELECT: the atoms of each unit, a figure and rule each, of the items of a quarter in the table whatif.items.

    `therapist` is the column whose therapist an item is counted with: who has it under the rule, or who had it. Columns are those
    of an atom, with the figure as its measure, and the rule as what it is broken down by. Binds the period.
    """
    names = [(rule, figure) for rule in RULE_TITLES for figure in FIGURES]
    bins = ", ".join(
        f"({number}, '{figure.id}', '{figure.lies_in}', 'rule', '{rule}')"
        for number, (rule, figure) in enumerate(names)
    )
    return f"""
WITH bins AS (
    FROM (VALUES {bins}) AS bins (bin, figure, lies_in, breakdown, breakdown_value)
),

items AS (
    SELECT counted.{therapist} AS therapist_key, counted.client_keys, counted.is_part, bins.bin
    FROM whatif.items AS counted
    INNER JOIN bins ON counted.figure = bins.figure AND counted.rule = bins.breakdown_value
),

grain AS (
    SELECT 'unit' AS level
),

atoms AS (
{(MEASURES / ATOMS_SQL).read_text("utf-8")}
)

SELECT bins.figure AS measure_id, bins.lies_in, 'everybody' AS concerns, atoms.* EXCLUDE (bin, contributors)
FROM atoms
INNER JOIN bins USING (bin)
ORDER BY bin, unit
"""
