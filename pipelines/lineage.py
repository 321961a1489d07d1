"""Which columns a table's columns come from, read off its SQL, for Dagster to show. Following is `expectations.lineage`'s."""

from __future__ import annotations

from functools import cache

import dagster as dg


@cache
def column_lineage(sql: str) -> dg.TableColumnLineage:
    """Each column of a SELECT with the columns of raw and core that it comes from."""
    from expectations.lineage import follow
    from expectations.no_competition import origins

    deps = {
        name: [
            dg.TableColumnDep(dg.AssetKey(table.split(".")), source)
            for table, source in sorted(column.sources)
            if table.startswith(("raw.", "core."))
        ]
        for name, column in follow({"": sql}, origins()).relations[""].columns.items()
    }
    return dg.TableColumnLineage(deps)
