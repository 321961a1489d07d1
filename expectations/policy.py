"""What may leave: the policy (`policy.toml`), and the decision it makes about each atom.

Atoms go in with their contributors; rows as they may be published come out. Pure functions over frames:
nothing is written, and no file but the policy is read. What is derived from published rows needs no decision.

**One cell, one status.** A cell is one count: of a place, in a period, under a name. Measures that have the same
base show one cell; and where one measure's part is another's base (how many responses there were of the
sessions, and how many of the responses were high), whoever sees the bases of both sees the first, whatever its
own status. So cells are decided from the outermost base inwards, and where measures disagree the stricter wins:

- A cell is rounded once, from its count, so that every measure shows the same figure. Measures that count the
  same cell differently are an error, and nothing is decided.
- A base is safe only if it is safe in every measure that has it as its base.
- Base and part of a measure may be seen together only as far as that measure shows them (rules 4 and 5), also
  when other measures show them. If its rest is fewer than 10, its part is known to lie within 10 of its base,
  and no other measure says more: as a base it counts as the middle of that band. If the measure is not shown,
  its part gives way, and is shown nowhere; or its base does, beside the few cells that the policy keeps.
- A base that lies in another published count without being the part of a measure (sessions on days with a threshold, in
  all sessions) is safe only if the two differ by nothing, or by the work of enough people.
- That a measure is shown says something of its base (20 or more; 10 or more beside the part). Where another
  measure shows that base too, it must follow from what is shown there, or the measure is not shown.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

PUBLISHED, BANDED, NOT_SHOWN, NOT_MEASURED = "published", "banded", "not shown", "not measured"

RELEASED_COLUMNS = (
    "period_start",
    "period_end",
    "level",
    "unit",
    "service",
    "measure_id",
    "breakdown",
    "breakdown_value",
    "part",
    "base",
    "value",
    "lower",
    "upper",
    "coverage",
    "status",
)
DERIVING_COLUMNS = ("middle_part", "least_part", "least_base", "greatest_part", "greatest_base")

DIFFERENCES = Path(__file__).with_name("differences.sql")  # reads contributors, so it is run where the lake is

_POLICY_FILE = Path(__file__).with_name("policy.toml")
_FIGURES = ("part", "base", "value", "lower", "upper")
_CELL = ["period_start", "period_end", "level", "unit", "service", "breakdown", "breakdown_value"]


class PolicyError(ValueError):
    """A setting of the policy that cannot be used: names the key, the floor, and what to write instead."""


@dataclass(frozen=True)
class Rules:
    """The values in force; each is explained in `policy.toml`."""

    min_therapists: int
    min_clients: int
    min_base: int
    max_therapist_share_percent: int
    max_client_share_percent: int
    min_part: int
    min_side_therapists: int
    min_side_clients: int
    p_percent: int
    colleague_percent: int
    rounding: int


@dataclass(frozen=True)
class Policy:
    version: str
    rules: Rules
    kept_cells: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 of version and values, written as JSON with sorted keys: the same values, the same hash."""
        content = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()

    def manifest(self) -> dict[str, Any]:
        return {"version": self.version, "hash": self.hash, "rules": asdict(self.rules), "kept_cells": self.kept_cells}


@cache
def policy_data() -> dict[str, Any]:
    """`policy.toml` as it is, with the meaning and anchor of each rule."""
    return tomllib.loads(_POLICY_FILE.read_text(encoding="utf-8"))


def read_policy(stricter: Mapping[str, Any] | None = None) -> Policy:
    """The policy, with the stricter values that a configuration asks for under [policy].

    Raises PolicyError: which key, what its floor is, what to write instead.
    """
    data = policy_data()
    values = {key: rule["value"] for key, rule in data["rules"].items()}
    for key, value in (stricter or {}).items():
        if key not in values:
            raise PolicyError(f"policy.{key}: no such rule; the rules are {', '.join(values)}")
        _check_stricter(key, value, data["rules"][key])
        values[key] = value
    return Policy(data["version"], Rules(**values), tuple(data["shared_cells"]["kept"]))


def _check_stricter(key: str, value: Any, rule: Mapping[str, Any]) -> None:
    floor, way = rule["value"], rule["stricter"]
    if way == "fixed":
        if value != floor:
            raise PolicyError(f"policy.{key}: is {floor} and cannot be changed; take the line out")
        return
    mend = f"write {floor} or {'more' if way == 'higher' else 'less'}, or take the line out"
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise PolicyError(f"policy.{key}: {value!r} is not a whole number above 0; {mend}")
    if (value < floor) if way == "higher" else (value > floor):
        raise PolicyError(f"policy.{key}: {value} is looser than the floor of {floor}; {mend}")


