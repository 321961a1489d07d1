"""No competition, by lineage: each way of making one is refused with its path and its reason, and no honest text is.

Every mutant stands beside the text that it was made from, which passes: what is refused is the change.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from assets.transforms import FOLDER
from expectations.no_competition import check
from pipelines import factory
from pipelines.factory import sql_texts
from tests.unit.sql_reading import CARE, CORE, measure

TEXTS = sql_texts()
RELEASE = TEXTS["release.measures"]


def rules(name: str, text: str) -> set[str]:
    """The rules by which a text is refused, beside the tables of core that it reads."""
    return {refusal.rule for refusal in check({**CORE, **CARE, name: text}) if refusal.table == name}


def test_the_sql_of_this_repository_makes_no_competition() -> None:
    assert [str(refusal) for refusal in check(TEXTS)] == []


def test_tables_for_care_as_a_contributor_would_write_them_pass() -> None:
    assert [str(refusal) for refusal in check({**CORE, **CARE})] == []


HONEST = {
    "closer_to_understanding": "SELECT therapist_key, [client_key] AS client_keys, closer_to_understanding >= 3 AS is_part "
    "FROM core.feedback WHERE closer_to_understanding IS NOT NULL",
    "response_rate": "SELECT sessions.therapist_key, [sessions.client_key] AS client_keys, "
    "feedback.session_key IS NOT NULL AS is_part FROM core.sessions AS sessions "
    "LEFT JOIN core.feedback AS feedback USING (session_key) WHERE sessions.status = 'attended'",
    "endings_planned": "SELECT therapist_key, [client_key] AS client_keys, ending = 'planned' AS is_part FROM core.endings",
    "ended_before_client_wanted": "SELECT therapist_key, [client_key] AS client_keys, earlier_than_client_wanted AS is_part "
    "FROM core.endings WHERE earlier_than_client_wanted IS NOT NULL",
    "alliance_repaired": "SELECT therapist_key, [client_key] AS client_keys, last_alliance - first_alliance >= 2 AS is_part "
    "FROM core.client_episodes WHERE first_alliance < 5",
    "return_in_context": "SELECT therapist_key, [client_key] AS client_keys, "
    "coalesce(next_at < first_at + INTERVAL 42 DAY, false) OR coalesce(ending = 'planned', false) AS is_part "
    "FROM core.client_episodes",
    "return_within_the_measure": "WITH visits AS (SELECT *, lead(starts_at) OVER (PARTITION BY client_key ORDER BY starts_at)"
    " AS next_at FROM core.sessions WHERE is_load) SELECT therapist_key, [client_key] AS client_keys, "
    "coalesce(next_at < starts_at + INTERVAL 42 DAY, false) AS is_part FROM visits",
    "understanding_by_load": "SELECT therapist_key, [client_key] AS client_keys, closer_to_understanding >= 3 AS is_part "
    "FROM core.feedback WHERE is_over_threshold",
    "cancelled_by_us": "SELECT therapist_key, [client_key] AS client_keys, "
    "status IN ('cancelled_by_therapist', 'cancelled_by_platform') AS is_part FROM core.sessions WHERE status != 'scheduled'",
    "needs_covered": "WITH stated AS (SELECT therapist_key, client_key, specialties, unnest(needs) AS need FROM core.pairings)"
    " SELECT therapist_key, [client_key] AS client_keys, list_contains(specialties, need) AS is_part FROM stated",
    "waits": "SELECT therapist_key, [client_key] AS client_keys, first_at < requested_at + INTERVAL 7 DAY AS is_part "
    "FROM core.pairings WHERE first_at IS NOT NULL",
    "informed_choice": "SELECT therapist_key, [client_key] AS client_keys, paired_by = 'client' AND visible_to_clients "
    "AS is_part FROM core.pairings QUALIFY row_number() OVER (PARTITION BY request_key ORDER BY requested_at) = 1",
    "sessions_in_busy_weeks": "WITH weeks AS (SELECT therapist_key, date_trunc('week', local_date) AS week, count(*) AS held "
    "FROM core.sessions WHERE is_load GROUP BY ALL) SELECT sessions.therapist_key, [sessions.client_key] AS client_keys, "
    "weeks.held > 20 AS is_part FROM core.sessions AS sessions INNER JOIN weeks "
    "ON sessions.therapist_key = weeks.therapist_key AND date_trunc('week', sessions.local_date) = weeks.week",
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_measure_passes(name: str) -> None:
    assert rules(f"measures.{name}", measure(HONEST[name])) == set()


FEEDBACK = HONEST["closer_to_understanding"]
THREE = "(SELECT therapist_key FROM core.sessions GROUP BY therapist_key ORDER BY count(*) DESC LIMIT 3)"

# Items of a measure: what it does, and the rule that must refuse it.
UNFAIR_ITEMS = {
    "return grouped by therapist through two CTEs and an alias": (
        "outcome_by_person",
        "WITH visits AS (SELECT therapist_key AS who, client_key, lead(starts_at) OVER (PARTITION BY client_key "
        "ORDER BY starts_at) IS NOT NULL AS came FROM core.sessions), per AS (SELECT who AS whose, "
        "count(*) FILTER (came) / count(*) AS share, list(client_key) AS client_keys FROM visits GROUP BY who) "
        "SELECT whose AS therapist_key, client_keys, share > 0.5 AS is_part FROM per",
    ),
    "return by a join of sessions with themselves": (
        "outcome_by_person",
        "WITH pairs AS (SELECT one.therapist_key, one.client_key FROM core.sessions AS one INNER JOIN core.sessions AS two "
        "ON one.client_key = two.client_key AND two.starts_at > one.starts_at) "
        "SELECT therapist_key, list(client_key) AS client_keys, count(*) > 9 AS is_part FROM pairs GROUP BY therapist_key",
    ),
    "return by EXISTS": (
        "outcome_by_person",
        "WITH seen AS (SELECT therapist_key, client_key, EXISTS (SELECT 1 FROM core.sessions AS later WHERE "
        "later.client_key = sessions.client_key AND later.starts_at > sessions.starts_at) AS came FROM core.sessions) "
        "SELECT therapist_key, list(client_key) AS client_keys, bool_and(came) AS is_part FROM seen GROUP BY ALL",
    ),
    "return by IN": (
        "outcome_by_person",
        "WITH seen AS (SELECT therapist_key, client_key, client_key IN (SELECT client_key FROM core.sessions "
        "WHERE local_date > $month_end) AS came FROM core.sessions) "
        "SELECT therapist_key, list(client_key) AS client_keys, bool_and(came) AS is_part FROM seen GROUP BY 1",
    ),
    "a rating's mean by person": (
        "outcome_by_person",
        "SELECT therapist_key, list(client_key) AS client_keys, avg(alliance) > 7 AS is_part FROM core.feedback "
        "GROUP BY therapist_key",
    ),
    "a window by therapist over feedback": (
        "outcome_by_person",
        FEEDBACK.replace("closer_to_understanding >= 3", "avg(alliance) OVER (PARTITION BY therapist_key) >= 7"),
    ),
    "a named window by therapist over feedback": (
        "outcome_by_person",
        FEEDBACK.replace("closer_to_understanding >= 3", "avg(alliance) OVER own >= 7")
        + " WINDOW own AS (PARTITION BY therapist_key)",
    ),
    "feedback in the order of therapists": ("outcome_by_person", FEEDBACK + " ORDER BY therapist_key"),
    "endings by therapist, by their rows alone": (
        "outcome_by_person",
        "SELECT therapist_key, list(client_key) AS client_keys, count(*) > 3 AS is_part FROM core.endings GROUP BY ALL",
    ),
    "a rating by therapist in grouping sets": (
        "outcome_by_person",
        "SELECT therapist_key, list(client_key) AS client_keys, sum(alliance) > 9 AS is_part FROM core.feedback "
        "GROUP BY GROUPING SETS ((therapist_key), ())",
    ),
    "distinct therapists with a good rating": (
        "outcome_by_person",
        "SELECT DISTINCT therapist_key, [client_key] AS client_keys, alliance > 7 AS is_part FROM core.feedback",
    ),
    "a rating by therapist behind an outcome in HAVING": (
        "outcome_by_person",
        "SELECT therapist_key, list(client_key) AS client_keys, true AS is_part FROM core.feedback GROUP BY therapist_key "
        "HAVING avg(alliance) > 7",
    ),
    "a rating by therapist in a correlated subquery": (
        "outcome_joined",
        "SELECT therapist_key, client_keys, (SELECT avg(alliance) FROM core.feedback "
        "WHERE feedback.therapist_key = days.therapist_key) > 7 AS is_part FROM core.therapist_days AS days",
    ),
    "a rating fanned out per therapist": (
        "outcome_joined",
        "SELECT days.therapist_key, days.client_keys, feedback.closer_to_understanding >= 3 AS is_part "
        "FROM core.therapist_days AS days INNER JOIN core.feedback AS feedback USING (therapist_key)",
    ),
    "a rating fanned out per therapist of a unit": (
        "outcome_joined",
        "SELECT rosters.therapist_key, [feedback.client_key] AS client_keys, feedback.alliance > 7 AS is_part "
        "FROM core.feedback AS feedback CROSS JOIN core.rosters AS rosters",
    ),
    "days of therapists who were rated well": (
        "outcome_joined",
        "SELECT therapist_key, client_keys, longest_run > 4 AS is_part FROM core.therapist_days "
        "WHERE therapist_key IN (SELECT therapist_key FROM core.feedback WHERE alliance > 7)",
    ),
    "therapists rated well, by INTERSECT": (
        "outcome_joined",
        "WITH well AS (SELECT therapist_key FROM core.therapist_days INTERSECT SELECT therapist_key FROM core.feedback "
        "WHERE alliance > 7) SELECT therapist_key, [] AS client_keys, true AS is_part FROM well",
    ),
    "a rank of therapists": (
        "ranked",
        "WITH held AS (SELECT therapist_key, client_keys, rank() OVER (ORDER BY attended_sessions DESC) AS place "
        "FROM core.therapist_days) SELECT therapist_key, client_keys, place <= 10 AS is_part FROM held",
    ),
    "a rank within a unit, by QUALIFY": (
        "ranked",
        "SELECT days.therapist_key, days.client_keys, true AS is_part FROM core.therapist_days AS days "
        "INNER JOIN core.rosters AS rosters USING (therapist_key) "
        "QUALIFY row_number() OVER (PARTITION BY rosters.reporting_unit ORDER BY days.attended_sessions DESC) = 1",
    ),
    "a top three, by LIMIT": (
        "taken",
        f"SELECT therapist_key, client_keys, true AS is_part FROM core.therapist_days WHERE therapist_key IN {THREE}",
    ),
    "the first of a unit, by DISTINCT ON": (
        "taken",
        "SELECT DISTINCT ON (rosters.reporting_unit) days.therapist_key, days.client_keys, true AS is_part "
        "FROM core.therapist_days AS days INNER JOIN core.rosters AS rosters USING (therapist_key) "
        "ORDER BY days.attended_sessions DESC",
    ),
    "the one with most, by arg_max": (
        "picked",
        "SELECT therapist_key, client_keys, therapist_key IN (SELECT arg_max(therapist_key, attended_sessions) "
        "FROM core.therapist_days) AS is_part FROM core.therapist_days",
    ),
    "a top three, by max_by": (
        "picked",
        "SELECT therapist_key, client_keys, list_contains((SELECT max_by(therapist_key, attended_sessions, 3) "
        "FROM core.therapist_days), therapist_key) AS is_part FROM core.therapist_days",
    ),
    "above the mean of colleagues": (
        "stands_out",
        "SELECT therapist_key, client_keys, attended_sessions > (SELECT avg(attended_sessions) FROM core.therapist_days) "
        "AS is_part FROM core.therapist_days",
    ),
    "among the largest three, in WHERE": (
        "stands_out",
        "SELECT therapist_key, client_keys, true AS is_part FROM core.therapist_days "
        "WHERE attended_sessions IN (SELECT unnest(max(attended_sessions, 3)) FROM core.therapist_days)",
    ),
    "somebody in particular": (
        "named",
        "SELECT therapist_key, client_keys, therapist_key = '00000000-0000-0000-0000-000000000001' AS is_part "
        "FROM core.therapist_days",
    ),
    "a pseudonym as the part": (
        "published_key",
        "SELECT therapist_key, client_keys, hash(therapist_key) AS is_part FROM core.therapist_days",
    ),
    "a natural join": ("unknown", "SELECT * FROM core.therapist_days NATURAL JOIN core.rosters"),
    "a recursive CTE": (
        "unknown",
        "WITH RECURSIVE more AS (SELECT therapist_key, client_keys, true AS is_part FROM core.therapist_days "
        "UNION ALL SELECT * FROM more) SELECT * FROM more",
    ),
    "columns by pattern": ("unknown", "SELECT COLUMNS('therapist.*|client.*|is.*') FROM core.therapist_days"),
    "a file": ("unknown", "SELECT * FROM read_parquet('lake/raw/feedback/*.parquet')"),
}  # fmt: skip


@pytest.mark.parametrize("how", UNFAIR_ITEMS)
def test_unfair_items_are_refused(how: str) -> None:
    rule, items = UNFAIR_ITEMS[how]
    assert rule in rules("measures.unfair", measure(items))


LONG_RUNS = TEXTS["measures.long_runs"]

# Changes of a measure's whole text (a piece of it, and what takes its place), and the rule that must refuse them.
UNFAIR_ATOMS = {
    "a mean as the part": ("published_person", "sum(therapists.part) AS part", "avg(therapists.part) AS part"),
    "the largest as the part": ("published_person", "sum(therapists.part) AS part", "max(therapists.part) AS part"),
    "the median as the base": ("published_person", "sum(therapists.base) AS base", "median(therapists.base) AS base"),
    "a pseudonym beside the unit": (
        "published_key",
        "sum(therapists.part) AS part",
        "sum(therapists.part) AS part, md5(string_agg(therapists.therapist_key::VARCHAR, '')) AS code",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", UNFAIR_ATOMS)
def test_atoms_that_tell_of_one_person_are_refused(how: str) -> None:
    rule, piece, instead = UNFAIR_ATOMS[how]
    assert rules("measures.long_runs", LONG_RUNS) == set()
    text = LONG_RUNS.replace(piece, instead)
    if "AS code" in instead:
        text = text.replace("places.roster,", "places.roster, by_therapist.code,")
    assert text != LONG_RUNS
    assert rule in rules("measures.long_runs", text)


LAST = "ORDER BY figures.position, figures.bin NULLS FIRST, figures.level, coalesce(figures.unit, figures.service)"
STATUS = "    figures.status\nFROM figures"

# Changes of what is published, and the rule that must refuse them.
UNFAIR_RELEASES = {
    "an order by value": ("ordered", LAST, "ORDER BY figures.measure_id, figures.value DESC"),
    "an order by a value's alias": ("ordered", LAST, "ORDER BY round(base)"),
    "an order by position": ("ordered", LAST, "ORDER BY 6, 11"),
    "an order by everything": ("ordered", LAST, "ORDER BY ALL"),
    "an order in a window": ("ordered", STATUS, "    figures.status, sum(1) OVER (ORDER BY figures.value) AS x\nFROM figures"),
    "a rank": ("ranked", STATUS, "    figures.status, rank() OVER (ORDER BY figures.value) AS x\nFROM figures"),
    "row numbers": ("ranked", STATUS, "    figures.status, row_number() OVER () AS x\nFROM figures"),
    "fourths": ("ranked", STATUS, "    figures.status, ntile(4) OVER (ORDER BY figures.value) AS x\nFROM figures"),
    "a top three": ("taken", LAST, f"{LAST} LIMIT 3"),
    "the highest of each measure": ("taken", LAST, f"QUALIFY figures.value = max(figures.value) OVER () {LAST}"),
    "the largest": ("published_function", STATUS, "    figures.status, max(figures.value) OVER () AS x\nFROM figures"),
    "a mean": ("published_function", STATUS, "    figures.status, avg(figures.value) OVER () AS x\nFROM figures"),
    "a top three, by max_by": (
        "published_function", STATUS, "    figures.status, (SELECT max_by(unit, value, 3) FROM unit_rows) AS x\nFROM figures",
    ),
    "a sorted list": (
        "published_function", STATUS, "    figures.status, (SELECT list_sort(list(value)) FROM unit_rows) AS x\nFROM figures",
    ),
    "units by how they stand, in a text": (
        "ordered", STATUS, "    figures.status, (SELECT string_agg(unit, ', ' ORDER BY value) FROM unit_rows) AS x\nFROM figures",
    ),
    "how many are above": (
        "compared",
        STATUS,
        "    figures.status, (SELECT count(*) FROM own_rows AS others WHERE others.value > figures.value) AS x\nFROM figures",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", UNFAIR_RELEASES)
def test_an_unfair_release_is_refused(how: str) -> None:
    rule, piece, instead = UNFAIR_RELEASES[how]
    assert RELEASE.count(piece) == 1
    assert rule in rules("release.measures", RELEASE.replace(piece, instead))


# What smuggles a person into a table that is published.
SMUGGLED = {
    "as it is": "SELECT therapist_key AS code, count(*) AS n FROM core.sessions GROUP BY ALL",
    "md5": "SELECT md5(therapist_key::VARCHAR) AS code FROM core.sessions",
    "hash": "SELECT hash(therapist_key) % 1000 AS code FROM core.sessions",
    "substr": "SELECT substr(therapist_key::VARCHAR, 1, 4) AS code FROM core.sessions",
    "concat": "SELECT 'T-' || therapist_key AS code FROM core.sessions",
    "struct": "SELECT struct_pack(who := therapist_key) AS code FROM core.sessions",
    "a field of a struct": "WITH one AS (SELECT {'who': client_key} AS s FROM core.sessions) SELECT s.who AS code FROM one",
    "list": "SELECT list(DISTINCT therapist_key) AS code FROM core.sessions",
    "string_agg": "SELECT string_agg(therapist_key::VARCHAR, ',') AS code FROM core.sessions",
    "unnest": "SELECT unnest(client_keys) AS code FROM core.therapist_days",
    "a whole row": "SELECT sessions AS code FROM core.sessions",
    "a star": "SELECT * EXCLUDE (starts_at) FROM core.sessions",
    "a replaced star": "SELECT * REPLACE (md5(session_key::VARCHAR) AS status) FROM core.sessions",
    "a union by name": "SELECT 1 AS code UNION ALL BY NAME SELECT client_key AS code FROM core.sessions",
    "two CTEs": "WITH a AS (SELECT client_key AS b FROM core.sessions), c AS (SELECT b AS d FROM a) SELECT d AS code FROM c",
    "a scalar subquery": "SELECT (SELECT max(therapist_key) FROM core.rosters) AS code",
    "a lambda": "SELECT list_transform(client_keys, lambda k: md5(k::VARCHAR)) AS code FROM core.therapist_days",
    "a column alias": "SELECT code FROM (SELECT client_key FROM core.sessions) AS t(code)",
    "contributors": "SELECT list({'therapist_key': therapist_key, 'base': 1}) AS contributors FROM core.sessions",
    "another published table": "SELECT code FROM release.codes",
}  # fmt: skip


@pytest.mark.parametrize("how", SMUGGLED)
def test_no_published_column_descends_from_a_person(how: str) -> None:
    codes = "SELECT reporting_unit, md5(therapist_key::VARCHAR) AS code FROM core.rosters"
    found = check({**CORE, "release.codes": codes, "release.extra": SMUGGLED[how]})
    assert "published_key" in {refusal.rule for refusal in found if refusal.table == "release.extra"}


def test_a_count_by_client_is_not_published() -> None:
    assert {"published_person", "published_source"} <= rules(
        "release.extra", "SELECT count(*) AS n FROM core.sessions GROUP BY client_key"
    )


def test_a_count_of_distinct_people_descends_from_nobody_but_is_made_by_measures_only() -> None:
    found = rules("release.extra", "SELECT count(DISTINCT therapist_key) AS n FROM core.rosters")
    assert found == {"published_source"}


def test_core_does_not_gather_what_became_of_clients_by_therapist() -> None:
    by_pair = "SELECT therapist_key, client_key, avg(alliance) AS alliance FROM core.feedback GROUP BY ALL"
    assert rules("core.extra", by_pair) == set()
    assert rules("core.extra", by_pair.replace("client_key, ", "")) == {"outcome_by_therapist"}


def test_what_became_of_clients_is_in_no_replay() -> None:
    asked = "SELECT request_key, therapist_key, client_key FROM core.pairings"
    assert rules("whatif.extra", asked) == set()
    liked = "SELECT p.request_key, f.alliance FROM core.pairings AS p INNER JOIN core.feedback AS f USING (client_key)"
    assert rules("whatif.extra", liked) == {"outcome_replayed"}


def test_a_refusal_names_file_column_path_and_reason() -> None:
    text = "WITH codes AS (SELECT md5(therapist_key::VARCHAR) AS code FROM core.rosters) SELECT code AS name FROM codes"
    refusal = next(one for one in check({**CORE, "release.extra": text}) if one.rule == "published_key")
    assert str(refusal).splitlines() == [
        "assets/release/extra.sql: column name",
        "  raw.therapists.therapist_key → terms.therapist_key → core.team_memberships.therapist_key → "
        "core.rosters.therapist_key → codes.code → release.extra.name",
        "  Nothing that is published may descend from an id or a pseudonym, except as a count.",
    ]


def test_a_new_file_is_checked_without_being_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = tmp_path / "mart" / "therapists.sql"
    new.parent.mkdir()
    new.write_text("SELECT therapist_key FROM core.rosters", "utf-8")
    monkeypatch.setattr(factory, "FOLDER", tmp_path)
    with pytest.raises(dg.Failure, match=r"nothing is published:\nassets/mart/therapists\.sql: column therapist_key"):
        factory.refuse_competition()


def test_what_is_on_disk_is_checked() -> None:
    """Each .sql file from core on is within a text that is checked."""
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.sql")}
    checked = {name.replace(".", "/") + ".sql" for name in TEXTS}
    assert {file for file in files - checked if not file.startswith(("raw/", "measures/atoms"))} == set()
