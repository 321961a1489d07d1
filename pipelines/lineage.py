"""Which columns a table's columns come from, read off its SQL, for Dagster to show."""

from __future__ import annotations

from functools import cache
from typing import Any

import dagster as dg

from assets.raw.contract import DUCKDB_TYPES, TABLES
from assets.transforms import transforms


@cache
def _known_schema() -> dict[str, Any]:
    """Columns of the tables that others read: raw from the contract, core as each of its SELECTs names them."""
    from sqlglot import exp, parse_one
    from sqlglot.optimizer.qualify import qualify

    raw = {
        table.name: {f.column: DUCKDB_TYPES[f.type] for f in table.fields if f.name != "duration_minutes"}
        | {"file_number": "INTEGER", "line": "BIGINT"}
        for table in TABLES.values()
    }
    schema: dict[str, Any] = {
        "raw": raw,
        "settings": {
            "organisation": {"name": "VARCHAR", "timezone": "VARCHAR"},
            "units": {"unit": "VARCHAR", "team_id": "VARCHAR"},
        },
        "core": {},
    }
    for transform in transforms("core"):
        query = qualify(
            parse_one(transform.sql, dialect="duckdb"), schema=schema, dialect="duckdb", validate_qualify_columns=False
        )
        if isinstance(query, exp.Query):
            schema["core"][transform.name.split(".")[1]] = dict.fromkeys(query.named_selects, "VARCHAR")
    return schema


@cache
def column_lineage(sql: str) -> dg.TableColumnLineage:
    """Each column of a SELECT with the columns of raw and core that it comes from."""
    from sqlglot import exp, parse_one
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    query = qualify(
        parse_one(sql, dialect="duckdb"), schema=_known_schema(), dialect="duckdb", validate_qualify_columns=False
    )
    scope = build_scope(query)
    if scope is None or not isinstance(query, exp.Query):
        return dg.TableColumnLineage({})
    deps: dict[str, list[dg.TableColumnDep]] = {}
    nodes = lineage(None, query, {}, scope=scope, copy=False, dialect="duckdb")
    for column, top in nodes.items() if isinstance(nodes, dict) else ():
        found = {
            (node.expression.db, node.expression.name, node.name.split(".")[-1].strip('"'))
            for node in top.walk()
            if isinstance(node.expression, exp.Table) and node.expression.db in ("raw", "core")
        }
        deps[column] = [dg.TableColumnDep(dg.AssetKey([db, name]), source) for db, name, source in sorted(found)]
    return dg.TableColumnLineage(deps)
