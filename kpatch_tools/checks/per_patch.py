# SPDX-License-Identifier: GPL-2.0-only
"""Judges a series patch by patch: does each step build and boot, and do the tests see what the series does.

A row is compared with what is known of the rows before it; a row that did not build or boot says nothing of
the test cases, and nothing is blamed on the series that the base has already.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.perpatch import KernelState, PatchRow, Step
from kpatch_tools.model.test import Verdict

BISECT = "series/bisect"
REGRESSION = "series/regression"
EXERCISED = "series/not-exercised"
EARLY = "series/early"
PROGRAM = "series/program"
FLAKY = "series/flaky"

_MANY = 6
_STOPPED = frozenset({Verdict.PANIC, Verdict.HANG, Verdict.NO_VERDICT})
# A kernel that complains or dies while the tests run.
_UNSOUND = frozenset({Verdict.SPLAT, Verdict.FLOOD, *_STOPPED})


def judge_steps(steps: Sequence[Step], *, whole: bool = True) -> tuple[Finding, ...]:
    """What the steps (the base first, then one a patch, in order) say against the series.

    Without ``whole`` they are some of them: what only the base and the end show together is left out, and
    so is what a later patch mends.
    """
    between = (*_builds(steps), *_boots(steps), *_cases(steps), *_soundness(steps))
    if not whole:
        return (*(replace(finding, hint="") for finding in between), *_flaky(steps))
    return (*between, *_flaky(steps), *_early(steps), *_exercised(steps))


def settled(rows: Sequence[PatchRow]) -> tuple[PatchRow, ...]:
    """The rows with ``settled``: how many cases come, with this patch, to the result that they end with.

    Rows of which no result is known are passed over; without a result after the last patch nothing settles,
    and a skip is none.
    """
    last = rows[-1].cases if rows and has_results(rows[-1]) else {}
    final = {case: result for case, result in last.items() if result is not Verdict.SKIP}
    known = [row for row in rows if has_results(row)]
    first: dict[str, int] = {}
    for case, result in final.items():
        for row in reversed(known):
            if row.cases.get(case) is not result:
                break
            first[case] = row.number
    counts = [sum(number == row.number for number in first.values()) for row in rows]
    return tuple(replace(row, settled=count) for row, count in zip(rows, counts, strict=True))


def has_results(row: PatchRow) -> bool:
    """The tests ran on this row's kernel, up to some result."""
    return bool(row.cases) and row.boot is not None and row.boot is not Verdict.INFRA and not unbootable(row)


def unbootable(row: PatchRow) -> bool:
    """The kernel was booted and stopped before any test had a result."""
    return row.boot in _STOPPED and set(row.cases.values()) <= _STOPPED


def summary(rows: Sequence[PatchRow]) -> str:
    """One line for the table of stages: which patch makes the tests pass, and what the base does."""
    patches = [row for row in rows if row.number]
    kernels = [row for row in rows if row.kernel is not KernelState.NOT_RUN]
    words = []
    if kernels:
        bad = [row for row in patches if row.kernel is KernelState.FAILS]
        words.append(f"{len(bad)} of {len(patches)} patches do not build" if bad else "every patch builds")
    if rows and has_results(rows[-1]):
        words += _milestones(rows)
    return "; ".join(words)


def _milestones(rows: Sequence[PatchRow]) -> Iterator[str]:
    base, head = rows[0], rows[-1]
    steps = [row for row in settled(rows) if row.settled]
    if not steps or not any(result.good for result in head.cases.values()):
        yield "no case passes after the last patch"
    elif steps[-1].number:
        verb = "passes" if head.boot is not None and head.boot.good else "has its last result"
        shown = ", ".join(f"{row.name} ({row.settled})" for row in steps[-_MANY:])
        yield f"the test {verb} from {steps[-1].name} on; its cases come to that with {shown}"
    if has_results(base):
        yield f"on the base: {base.told}" + (f" ({base.reason})" if base.reason else "")


