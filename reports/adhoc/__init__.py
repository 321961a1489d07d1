"""For analysts: what is published as tables, and queries that can read these and nothing else.

    from reports.adhoc import published

    tables = published("releases")             # a locked DuckDB connection
    tables.sql("FROM measures LIMIT 5").df()   # a DataFrame

Only what is in releases and answers is here. No lake, no policy: a new cut is asked for elsewhere (`rapport request`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reports.adhoc.tables import published

__all__ = ["published"]


def __getattr__(name: str) -> Any:
    """Loads DuckDB only for whoever asks here, and not for a command that hands its question to a worker."""
    if name != "published":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from reports.adhoc.tables import published

    return published
