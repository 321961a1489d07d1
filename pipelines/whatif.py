"""`rapport whatif`: shows a replay what it reads, has each rule give its places, and hands what was counted to the policy."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.errors import InputError
from assets.measures import dictionary
from assets.release.folder import MANIFEST, Releases
from assets.release.ledger import ANSWERED
from assets.transforms import Transform, transforms
from assets.whatif import AS_IT_WAS, FIGURES, MONTHLY, RULE_TITLES, RULES, atoms_query
from expectations.policy import PUBLISHED, Policy
from expectations.whatif import Published, decide_whatif
from pipelines.auditing import StoppedError, certified
from pipelines.lake import Lake
from pipelines.months import bounds, months_between, period_ending_with, shift
from pipelines.releasing import opened, policy_in_force
from pipelines.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

SUBJECT = "whatif"  # the one what-if that there is of a quarter: all rules together
TABLE, CATALOGUE = "whatif.csv", "catalogue.json"
WHOLE = ("least_part", "greatest_part", "least_base", "greatest_base", "value")
QUARTER = 3
NO_ITEMS = """
CREATE OR REPLACE TABLE whatif.items (
    rule VARCHAR, figure VARCHAR, therapist_key UUID, former_therapist_key UUID, client_keys UUID[], is_part BOOLEAN
)
"""
GIVEN_AS_IT_WAS = """
SELECT
    replayed.request_key, replayed.therapist_key, replayed.request_key AS place_of, NULL AS weekday, replayed.first_on,
    len(replayed.covered_needs) AS covered, places.request_key IS NOT NULL AS is_within_threshold
FROM whatif.replayed AS replayed
LEFT JOIN whatif.places AS places ON replayed.request_key = places.request_key
"""
GIVEN_BY_RULE = """
SELECT
    replayed.request_key, places.therapist_key, places.request_key AS place_of, places.weekday, given.first_on::DATE AS first_on,
    given.covered, TRUE AS is_within_threshold
FROM given
INNER JOIN whatif.replayed AS replayed ON given.request = replayed.rowid
INNER JOIN whatif.places AS places ON given.place = places.rowid
"""
PEOPLE = """
WITH counted AS (
    FROM whatif.items SELECT rule, figure, 'therapist' AS kind, 'has' AS counted_with, therapist_key AS person, is_part
    UNION ALL
    FROM whatif.items SELECT rule, figure, 'therapist', 'had', former_therapist_key, is_part
    UNION ALL
    FROM whatif.items SELECT rule, figure, 'client', '', unnest(client_keys), is_part
)