def _builds(steps: Sequence[Step]) -> Iterator[Finding]:
    """Each patch after which the kernel stops building, with the patch that mends it.

    make stops at the first fault, so a fault that shows once another is mended may be as old as that one.
    """
    ran = [step for step in steps if step.row.kernel is not KernelState.NOT_RUN]
    for before, step in pairwise(ran):
        if step.row.kernel is KernelState.FAILS and before.row.kernel.good:
            later = (
                one.row.number for one in ran if one.row.number > step.row.number and one.row.kernel.good
            )
            yield _broken(step, next(later, 0))


def _broken(step: Step, mended: int) -> Finding:
    number = step.row.number
    first = next((error for error in step.errors if error.severity is Severity.ERROR), None)
    place = first.location if first else None
    said = f": {first.message}" if first else ""
    return Finding(
        rule=BISECT,
        severity=Severity.ERROR,
        message=f"the series breaks bisection at patch {number}: the kernel does not build{said}",
        location=Location(
            path=place.path if place else "",
            line=place.line if place else 0,
            column=place.column if place else 0,
            patch=number,
        ),
        detail=first.detail if first else "",
        hint=_moved(number, mended),
    )


def _moved(number: int, mended: int) -> str:
    if mended:
        return f"patch {mended} mends it: what it takes for that belongs into patch {number} or before it"
    return "no later patch mends it"


def _boots(steps: Sequence[Step]) -> Iterator[Finding]:
    """Each patch after which the kernel stops booting, or stops before any test has a result."""
    known = [step for step in steps if step.row.boot not in (None, Verdict.INFRA)]
    for before, step in pairwise(known):
        if unbootable(before.row) or not unbootable(step.row):
            continue
        number = step.row.number
        later = (one.row.number for one in known if one.row.number > number and not unbootable(one.row))
        between = number - before.row.number - 1
        gap = f"; of the {between} before it no kernel was there to boot" if _gap(steps, before, step) else ""
        yield Finding(
            rule=BISECT,
            severity=Severity.ERROR,
            message=f"the series breaks bisection at patch {number}: its kernel {_BOOTED[step.booted]}{gap}",
            location=Location(path="", patch=number),
            detail=step.row.reason,
            hint=_moved(number, next(later, 0)),
        )


_BOOTED = {
    None: "comes to no result of the tests",
    False: "does not boot",
    True: "boots, and no test comes to a result",
}


def _gap(steps: Sequence[Step], before: Step, step: Step) -> bool:
    return any(
        one.row.kernel is KernelState.FAILS
        for one in steps
        if before.row.number < one.row.number < step.row.number
    )


def _cases(steps: Sequence[Step]) -> Iterator[Finding]:
    """Each patch that takes a pass away from a case, once for what fails and once for what is skipped."""
    known = [step for step in steps if has_results(step.row)]
    for before, step in pairwise(known):
        lost = {
            case: step.row.cases.get(case, Verdict.NO_VERDICT)
            for case, result in before.row.cases.items()
            if result.good and not _good(step.row, case) and case not in step.row.flaky
        }
        failed = {case: result for case, result in lost.items() if result is not Verdict.SKIP}
        skipped = {case: result for case, result in lost.items() if result is Verdict.SKIP}
        if failed:
            yield _regression(steps, step, failed, what="breaks", severity=Severity.ERROR)
        if skipped:
            yield _regression(steps, step, skipped, what="makes the test skip", severity=Severity.WARNING)


def _regression(
    steps: Sequence[Step], step: Step, cases: Mapping[str, Verdict], *, what: str, severity: Severity
) -> Finding:
    number = step.row.number
    later = [one.row for one in steps if one.row.number > number and has_results(one.row)]
    again = next((row.number for row in later if all(_good(row, case) for case in cases)), 0)
    ever = any(_good(row, case) for row in later for case in cases)
    mended = f"patch {again} mends it" if again else "later patches mend some of it" if ever else ""
    count = f"{len(cases)} cases" if len(cases) > 1 else "1 case"
    return Finding(
        rule=REGRESSION,
        severity=severity,
        message=f"patch {number} {what} {count} that passed before it: {_listed(tuple(cases))}",
        location=Location(path="", patch=number),
        detail="\n".join(
            f"{case}: {result.value}" + (f": {step.row.reasons[case]}" if case in step.row.reasons else "")
            for case, result in cases.items()
        ),
        hint=mended or "no later patch mends it",
    )


