"""The suites as data: they load at once, are complete, and a wrong one says what is wrong with it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from assets.raw.contract import STATUSES, TABLES
from expectations import suites
from expectations.suites import Rule, SuiteError, is_within, load_suite, read_suite, suite_tables

FOLDER = Path(suites.__file__).parent
ALL_RULES = [(table, rule) for table in suite_tables() for rule in load_suite(table).rules]

# What the reading of files writes into a quarantine.
QUARANTINE_REASONS = {
    "ambiguous_local_time",
    "attended_in_the_future",
    "ends_before_starts",
    "free_text_id",
    "lasts_over_a_day",
    "mangled_id",
    "missing_id",
    "missing_value",
    "missing_team",
    "missing_time",
    "no_duration",
    "nonexistent_local_time",
    "out_of_range",
    "threshold_out_of_range",
    "two_teams_at_once",
    "unknown_status",
    "unknown_value",
    "unreadable_date",
    "unreadable_number",
    "unreadable_row",
    "unreadable_time",
}

WHOLE = {
    "title": '"Every session has a therapist"',
    "severity": '"error"',
    "counted": '"sessions"',
    "reason": '"2026-11: nobody else did the work."',
    "not_null": '["therapist_key"]',
}


def written(**changes: str | None) -> str:
    """The text of a suite of one rule: `WHOLE` with changes; None leaves an entry out."""
    entries = {**WHOLE, **changes}
    return "[rule_a]\n" + "\n".join(f"{key} = {value}" for key, value in entries.items() if value is not None)


def entries_of(file: str) -> dict[str, dict]:
    return tomllib.loads((FOLDER / file).read_text("utf-8"))


def test_every_raw_and_core_table_has_a_suite() -> None:
    core = [
        *("clients_seen", "endings", "feedback", "few_in_reach", "first_sessions", "pairings", "profiles", "requests"),
        *("room", "rosters", "sessions", "team_memberships", "therapist_days", "thresholds"),
    ]
    assert suite_tables() == [f"core.{name}" for name in core] + sorted(f"raw.{name}" for name in TABLES)


@pytest.mark.parametrize(("table", "rule"), ALL_RULES, ids=[f"{table}:{rule.name}" for table, rule in ALL_RULES])
def test_every_rule_can_be_read_by_a_person(table: str, rule: Rule) -> None:
    assert rule.reason.startswith("2026-") and rule.reason.endswith((".", "?"))
    assert rule.title[0].isupper() and not rule.title.endswith(".")
    assert rule.counted == rule.counted.strip() != ""
    assert not rule.counted.startswith(("the ", "The "))
    assert rule.reason in rule.description and rule.counted in rule.description
    assert "{" not in rule.relation + rule.unexpected + rule.denominator


def test_names_titles_and_severities_cost_no_import_of_great_expectations_or_duckdb() -> None:
    program = (
        "import sys\n"
        "from expectations.suites import load_suite\n"
        "from expectations import engine\n"
        "assert [rule.severity for rule in load_suite('core.sessions').rules]\n"
        "loaded = {'great_expectations', 'sqlalchemy', 'pandas', 'duckdb'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=FOLDER.parent)


def test_statuses_and_other_sets_are_those_of_the_data_contract() -> None:
    assert tuple(entries_of("core/sessions.toml")["statuses_are_known"]["in_set"]["values"]) == STATUSES
    for name, table in TABLES.items():
        for rule in entries_of(f"raw/{name}.toml").values():
            if "in_set" in rule:
                assert tuple(rule["in_set"]["values"]) == table.field(rule["in_set"]["column"]).allowed
            if "between" in rule and (limits := table.field(rule["between"]["column"]).between):
                assert (rule["between"]["least"], rule["between"]["greatest"]) == limits


def test_raw_suites_hold_the_key_of_the_data_contract() -> None:
    for name, table in TABLES.items():
        keys = [tuple(rule["unique"]) for rule in entries_of(f"raw/{name}.toml").values() if "unique" in rule]
        assert table.key in keys


def test_every_reason_for_quarantine_is_caught_by_one_rule_by_name() -> None:
    shared = entries_of("raw/every_table.toml")
    own = [rule for name in TABLES for rule in entries_of(f"raw/{name}.toml").values()]
    named = [reason for rule in [*shared.values(), *own] for reason in rule.get("quarantined", [])]
    assert sorted(named) == sorted(QUARANTINE_REASONS)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"title": None}, "needs title"),
        ({"reason": '"  "'}, "needs reason"),
        ({"not_null": None}, "has none"),
        ({"unique": '["session_key"]'}, "has not_null, unique"),
        ({"severty": '"warn"'}, "does not know severty"),
        ({"severity": '"fatal"'}, 'severity is "error" (blocks) or "warn"'),
        ({"reason": '"because"'}, "begins with its date"),
        ({"tolerated_share": "0.1"}, "say why"),
        ({"tolerated_count": "3"}, "say why"),
        ({"tolerated_share": "0.1", "tolerated_because": '"it happens"'}, "begins with its date"),
        ({"tolerated_share": "5", "tolerated_because": '"2026-11: it happens."'}, "share of the denominator"),
        ({"not_null": None, "between": '{ column = "a", least = 1 }'}, "not what its template"),
        ({"not_null": None, "in_set": '"a"'}, "not what its template"),
    ],
)
def test_a_wrong_rule_says_what_is_wrong(changes: dict[str, str | None], says: str) -> None:
    with pytest.raises(SuiteError) as raised:
        read_suite("core.sessions", written(**changes), "expectations/core/sessions.toml")
    assert str(raised.value).startswith("expectations/core/sessions.toml: rule [rule_a]: ")
    assert says in str(raised.value)


@pytest.mark.parametrize("name", ["Rule", "a-rule", "1st", "a" * 61])
def test_a_name_that_dagster_would_refuse_is_refused(name: str) -> None:
    text = written().replace("[rule_a]", f'["{name}"]')
    with pytest.raises(SuiteError, match="at most 60 characters"):
        read_suite("core.sessions", text, "expectations/core/sessions.toml")


def test_a_file_that_is_not_toml_or_has_loose_entries_says_so() -> None:
    with pytest.raises(SuiteError, match="not valid TOML"):
        read_suite("core.sessions", "[rule_a", "expectations/core/sessions.toml")
    with pytest.raises(SuiteError, match="title stands outside a rule"):
        read_suite("core.sessions", 'title = "x"', "expectations/core/sessions.toml")


def test_a_table_without_a_suite_says_which_file_to_write() -> None:
    with pytest.raises(SuiteError, match=r"write expectations/core/moods\.toml"):
        load_suite("core.moods")


def test_a_name_used_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "every_table.toml").write_text(written(), "utf-8")
    (tmp_path / "raw" / "visits.toml").write_text(written(), "utf-8")
    monkeypatch.setattr(suites, "_FOLDER", tmp_path)
    with pytest.raises(SuiteError, match="rule_a is there twice"):
        load_suite("raw.visits")


def test_a_rule_says_what_it_lets_pass_and_why() -> None:
    text = written(tolerated_share="0.05", tolerated_count="4", tolerated_because='"2026-11: slips of the pen."')
    (rule,) = read_suite("core.sessions", text, "x.toml").rules
    assert rule.description == (
        "2026-11: nobody else did the work. Counted: sessions. Passes up to 5.0% of them. "
        "Passes up to 4 of them. 2026-11: slips of the pen."
    )


@pytest.mark.parametrize(
    ("unexpected", "denominator", "share", "count", "within"),
    [
        (0, 200, 0.0, 0, True),
        (1, 200, 0.0, 0, False),
        (10, 200, 0.05, 4, True),
        (11, 200, 0.05, 4, False),
        (4, 10, 0.05, 4, True),
        (5, 10, 0.05, 4, False),
    ],
)
def test_tolerance_is_the_wider_of_the_share_and_the_count(
    unexpected: int, denominator: int, share: float, count: int, within: bool
) -> None:
    assert is_within(unexpected, denominator, share, count) is within


def test_rules_over_one_relation_share_one_pass() -> None:
    text = written() + "\n" + written(not_null=None, rows='"ends_at <= starts_at"').replace("rule_a", "rule_b")
    statement = read_suite("core.sessions", text, "x.toml").statement
    assert statement.count("FROM core.sessions") == 1


def test_parameters_are_those_named_in_the_rules() -> None:
    assert load_suite("core.sessions").parameters == {"month_start", "month_end"}
    assert load_suite("core.rosters").parameters == frozenset()
