# SPDX-License-Identifier: GPL-2.0-only
"""Judges a boot of another architecture, where a contract's ioctl has to be absent.

An absent ioctl looks like a KVM that does not work, and like a probe that never ran. So it counts only where
two witnesses agree that KVM is there with its second stage, and when every one of the probe's tests spoke.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from kpatch_tools.checks.vm import Judgement, judge
from kpatch_tools.model.arch import ARCHES
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.splats import Allowed
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.model.vm import Evidence
from kpatch_tools.parse.ktap import parse_ktap

STAGE, CAPABILITY, REQUEST, UNKNOWN = "second_stage", "capability", "request", "unknown_request"
# What selftests-gen/foreign/probe.pl prints, each behind the contract's name and a dot.
TESTS = (STAGE, CAPABILITY, REQUEST, UNKNOWN)


def judge_arch(evidence: Evidence, *, arch: str, name: str, allowed: Sequence[Allowed] = ()) -> Judgement:
    """The verdict of one boot of ``arch``, a name in ARCHES, that ran the probe for the contract ``name``.

    PASS means: the second stage is there, and the ioctl is not. Without the first nothing passes.
    ``allowed`` are complaints of the kernel that do not count.
    """
    stage = second_stage(evidence, arch=arch, name=name)
    judged = judge(replace(evidence, arch=arch, second_stage=stage), allowed=allowed)
    seen = {test.name for test in judged.tests}
    missing = [test for test in TESTS if f"{name}.{test}" not in seen]
    verdict, reason = judged.verdict, judged.reason
    tests = judged.tests
    if verdict is Verdict.INFRA:
        reason = _why(reason, judged.tests, f"{name}.{STAGE}", arch)
        tests = tuple(_unproven(test, reason) for test in tests)
    elif missing and verdict.good:
        verdict, reason = Verdict.NO_VERDICT, f"the probe said nothing of {', '.join(missing)}"
        tests = (*tests, *(TestResult(name=f"{name}.{test}", mode={"arch": arch}) for test in missing))
    findings = tuple(_on(finding, arch, evidence.record.release) for finding in judged.findings)
    return replace(judged, verdict=verdict, reason=reason, tests=tests, findings=findings)


def second_stage(evidence: Evidence, *, arch: str, name: str) -> str:
    """What proves the second stage, "" when either witness is missing.

    They are the guest's kernel, on the console, and the probe, whose own guest fetched and stored through it.
    """
    words = re.search(ARCHES[arch].words, evidence.console)
    for output in evidence.outputs:
        for test in parse_ktap(output.stdout).tests:
            if words and test.name == f"{name}.{STAGE}" and test.status is Verdict.PASS:
                bits = test.observed.get("bits", "?")
                return f"{words[1]}; a guest ran in it, with addresses of up to {bits} bits"
    return ""


def _why(reason: str, tests: tuple[TestResult, ...], stage: str, arch: str) -> str:
    """The reason, with what the probe was refused or what the console lacks."""
    if not reason.startswith("no second stage"):
        return reason
    found = next((test for test in tests if test.name == stage), None)
    if found is None:
        return f"{reason}: the probe did not speak of it"
    if found.status is Verdict.PASS:
        return f"{reason}: a guest ran, but the console has no line of KVM on {arch} that says so"
    return f"{reason}: {found.reason}"


def _unproven(test: TestResult, reason: str) -> TestResult:
    return replace(test, status=Verdict.NO_VERDICT, reason=reason) if test.status.good else test


def _on(finding: Finding, arch: str, release: str) -> Finding:
    where = f"on {arch}, kernel {release}" if release else f"on {arch}"
    return replace(finding, detail="\n".join((where, *finding.detail.splitlines())))