SELECT rule, figure, kind, counted_with, hash(person) AS person, count(*) AS base, count(*) FILTER (is_part) AS part
FROM counted
GROUP BY ALL
"""


@dataclass(frozen=True)
class Answer:
    """A what-if as it is published: its rows, what they mean, and how they were made."""

    folder: Path
    rows: list[dict[str, Any]]
    catalogue: dict[str, Any]
    manifest: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Answer:
        import pandas as pd

        rows = pd.read_csv(folder / TABLE, keep_default_na=False, na_values=[""], dtype=dict.fromkeys(WHOLE, "Int64"))
        told = json.loads(str(rows.to_json(orient="records")))
        catalogue, manifest = (json.loads((folder / name).read_text("utf-8")) for name in (CATALOGUE, MANIFEST))
        return cls(folder, told, catalogue, manifest)


def answer(settings: Settings, month: str | None, say: Callable[[str], None], now: dt.datetime) -> Answer | None:
    """The what-if of a quarter, by its last month: as it was answered, or else decided now, once. None where it is refused.

    Without a month, of the last quarter that is published. Raises InputError where there is nothing to replay, and StoppedError.
    """
    policy = policy_in_force(settings)
    with opened(settings) as (lake, releases):
        ledger = releases.ledger
        month = _quarter_end(month, ledger.standing)
        decided = ledger.answer(month, SUBJECT)
        if decided is None:
            releases.check_answer(month, SUBJECT)
            _check_sources(lake)
            return _decide(lake, releases, month, policy, say, now)
        if ledger.is_taken_back(decided):
            releases.check_answer(month, SUBJECT)
        return Answer.read(releases.answer_folder(decided)) if decided.event == ANSWERED else None


def _quarter_end(month: str | None, standing: Sequence[str]) -> str:
    """The month, if it ends a quarter; the last one that stands, where none is given."""
    ends = [each for each in standing if period_ending_with(each, QUARTER)]
    if month is None and not ends:
        raise InputError(
            "no quarter is published yet", mend="A what-if replays a published quarter. See: rapport status"
        )
    month = month or ends[-1]
    if not period_ending_with(month, QUARTER):
        end = next(each for each in (shift(month, 1), shift(month, 2)) if period_ending_with(each, QUARTER))
        raise InputError(f"{month} does not end a quarter", mend=f"Name the quarter by its last month: {end}")
    return month


def _check_sources(lake: Lake) -> None:
    present = lake.present
    unmet = sorted(
        {
            need
            for name in ("needs_covered", "fit_given_up")
            for need in dictionary().measures[name].unmet_needs(present)
        }
    )
    if unmet:
        raise InputError(
            f"a what-if needs {', '.join(unmet)}, and the sources have none", where="rapport.toml",
            mend="Map them under [[source]]; docs/sources.md lists all tables and fields.",
        )  # fmt: skip


def _decide(
    lake: Lake, releases: Releases, month: str, policy: Policy, say: Callable[[str], None], now: dt.datetime
) -> Answer | None:
    """Replays a quarter, decides what may be published, has it audited, and publishes it: in one step with the ledger."""
    from expectations.auditor import ReleaseTables
    from expectations.auditor.whatif import inside_whatif
    from reports.whatif.page import render

    figures = replay(lake, releases.ledger.atoms(month), month, policy, say)
    start, end = (day.isoformat() for day in _period(month))
    manifest: dict[str, Any] = {
        "organisation": lake.settings.organisation.name,
        "month": month,
        "period_start": start,
        "period_end": end,
        "made_at": now.isoformat(timespec="seconds"),
        "code_version": version("rapport"),
        "policy": policy.manifest(),
        "answer": {"kind": SUBJECT, "subject": SUBJECT},
        "release": releases.ledger.of(month)[-1].manifest,
    }
    figures.insert(0, "period_end", end)
    figures.insert(0, "period_start", start)
    rows = json.loads(str(figures.to_json(orient="records")))
    atoms = [json.dumps({"kind": SUBJECT, "month": month, **row}, separators=(",", ":")) for row in rows]
    if not (figures.status == PUBLISHED).any():
        releases.refuse(month, SUBJECT, manifest, atoms)
        return None
    catalogue = {"rules": RULE_TITLES, "figures": {one.id: asdict(one) for one in FIGURES}}
    files = {TABLE: figures.to_csv(index=False, lineterminator="\n"), CATALOGUE: json.dumps(catalogue, indent=2)}
    found = inside_whatif(ReleaseTables.from_texts(files, manifest), _people(lake))
    if found:
        raise StoppedError(month, found)
    manifest["audited"] = certified(releases, month, files, manifest, None)
    files["report.html"] = render(rows, catalogue, manifest)
    return Answer.read(releases.answer(month, SUBJECT, files, manifest, atoms))


def _people(lake: Lake) -> pd.DataFrame:
    """Base and part of each therapist and client in each figure, as the auditor asks for them."""
    return lake.connection.execute(PEOPLE).df()


def _period(month: str) -> tuple[dt.date, dt.date]:
    found = bounds(month, QUARTER)
    return found["period_start"], found["period_end"]


def replay(lake: Lake, rows: pd.DataFrame, month: str, policy: Policy, say: Callable[[str], None]) -> pd.DataFrame:
    """What may be published of the quarter that ends with a month: the rows of `expectations.whatif`.

    `rows` are those of the month's release, as decided.
    """
    published = Published(rows, {name: measure.base_cell for name, measure in dictionary().measures.items()})
    count_quarter(lake, published.units, month, say)
    period = dict(zip(("period_start", "period_end"), _period(month), strict=True))
    atoms_by = {
        by: lake.connection.execute(atoms_query(by), period).df() for by in ("therapist_key", "former_therapist_key")
    }
    return decide_whatif(atoms_by, published, policy)


def count_quarter(lake: Lake, units: Iterable[str], month: str, say: Callable[[str], None]) -> None:
    """Replays the months of a quarter, each by itself, among the therapists of some units: fills whatif.items."""
    run, months = lake.connection.execute, period_ending_with(month, QUARTER)
    tables = {transform.name.partition(".")[2]: transform for transform in transforms("whatif")}
    run("CREATE SCHEMA IF NOT EXISTS whatif")
    run(NO_ITEMS)
    run("CREATE OR REPLACE TABLE settings.replayed_units (unit VARCHAR)")
    for unit in units:
        run("INSERT INTO settings.replayed_units VALUES (?)", [unit])
    lake.show("core.rosters", months[:1])
    run(f"CREATE OR REPLACE TABLE whatif.members AS {tables['members'].sql}")
    for at in months:
        say(f"{at} …")
        for name in MONTHLY:
            _create(lake, tables[name], at)
        _count(lake, tables["items"], at)


def _create(lake: Lake, table: Transform, month: str) -> None:
    """Makes a table of the replay of a month."""
    for name, (before, after) in table.reads.items():
        if name.startswith("core."):
            lake.show(name, months_between(shift(month, before), shift(month, after)))
    made = f"CREATE OR REPLACE TABLE {table.name} AS {table.sql}"
    lake.connection.execute(made, lake.parameters(table, month, table.sql))


def _count(lake: Lake, items: Transform, month: str) -> None:
    """Adds the items of a month under each rule to whatif.items."""
    from assets.whatif.assignment import Month, given

    def count(rule: str, given: str) -> None:
        run(f"CREATE OR REPLACE TABLE whatif.given AS {given}")
        counted = f"INSERT INTO whatif.items SELECT '{rule}', * FROM ({items.sql}\n)"
        run(counted, lake.parameters(items, month, items.sql))

    run = lake.connection.execute
    frames = (run(f"FROM whatif.{name}").df() for name in ("replayed", "therapists", "places"))
    replayed = Month(*frames)
    count(AS_IT_WAS, GIVEN_AS_IT_WAS)
    for rule in RULES:
        lake.connection.register("given", given(replayed, rule))
        count(rule.id, GIVEN_BY_RULE)
        lake.connection.unregister("given")
