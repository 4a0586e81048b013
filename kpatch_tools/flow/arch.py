# SPDX-License-Identifier: GPL-2.0-only
"""`kvet test --arch`: what Debian's kernels of other architectures answer to a contract's ioctl.

No kernel is built here and no series is applied: the question is whether the capability is absent where the
contract says so, and a stock kernel of that architecture answers it.
"""

import re
import time
from collections.abc import Sequence
from pathlib import Path

from kpatch_tools.checks.arch import CAPABILITY, REQUEST, judge_arch, second_stage
from kpatch_tools.checks.vm import Judgement
from kpatch_tools.errors import UserError
from kpatch_tools.flow.room import USUAL
from kpatch_tools.flow.splats import load_allowed
from kpatch_tools.flow.test import CHECK, Settings
from kpatch_tools.model.arch import ARCHES, HOST_ARCH, Arch
from kpatch_tools.model.contract import Absent, Contract, Role
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.tools import foreign, guest
from kpatch_tools.tools.files import data_dir
from kpatch_tools.tools.machine import Boot

_DEBIAN = re.compile(r"^debian:(\d+\.\d+)$")


def chosen_arches(names: Sequence[str], contract: Contract, kernel: str | None) -> tuple[Arch, ...]:
    """The other architectures among ``names``, each once.

    Raises UserError when the contract says nothing about one, or when ``kernel`` (--kernel) cannot be one of
    theirs; EnvironmentFault when the qemu of one is missing: before anything is downloaded or run.
    """
    arches = tuple(ARCHES[name] for name in dict.fromkeys(names) if name != HOST_ARCH)
    for arch in arches:
        _absent(contract, arch)
        if kernel and not _DEBIAN.match(kernel):
            raise UserError(
                f"--kernel {kernel} is no kernel for {arch.name}",
                cure="with --arch name one of Debian's, as in --kernel debian:6.12, or leave it out",
            )
    for arch in arches:
        foreign.require_qemu(arch)
    return arches


def run_arches(  # noqa: PLR0913 - what, where, on what, how, where to
    contract: Contract,
    arches: Sequence[Arch],
    *,
    kernel: str | None,
    settings: Settings,
    logs: Path,
    sink: Sink,
) -> tuple[CheckResult, ...]:
    """One check an architecture: Debian's kernel booted under TCG, the probe run, the answers judged.

    ``logs`` receives a folder for each. A guest without a second stage makes its check DID_NOT_RUN; raises
    EnvironmentFault when the packages cannot be had.
    """
    match = _DEBIAN.match(kernel or "")
    version = match[1] if match else ""
    found = [(arch, foreign.bring(arch, version, sink=sink)) for arch in arches]
    allowed = load_allowed() if settings.allowed is None else settings.allowed
    checks = []
    for arch, it in found:
        started = time.monotonic()
        sink(Event("test", f"booting {it.kernel.release} on {arch.name}"))
        program = guest.Program(
            name=contract.name,
            binary=data_dir("selftests-gen") / "foreign" / "probe.pl",
            arguments=arguments(contract, arch),
            limit=settings.limit,
        )
        booted = foreign.boot(
            it,
            (program,),
            logs=logs / f"{contract.name}-{arch.name}",
            sink=sink,
            cpus=settings.cpus,
            memory=settings.memory or USUAL,
        )
        judged = judge_arch(booted.evidence, arch=arch.name, name=contract.name, allowed=allowed)
        checks.append(_result(contract, it, booted, judged, time.monotonic() - started))
    return tuple(checks)


def arguments(contract: Contract, arch: Arch) -> tuple[str, ...]:
    """What the probe is told: names, numbers, and where address and size lie in the struct."""
    ioctl = contract.ioctl
    numbers = (ioctl.size, contract.offset(Role.ADDRESS), contract.offset(Role.SIZE))
    return (
        contract.name,
        arch.name,
        str(ioctl.cap_nr),
        str(contract.request),
        _absent(contract, arch).errno,
        *map(str, numbers),
    )


def _absent(contract: Contract, arch: Arch) -> Absent:
    for entry in contract.absent:
        if entry.arch == arch.name:
            return entry
    raise UserError(
        f"the contract {contract.name} does not say that {arch.name} lacks {contract.ioctl.name}",
        cure=f'add [[absent]] with arch = "{arch.name}" to it, or leave out --arch {arch.name}',
    )


def _result(
    contract: Contract, found: foreign.Guest, booted: Boot, judged: Judgement, elapsed: float
) -> CheckResult:
    evidence = booted.evidence
    facts = [
        ("contract", contract.name),
        ("architecture", found.arch.name),
        ("kernel", f"{evidence.record.release or found.kernel.release}, {found.kernel.origin}"),
        ("acceleration", str(foreign.acceleration(found.arch))),
    ]
    stage = second_stage(evidence, arch=found.arch.name, name=contract.name)
    if stage:
        facts.append(("second stage", stage))
    if found.note:
        facts.append(("packages", found.note))
    facts += _answers(contract, found.arch, judged)
    return CheckResult(
        check=f"{CHECK} {found.arch.name}",
        status=_status(judged.verdict),
        reason=f"{judged.verdict.value}: {judged.reason}" if judged.reason else "",
        findings=judged.findings,
        tests=judged.tests,
        elapsed=elapsed,
        logs=(str(booted.console_log), str(booted.output_log)),
        facts=tuple(facts),
    )


def _answers(contract: Contract, arch: Arch, judged: Judgement) -> list[tuple[str, str]]:
    """The capability in words, when it was asked for with a second stage there."""
    by_name = {test.name.rpartition(".")[2]: test for test in judged.tests}
    asked, called = by_name.get(CAPABILITY), by_name.get(REQUEST)
    if judged.verdict is Verdict.INFRA or not (asked and called and asked.observed and called.observed):
        return []
    there = "absent" if asked.status.good else "THERE"
    known = ", as for a number that nobody has" if called.status.good else ""
    numbers = f"KVM_CHECK_EXTENSION({contract.ioctl.cap_nr}) = {asked.observed.get('system')}"
    return [
        (contract.ioctl.cap, f"{there} on {arch.name}: {numbers}"),
        (contract.ioctl.name, f"{_words(called)} for a page that has memory{known}"),
    ]


def _words(test: TestResult) -> str:
    errno = test.observed.get("errno")
    return f"{test.observed.get('ret')}" + (f" {errno}" if errno != "none" else "")


def _status(verdict: Verdict) -> Status:
    if verdict.good:
        return Status.PASS
    return Status.DID_NOT_RUN if verdict is Verdict.INFRA else Status.FAIL
