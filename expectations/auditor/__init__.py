"""The auditor: a second, independent reading of what releases tell, for before a release and for whoever holds one.

It imports nothing from the code that decides or makes releases (a contract of the import linter holds this), and
goes by the documents alone: `docs/releases.md` says what a figure means, `docs/auditing.md` what is shown here.

- `structure`: releases have the form that leaves nothing to subtract;
- `narrowing`, by `attackers`: all that was published, taken together, says no more of a count than its own status does;
- `whatif`: rules that are told side by side differ by nothing that is about few;
- `colleagues`: somebody who knows their own figures cannot work out another's. This one needs what is inside, and so does
- `inside`: what can be told of counts only where one sees who made them up.

A finding stops a release. Nothing is ever repaired here.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.auditor.findings import Finding
from expectations.auditor.reading import (
    CATALOGUE,
    MEASURES,
    WHATIF_FILE,
    NotAReleaseError,
    ReleaseTables,
    figures,
    releases_beside,
)

if TYPE_CHECKING:
    import pandas as pd

    from expectations.auditor.attackers import Attacked
    from expectations.auditor.colleagues import Colleagues
    from expectations.auditor.inside import Inside

__all__ = ["Audit", "Finding", "NotAReleaseError", "ReleaseTables", "audit", "audit_release"]

VERSION = "1"


@dataclass(frozen=True)
class Audit:
    """What was found, and the certificate that goes into the manifest: what was tried, nothing of the truth."""

    findings: tuple[Finding, ...]
    certificate: dict[str, Any] = field(repr=False)
    colleagues: Colleagues | None = None  # exact counts of what is inside: for the operator, not for the manifest

    @property
    def passed(self) -> bool:
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        found = [asdict(finding) for finding in self.findings]
        return {"passed": self.passed, "findings": found, "certificate": self.certificate}


def audit_release(folder: Path) -> Audit:
    """Audits a release, or an answer, with all that lies beside it. Raises NotAReleaseError: which folder, and why."""
    if not folder.is_dir():
        raise NotAReleaseError(f"{folder}: there is no such folder")
    return audit(list(releases_beside(folder)))


def audit(
    releases: Sequence[Path | ReleaseTables], inside: pd.DataFrame | None = None, *, newest_only: bool = False
) -> Audit:
    """Audits releases, all of which a reader is taken to have: folders, or tables that are not in their place yet.

    The last month among them is the newest, and of that month the last answer. With `newest_only`, for use before it is
    published, the audit is of it, alone and together with the others, which were audited in their time. `inside` is about
    the newest too: see `colleagues.look_at_colleagues`. Raises NotAReleaseError.
    """
    import pandas as pd

    # texts as Python's: as Arrow's, tables of this size take a quarter more, and small ones twice as much
    with pd.option_context("mode.string_storage", "python"):
        return _audit(releases, inside, newest_only=newest_only)


def _audit(releases: Sequence[Path | ReleaseTables], inside: pd.DataFrame | None, *, newest_only: bool) -> Audit:
    from expectations.auditor import structure
    from expectations.auditor.attackers import attack
    from expectations.auditor.colleagues import look_at_colleagues
    from expectations.auditor.derived import differences
    from expectations.auditor.inside import look_inside
    from expectations.auditor.whatif import of_whatifs

    read = sorted(map(_read, releases), key=lambda one: (one.month, not one.is_withdrawn, one.answers is not None))
    findings = list(structure.of_releases(read))
    attacked = colleagues = seen = None
    tables = [release for release in read if release.measures is not None]
    of_year = tables
    if newest_only:  # rows of another month are of other periods: `structure` finds one that is not
        tables = [release for release in tables if release.month == tables[-1].month]
    if tables:
        rows = figures(tables)
        unlike = differences(rows)
        newest = rows.loc[rows.release == len(tables) - 1]
        findings += structure.of_rows(newest if newest_only else rows, unlike, tables)
        findings += structure.between_releases(rows, tables)
        goes_with = structure.goes_with(newest, tables[-1].month)
        with_earlier = [release for release in of_year if not newest_only or release.month in goes_with]
        is_all = len(with_earlier) == len(tables)
        findings += structure.later(rows if is_all else figures(with_earlier), with_earlier)
        attacked = attack(rows, unlike, [release.name for release in tables], newest_only=newest_only)
        findings += attacked.findings
        if inside is not None:
            colleagues = look_at_colleagues(newest, inside)
            findings += _about_colleagues(colleagues, tables[-1].name)
            seen = look_inside(newest, tables[-1].declared, inside)
            findings += _about_inside(seen, tables[-1].name)
        if newest_only:
            with_it = {release.name for release in tables}  # what narrows a figure may lie in what is beside it
            findings = [finding for finding in findings if finding.release in with_it]
    findings += of_whatifs(read)
    return Audit(tuple(findings), _certificate(read, attacked, colleagues, seen), colleagues)


def _read(release: Path | ReleaseTables) -> ReleaseTables:
    if isinstance(release, ReleaseTables):
        return release
    try:
        return ReleaseTables.from_folder(release)
    except NotAReleaseError as error:
        raise NotAReleaseError(f"{release}: {error}") from error


def _about_colleagues(found: Colleagues, release: str) -> list[Finding]:
    """Counts alone: which part it is, and whose, would tell what the release is not to tell."""
    findings = []
    if found.narrowed:
        what = f"colleagues could work out too much of {found.narrowed} of the therapists in them."
        findings.append(Finding("colleagues", release, f"{found.parts} published parts", what))
    if found.parts_not_as_published:
        what = f"what is inside does not give {found.parts_not_as_published} of them as they are published."
        findings.append(Finding("colleagues", release, f"{found.parts} published parts", what))
    return findings


def _about_inside(found: Inside, release: str) -> list[Finding]:
    """Counts alone, as of colleagues."""
    findings = []
    if found.hanging_on_few:
        what = f"{found.hanging_on_few} of them hang on the room of one or two therapists."
        findings.append(Finding("clients", release, f"{found.of_clients} figures about clients", what))
    if found.not_as_published:
        what = f"what is inside does not give {found.not_as_published} of them as they are published."
        findings.append(Finding("clients", release, f"{found.of_clients} figures about clients", what))
    if found.differing_by_few:
        what = f"{found.differing_by_few} of them differ from it by the work of too few."
        place = f"{found.in_another} figures whose base lies in another count"
        findings.append(Finding("lies_within", release, place, what))
    return findings


def _certificate(
    read: Sequence[ReleaseTables], attacked: Attacked | None, colleagues: Colleagues | None, seen: Inside | None
) -> dict[str, Any]:
    """What was tried on what: for the manifest. Widths are of intervals that anybody can work out."""
    tried: dict[str, Any] = {
        "auditor": VERSION,
        "releases": len(read),
        "read": {release.name: _hash(release) for release in read},
    }
    if attacked is not None:
        tried |= {
            "attackers": {"outsider": 1, "keeper of all releases": 1, "leads of units": attacked.leads},
            "atoms": attacked.atoms,
            "counts": attacked.counts,
            "linear_programs": attacked.programs,
            "smallest_widths": attacked.widths,
        }
    if colleagues is not None:
        share = 100 * colleagues.narrowing_pairs / max(colleagues.pairs, 1)
        tried["colleagues"] = {
            "published_parts": colleagues.parts,
            "narrowed_by_one": colleagues.narrowed > 0,
            # to the next five, because an exact share of pairs is a figure about people
            "narrowed_by_two_percent_at_most": 5 * math.ceil(share / 5),
        }
    if seen is not None:
        tried["inside"] = {"figures_about_clients": seen.of_clients, "counts_in_one_another": seen.in_another}
    return tried


def _hash(release: ReleaseTables) -> str:
    """SHA-256 of the hashes of what was read of it: its figures and its catalogue."""
    content = json.dumps({name: release.hashes.get(name) for name in (MEASURES, CATALOGUE, WHATIF_FILE)})
    return hashlib.sha256(content.encode()).hexdigest()
