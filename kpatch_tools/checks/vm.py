# SPDX-License-Identifier: GPL-2.0-only
"""Judges one boot from everything that it left; the worst evidence wins and nothing is believed alone.

qemu exits with 0 for a panic as for a good end, a test's own "ok" says nothing of a WARN that it provoked,
and a missing line looks like silence. So exit codes, test lines, plan, console, taint and the guest's own
record are all read, and PASS needs every one of them.
"""

import re
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kpatch_tools.checks.vm_findings import allowed_findings, consequence, vm_findings
from kpatch_tools.checks.vm_mode import NO_VMX, paging_votes, proven_mode, without_vmx
from kpatch_tools.checks.vm_taint import new_taint, old_taint
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.run import Ended
from kpatch_tools.model.splats import Allowed
from kpatch_tools.model.test import TestResult, Verdict, worst
from kpatch_tools.model.vm import Evidence, GuestRecord, GuestTest, TestOutput
from kpatch_tools.parse.assertion import EXIT_ASSERT, EXIT_SKIP, left_out, parse_assertion
from kpatch_tools.parse.kernellog import MAX_SPLATS, Splat, each_splat
from kpatch_tools.parse.ktap import TapStream, parse_ktap

# A machine without its root or its init was set up wrongly; that is not the patched code's fault.
_NO_ROOT = re.compile(
    r"Unable to mount root fs|Requested init \S{1,200} failed|No working init found"
    r"|kvet: initramfs: cannot .*"
)
# Lines of a trace that say nothing by themselves.
_BARE = re.compile(r"</?TASK>|</?IRQ>|---\[ end |Kernel Offset:")
_STOPS = frozenset({Verdict.INFRA, Verdict.PANIC, Verdict.FLOOD, Verdict.HANG, Verdict.NO_VERDICT})
_OUT_OF_MEMORY = re.compile(r"Out of memory: Killed process \d+ \([^\n]{0,64}?\)")
_EXPLAINS = frozenset({Verdict.FAIL, Verdict.CRASH, Verdict.HANG, Verdict.INFRA})
_EXPECTED = frozenset({Verdict.XFAIL, Verdict.KNOWN_BUG})
_TAINTED = "the tests tainted the kernel"
_EXIT_MEANS = {0: Verdict.PASS, 2: Verdict.XFAIL, EXIT_SKIP: Verdict.SKIP}
# Of a line that a verdict quotes.
_LONGEST_WORD = 160
_TIMEOUT_CODE, _NOT_EXECUTABLE, _NOT_THERE, _SIGNALLED = 124, 126, 127, 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a boot came to, why, its test results (flat, with the mode) and its findings.

    ``splats`` are the complaints that count; ``used`` are the entries of the allow list that took one out.
    """

    verdict: Verdict
    reason: str
    tests: tuple[TestResult, ...]
    findings: tuple[Finding, ...]
    splats: tuple[Splat, ...]
    used: tuple[Allowed, ...] = ()


Vote = tuple[Verdict, str]


def judge(evidence: Evidence, *, expect_results: bool = True, allowed: Sequence[Allowed] = ()) -> Judgement:
    """The verdict of one boot: the worst of exit codes, test lines, plan, console, taint and record.

    ``expect_results`` says that every program prints test results; a plain program that prints none and
    exits with 0 passes only without it. ``allowed`` are complaints that do not count; each is a note.
    """
    splats, known = _sorted_out(evidence, allowed)
    doubts = _doubts(evidence)
    machine = [
        *((Verdict.NO_VERDICT, text) for text in doubts),
        *_machine(evidence, splats),
        *_taint(evidence.record, known),
        *paging_votes(evidence),
    ]
    stopped = next((vote for vote in machine if vote[0] in _STOPS), None)
    votes = list(machine)
    mode = proven_mode(evidence)
    tests: list[TestResult] = []
    blamed = False
    runs = {test.index: test for test in evidence.record.tests}
    for index, output in enumerate(evidence.outputs, 1):
        verdict, reason, results = _program(output, runs.get(index), evidence, expect_results=expect_results)
        if verdict is not Verdict.NO_VERDICT or not stopped:
            votes.append((verdict, reason))
        elif blamed:
            stopped = (Verdict.NO_VERDICT, "the machine had stopped before")
        else:
            blamed = True
        tests.extend(replace(test, mode=mode, program=output.name) for test in _blame(results, stopped))
    if doubts:
        tests = [_doubted(test, doubts[0]) for test in tests]
    verdict = worst(tuple(vote[0] for vote in votes))
    reason = next((text for found, text in votes if found is verdict), "nothing ran")
    findings = vm_findings(verdict, splats, tests, _silent_taint(machine, splats))
    return Judgement(
        verdict=verdict,
        reason="" if verdict is Verdict.PASS else reason,
        tests=tuple(tests),
        findings=(*findings, *allowed_findings(known, old_taint(evidence.record) if not splats else "")),
        splats=splats,
        used=tuple(dict.fromkeys(entry for _splat, entry in known)),
    )


def _sorted_out(
    evidence: Evidence, allowed: Sequence[Allowed]
) -> tuple[tuple[Splat, ...], tuple[tuple[Splat, Allowed], ...]]:
    """The complaints that count, and those that an entry allows; each kind has a bound of its own."""
    counted: list[Splat] = []
    known: list[tuple[Splat, Allowed]] = []
    for splat in each_splat(evidence.console):
        release = evidence.record.release
        entry = next((one for one in allowed if one.covers(splat.kind, splat.title, release)), None)
        if entry and len(known) < MAX_SPLATS:
            known.append((splat, entry))
        elif not entry:
            counted.append(splat)
        if len(counted) == MAX_SPLATS:
            break
    return tuple(counted), tuple(known)


def _silent_taint(machine: list[Vote], splats: tuple[Splat, ...]) -> str:
    """A taint that no line of the console explains."""
    tainted = (text for verdict, text in machine if verdict is Verdict.SPLAT and text.startswith(_TAINTED))
    return "" if splats else next(tainted, "")


def _machine(evidence: Evidence, splats: tuple[Splat, ...]) -> Iterator[Vote]:
    """Votes of how qemu and the kernel ended."""
    record = evidence.record
    broken = _NO_ROOT.search(evidence.console)
    if broken and not record.started:
        yield Verdict.INFRA, f"the guest has no root or init: {broken[0]}"
    panicked = False
    for splat in splats:
        if splat.fatal and not (broken and not record.started):
            panicked = True
            when = "" if record.started else " before the tests began"
            cause = consequence(splats, splat)
            after = f" after {cause.kind}: {cause.title}" if cause else ""
            yield Verdict.PANIC, f"kernel panic{when}: {splat.title}{after}"
        elif not splat.fatal:
            yield Verdict.SPLAT, f"{splat.kind}: {splat.title}"
    if panicked:
        return
    if evidence.ended in {Ended.TIMED_OUT, Ended.QUIET}:
        yield Verdict.HANG, _hang(evidence)
    elif evidence.ended is Ended.FLOODED:
        yield Verdict.FLOOD, _flood(evidence)
    elif evidence.ended is Ended.SIGNALLED:
        who = _signal(-evidence.returncode)
        yield Verdict.INFRA, f"qemu was killed by {who}: by somebody, or by this machine for want of memory"
    elif evidence.ended is not Ended.EXITED or evidence.returncode:
        how = f"code {evidence.returncode}" if evidence.ended is Ended.EXITED else evidence.ended.value
        said = evidence.machine_error[-_LONGEST_WORD:].splitlines()[-1:] or ["it printed nothing"]
        yield Verdict.INFRA, f"qemu ended with {how}: {said[0]}"
    elif not record.started:
        yield Verdict.NO_VERDICT, f"the guest ended before the tests began; {_last_line(evidence.console)}"
    elif not record.done:
        yield Verdict.NO_VERDICT, f"the guest ended without its end mark; {_last_line(evidence.console)}"


def _doubts(evidence: Evidence) -> tuple[str, ...]:
    """Somebody wrote into what the guest's script alone writes: nothing good that the boot says counts."""
    record = (f"the guest's record is not to be believed: {text}" for text in evidence.record.faults)
    return (*record, *(f"what the guest left is not to be believed: {text}" for text in evidence.faults))


