"""Whether a text is a query that may be run: one SELECT over the published tables, by functions that only compute.

Two parsers that share nothing look at it, sqlglot and DuckDB's own, and must see the same tables. What passes by mistake meets
a connection that reaches nothing but published figures (`tables`): it costs a worker its time, and nobody their privacy.
"""

from __future__ import annotations

import difflib
import json
import logging
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb

logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # it would say on stderr what it does not know

LONGEST = 20_000  # characters
MOST_NODES = 3_000
TABLE_FUNCTIONS = {"range", "generate_series", "unnest"}
# Of DuckDB's functions, those that an analyst needs and that compute from what they are given: nothing that reads files,
# settings, the catalogue or SQL in a text, and nothing that makes much out of little.
_ALLOWED = """
    count count_star sum avg mean min max any_value first last arg_max arg_min max_by min_by median mode quantile_cont
    quantile_disc mad stddev stddev_samp stddev_pop variance var_samp var_pop corr covar_pop covar_samp regr_slope regr_intercept
    regr_r2 regr_count skewness kurtosis product bool_and bool_or string_agg listagg group_concat list array_agg histogram count_if
    countif grouping grouping_id approx_count_distinct
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value fill
    + - * / // % ** ^ ~~ !~~ ~~* !~~* ~~~ || & | << >> ~ not like_escape not_like_escape ilike_escape not_ilike_escape @ !
    abs ceil ceiling floor round round_even trunc sign sqrt cbrt exp ln log log10 log2 pow power mod fmod fdiv greatest least
    divide multiply add subtract isnan isinf isfinite pi radians degrees
    coalesce ifnull nullif if case constant_or_null
    lower upper lcase ucase length len strlen trim ltrim rtrim left right substring substr contains starts_with ends_with prefix
    suffix strpos instr position replace concat concat_ws split_part string_split str_split split string_split_regex reverse
    regexp_matches regexp_full_match regexp_extract regexp_replace ascii chr
    year month day quarter week isoyear weekofyear yearweek dayofweek dayofmonth dayofyear weekday isodow monthname dayname date_part
    datepart date_trunc datetrunc date_diff datediff date_sub datesub date_add last_day make_date strftime strptime try_strptime
    to_days to_months to_years to_quarters to_weeks epoch today current_date extract age date
    list_value array_value list_contains list_has array_contains list_extract array_extract list_sum list_avg list_min list_max
    list_count list_sort list_distinct list_element list_slice array_slice list_filter list_transform struct_pack
    struct_extract row unnest array_length list_position map map_keys map_values element_at
    generate_series range columns
"""
FUNCTIONS = frozenset(_ALLOWED.split())
PERSONS = re.compile(
    r"therapist|client|clinician|patient|practitioner|person|people|staff|employee|\bid\b|_id\b|_key\b", re.I
)
RETURNS = re.compile(r"return|retention|retain|came_back|come_back|comeback|rebook", re.I)
INSTEAD = """\
What would work: the figures of units, as they are published.
  SELECT unit, value, part, base FROM measures WHERE measure_id = '{measure}' AND level = 'unit' AND status = 'published'
For another cut of a measure, ask for it: rapport request --list"""


class RefusedError(Exception):
    """A query that is not run: says why, where, and what would work instead. `rule` is for the log."""

    def __init__(self, rule: str, what: str, instead: str = "") -> None:
        self.rule, self.what, self.instead = rule, what, instead
        super().__init__(f"{what}\n{instead}" if instead else what)


def check(sql: str, connection: duckdb.DuckDBPyConnection) -> str:
    """The one query in a text, as it may be run on a connection from `published`. Raises RefusedError."""
    if len(sql) > LONGEST:
        raise RefusedError("length", f"The query is longer than {LONGEST:,} characters.", "Ask in several steps.")
    if "\0" in sql:
        raise RefusedError("text", "The query holds a character that is no text (U+0000).", "Take it out.")
    tables = _by_sqlglot(sql, known_tables(connection))
    if tables != (found := _by_duckdb(sql, connection)):
        odd = ", ".join(sorted(tables ^ found))
        raise RefusedError("disagreement", f"It is not certain which tables this reads: {odd}.", _WRITE_PLAINLY)
    return sql


_WRITE_PLAINLY = "Write it as a plain SELECT over the tables by their names: see describe."


