"""No competition, by lineage: what the SQL of this repository may not do with people and with what became of clients.

The rules are held against the SQL itself, before anything runs: a text is refused, not its result. How columns are
followed is `lineage.py`'s. What is read in Python, and what the figures are, is not looked at here: see `policy.py`.

What no check of texts can do: know that a column is called something else than what it holds, or that a table of core
has one row where it says so. Names of raw tables and fields are those of the data contract, which decides what they hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from expectations.lineage import FIGURE, OUTCOME, PERSONAL, SINGLE, Column, Event, Followed, Origins, Path, follow

THERAPIST, CLIENT, SESSION, REQUEST, OTHER_KEY = "therapist", "client", "session", "request", "other key"
PERSONS = (THERAPIST, CLIENT)
KEYS = (*PERSONS, SESSION, REQUEST, OTHER_KEY)  # each tells a person or an event apart from all others

IDS = {"therapist_key": THERAPIST, "client_key": CLIENT, "session_key": SESSION, "request_key": REQUEST}
# What clients said and how their work ended: also which rows there are. Whether a client came again is no field; it is
# seen where a client's visits are put side by side.
OUTCOMES = ("raw.feedback", "raw.endings")
VISITS = ("raw.sessions",)
# Words for groups, published as they are: they say nothing of one person.
DECLARED = {"raw.teams": {"*"}, "raw.therapists": {"team_id", "file_number", "line"}, "settings.organisation": {"*"},
            "settings.units": {"*"}, "settings.bins": {"*"}}  # fmt: skip

# What a release is made from, beside nothing else: rows that the policy decided, and what was declared. The columns named
# here say which figure it is; all others are figures, and hang on people.
RELEASE_INPUTS = {
    "decided": {"period_start", "period_end", "level", "unit", "service", "measure_id", "breakdown", "breakdown_value"},
    "units": {"*"},
    "measures": {"*"},
    "figures_due": {"*"},
    "bins": {"*"},
    "period": {"*"},
}
# What published SQL may do with figures: count and add them, round them, put them into words.
PUBLISHED_FUNCTIONS = {
    "count", "sum", "logical_or", "logical_and", "grouping", "floor", "ceil", "round", "least", "greatest", "coalesce",
    "nullif", "abs", "case", "if", "cast", "and", "or", "concat", "dpipe", "exists",
}  # fmt: skip
# Columns of an atom by which policy and auditor see who contributed. They are read by these alone and never leave: in what
# is published, the same columns are refused. 2026-11: `contributors` has each therapist's key, base and part, because whether
# two counts differ by the work of one person can be told only from both, person by person.
CONTRIBUTORS = re.compile(r"(base|part|rest)_(largest|second|third)_(therapist|client)|contributors")
# Tables about single people, which only the pipeline reads. In a replay, what became of a client may be no column at all.
REPLAY = "whatif"
INNER = ("core", REPLAY)
ITEMS = "counted"  # the part of a measure's text that a contributor writes; around it stands the shared text of atoms
ITEM_KEYS = {"therapist_key", "therapist_keys", "client_keys"}


@dataclass(frozen=True)
class Refusal:
    """What a text does that it may not: the rule, the column or the place, the path it took, and why not."""

    table: str
    rule: str
    what: str
    why: str
    path: Path = ()

    @property
    def file(self) -> str:
        return f"assets/{self.table.replace('.', '/')}.sql"

    def __str__(self) -> str:
        path = f"\n  {' → '.join(self.path)}" if self.path else ""
        return f"{self.file}: {self.what}{path}\n  {self.why}"


WHY = {
    "unknown": "This cannot be followed, so nothing can be said of what comes out of it. Write it another way.",
    "published_key": "Nothing that is published may descend from an id or a pseudonym, except as a count.",
    "published_person": "What leaves is counted over groups: it may not tell of one person, nor be the largest, least, "
    "middle or mean of people. Count how many lie beyond a declared cut-off instead.",
    "published_source": "A release is made of atoms as decided and of nothing else: from people, only measures are made.",
    "outcome_by_person": "What became of clients may not be gathered, sorted or numbered by a person once core is made. "
    "List the items, one row each; who contributed how much is found on the way into the atom, and never leaves.",
    "outcome_by_therapist": "What became of clients is not gathered by therapist, in core neither: it stays with the "
    "client's own row.",
    "outcome_joined": "After core, what became of a client stands in the row that it came in, and is not joined to a "
    "person. Bring what belongs together into one row in core.",
    "outcome_replayed": "What became of a client is in no replay: to whom a request could have been given hangs on declared fit "
    "and on room alone.",
    "ranked": "Nobody is ranked: rows may be numbered within one person's own, not across people or units.",
    "ordered": "What is published is in the order of declared names, never of a figure.",
    "taken": "Nobody is picked out: no first few of a list.",
    "published_function": "Published SQL counts, adds and rounds. Extremes, middles, means and order tell of one of many.",
    "compared": "Figures of two rows are not held against each other: that is a ranking by another name.",
    "picked": "This takes one person out of many.",
    "named": "This compares a person with a constant: it makes a figure about somebody in particular.",
    "stands_out": "An item may not be in or out, or be counted, by how one person stands to the others: use a declared "
    "cut-off.",
}


def origins() -> Origins:
    """What the tables hold that no text makes: raw as in the data contract, settings, and what a release is made from."""

    def marks(table: str, column: str) -> Iterable[str]:
        declared = DECLARED.get(table, RELEASE_INPUTS.get(table))
        if declared is not None and (column == "" or {"*", column} & declared):
            return ()
        if table in RELEASE_INPUTS:
            return (FIGURE,)
        outcome = (OUTCOME,) if table in OUTCOMES else ()
        if column == "":
            return outcome
        is_key = column.endswith(("_key", "_id", "_keys"))
        key = (IDS.get(column, OTHER_KEY),) if is_key else KEYS if column == "*" else ()
        return (*key, *outcome, PERSONAL) if not is_key else (*key, *outcome)

    return Origins(marks, PERSONS, (SESSION, REQUEST), KEYS, CLIENT, VISITS)


def check(texts: Mapping[str, str]) -> list[Refusal]:
    """All that SQL texts do that they may not; none is as it should be.

    `texts` are the SELECTs of core, measures and release by the name of their table (core.sessions). A measure is its
    items with the shared text of atoms around them.
    """
    followed = follow(texts, origins())
    found = [refusal for event in followed.events for refusal in _judged(event, followed)]
    for name in texts:
        found += _leaves(name, followed)
    return list({(refusal.table, refusal.rule, refusal.what): refusal for refusal in found}.values())


def _judged(event: Event, followed: Followed) -> Iterator[Refusal]:
    """What is wrong with something that a text does, by the layer of its table and the part of its text."""
    layer = event.table.partition(".")[0]
    is_published = _is_published(event.table)
    has_items = ITEMS in followed.relations[event.table].parts
    is_into_contributors = layer == "measures" and has_items and event.part != ITEMS  # the shared text of atoms

    def refused(rule: str, path: Path = ()) -> Iterator[Refusal]:
        yield Refusal(event.table, rule, _place(event), WHY[rule], path)

    outcome = event.what.marks.get(OUTCOME, ())
    match event.kind:
        case "unknown":
            yield from refused("unknown")
        case "group" | "order" if outcome and event.by.has(*PERSONS) and not is_into_contributors:
            if layer not in INNER:
                yield from refused("outcome_by_person", outcome)
            elif event.by.has(THERAPIST) and not event.by.has(CLIENT, SESSION, REQUEST):
                yield from refused("outcome_by_therapist", outcome)
        case "join" if layer not in INNER and not is_into_contributors:
            yield from refused("outcome_joined", outcome)
        case "number" if is_published or not event.by.has(*KEYS):
            yield from refused("ranked", _path(event.what))
        case "take" if is_published or not (event.name == "qualify" or event.by.has(*KEYS)):
            yield from refused("taken")
        case "pick":
            yield from refused("picked", _path(event.what))
        case "name_one":
            yield from refused("named", _path(event.what))
        case "compare" if is_published:
            yield from refused("compared", _path(event.what))
        case "call" if is_published and event.what.has(FIGURE, PERSONAL, SINGLE):
            if event.name not in PUBLISHED_FUNCTIONS:
                yield from refused("published_function", _path(event.what))
    if event.kind == "order" and is_published and event.by.has(FIGURE, PERSONAL, SINGLE, OUTCOME, *KEYS):
        yield from refused("ordered", _path(event.by))


def _leaves(name: str, followed: Followed) -> Iterator[Refusal]:
    """What is wrong with the columns that a text makes."""
    layer = name.partition(".")[0]
    relation = followed.relations[name]
    if layer == REPLAY:
        for column, value in relation.columns.items():
            if value.has(OUTCOME):
                path = _path(value.only(OUTCOME))
                yield Refusal(name, "outcome_replayed", f"column {column}", WHY["outcome_replayed"], path)
    if layer in INNER:
        return

    def refused(rule: str, column: str, path: Path) -> Refusal:
        return Refusal(name, rule, f"column {column}", WHY[rule], path)

    for column, value in relation.columns.items():
        if layer == "measures" and CONTRIBUTORS.fullmatch(column):
            continue
        if value.has(*KEYS):
            yield refused("published_key", column, _path(value.only(*KEYS)))
        if value.has(PERSONAL, SINGLE):
            yield refused("published_person", column, _path(value.only(SINGLE, PERSONAL)))
    if _is_published(name):
        for table in sorted(followed.reads[name]):
            if table not in RELEASE_INPUTS and not (table in followed.relations and _is_published(table)):
                yield Refusal(name, "published_source", f"reads {table}", WHY["published_source"])
    items = relation.parts.get(ITEMS)
    if items is None:
        return
    for column, value in items.columns.items():
        if column not in ITEM_KEYS and value.has(*KEYS):
            yield refused("published_key", column, _path(value.only(*KEYS)))
    for column, value in [*items.columns.items(), ("", items.rows)]:
        if value.has(SINGLE):
            yield Refusal(
                name, "stands_out", f"items{'.' * bool(column)}{column}", WHY["stands_out"], value.marks[SINGLE]
            )


def _is_published(table: str) -> bool:
    """Whether people read a table: all but the layers before a release are published, a new one also."""
    return table.partition(".")[0] not in ("raw", *INNER, "measures")


def _path(column: Column) -> Path:
    return next(iter(column.marks.values()), ())


def _place(event: Event) -> str:
    sql = " ".join(event.sql.split())
    short = sql if len(sql) <= 100 else sql[:99] + "…"
    return f"{short} (in {event.part})" if event.part else short