def decide(atoms: pd.DataFrame, policy: Policy, differences: pd.DataFrame | None = None) -> pd.DataFrame:
    """The rows that may be published for these atoms, in their order: RELEASED_COLUMNS and DERIVING_COLUMNS.

    Where a measure has an atom for each value of a dimension, `breakdown` and `breakdown_value` name it, and each is one by itself.
    `differences`, as `differences.sql` gives them: of bases that lie in another published count, what the two differ by.

    Takes all atoms of a period in one call, because measures share cells. DERIVING_COLUMNS follow from the
    published figures and serve whoever adds these up: the part, or the middle of its band, and part and base
    where the rate is least and where it is greatest. Raises ValueError if the atoms do not fit together.
    """
    atoms = _with_outer(_with_cells(atoms.reset_index(drop=True)))
    unsafe = [] if differences is None else _unsafe_differences(differences, policy.rules)
    atoms["has_safe_differences"] = ~_places(atoms).isin(unsafe)
    _check_counts(atoms)
    return released(atoms, _decisions(atoms, policy), policy.rules)


def _unsafe_differences(differences: pd.DataFrame, rules: Rules) -> pd.Series:
    """The places of measures whose base is another published count less the work of too few."""
    left = differences.base - differences.largest_therapist - differences.second_therapist
    is_safe = (
        (differences.base >= rules.min_part)
        & (differences.therapists >= rules.min_side_therapists)
        & (100 * left >= rules.p_percent * differences.largest_therapist)
    )
    return _places(differences.loc[~is_safe])


def _places(rows: pd.DataFrame) -> pd.Series:
    return rows.measure_id.str.cat([rows.level, rows.unit.astype("str").fillna("")], sep="\n")


def _with_cells(atoms: pd.DataFrame) -> pd.DataFrame:
    """Adds `place`, a number for the period and place, and `base_at` and `part_at`, numbers of the cells: the same for the same
    place and name."""
    import pandas as pd

    place = atoms.groupby(_CELL, dropna=False, sort=False).ngroup()
    named = [pd.DataFrame({"place": place, "cell": atoms[name]}) for name in ("base_cell", "part_cell")]
    cells = pd.concat(named).groupby(["place", "cell"], sort=False).ngroup().to_numpy()
    return atoms.assign(place=place, base_at=cells[: len(atoms)], part_at=cells[len(atoms) :])


def _with_outer(atoms: pd.DataFrame) -> pd.DataFrame:
    """Adds `outer`: the row of the atom whose part is this one's base; −1 where there is none."""
    if atoms.duplicated(["place", "measure_id"]).any():
        raise ValueError("two atoms of one measure, unit and period")
    if atoms.part_at.duplicated().any():
        raise ValueError("two measures have the same part")
    row_of_part = atoms.index.to_series().set_axis(atoms.part_at)
    return atoms.assign(outer=atoms.base_at.map(row_of_part).fillna(-1).astype("int64"))


def _check_counts(atoms: pd.DataFrame) -> None:
    import pandas as pd

    if ((atoms.part < 0) | (atoms.part > atoms.base)).any():
        raise ValueError("a part is larger than its base")
    counts = _rows(
        [
            pd.DataFrame({"at": atoms[f"{name}_at"], "cell": atoms[f"{name}_cell"], "count": atoms[name]})
            for name in ("base", "part")
        ]
    ).drop_duplicates(["at", "count"])
    unlike = set(counts.cell[counts.duplicated("at")])
    if unlike:
        raise ValueError(f"measures count the same cell differently: {', '.join(sorted(unlike))}")