def known_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The tables there are, each with its columns."""
    found = connection.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() WHERE NOT internal GROUP BY 1"
    ).fetchall()
    return dict(sorted(found))


def _by_sqlglot(sql: str, known: dict[str, list[str]]) -> set[str]:
    """The published tables that a query names. Raises RefusedError for all that is no plain query."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = [one for one in sqlglot.parse(sql, dialect="duckdb") if one and not isinstance(one, exp.Semicolon)]
    except (SqlglotError, RecursionError) as error:
        raise RefusedError("syntax", _place(error, sql), _WRITE_PLAINLY) from None
    if len(statements) != 1:
        what = "There is no query." if not statements else "There are several statements; one query is asked at a time."
        raise RefusedError("one_statement", what, "SELECT … FROM measures")
    tree = statements[0]
    while isinstance(tree, exp.Subquery | exp.Paren) and not isinstance(tree, exp.Query):
        tree = tree.this
    if not isinstance(tree, exp.Select | exp.SetOperation | exp.Subquery):
        raise RefusedError("not_a_query", f"{_word(sql)} is not a query: what is published is read, and never changed.",
                           "Begin with SELECT, WITH or FROM. For what there is: describe")  # fmt: skip
    nodes = list(tree.walk())
    if len(nodes) > MOST_NODES:
        raise RefusedError("size", "The query has too many parts.", "Ask in several steps.")
    for node in nodes:
        if isinstance(node, _forbidden()):
            word = type(node).__name__.upper()
            raise RefusedError("not_a_query", f"{word} has no place in a query: what is published is read, and never changed.",
                               "Begin with SELECT, WITH or FROM.")  # fmt: skip
    return set(_tables(tree, known))


@cache
def _forbidden() -> tuple[type, ...]:
    """Whatever changes, sets, runs or names something outside: none of it stands in a query."""
    from sqlglot import exp

    named = """DML DDL Command Attach Detach Copy Set SetItem Pragma Use Transaction Commit Rollback Kill Describe Summarize Show
        Analyze Export Drop Alter Merge Insert Update Delete Into Lock Install Parameter Placeholder SessionParameter
        CurrentUser CurrentRole CurrentSchema CurrentSchemas CurrentDatabase CurrentCatalog SessionUser"""
    queries = (exp.Select, exp.SetOperation, exp.Subquery)
    found = [kind for name in named.split() if (kind := getattr(exp, name, None)) is not None]
    return tuple(kind for kind in found if not any(issubclass(query, kind) for query in queries))


def _tables(tree: Any, known: dict[str, list[str]]) -> Iterator[str]:
    from sqlglot import exp

    ctes = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            continue  # a function: DuckDB's own reading names it
        name = table.name.lower()
        if table.db or table.catalog:
            raise RefusedError("table", "Tables are named by themselves, without schema or database.", _listed(known))
        if name in ctes:
            continue
        if name not in known:
            raise unknown_table(table.name, known)
        yield name


def unknown_table(name: str, known: dict[str, list[str]]) -> RefusedError:
    if PERSONS.search(name) or RETURNS.search(name):
        return not_kept(name)
    near = difflib.get_close_matches(name.lower(), known, n=1)
    return RefusedError(
        "table", f'There is no table "{name}".', f'Did you mean "{near[0]}"?' if near else _listed(known)
    )


def unknown_column(name: str, known: dict[str, list[str]]) -> RefusedError:
    """What to say of a column that is not there: of persons, that there is none; else which one is near."""
    if PERSONS.search(name) or RETURNS.search(name):
        return not_kept(name)
    columns = list(dict.fromkeys(column for table in known.values() for column in table))
    near = difflib.get_close_matches(name.lower(), columns, n=1, cutoff=0.5)
    return RefusedError(
        "column", f'There is no column "{name}".', f'Did you mean "{near[0]}"?' if near else "See: describe"
    )


def not_kept(name: str) -> RefusedError:
    """The answer to a question about a person, or about who comes back to whom."""
    if RETURNS.search(name):
        what = "Returns are not kept by therapist: whoever comes back to whom is nobody's score."
        return RefusedError("person", what, INSTEAD.format(measure="closer_to_understanding"))
    what = f'"{name}": figures are not kept by therapist or client. The smallest group is a unit of five therapists or more.'
    return RefusedError("person", what, INSTEAD.format(measure="over_threshold_days"))


def _listed(known: dict[str, list[str]]) -> str:
    return f"The tables are {', '.join(known)}."


def _word(sql: str) -> str:
    words = re.findall(r"[A-Za-z]+", re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL))
    return words[0].upper() if words else "This"


