# SPDX-License-Identifier: GPL-2.0-only
"""The KVM selftests that a series brings: compiled by the tree's own Makefile at its end, and run there.

They have a boot of their own, so that a panic in one of them takes nothing from the tests of the contracts,
and that a series without a contract is tried as well.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.flow.own_programs import (
    FOLDER,
    compile_each,
    failure,
    in_tree,
    other_selftests,
    programs_of,
)
from kpatch_tools.flow.selftest import SelftestResult
from kpatch_tools.flow.splats import load_allowed
from kpatch_tools.flow.symbols import judge_boot
from kpatch_tools.flow.warnings import patch_of
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Status, status_of
from kpatch_tools.model.series import Applied, Series
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.model.vm import Backend
from kpatch_tools.parse.gcc import parse_build
from kpatch_tools.tools import guest, probe
from kpatch_tools.tools.boot import boot
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.machine import Machine

CHECK = "selftests"
NONE = "the series brings no KVM selftest"
NO_MACHINE = "there is no kernel to boot"
# What a test of KVM may take where the CPU is emulated, in seconds of the guest.
LIMIT_S = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ran:
    """What one boot showed; ``status`` is DID_NOT_RUN until something ran."""

    status: Status = Status.DID_NOT_RUN
    reason: str = ""
    tests: tuple[TestResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    logs: tuple[str, ...] = ()


def check_own_tests(  # noqa: PLR0913 - what, where it went, on what, how, where to
    series: Series,
    applied: Applied,
    store: Repository,
    *,
    tree: Path,
    kernel: Kernel | None,
    sink: Sink,
    logs: Path,
    fail_on: Severity = Severity.WARNING,
) -> CheckResult:
    """Compile the KVM selftests that the series adds or changes, and run them on ``kernel``, its last one.

    A compile error, a warning on a line that the series wrote and a test that fails are findings at the patch
    that brings them. A test that did not run, or of which nothing proves that it passed, is no pass. Raises
    EnvironmentFault for what this machine lacks to compile, ToolFailed when the tree's own headers cannot be
    made.
    """
    started = time.monotonic()
    changes = [change for patch in series.patches for change in patch.files]
    facts = tuple(("not compiled", path) for path in other_selftests(changes))
    sources = programs_of(changes, store, applied.head)
    if not sources:
        return CheckResult(check=CHECK, status=Status.SKIP, reason=NONE, facts=facts)
    # The last patch that touches a file is the one that it has to compile with.
    writers = {change.path: patch.number for patch in series.patches for change in patch.files}
    built = compile_each(sources, applied.head, tree, sink=sink, logs=logs / CHECK)
    writer = patch_of(store, applied.base, *applied.commits)
    found: list[Finding] = []
    for source, result in built.items():
        if not result.binaries:
            found.append(failure(source, result, writers[FOLDER + source]))
        found += (
            replace(one, location=replace(one.location, patch=writer(one.location)))
            for one in _warnings(result)
            if one.location and one.location.path in writers and writer(one.location)
        )
    try:
        ran = _run(built, kernel, sink=sink, logs=logs / CHECK)
    except EnvironmentFault as fault:
        # What the compiler said is known all the same.
        ran = _Ran(reason=fault.line)
    found += _at_patches(ran.findings, ran.tests, writers)
    found = list(dict.fromkeys(found))
    failed = [source for source, result in built.items() if not result.binaries]
    status = Status.FAIL if failed else status_of(tuple(found), fail_on)
    return CheckResult(
        check=CHECK,
        status=ran.status if status is Status.PASS else status,
        reason="; ".join((*_words(built, ran.tests), *((ran.reason,) if ran.reason else ()))),
        findings=tuple(found),
        tests=ran.tests,
        elapsed=time.monotonic() - started,
        logs=(*(str(built[source].log) for source in failed), *ran.logs),
        facts=facts,
    )


def _warnings(result: SelftestResult) -> Iterator[Finding]:
    """What the compiler warns of, at paths of the tree."""
    if not result.log.is_file():
        return
    for one in parse_build(result.log.read_bytes().decode(errors="replace")):
        if one.severity is Severity.WARNING and one.location:
            yield replace(one, location=replace(one.location, path=in_tree(one.location.path)))


def _run(built: Mapping[str, SelftestResult], kernel: Kernel | None, *, sink: Sink, logs: Path) -> _Ran:
    """One boot of ``kernel`` in its default mode with all programs that there are."""
    programs = tuple(
        guest.Program(name=_name(source), binary=binary, limit=LIMIT_S)
        for source, result in built.items()
        for binary in result.binaries.values()
    )
    if not programs:
        return _Ran()
    if kernel is None:
        return _Ran(reason=NO_MACHINE)
    sink(Event(CHECK, f"booting {kernel.release} for {', '.join(one.name for one in programs)}"))
    machine = Machine(kernel=kernel, acceleration=probe.need_acceleration(), mode={})
    done = boot(machine, programs, logs=logs / "boot", sink=sink, backend=Backend.DIRECT)
    # Many of the tree's tests print no result: they end with 0, or with an assertion.
    judged = judge_boot(done.evidence, kernel, expect_results=False, allowed=load_allowed())
    return _Ran(
        status=_STATUS.get(judged.verdict, Status.FAIL),
        reason="" if judged.verdict.good else f"{judged.verdict.value}: {judged.reason}",
        tests=tuple(replace(one, name=_full(one)) for one in judged.tests),
        findings=judged.findings,
        logs=(str(done.console_log), str(done.output_log)),
    )


_STATUS = {
    Verdict.PASS: Status.PASS,
    Verdict.XFAIL: Status.PASS,
    Verdict.SKIP: Status.SKIP,
    Verdict.INFRA: Status.DID_NOT_RUN,
}


def _name(source: str) -> str:
    return source.removesuffix(".c")


def _full(test: TestResult) -> str:
    """A test's name with its program, for two programs may have one of the same name."""
    return test.name if test.name == test.program else f"{test.program}: {test.name}"


def _at_patches(
    findings: Sequence[Finding], tests: Sequence[TestResult], writers: Mapping[str, int]
) -> Iterator[Finding]:
    """Each failed test at the program that the series brings; what the kernel complains of has a place.

    A finding names a case, which several programs may have: they are told in the order of their tests.
    """
    left = list(tests)
    for finding in findings:
        test = next((one for one in left if _tells(finding, one)), None)
        if test is None:
            yield finding
            continue
        left.remove(test)
        path = f"{FOLDER}{test.program}.c"
        yield replace(
            finding,
            message=f"the series' own test {test.name}: {finding.message.partition(': ')[2]}",
            location=Location(path=path, patch=writers.get(path, 0)),
            cases=(test.name,),
        )


def _tells(finding: Finding, test: TestResult) -> bool:
    case = test.name.removeprefix(f"{test.program}: ")
    return case in finding.cases and finding.rule == f"test/{test.status.value.lower()}"


def _words(built: Mapping[str, SelftestResult], tests: Sequence[TestResult]) -> Iterator[str]:
    for source, result in built.items():
        mine = [test for test in tests if test.program == _name(source)]
        said = f"{sum(test.status.good for test in mine)} of {len(mine)} pass" if mine else "not run"
        yield f"series' own test {_name(source)}: {said if result.binaries else 'does not compile'}"