def _good(row: PatchRow, case: str) -> bool:
    return row.cases.get(case, Verdict.NO_VERDICT).good


def _early(steps: Sequence[Step]) -> Iterator[Finding]:
    """Each patch with cases that fail from it on, did not before, and end otherwise after a later patch.

    Where the capability is not offered they would be skipped: the patch offers what does not work yet.
    """
    ends = {Verdict.PASS, Verdict.XFAIL, Verdict.KNOWN_BUG}
    known = [step.row for step in steps if has_results(step.row)]
    seen: set[str] = set()
    for at, row in enumerate(known):
        failing = {case for case, result in row.cases.items() if result is Verdict.FAIL}
        cases = [case for case in row.cases if case in failing - seen and case not in row.flaky]
        seen |= failing | {case for case, result in row.cases.items() if result.good}
        later = {case: [one for one in known[at + 1 :] if one.cases.get(case) in ends] for case in cases}
        mended = {case: rows[0] for case, rows in later.items() if rows}
        if row.number and mended:
            count = f"{len(mended)} case{'s fail' if len(mended) > 1 else ' fails'}"
            last = max(one.number for one in mended.values())
            yield Finding(
                rule=EARLY,
                severity=Severity.WARNING,
                message=f"patch {row.number} offers what does not work before patch {last}: {count} until "
                f"then: {_listed(tuple(mended))}",
                location=Location(path="", patch=row.number),
                detail="\n".join(
                    f"{case}: FAIL: {row.reasons.get(case, 'no reason given')}; "
                    f"{one.cases[case].value} from patch {one.number} on"
                    for case, one in mended.items()
                ),
                hint=f"offer the capability with patch {last}, or bring what these cases need before it",
            )


def _soundness(steps: Sequence[Step]) -> Iterator[Finding]:
    """A kernel that complains or stops while the tests run, where the one before did not."""
    known = [step for step in steps if has_results(step.row)]
    for before, step in pairwise(known):
        row = step.row
        if row.boot in _UNSOUND and before.row.boot not in _UNSOUND and row.number:
            yield Finding(
                rule=REGRESSION,
                severity=Severity.ERROR,
                message=f"since patch {row.number} the tests end with {row.boot.value}",
                location=Location(path="", patch=row.number),
                detail=row.reason,
            )


def _flaky(steps: Sequence[Step]) -> Iterator[Finding]:
    """Cases with several results on one kernel: no patch is blamed for them, and they prove nothing."""
    rows = [step.row for step in steps if step.row.flaky and step.row.kernel is not KernelState.SAME]
    for row in rows:
        yield Finding(
            rule=FLAKY,
            severity=Severity.WARNING,
            message=f"on the kernel of {row.name} some cases give several results: {_listed(row.flaky)}",
            location=Location(path="", patch=row.number) if row.number else None,
            detail="\n".join(f"{case}: {row.cases[case].value} most often" for case in row.flaky),
            hint="a race, or a machine too busy to give the guest its time: run it again when it is idle",
        )


def _exercised(steps: Sequence[Step]) -> Iterator[Finding]:
    """A test that passes without the series proves nothing about it."""
    base, head = steps[0].row, steps[-1].row
    if not (has_results(base) and has_results(head)) or len(steps) == 1:
        return
    good = [case for case, result in head.cases.items() if result.good]
    already = [case for case in good if _good(base, case)]
    if not already:
        return
    if len(already) == len(good):
        yield Finding(
            rule=EXERCISED,
            severity=Severity.WARNING,
            message="the test passes on the base already: it does not exercise the series",
            detail=f"{len(already)} cases: {_listed(tuple(already))}",
            hint="a test of the series skips or fails without it",
        )
        return
    plural = "s pass" if len(already) > 1 else " passes"
    yield Finding(
        rule=EXERCISED,
        severity=Severity.NOTE,
        message=f"{len(already)} of {len(good)} passing cases do not need the series",
        detail=f"{len(already)} case{plural} on the base already: {', '.join(already)}",
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MANY])
    return f"{shown} and {len(names) - _MANY} more" if len(names) > _MANY else shown
