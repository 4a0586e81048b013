# SPDX-License-Identifier: GPL-2.0-only
"""The one table of what severities and states mean in each output."""

from collections import Counter
from collections.abc import Iterable

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

_RESULTS = {Verdict.SKIP: "skipped", Verdict.KNOWN_BUG: "known bug"}
_COUNTED = frozenset({"known bug"})


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
        parts.append(results(check.tests))
    if check.findings:
        parts.append(counted(check.findings))
    if check.reason:
        parts.append(check.reason)
    return "; ".join(parts)


def results(tests: Iterable[TestResult]) -> str:
    """Results in words: "67 pass, 2 FAIL, 5 skipped"; what is neither pass nor failure has its own count."""
    counts = Counter(test.status for test in tests)
    good = sum(count for verdict, count in counts.items() if verdict.good)
    words = [f"{good} pass"] if good else []
    for verdict in Verdict:
        if verdict.good or not counts[verdict]:
            continue
        named = _RESULTS.get(verdict, verdict.value)
        words.append(f"{counts[verdict]} {named}{'s' if named in _COUNTED and counts[verdict] > 1 else ''}")
    # A skip is the least of them.
    return ", ".join(sorted(words, key=lambda word: word.endswith(_RESULTS[Verdict.SKIP])))
