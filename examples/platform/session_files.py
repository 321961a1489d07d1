"""A month's sessions as files: one for each software, clean rows and dirt in order of their place.

What a field looks like is in `layouts`; what is wrong with the rows is in `dirt`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from examples.platform.days import Calendar
from examples.platform.dirt import Dirt, Rows
from examples.platform.files import Files, quoted
from examples.platform.frames import where
from examples.platform.layouts import PLATFORM, PRACTICE, Layout, clean_columns
from examples.platform.simulation import Month
from examples.platform.teams import Team

MONTH_WITH_OTHER_COLUMN_ORDER = 2
MONTH_COMPRESSED = 0


class SessionFiles:
    """Writes the files of one software, month after month."""

    def __init__(
        self,
        layout: Layout,
        files: Files,
        calendar: Calendar,
        teams: Sequence[Team],
        rng: np.random.Generator,
    ):
        self.layout, self.files, self.calendar, self.rng = layout, files, calendar, rng
        self.dirt = Dirt(layout, rng)
        self.is_booked_here = np.array([(team.source == "practice") == (layout is PRACTICE) for team in teams])
        self.texts = ", ".join(f'{text} AS "{name}"' for name, text in layout.texts.items())
        self.late: list[Rows] = []  # rows that reach the source a month late

    def write(self, month: Month, following: Month | None) -> None:
        """Write this month. `following` is the month after it, to which some of its sessions were moved."""
        clean = self._clean(month)
        self.files.connection.register("clean", clean)
        after = None if following is None else self._clean(following)
        if after is not None:
            self.files.connection.register("following", after)
        soil = self.dirt.soil(month.name, clean, self._as_text, after)
        arriving = [rows.assign(place=self.rng.uniform(0, len(clean), len(rows))) for rows in self.late]
        self.late = soil.for_next_file
        self.files.note_dirt(self._file_name(month), soil.counts)
        if following is not None:
            self.files.note_dirt(self._file_name(following), soil.counts_next)
        self._write(month, clean, pd.concat([*soil.added, *arriving]), soil.left_out)

    def _clean(self, month: Month) -> pd.DataFrame:
        is_theirs = self.is_booked_here[month.sessions.team]
        return clean_columns(where(month.sessions, is_theirs), self.calendar)

    def _as_text(self, relation: str, places: list[float]) -> Rows:
        self.files.connection.register("chosen", pd.DataFrame({"place": np.array(places, float)}))
        query = f"SELECT place, {self.texts} FROM {relation} JOIN chosen USING (place) ORDER BY place"
        rows = self.files.connection.sql(query).df()
        return rows.astype(dict.fromkeys(self.layout.texts, object))

    def _write(self, month: Month, clean: Rows, added: Rows, left_out: list[float]) -> None:
        fields = list(self.layout.headers)
        connection = self.files.connection
        connection.register("added", added[["place", *fields]])
        connection.register("left_out", pd.DataFrame({"place": np.array(left_out, float)}))
        order = fields if month.number != MONTH_WITH_OTHER_COLUMN_ORDER else [*fields[4:], *fields[:4]]
        columns = ", ".join(f'"{name}" AS "{self.layout.headers[name]}"' for name in order)
        query = f"""
            SELECT {columns}
            FROM (
                SELECT place, {self.texts} FROM clean ANTI JOIN left_out USING (place)
                UNION ALL
                SELECT place, {quoted(fields, "::VARCHAR")} FROM added
            )
            ORDER BY place"""
        rows = len(clean) - len(left_out) + len(added)
        self.files.write(self._file_name(month), query, rows, self.layout)

    def _file_name(self, month: Month) -> str:
        is_compressed = self.layout is PLATFORM and month.number == MONTH_COMPRESSED
        return f"{self.layout.name}-{month.name}.csv{'.gz' if is_compressed else ''}"
