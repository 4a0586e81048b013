# SPDX-License-Identifier: GPL-2.0-only
"""Runs the selftest of a contract in virtual machines, one boot a mode, and reports what was observed."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kpatch_tools.checks.behaviour import explained
from kpatch_tools.checks.vm import Judgement
from kpatch_tools.checks.vm_cases import with_all_cases
from kpatch_tools.checks.vm_findings import across_boots, host_root
from kpatch_tools.errors import UserError
from kpatch_tools.flow.btf import with_btf
from kpatch_tools.flow.build import build_kernel, check_build
from kpatch_tools.flow.dialect import choose_dialect
from kpatch_tools.flow.generate import generate, load_contract, write_out
from kpatch_tools.flow.ledger import made_of, remember
from kpatch_tools.flow.prepare import Prepared
from kpatch_tools.flow.room import room_for, undecided
from kpatch_tools.flow.selftest import SelftestResult, build_selftest
from kpatch_tools.flow.splats import load_allowed, never_seen
from kpatch_tools.flow.symbols import judge_boot
from kpatch_tools.model.arch import HOST_ARCH
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.excerpt import Excerpt, Source
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.model.splats import Allowed
from kpatch_tools.model.test import Verdict, VmRun
from kpatch_tools.model.vm import Backend
from kpatch_tools.parse.excerpt import around
from kpatch_tools.render.severity import results
from kpatch_tools.tools import guest, meminfo, probe
from kpatch_tools.tools.boot import boot
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.machine import Machine, module_words

CHECK = "tests"
DEFAULT_LIMIT_S = 300
BEFORE_SPLAT, AFTER_SPLAT = 8, 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the machines are made. ``limit`` is one program's deadline in seconds of guest time.

    ``jobs`` is the number of parallel compiler jobs for a kernel that must be built. ``allowed`` are the
    kernel's complaints that do not count, None for those of the shipped list; ``config`` names fragments
    for the kernel beside those of ci/kernel. ``memory`` is as qemu takes it, "" for what the cases need.
    """

    cpus: int = 1
    memory: str = ""
    limit: int = DEFAULT_LIMIT_S
    jobs: int | None = None
    backend: Backend = Backend.VNG
    allowed: tuple[Allowed, ...] | None = None
    config: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One boot: what is shown of it, what it was judged to be, and its console where it complains."""

    run: VmRun
    judgement: Judgement
    console: tuple[str, ...] = ()

    @property
    def mode(self) -> str:
        """The mode as the guest proved it, "boot" when it did not get that far."""
        first = self.run.tests[0].mode if self.run.tests else {}
        return " ".join(f"{name}={value}" for name, value in first.items()) or "boot"


def parse_mode(text: str) -> dict[str, str]:
    """A mode from the command line: "npt=0,tdp_mmu=0", or "default" for none; UserError otherwise."""
    if text in {"", "default"}:
        return {}
    mode = {}
    for word in text.split(","):
        name, equals, value = (part.strip() for part in word.partition("="))
        if not (name and equals and value):
            raise UserError(
                f"--mode {text}: {word!r} is not NAME=VALUE", cure="for example --mode npt=0,tdp_mmu=0"
            )
        mode[name] = value
    module_words(mode, "amd")
    return mode


def run_on_commit(  # noqa: PLR0913 - what, of which commit, on what, how, where to
    contract: str,
    prepared: Prepared,
    *,
    kernel: Kernel | None,
    modes: Sequence[Mapping[str, str]],
    settings: Settings,
    logs: Path,
    state: Path,
    sink: Sink,
) -> tuple[CheckResult, ...]:
    """`kvet test`: run_contract() on ``kernel`` (see select()), or on the commit's own, built first.

    The checks in order; without a kernel that builds, the tests did not run. What was observed goes into the
    contract's ledger below ``state``: ask check_ledger() first.
    """
    document = load_contract(contract)
    booted, checks = kernel, tuple[CheckResult, ...]()
    if not kernel:
        built = build_kernel(
            prepared.tree,
            prepared.commit,
            sink=sink,
            jobs=settings.jobs,
            state=logs,
            config=settings.config,
        )
        booted, checks = built.kernel, (check_build(built),)
    if booted is None:
        return (*checks, CheckResult(check=CHECK, reason="there is no kernel to boot"))
    result = run_contract(
        document,
        tree=prepared.tree,
        commit=prepared.commit,
        kernel=booted,
        modes=modes,
        settings=settings,
        sink=sink,
        logs=logs,
    )
    made = None if kernel else made_of(prepared.tree_id, prepared.series_id)
    read = _reader(Repository.open(store_for(prepared.tree)), prepared.commit)
    result = with_btf(document, result, booted, read)
    return (*checks, remember(state, document, result, booted, read=read, made=made))


def run_contract(  # noqa: PLR0913 - what, of which tree, on what, how, where to
    contract: Contract,
    *,
    tree: Path,
    commit: str,
    kernel: Kernel,
    modes: Sequence[Mapping[str, str]],
    sink: Sink,
    logs: Path,
    settings: Settings | None = None,
) -> CheckResult:
    """Generate, build and run the selftest of ``contract`` on ``kernel``, once for every mode.

    The selftest is built against the library of ``commit`` (a full id in ``tree`` or in its store). A mode
    maps KVM module parameters to values; {} is the kernel's default, with nested paging proven on. Below
    ``logs`` lies the C that was run, and every mode has a folder with console, output and record. What the
    machine lacks (INFRA) makes the check DID_NOT_RUN; raises EnvironmentFault when a program is missing
    before that.
    """
    started = time.monotonic()
    chosen = settings or Settings()
    allowed = load_allowed() if chosen.allowed is None else chosen.allowed
    store = Repository.open(store_for(tree))
    dialect = choose_dialect(_reader(store, commit), f"{tree} at {commit[:12]}")
    sources = generate(contract, dialect)
    write_out(sources, logs)
    built = build_selftest(tree, commit, sources, sink=sink, state=logs)
    if not built.binaries:
        return _no_program(built, time.monotonic() - started)
    acceleration = probe.need_acceleration()
    programs = tuple(
        guest.Program(name=contract.name, binary=path, limit=chosen.limit) for path in built.binaries.values()
    )
    ran = []
    for done, mode in enumerate(modes):
        sink(Event("test", f"booting {kernel.release} {_mode_name(mode)}", done, len(modes)))
        room = room_for(contract, mode, asked=chosen.memory, available=meminfo.memory_available())
        machine = Machine(
            kernel=kernel,
            acceleration=acceleration,
            mode=mode,
            cpus=chosen.cpus,
            memory=room.memory,
            append=room.words,
        )
        folder = logs / f"{contract.name}-{_mode_name(mode)}"
        ran.append(
            _one(contract, machine, programs, folder, settings=replace(chosen, allowed=allowed), sink=sink)
        )
    result = _result(ran, acceleration, built, time.monotonic() - started)
    left = [("not decided", line) for line in undecided(contract, result.tests, modes)]
    given = (("contract", contract.name), ("architecture", HOST_ARCH))
    result = replace(result, facts=(*given, *result.facts, ("back end", chosen.backend.value), *left))
    unused = never_seen(allowed, [one.judgement for one in ran], [one.run.kernel for one in ran])
    shown = (host_root(),) if chosen.backend is Backend.HOST_ROOT else ()
    result = replace(result, findings=(*result.findings, *unused, *shown))
    return replace(result, findings=tuple(explained(contract, result.findings)))


def _reader(store: Repository, commit: str) -> Callable[[str], str | None]:
    def read(path: str) -> str | None:
        blob = store.read_blob(commit, path)
        return None if blob is None else blob.decode(errors="replace")

    return read


def _mode_name(mode: Mapping[str, str]) -> str:
    """A folder's name for a mode: "default", "npt=0,tdp_mmu=0"."""
    return ",".join(f"{name}={value}" for name, value in sorted(mode.items())) or "default"


