"""A cut that somebody asks for: from what a month was published from to its answer, as `releasing` does it for a month.

Whether there can be such a cut is `assets.measures.cuts`', whether it may be shown the policy's. Neither is decided here.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.errors import InputError, nearest
from assets.measures import Measure, atoms_query, dictionary
from assets.measures.cuts import KIND, Cut, check_cut, decided_cuts, possible_cuts, selected_columns
from assets.raw.sources import literal
from assets.release.folder import MANIFEST, Releases
from assets.release.ledger import ANSWERED, lines_of, rows_of
from assets.release.tables import catalogue, measures_csv
from assets.transforms import Transform
from expectations.breakdowns import decide_breakdowns
from expectations.policy import NOT_MEASURED, PUBLISHED, RELEASED_COLUMNS, Policy, rounded
from pipelines.auditing import certified, inside
from pipelines.lake import Lake

if TYPE_CHECKING:
    import pandas as pd

REFUSED = """\
{measure} by {by} is refused for {month}, as a whole, and stays so: what is decided is not decided again. A breakdown is shown
only if every bin of it is safe by the rules, also with any one unit taken out, over three published units or more, and if
nothing can be worked out from its sums. Which of these did not hold is not said, as that would tell something.
The rules: docs/releases.md, Breakdowns. What can be asked instead: {instead}."""


@dataclass(frozen=True)
class Asked:
    """What became of a cut: the folder of its answer, none where it is refused."""

    cut: Cut
    folder: Path | None
    is_new: bool


def read_request(path: Path) -> dict[str, str]:
    """The keys of a request's file: measure, by, month. Raises InputError: which key, and what to write."""
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("cannot be read", where=str(path), mend="Name a TOML file: measure, by, month.") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"is not valid TOML: {error}", where=path.name, mend='Write measure = "…"') from None
    keys = ("measure", "by", "month")
    for key, value in given.items():
        if key not in keys or not isinstance(value, str):
            what = "is no text" if key in keys else "there is no such key"
            mend = nearest(key, keys) or 'A request has measure = "…", by = "…" and month = "2026-10".'
            raise InputError(what, where=f"{path.name}, key {key}", mend=mend)
    return given


def can_be_asked(lake: Lake, releases: Releases, month: str) -> list[Cut]:
    """The cuts that can be asked for of a published month, whatever the data say."""
    measured = _measured(releases, month)
    cuts = possible_cuts(dictionary(), lake.settings.with_bins(), _decided(releases, month), month)
    return [cut for cut in cuts if cut.measure in measured]


def _decided(releases: Releases, month: str) -> set[tuple[str, str]]:
    return decided_cuts(answer.subject for answer in releases.ledger.answers(month))


def _measured(releases: Releases, month: str) -> set[str]:
    atoms = releases.ledger.atoms(month)
    return set(atoms.measure_id[atoms.status != NOT_MEASURED])


def refusal(cut: Cut, instead: list[Cut]) -> str:
    """The words of a refusal: the rules, and what can be asked instead; nothing that depends on data."""
    others = ", ".join(f"{one.measure} by {one.by}" for one in instead) or "nothing more of this month"
    return REFUSED.format(measure=cut.measure, by=cut.by, month=cut.month, instead=others)


