# SPDX-License-Identifier: GPL-2.0-only
"""What a judged boot tells the maintainer: the kernel's complaints and the tests that failed, each once."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.splats import Allowed
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.kernellog import Splat
from kpatch_tools.parse.seen_bug import seen_bug
from kpatch_tools.parse.stack import frames_of, place_in

MAX_LOG_LINES = 15
# Nothing to find: proven, not run, explained by the console, or no fault of the kernel.
_QUIET = frozenset({Verdict.PASS, Verdict.XFAIL, Verdict.SKIP, Verdict.PANIC, Verdict.INFRA})
# What kernel/panic.c is called with after the kernel has said what is wrong.
_FOLLOWS = re.compile(
    r"Fatal exception|softlockup: hung tasks|hung_task: blocked tasks|RCU Stall|Hard LOCKUP"
    r"|.*panic_on_warn set"
)
_DIGITS = re.compile(r"\d+")
_SOURCE = re.compile(r"(?<![\w/])((?:[\w.-]+/)+[\w.-]+\.[chS]):(\d{1,7})")


def vm_findings(
    verdict: Verdict, splats: Sequence[Splat], tests: Sequence[TestResult], taint: str
) -> tuple[Finding, ...]:
    """The findings of one boot; ``taint`` is the words on a taint that the console does not explain.

    With INFRA the panic is the machine's (no root, no init), and a test without a result proves nothing.
    """
    infra = verdict is Verdict.INFRA
    shown = [splat for splat in splats if not (infra and splat.fatal)]
    failed = [
        test
        for test in tests
        if test.status not in _QUIET and not (infra and test.status is Verdict.NO_VERDICT)
    ]
    findings = [*_of_splats(shown), *_of_tests(failed)]
    if taint:
        findings.append(Finding(rule="splat/taint", severity=Severity.ERROR, message=taint))
    return tuple(findings)


def consequence(splats: Sequence[Splat], panic: Splat) -> Splat | None:
    """The complaint that the panic only follows from (oops=panic and its kin), None for one of its own."""
    before = [splat for splat in splats if splat.line < panic.line and not splat.fatal]
    return before[-1] if before and _FOLLOWS.match(panic.title) else None


def allowed_findings(known: Sequence[tuple[Splat, Allowed]], taint: str) -> Iterator[Finding]:
    """A note for each entry of the allow list that took complaints out, and for a taint from before."""
    groups: dict[Allowed, list[Splat]] = {}
    for splat, entry in known:
        groups.setdefault(entry, []).append(splat)
    for entry, (splat, *more) in groups.items():
        again = f" ({len(more) + 1} times)" if more else ""
        yield Finding(
            rule="splat/allowed",
            severity=Severity.NOTE,
            message=f"allowed: {splat.kind}: {splat.title}{again}",
            detail="\n".join(splat.excerpt),
            hint=f"{entry.place}: {entry.reason}",
        )
    if taint:
        message = f"the kernel was tainted before the first test: {taint}"
        yield Finding(rule="splat/taint-before", severity=Severity.NOTE, message=message)


def _of_splats(splats: Sequence[Splat]) -> Iterator[Finding]:
    """One finding a complaint; what is repeated with other numbers, or only follows, is told once."""
    groups: dict[tuple[str, str], list[Splat]] = {}
    for splat in splats:
        if not (splat.fatal and consequence(splats, splat)):
            groups.setdefault((splat.kind, _DIGITS.sub("#", splat.title)), []).append(splat)
    for splat, *more in groups.values():
        named = _SOURCE.search(splat.title)
        place = _inside((named[1], int(named[2])) if named else place_in(splat.excerpt))
        again = f", and {len(more)} more like it" if more else ""
        yield Finding(
            rule=f"splat/{splat.kind}",
            severity=Severity.ERROR,
            message=splat.title,
            location=Location(path=place[0], line=place[1]) if place else None,
            detail="\n".join(splat.excerpt),
            hint=f"line {splat.line} of the console log{again}",
        )


def across_boots(finding: Finding) -> Finding:
    """What of a finding has to be equal in two boots for it to be the same one.

    Registers, guessed frames and the line on the console differ each time that a kernel complains.
    """
    if not finding.rule.startswith("splat/"):
        return finding
    return replace(finding, detail="\n".join(frames_of(finding.detail.splitlines())), hint="")


def _inside(place: tuple[str, int] | None) -> tuple[str, int] | None:
    """A place with its path made plain ("arch/../virt/kvm/a.c" is virt/kvm/a.c); None outside of the tree."""
    path = posixpath.normpath(place[0]) if place else ".."
    return None if place is None or path.startswith(("../", "/")) else (path, place[1])


def host_root() -> Finding:
    """What has to be known of results from guests that were shown the host's files."""
    return Finding(
        rule="guest/host-root",
        severity=Severity.NOTE,
        message="the guests saw every file of this machine that its user can read (--host-root)",
        detail="The kernel under test and every test program could read them, and a stranger's may copy them "
        "into its output. qemu itself ran outside the sandbox.",
        hint="leave out --host-root: a guest then holds its tests alone",
    )


def _of_tests(tests: Sequence[TestResult]) -> Iterator[Finding]:
    for test in tests:
        observed = " ".join(f"{key}={value}" for key, value in test.observed.items())
        why = f": {test.reason}" if test.reason else ""
        yield Finding(
            rule=f"test/{test.status.value.lower()}",
            severity=Severity.WARNING if _mended(test) else Severity.ERROR,
            message=f"{test.name}: {test.status.value}{why}",
            detail="\n".join((*((f"observed {observed}",) if observed else ()), *test.log[-MAX_LOG_LINES:])),
            cases=(test.name,),
        )


def _mended(test: TestResult) -> bool:
    """A known bug that a commit mends: the kernel is only too old."""
    seen = seen_bug(test.reason) if test.status is Verdict.KNOWN_BUG else None
    return bool(seen and seen.fixed_by)