def _hang(evidence: Evidence) -> str:
    bound = "printed nothing for too long" if evidence.ended is Ended.QUIET else "did not end"
    where, last = _where(evidence), _last_line(evidence.console)
    return f"the guest {bound} ({evidence.elapsed:.0f} s) {where}; {last}"


def _flood(evidence: Evidence) -> str:
    """Which channel was over the limit: the one that holds most."""
    sizes = {
        "the console": len(evidence.console),
        "standard output": sum(len(output.stdout) for output in evidence.outputs),
        "standard error": sum(len(output.stderr) for output in evidence.outputs),
    }
    channel = max(sizes, key=lambda name: sizes[name])
    return f"the guest was ended for writing more than can be judged to {channel} {_where(evidence)}"


def _where(evidence: Evidence) -> str:
    running = [test for test in evidence.record.tests if test.code is None]
    if running:
        names = {index: output.name for index, output in enumerate(evidence.outputs, 1)}
        return f"in {names.get(running[0].index, 'a program that was not asked for')}"
    if evidence.record.done:
        return "at power-off"
    return "between the tests" if evidence.record.started else "before the tests began"


def _last_line(console: str) -> str:
    lines = [line.strip() for line in console.splitlines() if line.strip() and not _BARE.search(line)]
    return f"last console line: {lines[-1][:_LONGEST_WORD]}" if lines else "the console is empty"


def _taint(record: GuestRecord, known: Sequence[tuple[Splat, Allowed]]) -> Iterator[Vote]:
    if record.done and (record.taint_before is None or record.taint_after is None):
        yield Verdict.NO_VERDICT, "the guest did not say whether the kernel is tainted"
    brought = new_taint(record, [splat for splat, _entry in known])
    if brought:
        yield Verdict.SPLAT, f"{_TAINTED}: {brought}"


