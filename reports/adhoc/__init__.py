"""For analysts: what is published as tables, and queries that can read these and nothing else.

    from reports.adhoc import published

    tables = published("releases")             # a locked DuckDB connection
    tables.sql("FROM measures LIMIT 5").df()   # a DataFrame

Only what is in releases and answers is here. No lake, no policy: a new cut is asked for elsewhere (`rapport request`).
"""

from reports.adhoc.tables import published

__all__ = ["published"]
