"""What may be shown when a withdrawn release is replaced: the policy's word on a second publication of one period.

Whoever has both can subtract. So a figure comes again only if nothing of it changed, or if what changed is itself enough
of it, by enough people; and never with a looser status than it had. Pure functions over frames, as in `policy`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from expectations.policy import BANDED, NOT_SHOWN, PUBLISHED, Policy, Rules, hidden, is_side_safe

if TYPE_CHECKING:
    import pandas as pd

_PLACE = ["period_start", "period_end", "level", "unit", "service"]
_ATOM = [*_PLACE, "measure_id", "breakdown", "breakdown_value"]
_STRICTNESS = {PUBLISHED: 0, BANDED: 1, NOT_SHOWN: 2}


def replacement(
    decided: pd.DataFrame, before: pd.DataFrame, changes: pd.DataFrame, families: Mapping[str, str], policy: Policy
) -> pd.DataFrame:
    """The rows decided anew, not shown where showing them beside those from before would tell more than either.

    `before` are the rows as they were decided then, `changes` as for `safe_changes`. `families` names for each measure
    the group of measures that share counts with it: they are not shown together, as base and part in two of them would
    tell the rest that the third withholds. Of what has no change in `changes`, nothing is known, and it is not shown.
    """
    import pandas as pd

    was = before.set_index(_identities(before)).status.reindex(_identities(decided)).fillna(NOT_SHOWN)
    is_looser = decided.status.map(_STRICTNESS).to_numpy() < was.map(_STRICTNESS).to_numpy()
    is_safe = _identities(decided).isin(safe_changes(changes, policy))
    must_hide = pd.Series(is_looser | ~is_safe, index=decided.index) & (decided.status != NOT_SHOWN)
    place = [_texts(decided)[name] for name in (*_PLACE, "breakdown", "breakdown_value")]
    is_hidden = must_hide.groupby([*place, decided.measure_id.map(families)]).transform("any")
    return hidden(decided, is_hidden)


def safe_changes(changes: pd.DataFrame, policy: Policy) -> pd.MultiIndex:
    """The atoms whose change may be shown: zero, or large enough wherever it is not.

    `changes` has the columns of atoms, made of what was removed and, in rows of its own, of what was added; with
    `by` = "item", and once more with `by` = "therapist", where an item whose clients alone have changed is no change,
    so that ids written anew neither make a change nor hide one; and `is_roster_same`.
    """
    import pandas as pd

    verdicts = {
        "is_count_same": (changes.base == 0) | (changes.by == "item"),
        "is_safe": _is_safe(changes, policy.rules),
        "is_roster_same": changes.is_roster_same,
    }
    found = pd.DataFrame(verdicts).set_index(_identities(changes)).groupby(level=_ATOM).all()
    return found.index[found.is_roster_same & (found.is_count_same | found.is_safe)]


def _is_safe(changes: pd.DataFrame, rules: Rules) -> pd.Series:
    """Of base, part and rest: each none, or enough by enough people."""
    sides = {"base": changes.base, "part": changes.part, "rest": changes.base - changes.part}
    safe = changes.base >= 0
    for side, count in sides.items():
        safe &= (count == 0) | ((count >= rules.min_part) & is_side_safe(changes, side, count, rules))
    return safe


def families(cells: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Of measures with their base and part cell: to each the name of its family, joined by the cells they share."""
    family = {measure: measure for measure in cells}
    for _ in cells:
        first: dict[str, str] = {}
        for measure, names in cells.items():
            for cell in names:
                first[cell] = min(first.get(cell, family[measure]), family[measure])
        family = {measure: min(first[cell] for cell in names) for measure, names in cells.items()}
    return family


def _texts(rows: pd.DataFrame) -> pd.DataFrame:
    """What names an atom, as text, '' where there is none; days without the time that a frame may give them."""
    texts = rows.reindex(columns=_ATOM).astype("object").fillna("").astype("str")
    return texts.assign(period_start=texts.period_start.str[:10], period_end=texts.period_end.str[:10])


def _identities(rows: pd.DataFrame) -> pd.MultiIndex:
    import pandas as pd

    return pd.MultiIndex.from_frame(_texts(rows))
