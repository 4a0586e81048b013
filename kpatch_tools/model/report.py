# SPDX-License-Identifier: GPL-2.0-only
"""A report: what was checked, what was found, and the verdict that follows from it."""

from dataclasses import dataclass, field
from enum import StrEnum

from kpatch_tools.model.conformance import Conformance
from kpatch_tools.model.excerpt import Excerpt
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.perpatch import PatchRow
from kpatch_tools.model.test import TestResult
from kpatch_tools.model.told import Since, Told


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
    ``debts`` count what was there before the series ("warnings of the compiler": 4) and is no finding.
    ``conformance`` is the matrix of the stage of that name; ``excerpts`` are of cases that findings name.
    ``partial`` says that a part of it could not look, so that findings may be missing; the reason names it.
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
    debts: tuple[tuple[str, int], ...] = ()
    conformance: Conformance | None = None
    excerpts: tuple[Excerpt, ...] = ()
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeId:
    """The kernel tree that was looked at; base and head are commit ids, head is "" when nothing applied."""

    path: str
    base: str = ""
    head: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesId:
    """Which posting the report is about; ``hashes`` are the sha256 of each patch mail as read, in order.

    ``contents`` are the sha256 of what each mail says, the cover letter's first where there is one: they are
    the same wherever the mail is kept, in an mbox or in a file of its own.
    ``author`` is that of the cover letter, or of the first patch; ``change_id`` is what b4 gives a series for
    all its versions, "" for none; ``subjects`` are (number, subject) of each mail, the cover letter's 0.
    """

    name: str
    version: int
    message_id: str
    patches: int
    hashes: tuple[str, ...] = ()
    author: str = ""
    change_id: str = ""
    subjects: tuple[tuple[int, str], ...] = ()
    contents: tuple[str, ...] = ()

    def same_mails(self, other: "SeriesId") -> bool:
        """Both are about the very same mails; a report that tells no contents goes by its hashes."""
        if self.contents and other.contents:
            return self.contents == other.contents
        return bool(self.hashes) and self.hashes == other.hashes


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a renderer may show. ``folder`` is where the run left its files, "" when it left none.

    ``started`` is when the run began: RFC 3339, UTC, "" when that is not known. ``since`` is what became of
    the findings on an earlier version, None where there was none to look at. ``unprotected`` says that code
    of the series ran without a sandbox.
    """

    tool: str
    tree: TreeId | None = None
    series: SeriesId | None = None
    checks: tuple[CheckResult, ...] = field(default_factory=tuple)
    folder: str = ""
    started: str = ""
    since: Since | None = None
    unprotected: bool = False

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in the order of the checks."""
        return tuple(finding for check in self.checks for finding in check.findings)

    @property
    def every(self) -> tuple[Finding, ...]:
        """All findings with those that are folded into them: what was found, told or not."""
        return tuple(one for finding in self.findings for one in (finding, *finding.folded))

    @property
    def told(self) -> Told | None:
        """The findings by whether an earlier version had them, None where there was none to look at."""
        since = self.since
        if since is None:
            return None
        return Told(
            version=since.version,
            still=tuple(finding for finding in self.findings if finding.told),
            answered=since.answered,
            new=tuple(finding for finding in self.findings if not finding.told),
            unproven=since.unproven,
        )

    @property
    def verdict(self) -> Status:
        """FAIL beats DID_NOT_RUN beats SKIP beats PASS; a report without checks proved nothing."""
        order = (Status.FAIL, Status.DID_NOT_RUN, Status.SKIP, Status.PASS)
        states = {check.status for check in self.checks}
        return next((state for state in order if state in states), Status.DID_NOT_RUN)


def status_of(findings: tuple[Finding, ...], fail_on: Severity = Severity.WARNING) -> Status:
    """FAIL when a finding is at or over the threshold, PASS otherwise; for checks that did run."""
    return Status.FAIL if any(item.severity.rank >= fail_on.rank for item in findings) else Status.PASS
