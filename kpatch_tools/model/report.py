# SPDX-License-Identifier: GPL-2.0-only
"""A report: what was checked, what was found, and the verdict that follows from it."""

from dataclasses import dataclass, field
from enum import StrEnum

from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.perpatch import PatchRow
from kpatch_tools.model.test import TestResult


class Status(StrEnum):
    """State of one check. DID_NOT_RUN is the default: silence is never a pass."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    SKIP = "SKIP"
    DID_NOT_RUN = "DID_NOT_RUN"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One stage of the review. ``facts`` are short proofs for the reader ("kernel": "6.1.192 ...").

    ``patches`` are the rows of a stage that went through the series patch by patch, the base first.
    """

    check: str
    status: Status = Status.DID_NOT_RUN
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    tests: tuple[TestResult, ...] = ()
    elapsed: float = 0.0
    logs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    patches: tuple[PatchRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeId:
    """The kernel tree that was looked at; base and head are commit ids, head is "" when nothing applied."""

    path: str
    base: str = ""
    head: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesId:
    """Which posting the report is about."""

    name: str
    version: int
    message_id: str
    patches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a renderer may show."""

    tool: str
    tree: TreeId | None = None
    series: SeriesId | None = None
    checks: tuple[CheckResult, ...] = field(default_factory=tuple)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in the order of the checks."""
        return tuple(finding for check in self.checks for finding in check.findings)

    @property
    def verdict(self) -> Status:
        """FAIL beats DID_NOT_RUN beats SKIP beats PASS; a report without checks proved nothing."""
        order = (Status.FAIL, Status.DID_NOT_RUN, Status.SKIP, Status.PASS)
        states = {check.status for check in self.checks}
        return next((state for state in order if state in states), Status.DID_NOT_RUN)


def status_of(findings: tuple[Finding, ...], fail_on: Severity = Severity.WARNING) -> Status:
    """FAIL when a finding is at or over the threshold, PASS otherwise; for checks that did run."""
    return Status.FAIL if any(item.severity.rank >= fail_on.rank for item in findings) else Status.PASS