def _one(  # noqa: PLR0913 - of what, on what, what, where to, how
    contract: Contract,
    machine: Machine,
    programs: tuple[guest.Program, ...],
    logs: Path,
    *,
    settings: Settings,
    sink: Sink,
) -> Ran:
    booted = boot(machine, programs, logs=logs, sink=sink, backend=settings.backend)
    judged = judge_boot(booted.evidence, machine.kernel, allowed=settings.allowed or ())
    judgement = with_all_cases(judged, contract)
    run = VmRun(
        verdict=judgement.verdict,
        reason=judgement.reason,
        tests=judgement.tests,
        splats=tuple(f"{splat.kind}: {splat.title}" for splat in judgement.splats),
        kernel=booted.evidence.record.release or machine.kernel.release,
        acceleration=str(machine.acceleration),
        console_log=str(booted.console_log),
        output_log=str(booted.output_log),
        command=booted.command,
        elapsed=booted.evidence.elapsed,
    )
    told = tuple(booted.evidence.console.split("\n")) if judgement.splats else ()
    return Ran(run=run, judgement=judgement, console=told)


def _result(
    ran: Sequence[Ran], acceleration: probe.Acceleration, built: SelftestResult, elapsed: float
) -> CheckResult:
    runs = [one.run for one in ran]
    facts = [
        ("kernel", " ".join(sorted({run.kernel for run in runs}))),
        ("acceleration", acceleration.words),
        ("test program", "from the cache" if built.cached else "built"),
    ]
    facts += [(one.mode, f"{_came_to(one.run)} in {one.run.elapsed:.1f} s") for one in ran]
    decided = _decided(runs)
    return CheckResult(
        check=CHECK,
        status=_status(runs, decided),
        reason="; ".join(_reasons(ran, decided)),
        findings=_merged(ran),
        tests=tuple(test for run in runs for test in run.tests),
        elapsed=elapsed,
        logs=tuple(log for run in runs for log in (run.console_log, run.output_log)),
        facts=tuple(facts),
    )