def _decisions(atoms: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Facts and decision for each atom, a base always before the atoms that lie in it."""
    facts = _facts(atoms, policy)
    outermost = facts.reindex(facts.index[facts.outer < 0])
    levels = [_decide_level(outermost, None, policy.rules)]
    while sum(map(len, levels)) < len(facts):
        inside = facts.reindex(facts.index[facts.outer.isin(levels[-1].index)])
        around = levels[-1].reindex(inside.outer).set_axis(inside.index)
        levels.append(_decide_level(inside, around, policy.rules))
    return _rows(levels).sort_index()


def _rows(frames: list[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    return pd.concat(frames)


def _facts(atoms: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """What the rules say of each atom by itself, and which cells give way beside a kept one."""
    import pandas as pd

    rules = policy.rules
    rest = atoms.base - atoms.part
    facts = pd.DataFrame(
        {
            "outer": atoms.outer,
            "part": rounded(atoms.part, rules.rounding),
            "base": rounded(atoms.base, rules.rounding),
            "is_base_safe": (is_base_safe(atoms, rules) & atoms.has_safe_differences)
            .groupby(atoms.base_at)
            .transform("all"),
            "few_of_them": atoms.part < rules.min_part,
            "few_of_others": rest < rules.min_part,
            "are_sides_safe": is_side_safe(atoms, "part", atoms.part, rules)
            & is_side_safe(atoms, "rest", rest, rules)
            & is_safe_from_colleagues(atoms, rest, rules),
        }
    )
    is_kept = atoms.part_cell.isin(policy.kept_cells) & atoms.part_at.isin(atoms.base_at[facts.is_base_safe])
    is_few = facts.few_of_them | facts.few_of_others
    gives_way = atoms.base_at[is_kept & facts.is_base_safe & ~is_few & ~facts.are_sides_safe]
    return facts.assign(
        has_base_given_way=atoms.base_at.isin(gives_way), has_part_given_way=atoms.part_at.isin(gives_way)
    )


def is_base_safe(atoms: pd.DataFrame, rules: Rules) -> pd.Series:
    """Rules 1 and 2. No therapist made up what is about clients alone, so of therapists only the roster is asked about.

    But the answer may hang on the room of a few therapists. If these are one or two, or one of them decides half of it, the
    figure tells how full they are.
    """
    behind = atoms.therapists_behind
    return (
        (atoms.roster >= rules.min_therapists)
        & (_is_of_clients(atoms) | (atoms.base_therapists >= rules.min_therapists))
        & ((behind == 0) | (behind >= rules.min_side_therapists))
        & (atoms.base_clients >= rules.min_clients)
        & (atoms.base >= rules.min_base)
        & (100 * atoms.base_largest_therapist <= rules.max_therapist_share_percent * atoms.base)
        & (100 * atoms.base_largest_client <= rules.max_client_share_percent * atoms.base)
    )


def is_side_safe(atoms: pd.DataFrame, side: str, count: pd.Series, rules: Rules) -> pd.Series:
    """Rule 5 for a side of atoms: enough contributors, and enough left without the two largest."""

    def of_side(name: str) -> Any:
        return atoms[f"{side}_{name}"]

    def is_enough_left(largest: Any, second: Any) -> Any:
        return 100 * (count - largest - second) >= rules.p_percent * largest

    return (
        (_is_of_clients(atoms) | (of_side("therapists") >= rules.min_side_therapists))
        & (of_side("clients") >= rules.min_side_clients)
        & is_enough_left(of_side("largest_therapist"), of_side("second_therapist"))
        & is_enough_left(of_side("largest_client"), of_side("second_client"))
    )


def _is_of_clients(atoms: pd.DataFrame) -> pd.Series:
    return atoms.concerns == "clients"


def is_safe_from_colleagues(atoms: pd.DataFrame, rest: pd.Series, rules: Rules) -> pd.Series:
    """Rule 5 against a therapist of the unit, who knows their own part and everybody's base.

    With own part p, own base b and another's base c, they know that other's part within an interval of width
    min(c, part − p, rest − (b − p), base − b − c), or more with rounding. Each term but c is asked to be large
    enough, whoever the two are: that is the auditor's rule on colleagues (P2), in what the atoms hold.
    """
    least = rules.colleague_percent * rest.clip(upper=atoms.part)
    return (
        (100 * (atoms.part - atoms.part_largest_therapist) >= least)
        & (100 * (rest - atoms.rest_largest_therapist) >= least)
        & (100 * (atoms.base - atoms.base_largest_therapist - atoms.base_second_therapist) >= least)
    )


def _decide_level(facts: pd.DataFrame, around: pd.DataFrame | None, rules: Rules) -> pd.DataFrame:
    """Decide atoms, given what was decided of the measure around each: the one whose part is their base."""
    import pandas as pd

    half = rules.rounding // 2
    nowhere, words = pd.Series(False, index=facts.index), pd.Series(NOT_SHOWN, index=facts.index)
    decided = facts.assign(base_lowest=facts.base - half, base_highest=facts.base + half)
    is_base_hidden, is_base_banded, is_shown_around = facts.has_base_given_way, nowhere, nowhere
    if around is not None:
        is_base_hidden = is_base_hidden | (around.is_base_seen & around.must_part_give_way)
        is_base_banded = around.is_base_seen & around.few_of_others
        is_shown_around = around.status.isin([PUBLISHED, BANDED])
        band = {
            "base": around.base - _middle_of_band(rules),
            "base_lowest": around.base_lowest - (rules.min_part - 1),
            "base_highest": around.base_highest,
        }
        decided = decided.assign(**{name: decided[name].mask(is_base_banded, band[name]) for name in band})

    # what being shown here would say of the base must be known already, where another measure shows the base
    is_base_narrowed = is_shown_around & (decided.base_lowest < rules.min_base)
    is_band_narrowed = is_base_banded & (decided.base_lowest - (facts.part - half) < rules.min_part)

    is_base_open = facts.is_base_safe & ~is_base_hidden & ~is_base_narrowed
    is_shown = is_base_open & ~facts.has_part_given_way
    is_banded = is_shown & (facts.few_of_them ^ facts.few_of_others)
    are_sides_safe = facts.are_sides_safe & ~is_band_narrowed
    is_published = is_shown & are_sides_safe & ~facts.few_of_them & ~facts.few_of_others
    return decided.assign(
        status=words.mask(is_published, PUBLISHED).mask(is_banded, BANDED),
        is_base_seen=is_base_open | is_shown_around,
        must_part_give_way=~are_sides_safe & ~facts.few_of_others,
    )


def _middle_of_band(rules: Rules) -> int:
    """The middle of "fewer than 10", to the nearest multiple: what a banded cell lacks of its base."""
    return (rules.min_part - 1 + rules.rounding) // (2 * rules.rounding) * rules.rounding


def _for_deriving(decided: pd.DataFrame, rules: Rules) -> dict[str, Any]:
    """DERIVING_COLUMNS, of whatever is published or banded."""
    half, few = rules.rounding // 2, rules.min_part - 1
    part, low, high = decided.part, decided.base_lowest, decided.base_highest
    of_them, of_others = decided.few_of_them, decided.few_of_others
    return {
        "middle_part": part.astype("Float64").mask(of_them, few / 2).mask(of_others, decided.base - few / 2),
        "least_part": (part - half).mask(of_them, 0).mask(of_others, low - few),
        "least_base": high.mask(of_others, low),
        "greatest_part": (part + half).mask(of_them, few).mask(of_others, high),
        "greatest_base": low.mask(of_others, high),
    }


def released(atoms: pd.DataFrame, decided: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Rule 6, and the words of the others: figures only where the status shows them."""
    import pandas as pd

    is_published = decided.status == PUBLISHED
    is_shown = is_published | (decided.status == BANDED)
    sums = _for_deriving(decided, rules)
    value = _whole_percent(decided.part, decided.base).where(is_published)
    lower = _percent_down(sums["least_part"], sums["least_base"])
    upper = _percent_up(sums["greatest_part"], sums["greatest_base"])
    figures = {
        "part": decided.part.where(is_published),
        "base": decided.base.where(is_shown),
        "value": value,
        # the whole percent may lie outside by its own rounding; a reader expects it within
        "lower": lower.clip(upper=value.fillna(100)).where(is_shown),
        "upper": upper.clip(lower=value.fillna(0)).where(is_shown),
        **{name: column.where(is_shown) for name, column in sums.items()},
    }
    types = dict.fromkeys(figures, "Int64") | dict.fromkeys(("lower", "upper", "middle_part"), "Float64")
    columns: dict[str, Any] = {name: atoms[name] for name in (*_CELL, "measure_id")}
    columns["coverage"] = None
    columns |= {name: column.astype(types[name]) for name, column in figures.items()}
    columns["status"] = decided.status
    return pd.DataFrame(columns, columns=[*RELEASED_COLUMNS, *DERIVING_COLUMNS])


def released_together(cells: pd.DataFrame, is_shown: pd.Series, rules: Rules) -> pd.DataFrame:
    """The rows of cells that are published where `is_shown`, and not shown elsewhere: never a band."""
    part, base, half = rounded(cells.part, rules.rounding), rounded(cells.base, rules.rounding), rules.rounding // 2
    decided: dict[str, Any] = {
        "part": part,
        "base": base,
        "base_lowest": base - half,
        "base_highest": base + half,
        "few_of_them": False,
        "few_of_others": False,
        "status": is_shown.map({True: PUBLISHED, False: NOT_SHOWN}),
    }
    return released(cells, cells[[]].assign(**decided), rules)


def hidden(rows: pd.DataFrame, is_hidden: pd.Series) -> pd.DataFrame:
    """Decided rows with some not shown after all."""
    figures = {name: rows[name].mask(is_hidden) for name in (*_FIGURES, *DERIVING_COLUMNS)}
    return rows.assign(**figures, status=rows.status.mask(is_hidden, NOT_SHOWN))


def rounded(counts: pd.Series, multiple: int) -> pd.Series:
    """Counts to the nearest multiple (an odd one, so that nothing lies half way)."""
    return (counts + multiple // 2) // multiple * multiple


def _whole_percent(part: Any, base: Any) -> Any:
    """Part ÷ base as a whole percent, halves upwards."""
    return (200 * part + base) // (2 * base.clip(lower=1))


def _percent_down(part: Any, base: Any) -> Any:
    """Part ÷ base in percent, to the tenth below."""
    return ((1000 * part) // base.clip(lower=1) / 10).clip(0, 100)


def _percent_up(part: Any, base: Any) -> Any:
    """Part ÷ base in percent, to the tenth above."""
    return (-((-1000 * part) // base.clip(lower=1)) / 10).clip(0, 100)
