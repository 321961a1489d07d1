"""What `rapport check` tells before anything is written: what maps to what, what would be quarantined, what lacks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from assets.errors import InputError
from assets.measures import BREAKDOWNS, dictionary
from assets.raw.contract import TABLES
from assets.raw.reading import columns_of, reading_connection, typed
from assets.raw.sources import Expression, Source, find_files, quoted
from assets.release.folder import LEDGER
from assets.release.ledger import Ledger
from expectations.policy import read_policy
from expectations.suites import Rule, Suite, is_within, load_suite
from pipelines.months import shift
from pipelines.releasing import policy_in_force
from pipelines.settings import Settings
from pipelines.units import RECOMMENDED_ROSTER, Unit, as_toml, check_units, proposed, units_of

MOST_UNITS = 12
FILES_WITH_ROWS = 6  # of a log: 24 months of five logs take 4 s so
DERIVED = "starts_at + duration_minutes"  # the end of a session that no column tells
FEWEST_TO_NAME = 10  # a need that fewer requests ask for is counted and not named
REFUSED_FILE, REFUSED_ROWS = "no_file_mostly_unusable", "few_rows_quarantined"  # rules of every raw table
DURATIONS = ("durations_are_no_hours", "durations_are_of_sessions")  # rules of raw.sessions
KEPT = {  # what the rosters are made from, what needs are looked for in, and how long sessions last
    "sessions": ("status VARCHAR", "starts_at TIMESTAMPTZ", "ends_at TIMESTAMPTZ"),
    "therapists": ("therapist_id VARCHAR", "team_id VARCHAR", "valid_from DATE", "valid_to DATE"),
    "teams": ("team_id VARCHAR", "team_name VARCHAR", "reporting_unit VARCHAR", "service VARCHAR"),
    "profiles": ("specialties VARCHAR[]",),
    "requests": ("needs VARCHAR[]",),
}


def check_sources(settings: Settings, rows: int) -> dict[str, Any]:
    """Looks at the columns of every file, at the first rows of some files of a log, and at all rows of the others, in memory only.

    `sources`: a mapping and its faults each; `not_measured`: measures and what they lack; `units`: rosters below what
    is recommended; `proposed_units`: which of these could be joined; `unknown_teams`: those of declared units that no file
    names; `undeclared_needs`: needs that no profile declares, the rare ones as a number; `mend`: what stops a run.
    """
    found: dict[str, Any] = {"sources": [], "not_measured": [], "units": [], "proposed_units": [], "unknown_teams": []}
    found |= {"undeclared_needs": {}, "mend": []}
    try:
        settings.key()
    except InputError as error:
        found["mend"].append(str(error))
    try:
        minimum = policy_in_force(settings).rules.min_therapists
    except InputError as error:
        found["mend"].append(str(error))
        minimum = read_policy().rules.min_therapists
    present: dict[str, set[str]] = {}
    with _connection() as connection:
        for source in settings.sources:
            try:
                if looked_at := _source(connection, source, settings, rows, present, found["mend"]):
                    found["sources"].append(looked_at)
            except InputError as error:
                found["mend"].append(str(error))
        found["mend"] += _refused(connection, found["sources"])
        units = _units(connection, settings)
        if "therapists" in present:
            found["unknown_teams"] = _unknown_teams(connection)
            found["mend"] += _unfit_units(settings, units)
        if {"profiles", "requests"} <= present.keys():
            found["undeclared_needs"] = _undeclared_needs(connection, settings)
    found["units"] = [
        {"unit": unit.name, "is_shown": unit.rosters[-1] >= minimum}
        for unit in sorted(units, key=lambda unit: unit.name)
        if unit.rosters[-1] < RECOMMENDED_ROSTER
    ]
    found["proposed_units"] = [{"name": unit.name, "teams": list(unit.teams)} for unit in proposed(units)]
    present[BREAKDOWNS] = settings.with_bins()
    for measure in dictionary().measures.values():
        if lacking := measure.unmet_needs({table: frozenset(fields) for table, fields in present.items()}):
            found["not_measured"].append({"measure": measure.id, "title": measure.title, "needs": list(lacking)})
    return found


@contextmanager
def _connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with reading_connection() as connection:
        for name, columns in KEPT.items():
            connection.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
        connection.execute("CREATE SCHEMA raw; CREATE VIEW raw.sessions AS FROM main.sessions")
        yield connection


def _source(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    settings: Settings,
    rows: int,
    present: dict[str, set[str]],
    mend: list[str],
) -> dict[str, Any] | None:
    """What a source's files hold; None where no file could be looked at. What is wrong with whole files goes to `mend`."""
    table = TABLES[source.table]
    paths = find_files(source, settings.home)
    with_rows = _spread(paths) if table.is_log else paths
    looked_at: list[dict[str, Any]] = []
    filled: set[str] = set()
    faults: dict[tuple[str, str], list[dict[str, Any]]] = {}
    own_names: set[str] = set()
    refused: dict[str, list[InputError]] = {}
    for path in reversed(paths):
        try:
            if path not in with_rows or not looked_at:
                own_names |= columns_of(connection, source, path).keys()
            if path in with_rows:
                found = _rows_of(connection, source, path, rows if table.is_log else None)
                looked_at.append({name: found[name] for name in ("file", "rows", "read", "quarantined")})
                filled |= found["filled"]
                for fault in found["faults"]:
                    faults.setdefault((fault["field"], fault["reason"]), []).append(fault)
        except InputError as error:
            refused.setdefault(error.what, []).append(error)
    for first, *others in refused.values():
        where = first.where + (f" and {len(others)} more of its files" if others else "")
        mend.append(str(InputError(first.what, where=where, mend=first.mend)))
    if not looked_at:
        return None
    present.setdefault(source.table, set()).update(filled)
    notes = _durations(connection, source, own_names, mend) if source.table == "sessions" else []
    connection.execute("DELETE FROM sessions")
    return {
        "table": source.table, "files": len(paths), "looked_at": looked_at,
        "rows": sum(file["rows"] for file in looked_at), "columns": _mapped(source, own_names, filled),
        "quarantined": _gathered(faults), "to_look_at": notes,
    }  # fmt: skip


