# SPDX-License-Identifier: GPL-2.0-only
"""The contracts' tests for a series patch by patch: built once, run on each kernel that differs.

The program is made for the end of the series, where its ioctl is defined, and is static: the very same file
runs on the base and after each patch, so a result that changes is the kernel's doing.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from kpatch_tools.checks.vm_cases import with_all_cases
from kpatch_tools.flow.dialect import choose_dialect
from kpatch_tools.flow.generate import generate
from kpatch_tools.flow.selftest import build_selftest
from kpatch_tools.flow.splats import load_allowed
from kpatch_tools.flow.symbols import judge_boot
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.event import Sink
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.perpatch import Unoffered
from kpatch_tools.model.test import TestResult, Verdict, worst
from kpatch_tools.model.vm import Backend
from kpatch_tools.tools import guest, probe
from kpatch_tools.tools.boot import boot
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.machine import Machine

# A program that hangs costs this much on every kernel that has the fault.
LIMIT_S = 120
_MOST_BOOTS = 3
# Ends that a busy machine can bring about as well: they count when they come again.
_DOUBTFUL = frozenset(
    {Verdict.CRASH, Verdict.HANG, Verdict.FLOOD, Verdict.PANIC, Verdict.NO_VERDICT, Verdict.INFRA}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """The test programs by contract; ``findings`` say why there are none, ``log`` is the output of make.

    ``contracts`` are what the programs are about, under the same names.
    """

    binaries: Mapping[str, Path]
    contracts: Mapping[str, Contract] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    log: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one kernel did: the verdict of its boots, each case's result, and the cases' own words.

    ``flaky`` names the cases that gave several results, ``unoffered`` those of boots in which the kernel did
    not offer what they are about. ``booted``: in some boot the kernel came as far as the tests.
    """

    verdict: Verdict
    reason: str
    cases: Mapping[str, Verdict]
    reasons: Mapping[str, str]
    consoles: tuple[str, ...]
    flaky: tuple[str, ...] = ()
    unoffered: Mapping[str, Unoffered] = field(default_factory=dict)
    booted: bool = False


def confirmed(run: Callable[[int], Outcome], before: Mapping[str, Verdict]) -> Outcome:
    """What ``run`` (given the number of the boot, from 0) does, again where the first answer may be chance.

    That is an end that no test asked for, or a case that had passed in ``before``. Two boots that agree are
    believed; of three, each case has the result that most of them saw, the worst of three different ones.
    """
    outcomes = [run(0)]
    if not _doubtful(outcomes[0], before):
        return outcomes[0]
    while len(outcomes) < _MOST_BOOTS:
        outcomes.append(run(len(outcomes)))
        if (outcomes[0].verdict, outcomes[0].cases) == (outcomes[1].verdict, outcomes[1].cases):
            return outcomes[0]
    names = list(dict.fromkeys(name for outcome in outcomes for name in outcome.cases))
    seen = {name: [one.cases.get(name, Verdict.NO_VERDICT) for one in outcomes] for name in names}
    verdict = _most([one.verdict for one in outcomes])
    cases = {name: _most(results) for name, results in seen.items()}
    return Outcome(
        verdict=verdict,
        reason=next((one.reason for one in outcomes if one.verdict is verdict), ""),
        cases=cases,
        reasons={
            name: next((one.reasons.get(name, "") for one in outcomes if one.cases.get(name) is result), "")
            for name, result in cases.items()
        },
        consoles=tuple(console for one in outcomes for console in one.consoles),
        flaky=tuple(name for name, results in seen.items() if len(set(results)) > 1),
        unoffered={name: lack for one in outcomes for name, lack in one.unoffered.items()},
        booted=any(one.booted for one in outcomes),
    )


def _doubtful(outcome: Outcome, before: Mapping[str, Verdict]) -> bool:
    lost = (name for name, result in before.items() if result.good)
    return (
        outcome.verdict in _DOUBTFUL
        or bool(_DOUBTFUL & set(outcome.cases.values()))
        or any(not outcome.cases.get(name, Verdict.NO_VERDICT).good for name in lost)
    )