def _place(error: Exception, sql: str) -> str:
    """A syntax error with its line, and a mark under its place."""
    [first, *_] = getattr(error, "errors", None) or [{}]
    return _marked(sql, first.get("line"), max(first.get("col") or 1, 1))


def _place_in(sql: str, what: str, position: str | int | None) -> str:
    if position is None or not str(position).isdigit():
        return what or "This cannot be followed as one query."
    before = sql.encode()[: int(position)].decode(errors="ignore")
    line = before.count("\n") + 1
    return f"{_marked(sql, line, len(before) - before.rfind(chr(10)))}\n{what}"


def _marked(sql: str, line: int | None, column: int) -> str:
    if not line:
        return "This cannot be followed as one query."
    lines = sql.splitlines() or [""]
    text = lines[min(line, len(lines)) - 1]
    return f"Line {line}, column {column}: this cannot be followed.\n  {text}\n  {' ' * (column - 1)}^"


def _by_duckdb(sql: str, connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The published tables that DuckDB itself would read; its functions are on the list."""
    [(text,)] = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
    told = json.loads(text)
    if told.get("error"):
        raise RefusedError(
            "syntax", _place_in(sql, told.get("error_message", ""), told.get("position")), _WRITE_PLAINLY
        )
    if len(told["statements"]) != 1:
        raise RefusedError("one_statement", "There are several statements; one query is asked at a time.")
    tables, ctes = set(), set()
    for node in _nodes(told["statements"][0]):
        kind = node.get("type")
        ctes |= {entry["key"].lower() for entry in (node.get("cte_map") or {}).get("map", [])}
        if kind == "BASE_TABLE":
            if node.get("schema_name") or node.get("catalog_name"):
                raise RefusedError("table", "Tables are named by themselves, without schema or database.")
            tables.add(node["table_name"].lower())
        elif kind == "TABLE_FUNCTION":
            name = (node.get("function") or {}).get("function_name", "").lower()
            if name not in TABLE_FUNCTIONS:
                raise _no_function(name)
        elif "function_name" in node:
            name = node["function_name"].lower()
            if name not in FUNCTIONS or node.get("schema") or node.get("catalog"):
                raise _no_function(name)
    try:
        named = {name.lower() for name in connection.get_table_names(sql)}
    except duckdb.Error:  # it binds to tables without columns, where USING, COLUMNS and unnest cannot be bound
        named = tables
    if tables - ctes != named - ctes:
        raise RefusedError("disagreement", "It is not certain which tables this reads.", _WRITE_PLAINLY)
    return tables - ctes


def _no_function(name: str) -> RefusedError:
    near = difflib.get_close_matches(name, FUNCTIONS, n=1)
    instead = f'Did you mean "{near[0]}"?' if near else "Functions that read files, settings or SQL are not there."
    return RefusedError("function", f'The function "{name}" cannot be used here.', instead)


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def in_words(error: duckdb.Error) -> str:
    """DuckDB's message without its own advice and kind."""
    text = re.sub(r"^\w+(?: \w+)? Error: ", "", str(error))
    return text.strip()


def binding_error(error: duckdb.Error, known: dict[str, list[str]]) -> RefusedError:
    """What DuckDB found wrong with a query that may be run, in words that help."""
    text = in_words(error)
    if column := re.search(r'[Rr]eferenced (?:column|table) "([^"]+)" not found', text):
        return unknown_column(column[1], known)
    return RefusedError("meaning", text)


def without_values(sql: str, known: dict[str, list[str]]) -> str:
    """A query as the log keeps it: no literal, no comment, and no name but those of published tables and columns."""
    import sqlglot
    from sqlglot import exp

    ours = {*known, *(column for columns in known.values() for column in columns)}
    try:
        trees = [tree for tree in sqlglot.parse(sql, dialect="duckdb") if tree]
        for tree in trees:
            for node in list(tree.walk()):
                if isinstance(node, exp.Literal | exp.Boolean | exp.Null):
                    node.replace(exp.Placeholder())
                elif isinstance(node, exp.Identifier) and node.name.lower() not in ours:
                    node.set("this", "_")
                    node.set("quoted", False)
        texts = [tree.sql(dialect="duckdb", comments=False) for tree in trees]
        if any(isinstance(node, exp.Command | exp.Anonymous) for tree in trees for node in tree.walk()):
            return "(no query)"
    except Exception:  # whatever cannot be followed is not kept
        return "(no query)"
    return "; ".join(texts)[:LONGEST]
