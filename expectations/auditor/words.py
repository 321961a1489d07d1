"""An audit in words, for whoever asked for it."""

from __future__ import annotations

from expectations.auditor import Audit

MOST_FINDINGS = 12


def as_text(audit: Audit) -> str:
    """What was read and tried, and what was found: a finding a paragraph, the first dozen."""
    tried = audit.certificate
    months = ", ".join(tried["read"])
    lines = [f"Read {tried['releases']} {'release' if tried['releases'] == 1 else 'releases'}: {months}."]
    if "atoms" in tried:
        lines += [
            f"Tried {tried['atoms']:,} figures made from people, and the {tried['counts']:,} counts behind them, with "
            f"{tried['linear_programs']:,} linear programs: as an outsider with the newest release, as somebody who "
            f"kept all of them, and as the lead of each of {tried['attackers']['leads of units']:,} units."
        ]
    if audit.passed:
        lines += ["Passed. Nobody of these learns more of any count than the figure itself says."]
        if "colleagues" not in tried:
            lines += ["What a colleague could work out cannot be seen from outside; it was tried before the release."]
        return "\n".join(lines)
    lines += [f"Failed, {len(audit.findings):,} findings:"]
    lines += [f"  [{finding.rule}] {finding}" for finding in audit.findings[:MOST_FINDINGS]]
    if len(audit.findings) > MOST_FINDINGS:
        lines += [f"  … and {len(audit.findings) - MOST_FINDINGS:,} more: --json has all of them"]
    return "\n".join(lines)