def _most(results: Sequence[Verdict]) -> Verdict:
    """What stands there most often, the worst of several that do."""
    counts = Counter(results)
    return worst(tuple(result for result, count in counts.items() if count == max(counts.values())))


def build_programs(
    contracts: Sequence[Contract], tree: Path, head: str, *, sink: Sink, logs: Path
) -> Programs:
    """The static test program of each contract, against headers and library of the commit ``head``.

    Raises UserError when no dialect fits the tree, EnvironmentFault when a program is missing, ToolFailed
    when the tree's own headers or library do not build.
    """
    read = partial(Repository.open(store_for(tree)).read_blob, head)
    binaries: dict[str, Path] = {}
    for contract in contracts:
        sources = generate(contract, choose_dialect(read, f"{tree} at {head[:12]}"))
        built = build_selftest(tree, head, sources, sink=sink, state=logs)
        if not built.binaries:
            return Programs(binaries={}, findings=built.findings, log=str(built.log))
        binaries[contract.name] = next(iter(built.binaries.values()))
    return Programs(binaries=binaries, contracts={one.name: one for one in contracts})


def run_programs(
    programs: Programs, kernel: Kernel, modes: Sequence[Mapping[str, str]], *, logs: Path, sink: Sink
) -> Outcome:
    """Boot ``kernel`` once a program and mode and run it there; {} is the kernel's default mode.

    A case is named with its mode, but for the default mode where it is the only one. A boot that ends well
    and has not a result for each case of the contract is NO-VERDICT.
    Raises EnvironmentFault when this machine cannot make a guest with nested paging.
    """
    acceleration = probe.need_acceleration()
    allowed = load_allowed()
    verdicts: list[tuple[Verdict, str]] = []
    cases: dict[str, Verdict] = {}
    reasons: dict[str, str] = {}
    consoles: list[str] = []
    unoffered: dict[str, Unoffered] = {}
    booted = False
    for name, binary in programs.binaries.items():
        for mode in modes:
            machine = Machine(kernel=kernel, acceleration=acceleration, mode=mode)
            program = guest.Program(name=name, binary=binary, limit=LIMIT_S)
            place = logs / f"{name}-{_words(mode)}"
            done = boot(machine, (program,), logs=place, sink=sink, backend=Backend.DIRECT)
            booted = booted or done.evidence.record.started
            contract = programs.contracts[name]
            judged = with_all_cases(judge_boot(done.evidence, kernel, allowed=allowed), contract)
            verdicts.append((judged.verdict, judged.reason))
            consoles.append(str(done.console_log))
            capability = contract.ioctl.cap
            lacking = not_offered(judged.tests, capability)
            for test in judged.tests:
                key = test.name
                key = f"{name}: {key}" if len(programs.binaries) > 1 else key
                key = f"{key} ({_words(mode)})" if mode or len(modes) > 1 else key
                cases[key] = worst((test.status, cases[key])) if key in cases else test.status
                reasons[key] = test.reason
                if lacking:
                    unoffered[key] = Unoffered(capability=capability, boot=f"{name} {_words(mode)}")
    verdict = worst(tuple(found for found, _reason in verdicts))
    return Outcome(
        verdict=verdict,
        reason=next((reason for found, reason in verdicts if found is verdict), ""),
        cases=cases,
        reasons=reasons,
        consoles=tuple(consoles),
        unoffered=unoffered,
        booted=booted,
    )


def not_offered(tests: Sequence[TestResult], capability: str) -> bool:
    """The kernel of a boot does not offer ``capability``, where the contract says that it has to.

    The generated program skips itself for it, but where the ioctl answers: then the case that asks
    KVM_CHECK_EXTENSION, of /dev/kvm and of the VM, shows 0 and does not pass.
    """
    if tests and all(test.status is Verdict.SKIP and capability in test.reason for test in tests):
        return True
    asked = [test for test in tests if {"cap_dev", "cap_vm"} <= test.observed.keys()]
    return any(
        not test.status.good and test.observed["cap_dev"] == test.observed["cap_vm"] == 0 for test in asked
    )


def _words(mode: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(mode.items())) or "default"
