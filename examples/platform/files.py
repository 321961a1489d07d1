"""The folder of source files: CSV written by DuckDB, with a count of rows and of dirt in every file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pandas as pd

from examples.platform.layouts import PLATFORM, Layout


class Files:
    """Writes files into one folder and remembers what they hold: `rows` and `dirt`, by file name."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.rows: dict[str, int] = {}
        self.dirt: dict[str, dict[str, int]] = {}
        self.connection = duckdb.connect()
        self.connection.execute("SET threads = 2; SET TimeZone = 'UTC'; SET preserve_insertion_order = true")

    def write(self, file: str, query: str, rows: int, layout: Layout = PLATFORM) -> None:
        """Write what the query gives, which is `rows` rows. A name that ends in .gz is compressed."""
        if layout.encoding == "utf-8":
            path = str(self.folder / file).replace("'", "''")
            self.connection.execute(f"COPY ({query}) TO '{path}' (FORMAT csv, HEADER)")
            self.rows[file] = rows
        else:  # DuckDB writes UTF-8 only
            self.write_frame(file, self.connection.sql(query).df(), layout)

    def write_frame(self, file: str, frame: pd.DataFrame, layout: Layout = PLATFORM) -> None:
        frame.to_csv(
            self.folder / file,
            sep=layout.delimiter,
            encoding=layout.encoding,
            index=False,
            lineterminator="\n",
        )
        self.rows[file] = len(frame)

    def note_dirt(self, file: str, counts: Mapping[str, int]) -> None:
        """Add to what is known to be wrong with a file, by kind."""
        of_file = self.dirt.setdefault(file, {})
        for kind, count in counts.items():
            of_file[kind] = of_file.get(kind, 0) + count

    def close(self) -> None:
        self.connection.close()


def quoted(names: Sequence[str], cast: str = "") -> str:
    """Column names for a SELECT."""
    return ", ".join(f'"{name}"{cast}' for name in names)
