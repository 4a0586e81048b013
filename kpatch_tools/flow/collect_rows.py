# SPDX-License-Identifier: GPL-2.0-only
"""The rows that several jobs made of a series, put together and judged as one machine would have.

A job has the patch that it is about and the step before it. The latter is there for the comparison, and is
another job's to tell; where both boots of one kernel differ, that is told as what it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from kpatch_tools.checks import per_patch as rules
from kpatch_tools.flow.per_patch import CHECK
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.perpatch import KernelState, PatchRow, ProgramState, Step
from kpatch_tools.model.plan import Job
from kpatch_tools.model.report import CheckResult, Status, status_of
from kpatch_tools.model.test import worst

# A kernel that failed in one job failed, and one that was not built in one was not built everywhere.
_HEAVIEST = (
    KernelState.FAILS,
    KernelState.NOT_RUN,
    KernelState.BUILT,
    KernelState.CACHED,
    KernelState.SAME,
)
_PROGRAMS = (ProgramState.FAIL, ProgramState.NOT_RUN, ProgramState.COMPILE, ProgramState.NONE)
_WORST_FIRST = (Status.FAIL, Status.DID_NOT_RUN, Status.SKIP, Status.PASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A job about patches, and its check of them."""

    job: Job
    check: CheckResult


def merged(parts: Sequence[Part], patches: int, fail_on: Severity, *, whole: bool) -> CheckResult:
    """One check of the rows of all ``parts`` of a series of so many patches.

    Unless these are ``whole``, what every job found by itself is all that can be said: a case that a row
    lacks may have run in a job that left no report.
    """
    rows = tuple(_rows(parts))
    whole = whole and [row.number for row in rows] == list(range(patches + 1))
    if whole:
        rows = rules.settled(rows)
    findings = _findings(parts, rules.judge_steps([Step(row=row) for row in rows]) if whole else ())
    states = {part.check.status for part in parts} | {status_of(findings, fail_on)}
    reasons = [part.check.reason for part in parts]
    return CheckResult(
        check=CHECK,
        status=next(state for state in _WORST_FIRST if state in states),
        reason="; ".join(filter(None, dict.fromkeys([rules.summary(rows) if whole else "", *reasons]))),
        findings=findings,
        elapsed=sum(part.check.elapsed for part in parts),
        logs=tuple(dict.fromkeys(log for part in parts for log in part.check.logs)),
        patches=rows,
    )


def _rows(parts: Sequence[Part]) -> Iterator[PatchRow]:
    numbers = {row.number for part in parts for row in part.check.patches}
    for number in sorted(numbers):
        own: list[PatchRow] = []
        beside: list[PatchRow] = []
        for part in parts:
            mine = [row for row in part.check.patches if row.number == number]
            (own if number in part.job.patches else beside).extend(mine)
        row = reduce(_with, own or beside)
        yield reduce(_compared, beside if own else (), row)


def _with(row: PatchRow, other: PatchRow) -> PatchRow:
    """The row with what another job, of another mode, saw of the same kernel."""
    state = min(row.kernel, other.kernel, key=_HEAVIEST.index)
    boots = tuple(boot for boot in (row.boot, other.boot) if boot is not None)
    return replace(
        _compared(row, other),
        kernel=state,
        same_as=row.same_as if row.kernel is state else other.same_as,
        warnings=max(row.warnings, other.warnings),
        docs_new=other.docs_new if row.docs_new is None else row.docs_new,
        docs_mended=max(row.docs_mended, other.docs_mended),
        programs=min(row.programs, other.programs, key=_PROGRAMS.index),
        boot=worst(boots) if boots else None,
        cases={**other.cases, **_compared(row, other).cases},
        not_yet=row.not_yet + other.not_yet,
        reasons={**other.reasons, **row.reasons},
        elapsed=row.elapsed + other.elapsed,
        reason=row.reason or other.reason,
    )


def _compared(row: PatchRow, other: PatchRow) -> PatchRow:
    """The row, in which a case that another boot of the same kernel saw end otherwise is flaky."""
    if not (rules.has_results(row) and rules.has_results(other)):
        return row
    cases = dict(row.cases)
    flaky = list(row.flaky)
    for case, result in other.cases.items():
        if case in cases and cases[case] is not result:
            cases[case] = worst((cases[case], result))
            flaky.append(case)
    flaky += [case for case in other.flaky if case in cases]
    return replace(row, cases=cases, flaky=tuple(dict.fromkeys(flaky)))


def _findings(parts: Sequence[Part], judged: Sequence[Finding]) -> tuple[Finding, ...]:
    """What the jobs found, with what only all rows show, and that itself.

    A job has the evidence (the compiler's words); whether a later patch mends it only all rows tell.
    """
    by = {(one.rule, _patch(one)): one for one in judged}
    told: dict[Finding, None] = {}
    for part in parts:
        for finding in part.check.findings:
            same = by.get((finding.rule, _patch(finding)))
            told[replace(finding, hint=finding.hint or same.hint) if same else finding] = None
    known = {(one.rule, _patch(one)) for one in told}
    return (*told, *(one for one in judged if (one.rule, _patch(one)) not in known))


def _patch(finding: Finding) -> int:
    return finding.location.patch if finding.location else 0
