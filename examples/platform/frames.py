"""Three things that are done to frames everywhere here, typed. Nothing about the platform."""

from __future__ import annotations

from typing import Any, cast

import pandas as pd


def where(frame: pd.DataFrame, is_kept: Any) -> pd.DataFrame:
    """The rows for which `is_kept` holds, with their index."""
    return cast(pd.DataFrame, frame.loc[is_kept])


def first_of_each(frame: pd.DataFrame, columns: list[str], keep: str = "first") -> pd.DataFrame:
    """One row for each combination of these columns: the first or the last."""
    return where(frame, ~cast(Any, frame).duplicated(columns, keep=keep))


def sums(frame: pd.DataFrame, by: list[str], columns: list[str]) -> pd.DataFrame:
    """The sums of `columns`, one row a group, ordered by group."""
    return cast(pd.DataFrame, frame.groupby(by, as_index=False)[columns].sum())