def _came_to(run: VmRun) -> str:
    """The counts of its results, behind what they do not tell: how the machine ended, or that nothing ran."""
    statuses = {test.status for test in run.tests}
    told = run.verdict in statuses | {Verdict.PASS} and statuses - {Verdict.SKIP}
    return ": ".join(filter(None, ("" if told else run.verdict.value, results(run.tests))))


def _decided(runs: Sequence[VmRun]) -> frozenset[str]:
    """Names of the tests that came to a result in some mode: another mode may skip them."""
    undecided = {Verdict.SKIP, Verdict.NO_VERDICT, Verdict.INFRA}
    return frozenset(test.name for run in runs for test in run.tests if test.status not in undecided)


def _open(run: VmRun, decided: frozenset[str]) -> bool:
    """The boot skipped something that no boot decided."""
    return any(test.status is Verdict.SKIP and test.name not in decided for test in run.tests)


def _status(runs: Sequence[VmRun], decided: frozenset[str]) -> Status:
    """PASS only when every boot passed; what could not run never hides a failure, and never passes."""
    seen = {run.verdict for run in runs}
    if seen - {Verdict.PASS, Verdict.XFAIL, Verdict.SKIP, Verdict.INFRA}:
        return Status.FAIL
    if Verdict.INFRA in seen or not seen:
        return Status.DID_NOT_RUN
    return Status.SKIP if any(_open(run, decided) for run in runs) else Status.PASS


def _reasons(ran: Sequence[Ran], decided: frozenset[str]) -> Iterator[str]:
    for one in ran:
        skip = one.run.verdict is Verdict.SKIP
        if one.run.verdict not in {Verdict.PASS, Verdict.XFAIL} and not (
            skip and not _open(one.run, decided)
        ):
            yield f"{one.mode}: {one.run.verdict.value}: {one.run.reason}"


def _merged(ran: Sequence[Ran]) -> tuple[Finding, ...]:
    """Each finding once, with the modes in which it was made."""
    modes: dict[Finding, list[str]] = {}
    first: dict[Finding, tuple[Finding, Ran]] = {}
    for one in ran:
        for finding in one.judgement.findings:
            same = across_boots(finding)
            modes.setdefault(same, []).append(one.mode)
            first.setdefault(same, (finding, one))
    return tuple(
        replace(
            finding,
            detail="\n".join((f"in mode {', '.join(dict.fromkeys(where))}", *finding.detail.splitlines())),
            excerpts=_console(finding, one),
        )
        for (finding, one), where in zip(first.values(), modes.values(), strict=True)
    )


def _console(finding: Finding, one: Ran) -> tuple[Excerpt, ...]:
    """The console around the complaint of the kernel that a finding is about."""
    splats = (item for item in one.judgement.splats if finding.rule == f"splat/{item.kind}")
    line = next((splat.line for splat in splats if splat.title == finding.message), 0)
    # As a link beside the report: logs/<boot>/console.log.
    path = str(Path(*Path(one.run.console_log).parts[-3:]))
    shown = around(
        one.console, line, source=Source.CONSOLE, path=path, before=BEFORE_SPLAT, after=AFTER_SPLAT
    )
    return (replace(shown, mode=one.mode),) if shown else ()


def _no_program(built: SelftestResult, elapsed: float) -> CheckResult:
    return CheckResult(
        check=CHECK,
        status=Status.FAIL,
        reason="the generated selftest does not compile against this tree",
        findings=built.findings,
        elapsed=elapsed,
        logs=(str(built.log),),
    )
