# SPDX-License-Identifier: GPL-2.0-only
"""The one table of what severities and states mean in each output."""

from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.model.test import TestResult, Verdict

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
        parts.append(_tests(check.tests))
    if check.findings:
        parts.append(counted(check.findings))
    if check.reason:
        parts.append(check.reason)
    return "; ".join(parts)


def _tests(tests: tuple[TestResult, ...]) -> str:
    """Results in words; a skip and a known bug are neither pass nor failure and have counts of their own."""
    good = sum(test.status.good for test in tests)
    skipped = sum(test.status is Verdict.SKIP for test in tests)
    words = [f"{good} {'test passes' if good == 1 else 'tests pass'}"]
    known = sum(test.status is Verdict.KNOWN_BUG for test in tests)
    if known:
        words.append(f"{known} {'shows a known bug' if known == 1 else 'show known bugs'}")
    if bad := len(tests) - good - skipped - known:
        words.append(f"{bad} {'does' if bad == 1 else 'do'} not")
    if skipped:
        words.append(f"{skipped} skipped")
    return ", ".join(words)