def _program(
    output: TestOutput, run: GuestTest | None, evidence: Evidence, *, expect_results: bool
) -> tuple[Verdict, str, tuple[TestResult, ...]]:
    stream = parse_ktap(output.stdout)
    code, why = _exit(output, run)
    if code is Verdict.CRASH and (killed := _OUT_OF_MEMORY.search(evidence.console)):
        why = f"{why}: the guest's memory ran out ({killed[0]})"
    # A program that was killed, hung or gave up explains why results are missing.
    explained = code in _EXPLAINS
    results = list(_blame(stream.tests, (code, why) if explained else None))
    if explained:
        results = [result for result in results if result.status is not Verdict.NO_VERDICT]
    parts: list[Vote] = [(code, why)]
    if stream.spoke:
        faults = () if explained else stream.faults
        seen = replace(stream, tests=tuple(results), faults=faults)
        if results or not explained:
            parts.append((seen.verdict, _stream_reason(output.name, seen)))
    elif expect_results and code is Verdict.PASS:
        parts.append((Verdict.NO_VERDICT, f"{output.name} exited with 0 and printed no test result"))
    if code is Verdict.XFAIL and not _EXPECTED & {result.status for result in stream.tests}:
        # A shell ends so that cannot read its script, and many a program after wrong usage.
        parts.append((Verdict.NO_VERDICT, f"{output.name} exited with 2, and no line says what was to fail"))
    for part in left_out(output.stdout):
        parts.append((Verdict.SKIP, part))
        results.append(TestResult(name=output.name, status=Verdict.SKIP, reason=part))
    verdict = worst(tuple(part[0] for part in parts))
    # The lines say more than the exit code that follows from them.
    reason = next(text for found, text in reversed(parts) if found is verdict)
    if verdict is Verdict.SKIP and "VMX" in reason and without_vmx(evidence.record):
        reason = f"{reason} (it cannot run here: {NO_VMX})"
    if worst(tuple(result.status for result in results)) is not verdict or not results:
        log = tuple(line for line in output.stderr.splitlines() if line.strip())[-40:]
        results.append(TestResult(name=output.name, status=verdict, reason=reason, log=log))
    return verdict, reason, tuple(results)


def _stream_reason(name: str, stream: TapStream) -> str:
    bad = worst(tuple(result.status for result in stream.tests))
    if stream.tests and not bad.good:
        first, *more = [result for result in stream.tests if result.status is bad]
        others = f" and {len(more)} more" if more else ""
        return f"{first.name}{others}" + (f": {first.reason}" if first.reason else "")
    if stream.bailed:
        return f"{name} gave up: {stream.bailed}"
    return stream.skip_reason or "; ".join(stream.faults)


def _exit(output: TestOutput, run: GuestTest | None) -> Vote:  # noqa: PLR0911 - one return an exit code
    """What the exit code says; kselftest.h gives 0 to 4 their meaning, the shell the ones from 124."""
    if run is None or run.code is None:
        state = "did not start" if run is None else "did not end"
        return Verdict.NO_VERDICT, f"{output.name} {state}"
    code = run.code
    assertion = parse_assertion(output.stderr)
    if assertion and code in {EXIT_ASSERT, EXIT_SKIP}:
        trap = "; the library reports EACCES as a skip" if code == EXIT_SKIP else ""
        return Verdict.FAIL, f"{assertion}{trap}"
    # busybox's timeout has no code of its own: it ends with that of the program that it killed.
    killed = code in {_SIGNALLED + signal.SIGTERM, _SIGNALLED + signal.SIGKILL}
    if code == _TIMEOUT_CODE or (killed and run.elapsed >= run.limit > 0):
        return Verdict.HANG, f"{output.name} did not end within {run.limit:g} s"
    if code in {_NOT_EXECUTABLE, _NOT_THERE}:
        return Verdict.INFRA, f"{output.name} could not be started in the guest (exit code {code})"
    if code > _SIGNALLED and code != EXIT_ASSERT:
        return Verdict.CRASH, f"{output.name} was killed by {_signal(code - _SIGNALLED)}"
    verdict = _EXIT_MEANS.get(code, Verdict.FAIL)
    if verdict is Verdict.SKIP:
        why = parse_ktap(output.stdout).skip_reason or next(iter(output.stdout.strip().splitlines()[-1:]), "")
        return verdict, f"{output.name} skipped itself: {why or 'no reason given'}"
    return verdict, f"{output.name} exited with {code}"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _doubted(test: TestResult, why: str) -> TestResult:
    """A result without what it claims in the kernel's favour; a failure stays one."""
    if test.status in {Verdict.PASS, Verdict.SKIP, *_EXPECTED}:
        return replace(test, status=Verdict.NO_VERDICT, reason=why)
    return test


def _blame(results: tuple[TestResult, ...], stopped: Vote | None) -> Iterator[TestResult]:
    """The first test without a result is the one in which the machine stopped."""
    for result in results:
        if stopped and result.status is Verdict.NO_VERDICT:
            (verdict, reason), stopped = stopped, None
            yield replace(result, status=verdict, reason=reason)
        else:
            yield result