@dataclass(frozen=True)
class Answerer:
    """Answers cuts, each once."""

    lake: Lake
    releases: Releases
    policy: Policy
    now: dt.datetime
    audit: Callable[..., dict[str, Any]] = certified  # see there; raises to stop an answer

    def answer(self, cut: Cut) -> Asked:
        """Decides a cut, or reads what was decided. Raises InputError where there can be no such cut."""
        if known := self.releases.ledger.answer(cut.month, cut.subject):
            folder = self.releases.answer_folder(known) if known.event == ANSWERED else None
            return Asked(cut, folder, is_new=False)
        self.releases.check_answer(cut.month, cut.subject)
        measure = check_cut(cut, dictionary(), self.lake.settings.with_bins(), _decided(self.releases, cut.month))
        kept = self._kept(cut, measure)
        units, beside = self._published(cut)
        with self._counted(measure, kept, cut) as path:
            rows = self._decided(cut, path, units, beside)
            return self._answered(cut, rows, units, path)

    def _kept(self, cut: Cut, measure: Measure) -> Transform:
        """The measure's items as they were counted for the release."""
        kept = self.lake.kept_measures(cut.month).get(measure.id)
        if kept is None or measure.id not in _measured(self.releases, cut.month):
            raise InputError(f"{measure.id} is not measured in {cut.month}", mend="Ask about another measure.")
        if dictionary().dimensions[cut.by].column not in selected_columns(kept.sql):
            mend = "It can be asked for of months that are published from now on."
            raise InputError(
                f"when {cut.month} was published, {measure.id} was not made to be cut by {cut.by}", mend=mend
            )
        return kept

    def _published(self, cut: Cut) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Of the measure, the rows of the units as published, and those of its other breakdowns."""
        import pandas as pd

        ledger = self.releases.ledger
        answers = [ledger.atoms(cut.month, one.subject) for one in ledger.answers(cut.month)]
        rows = pd.concat([ledger.atoms(cut.month), *answers], ignore_index=True)
        rows = rows.loc[rows.measure_id == cut.measure]
        return rows.loc[rows.level == "unit"], rows.loc[rows.breakdown.notna()]

    @contextmanager
    def _counted(self, measure: Measure, kept: Transform, cut: Cut) -> Iterator[Path]:
        """A file of the measure's atoms with those of the cut's bins, from what the month was published from."""
        self.lake.show_kept(kept, cut.month)
        query = atoms_query(replace(measure, breakdowns=(cut.by,)), kept.sql)
        path = self.lake.folder / "asked.parquet"
        try:
            self.lake.connection.execute(
                f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet)",
                self.lake.parameters(kept, cut.month, query),
            )
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _decided(self, cut: Cut, path: Path, units: pd.DataFrame, beside: pd.DataFrame) -> pd.DataFrame:
        query = f"SELECT * EXCLUDE (contributors) FROM read_parquet({literal(str(path))})"
        atoms = self.lake.connection.execute(query).df()
        whole = atoms.loc[atoms.breakdown.isna()].set_index("unit")
        shown = units.loc[units.status == PUBLISHED].set_index("unit")
        for count in ("base", "part"):
            if (
                rounded(whole[count].reindex(shown.index).fillna(-1), self.policy.rules.rounding) != shown[count]
            ).any():
                raise InputError(
                    f"what {cut.month} was published from is not what is kept of it", where=str(self.lake.kept(cut.month)),
                    mend="Restore the lake from a copy, or leave the month as it is.",
                )  # fmt: skip
        return decide_breakdowns(atoms.loc[atoms.breakdown == cut.by], units, self.policy, beside)

    def _answered(self, cut: Cut, rows: pd.DataFrame, units: pd.DataFrame, path: Path) -> Asked:
        """Has it audited beside all that was published, and writes it or its refusal in one step with the ledger."""
        import pandas as pd

        from reports.adhoc.mart import PARQUET, parquet_file

        lines, manifest = lines_of(rows, cut.month), self._manifest(cut)
        if not (rows.status == PUBLISHED).all():
            self.releases.refuse(cut.month, cut.subject, manifest, lines)
            return Asked(cut, None, is_new=True)
        figures = rows_of(lines).reindex(columns=list(RELEASED_COLUMNS))
        explained = self._explained(cut)
        files: dict[str, Any] = {
            "measures.csv": measures_csv(figures),
            "catalogue.json": json.dumps(explained, indent=2, ensure_ascii=False) + "\n",
        }
        people = inside(self.lake, [str(path)], pd.concat([units, rows]))
        manifest["audited"] = self.audit(self.releases, cut.month, files, manifest, people)
        files[PARQUET] = parquet_file(figures)
        return Asked(cut, self.releases.answer(cut.month, cut.subject, files, manifest, lines), is_new=True)

    def _manifest(self, cut: Cut) -> dict[str, Any]:
        of_release = self._of_release(cut, MANIFEST)
        kept = ("organisation", "month", "period_start", "period_end")
        asked = {"kind": KIND, "subject": cut.subject, "measure": cut.measure, "by": cut.by}
        return {name: of_release[name] for name in kept} | {
            "made_at": self.now.isoformat(timespec="seconds"),
            "code_version": version("rapport"),
            "policy": self.policy.manifest(),
            "answer": {**asked, "release": self.releases.ledger.of(cut.month)[-1].manifest},
        }

    def _explained(self, cut: Cut) -> Mapping[str, Any]:
        """The release's catalogue as far as it is about the measure, with the bins of the cut."""
        of_release = self._of_release(cut, "catalogue.json")
        measure = of_release["measures"][cut.measure] | {"breakdowns": [cut.by]}
        bins = [row for row in self.lake.settings.bins() if row[0] == cut.by]
        breakdowns = catalogue(dictionary(), (), bins)["breakdowns"]
        return {**of_release, "measures": {cut.measure: measure}, "breakdowns": breakdowns}

    def _of_release(self, cut: Cut, file: str) -> dict[str, Any]:
        return json.loads((self.releases.folder / cut.month / file).read_text("utf-8"))
