# SPDX-License-Identifier: GPL-2.0-only
"""What the cells of a matrix came to, as a report: a check for each cell, and what follows from all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kpatch_tools.model.cell import Attempt, Cell, CellResult, meets
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.report import CheckResult, Report, Status
from kpatch_tools.model.test import TestResult, Verdict, worst

FLAKY = "FLAKY"
_UNDECIDED = frozenset({Verdict.SKIP, Verdict.NO_VERDICT, Verdict.INFRA})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How many cells did what is expected, and how many did something else, were flaky or did not run.

    ``failed`` counts checks that failed otherwise than by a skip; ``proven`` says that some test came to a
    good result.
    """

    report: Report
    expected: int
    unexpected: int
    flaky: int
    undecided: int
    failed: int
    proven: bool

    @property
    def all_as_expected(self) -> bool:
        """Every cell ran, and did what the matrix says."""
        return not (self.unexpected or self.flaky or self.undecided or self.failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    status: Status
    shown: str
    reason: str
    findings: tuple[Finding, ...] = ()
    tests: tuple[TestResult, ...] = ()


def conclude(  # noqa: PLR0913 - of what, and all that is told beside it
    cells: Sequence[Cell],
    results: Mapping[str, CellResult],
    *,
    tool: str,
    before: Sequence[CheckResult],
    facts: Sequence[tuple[str, str]],
    findings: Sequence[Finding] = (),
    elapsed: float,
) -> Outcome:
    """The report on all cells; a cell without a result did not run.

    ``before`` are the checks of making kernels and programs, the rest is of the whole run.
    """
    decided = _decided(cells, results)
    judged = {cell.key: _judge(cell, results.get(cell.key), decided) for cell in cells}
    checks = [_check(cell, results.get(cell.key), judged[cell.key]) for cell in cells]
    proven = any(test.status.good for check in checks for test in check.tests)
    whole = CheckResult(
        check="matrix",
        status=Status.PASS if proven else Status.DID_NOT_RUN,
        reason="" if proven else "nothing was proven: no test came to a good result",
        elapsed=elapsed,
        findings=tuple(findings),
        facts=tuple(facts),
    )
    shown = [judged[cell.key] for cell in cells]
    failed = [one for one in shown if one.status is Status.FAIL]
    return Outcome(
        report=Report(tool=tool, checks=(*before, whole, *checks)),
        expected=sum(one.status in {Status.PASS, Status.SKIP} for one in shown),
        unexpected=sum(one.shown != FLAKY for one in failed),
        flaky=sum(one.shown == FLAKY for one in failed),
        undecided=sum(one.status is Status.DID_NOT_RUN for one in shown),
        failed=sum(one.shown != Verdict.SKIP.value for one in failed)
        + sum(check.status is Status.FAIL for check in before),
        proven=proven,
    )


def _decided(
    cells: Sequence[Cell], results: Mapping[str, CellResult]
) -> dict[tuple[str, str], dict[str, str]]:
    """By test and kernel: the results that some mode came to, with that mode."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for cell in cells:
        result = results.get(cell.key)
        place = found.setdefault((cell.test.label, cell.kernel.label), {})
        for test in result.last.tests if result else ():
            if test.status not in _UNDECIDED:
                place.setdefault(test.name, cell.point.label)
    return found


def _judge(
    cell: Cell, result: CellResult | None, decided: Mapping[tuple[str, str], Mapping[str, str]]
) -> _Judged:
    last = result.last if result else Attempt(verdict=Verdict.INFRA, reason="it was not run")
    if last.verdict is Verdict.INFRA or result is None:
        tests = tuple(test for test in last.tests if not test.status.good)
        return _Judged(status=Status.DID_NOT_RUN, shown=Verdict.INFRA.value, reason=last.reason, tests=tests)
    if result.flaky:
        return _flaky(cell, result)
    if meets(cell.expect, last.verdict):
        return _as_expected(cell, last)
    bad = _worst_of(result.shown)
    elsewhere = _skipped_elsewhere(last, decided[cell.test.label, cell.kernel.label])
    if cell.expect is Verdict.PASS and bad.verdict is Verdict.SKIP and elsewhere:
        return _Judged(status=Status.PASS, shown=Verdict.PASS.value, reason=elsewhere, tests=last.tests)
    why = f"{bad.verdict.value} where {cell.expect.value} is expected"
    said = "; ".join(text for text in (_history(result), bad.reason) if text)
    unexpected = Finding(
        rule="matrix/unexpected",
        severity=Severity.ERROR,
        message=f"{cell.key}: {why}",
        detail="\n".join(
            text for text in (said, f"expected: {cell.because}" if cell.because else "") if text
        ),
        hint="" if cell.expect is Verdict.PASS else "if the kernel is right, the matrix's [[expect]] is not",
    )
    return _Judged(
        status=Status.FAIL,
        shown=bad.verdict.value,
        reason=f"{why}{f': {said}' if said else ''}",
        findings=(unexpected, *bad.findings),
        tests=bad.tests,
    )


def _worst_of(attempts: Sequence[Attempt]) -> Attempt:
    verdict = worst(tuple(one.verdict for one in attempts))
    return next(one for one in attempts if one.verdict is verdict)


def _flaky(cell: Cell, result: CellResult) -> _Judged:
    bad = next(one for one in result.shown if not meets(cell.expect, one.verdict))
    history = _history(result)
    finding = Finding(
        rule="matrix/flaky",
        severity=Severity.ERROR,
        message=f"{cell.key}: flaky: {history}",
        detail=bad.reason,
        hint="the same kernel, program and machine each time; the logs of every boot are kept",
    )
    return _Judged(
        status=Status.FAIL,
        shown=FLAKY,
        reason=f"{history}; the first time: {bad.reason}" if bad.reason else history,
        findings=(finding, *bad.findings),
        tests=bad.tests,
    )


def _history(result: CellResult) -> str:
    return ", then ".join(one.verdict.value for one in result.attempts) if len(result.attempts) > 1 else ""


def _as_expected(cell: Cell, last: Attempt) -> _Judged:
    if cell.expect is Verdict.PASS:
        return _Judged(status=Status.PASS, shown=last.verdict.value, reason=last.reason, tests=last.tests)
    because = f" ({cell.because})" if cell.because else ""
    reason = f"as expected{because}: {last.reason}" if last.reason else f"as expected{because}"
    if cell.expect is Verdict.SKIP:
        return _Judged(status=Status.SKIP, shown=last.verdict.value, reason=reason, tests=last.tests)
    # An expected failure is an observation: it is told, and fails nothing.
    return _Judged(
        status=Status.PASS,
        shown=last.verdict.value,
        reason=reason,
        findings=tuple(replace(finding, severity=Severity.NOTE) for finding in last.findings),
        tests=tuple(_expected_failure(test) for test in last.tests),
    )


def _expected_failure(test: TestResult) -> TestResult:
    if test.status.good or test.status is Verdict.SKIP:
        return test
    reason = f"{test.status.value}, as expected{f': {test.reason}' if test.reason else ''}"
    return replace(test, status=Verdict.XFAIL, reason=reason)


def _skipped_elsewhere(last: Attempt, decided: Mapping[str, str]) -> str:
    """Which modes decided what this one skips; "" when something is open, or when nothing ran at all."""
    skipped = [test for test in last.tests if test.status is Verdict.SKIP]
    if not any(test.status.good for test in last.tests) or any(test.name not in decided for test in skipped):
        return ""
    modes = ", ".join(sorted({decided[test.name] for test in skipped}))
    told = "1 test is" if len(skipped) == 1 else f"{len(skipped)} tests are"
    return f"{told} skipped here and decided in mode {modes}"


def _check(cell: Cell, result: CellResult | None, judged: _Judged) -> CheckResult:
    return CheckResult(
        check=cell.key,
        status=judged.status,
        reason=judged.reason,
        findings=judged.findings,
        tests=judged.tests,
        elapsed=result.elapsed if result else 0.0,
        logs=tuple(log for one in result.attempts for log in one.logs) if result else (),
        facts=tuple(_facts(cell, result, judged)),
    )


def _facts(cell: Cell, result: CellResult | None, judged: _Judged) -> Iterator[tuple[str, str]]:
    yield "test", cell.test.label
    yield "mode", cell.point.label
    yield "kernel", cell.kernel.label
    yield "verdict", judged.shown
    yield "expected", cell.expect.value
    if result and result.release:
        yield "release", result.release
    if result and len(result.attempts) > 1:
        yield "boots", _history(result)