def _mapped(source: Source, own_names: set[str], filled: set[str]) -> list[dict[str, Any]]:
    """What each field is made from, as far as it is mapped or filled."""
    mapped = []
    for field in TABLES[source.table].fields:
        given, is_filled = source.columns.get(field.name), field.name in filled
        theirs = f"= {given.sql}" if isinstance(given, Expression) else given or ""
        if is_filled and not given:
            theirs = DERIVED if field.name == "ends_at" and field.name not in own_names else field.name
        mapped.append({"field": field.name, "from": theirs, "is_filled": is_filled})
    return mapped


def _gathered(faults: dict[tuple[str, str], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Each fault once, the most frequent first, with the lines of the file that has most of it."""
    gathered = []
    for (field, reason), places in faults.items():
        most, rows = max(places, key=lambda place: place["rows"]), sum(place["rows"] for place in places)
        gathered.append({"field": field, "reason": reason, "rows": rows, "files": len(places),
                         "file": most["file"], "lines": most["lines"]})  # fmt: skip
    return sorted(gathered, key=lambda fault: -fault["rows"])


def _spread(paths: Sequence[Path]) -> set[Path]:
    """The oldest and the newest of the files, and some between."""
    last = len(paths) - 1
    return {paths[round(place * last / (FILES_WITH_ROWS - 1))] for place in range(FILES_WITH_ROWS)}


def _rows_of(
    connection: duckdb.DuckDBPyConnection, source: Source, path: Path, most_rows: int | None
) -> dict[str, Any]:
    """One file's rows: how many, which fields they fill, and their faults, each with its first lines."""
    with typed(connection, source, path, dt.datetime.now(dt.UTC), most_rows) as table:
        counts = ", ".join(f'count("{field.name}")' for field in table.fields)
        rows, *filled = connection.execute(f"SELECT count(*), {counts} FROM typed").fetchall()[0]
        faults = connection.execute(
            """SELECT split_part(fault, '|', 1), split_part(fault, '|', 2), count(*), list(line ORDER BY line)[:5]
            FROM (SELECT fault, line FROM judged UNION ALL SELECT '|unreadable_row', line FROM unreadable)
            WHERE fault IS NOT NULL GROUP BY ALL ORDER BY 3 DESC, 1, 2"""
        ).fetchall()
        [[unreadable]] = connection.execute("SELECT count(*) FROM unreadable").fetchall()
        if columns := ", ".join(column.split()[0] for column in KEPT.get(source.table, ())):
            connection.execute(f"INSERT INTO {source.table} SELECT {columns} FROM judged WHERE fault IS NULL")
    return {
        "file": path.name, "rows": rows, "read": rows + unreadable,
        "quarantined": sum(count for _, _, count, _ in faults),
        "filled": {field.name for field, count in zip(table.fields, filled, strict=True) if count},
        "faults": [dict(zip(("field", "reason", "rows", "lines"), fault, strict=True), file=path.name) for fault in faults],
    }  # fmt: skip


def _refused(connection: duckdb.DuckDBPyConnection, sources: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The tables of which a run would refuse what is quarantined: by a file, and by all rows where all files are looked at."""
    for table in dict.fromkeys(source["table"] for source in sources):
        connection.execute(f"CREATE TABLE raw.{table}_files (read BIGINT, quarantined BIGINT)")
        of_table = [source for source in sources if source["table"] == table]
        for file in (file for source in of_table for file in source["looked_at"]):
            connection.execute(f"INSERT INTO raw.{table}_files VALUES (?, ?)", [file["read"], file["quarantined"]])
        are_all = all(source["files"] == len(source["looked_at"]) for source in of_table)
        names = {REFUSED_FILE} | ({REFUSED_ROWS} if are_all else set())
        suite = load_suite(f"raw.{table}")
        for rule in (rule for rule in suite.rules if rule.name in names):
            if said := _broken(connection, suite, rule):
                most = max(
                    (fault for source in of_table for fault in source["quarantined"]), key=lambda fault: fault["rows"]
                )
                yield (
                    f"{table}: a run would refuse this: {said}\n"
                    f"  Most often: {_fault(most)} in {most['file']}; docs/sources.md says what mends it."
                )
                break


def _broken(connection: duckdb.DuckDBPyConnection, suite: Suite, rule: Rule) -> str:
    """What a rule says of the tables as they are here, and how often; nothing where it holds."""
    [unexpected], [denominator] = connection.execute(
        f"SELECT unexpected, denominators FROM ({suite.only(rule).statement})"
    ).fetchall()[0]
    if is_within(unexpected, denominator, rule.tolerated_share, rule.tolerated_count):
        return ""
    return f"{rule.title} — {unexpected:,} of {denominator:,} {rule.counted}"


def _durations(
    connection: duckdb.DuckDBPyConnection, source: Source, own_names: set[str], mend: list[str]
) -> list[str]:
    """What to look at in how long a source's sessions last; what a run would refuse goes to `mend`."""
    suite = load_suite("raw.sessions")
    for rule in sorted((rule for rule in suite.rules if rule.name in DURATIONS), key=lambda rule: rule.severity):
        if said := _broken(connection, suite, rule):
            if rule.severity == "warn":
                return [f"{said} do not"]
            mend.append(f"sessions: a run would refuse this: {said} do not\n  {_in_minutes(source, own_names)}")
            return []
    return []


def _in_minutes(source: Source, own_names: set[str]) -> str:
    if "ends_at" in own_names:
        return "Look at the columns that give starts_at and ends_at."
    given = source.columns.get("duration_minutes", "duration_minutes")
    number = "try_cast(replace({}::VARCHAR, ',', '.') AS DOUBLE)"
    hours = f"({given.sql})" if isinstance(given, Expression) else number.format(quoted(given))
    return (
        "If the column that gives duration_minutes is in hours, set under [source.columns]: "
        f"duration_minutes = {{ sql = '''{hours} * 60''' }}"
    )


def _fault(fault: dict[str, Any]) -> str:
    return f"{fault['field']} {fault['reason']}".strip()


def _unknown_teams(connection: duckdb.DuckDBPyConnection) -> list[dict[str, str]]:
    """Teams that a unit is declared of, and that neither therapists nor teams name."""
    rows = connection.execute(
        """SELECT unit, team_id FROM declared
        WHERE team_id NOT IN (SELECT team_id FROM therapists UNION SELECT team_id FROM teams) ORDER BY ALL"""
    ).fetchall()
    return [{"unit": unit, "team": team} for unit, team in rows]


def _units(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[Unit]:
    connection.execute("CREATE TABLE declared (unit VARCHAR, team_id VARCHAR)")
    for unit in settings.units:
        for team in unit.teams:
            connection.execute("INSERT INTO declared VALUES (?, ?)", [unit.name, team])
    return units_of(connection, dt.datetime.now(dt.UTC).date())


def _unfit_units(settings: Settings, units: Sequence[Unit]) -> Iterator[str]:
    """Declared units that take in other teams, and units that are not what they were when the year was last published."""
    declared = {unit.name: set(unit.teams) for unit in settings.units}
    teams = declared | {unit.name: {*unit.teams, *declared.get(unit.name, ())} for unit in units}
    where, mend = "rapport.toml, [[unit]]", "Give it a name of its own, or declare it with all of its teams."
    for name, own in declared.items():
        if others := ", ".join(sorted(teams[name] - own)):
            yield str(InputError(f'the unit "{name}" is also what the sources call {others}', where=where, mend=mend))
    try:
        releases = settings.home / "releases"
        decided = Ledger(releases / LEDGER).decided
        if decided:
            check_units(releases, decided, shift(decided[-1], 1), teams.items())
    except InputError as error:
        yield str(error)


def _undeclared_needs(connection: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, Any]:
    """Needs asked for, in their normal form, that stand in no profile: `named` ones, and how many are too rare to name."""
    connection.execute("CREATE TABLE synonyms (word VARCHAR, spelling VARCHAR)")
    for pair in settings.synonyms.items():
        connection.execute("INSERT INTO synonyms VALUES (?, ?)", pair)
    found = connection.execute(
        """WITH words AS (
            SELECT 'need' AS kind, trim(regexp_replace(lower(unnest(needs)), '[\\s_-]+', ' ', 'g')) AS word FROM requests
            UNION ALL SELECT 'specialty', trim(regexp_replace(lower(unnest(specialties)), '[\\s_-]+', ' ', 'g')) FROM profiles
        )
        SELECT coalesce(spelling, word) AS term, count(*) FILTER (kind = 'need') AS requests
        FROM words LEFT JOIN synonyms USING (word)
        GROUP BY term HAVING count_if(kind = 'specialty') = 0 ORDER BY term"""
    ).fetchall()
    named = [{"need": term, "requests": requests} for term, requests in found if requests >= FEWEST_TO_NAME]
    return {"named": named, "rare": len(found) - len(named)}


def as_text(found: dict[str, Any]) -> str:
    """The findings for a person to read."""
    lines: list[str] = []
    for source in found["sources"]:
        looked_at = len(source["looked_at"])
        files = f"{source['files']} files" if source["files"] > 1 else source["looked_at"][0]["file"]
        some = f", of which {looked_at} by their rows" if looked_at < source["files"] else ""
        lines.append(f"{source['table']}: {files}{some}, {source['rows']:,} rows")
        for column in source["columns"]:
            theirs = f"← {column['from']}" if column["from"] else "–"
            is_empty = column["from"] and not column["is_filled"]
            lines.append(f"    {column['field']:32} {theirs}{', which is empty there' if is_empty else ''}")
        for fault in source["quarantined"]:
            places = ", ".join(map(str, fault["lines"])) + (" …" if fault["rows"] > len(fault["lines"]) else "")
            where = f"{fault['file']}, lines" if source["files"] > 1 else "lines"
            more = f", and {fault['files'] - 1} more files" if fault["files"] > 1 else ""
            lines.append(f"  would be quarantined: {fault['rows']:,} for {_fault(fault)} ({where} {places}{more})")
        lines += [f"  to look at: {note}" for note in source["to_look_at"]]
        lines.append("")
    if any(source["quarantined"] for source in found["sources"]):
        lines += ["What to do about each reason: docs/sources.md", ""]
    if found["not_measured"]:
        lines.append("Not measured, for want of a source:")
        for measure in found["not_measured"]:
            lines.append(f"    {measure['measure']:32} needs {', '.join(measure['needs'])}")
        lines.append("")
    if found["units"]:
        lines.append(f"Units with fewer than {RECOMMENDED_ROSTER} therapists today:")
        for unit in found["units"][:MOST_UNITS]:
            shown = "shown where it can be" if unit["is_shown"] else "never shown: below the floor"
            lines.append(f"    {unit['unit']:32} {shown}")
        if len(found["units"]) > MOST_UNITS:
            lines.append(f"    … and {len(found['units']) - MOST_UNITS} more")
        if found["proposed_units"]:
            lines.append(
                f"Joined to units of {RECOMMENDED_ROSTER} or more, they would show more: rapport check --units"
            )
        lines.append("")
    if found["unknown_teams"]:
        lines.append("Teams under [[unit]] that neither therapists nor teams name; are they spelled otherwise there?")
        lines += [f"    {one['team']:32} of {one['unit']}" for one in found["unknown_teams"]]
        lines.append("")
    if any(found["undeclared_needs"].values()):
        lines.append("Needs that no profile declares; if one is only spelled otherwise, map it under [synonyms]:")
        for need in found["undeclared_needs"]["named"]:
            lines.append(f"    {need['need']:32} asked for by {need['requests']:,} requests looked at")
        if rare := found["undeclared_needs"]["rare"]:
            lines.append(f"    {rare:,} more, each asked for by fewer than {FEWEST_TO_NAME}")
        lines.append("")
    if found["mend"]:
        lines += ["To mend before a run:", *(f"  {text}" for text in found["mend"])]
    else:
        lines.append("Ready: rapport backfill")
    return "\n".join(lines)


def units_as_text(found: dict[str, Any]) -> str:
    """The units that could be declared, for `rapport.toml`, with what to know before."""
    if not found["proposed_units"]:
        return f"# No unit needs joining: each has had {RECOMMENDED_ROSTER} therapists or more, or nobody to join in its service."
    return (
        f"# Small units of one service, in the order of their names, joined until each has had {RECOMMENDED_ROSTER} therapists or\n"
        "# more on the first of every month of the last year. Change them as people know them; names are yours to choose.\n"
        "# Declare units before the first release, or for a new year, in the place of those they are made of, and then\n"
        "# leave them: a unit that changes is another unit.\n\n" + as_toml(found["proposed_units"])
    )
