"""What a measure counted once and does not count now, or the other way round: as items, to be made into atoms.

Whether such a change may be shown is the policy's to say (`expectations.replacing`).
"""

from __future__ import annotations

ROSTERS = "SELECT DISTINCT therapist_key, reporting_unit, service FROM core.rosters"


def changed_items(table: str, against: str) -> str:
    """The items of a table as often as the other has them less: the same therapist, clients and side."""
    columns = "therapist_key, list_sort(client_keys) AS client_keys, is_part"
    return f"SELECT {columns} FROM {table} EXCEPT ALL SELECT {columns} FROM {against}"


def changed_counts(table: str, against: str) -> str:
    """How many more of each therapist's items a table has on a side, whoever the clients: each item its own client."""
    columns = "therapist_key, is_part"
    less = f"SELECT {columns} FROM {table} EXCEPT ALL SELECT {columns} FROM {against}"
    return f"SELECT therapist_key, [uuid()] AS client_keys, is_part FROM ({less})"


def changed_rosters(one: str, other: str) -> str:
    """The units, with their services, whose roster (`ROSTERS`) is not the same in both tables."""
    return f"""SELECT DISTINCT reporting_unit, service
        FROM ((FROM {one} EXCEPT FROM {other}) UNION ALL (FROM {other} EXCEPT FROM {one}))"""
