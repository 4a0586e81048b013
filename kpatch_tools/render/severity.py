# SPDX-License-Identifier: GPL-2.0-only
"""The one table of what severities and states mean in each output."""

from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Status

PLURAL = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.NOTE: "notes"}

STATUS_WORDS = {
    Status.PASS: "pass",
    Status.FAIL: "FAIL",
    Status.SKIP: "skipped",
    Status.DID_NOT_RUN: "did not run",
}


def by_weight(findings: tuple[Finding, ...]) -> list[Finding]:
    """Errors first, then by path and line: what blocks stands above what is nice to have."""

    def key(finding: Finding) -> tuple[int, str, int, int]:
        place = finding.location
        where = (place.path, place.line, place.column) if place else ("", 0, 0)
        return (-finding.severity.rank, *where)

    return sorted(findings, key=key)


def counted(findings: tuple[Finding, ...]) -> str:
    """Counts in words, heaviest first: "2 errors, 1 warning"; "" for none."""
    words = []
    for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTE):
        number = sum(finding.severity is severity for finding in findings)
        if number:
            words.append(f"{number} {severity.value if number == 1 else PLURAL[severity]}")
    return ", ".join(words)


def summary(check: CheckResult) -> str:
    """One line on a check: its tests, its findings, and the reason where there is one."""
    parts = []
    if check.tests:
        good = sum(test.status.good for test in check.tests)
        parts.append(f"{good} of {len(check.tests)} tests pass")
    if check.findings:
        parts.append(counted(check.findings))
    if check.reason:
        parts.append(check.reason)
    return "; ".join(parts)
