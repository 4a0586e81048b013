# SPDX-License-Identifier: GPL-2.0-only
"""Builds the kernel with all mutants once and tries the tests on one of them after the other.

A mutant is one boot, in which our generated test runs first and the tree's own test after it. When the
kernel does not come out of that boot clean, each test gets a boot of its own: what one of them left behind
must not be held for or against the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kpatch_tools.checks.vm import judge
from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow.apply import apply_series
from kpatch_tools.flow.build import build_kernel
from kpatch_tools.flow.dialect import SELFTESTS, choose_dialect
from kpatch_tools.flow.generate import generate, load_contract
from kpatch_tools.flow.selftest import build_selftest
from kpatch_tools.flow.series import load_series
from kpatch_tools.flow.test import parse_mode
from kpatch_tools.flow.tree import find_tree
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.run import Ended
from kpatch_tools.model.test import Verdict
from kpatch_tools.model.vm import Evidence
from kpatch_tools.parse.kernellog import each_splat
from kpatch_tools.tools import guest, probe, vng
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for
from kpatch_tools.tools.kernels import Kernel

from .judge import BaseLine, Outcome, Ran, compare
from .table import HERE, Mutant, Table

# Seconds of guest time. A sound run of each takes a small part of it; a mutant may hang in every case.
CASE_LIMIT_S = 10
OURS_LIMIT_S = 120
OWN_LIMIT_S = 30
# Without a line of output for this long, or for the longest program, the machine is given up.
BOOT_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every mutant runs on: the kernel and the two programs, ours first."""

    table: Table
    kernel: Kernel
    acceleration: probe.Acceleration
    programs: tuple[guest.Program, guest.Program]
    logs: Path
    sink: Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One mutant: what our test and the tree's own test made of it. ``seconds`` are those of its boots."""

    mutant: Mutant
    ours: Outcome
    own: Outcome
    seconds: float


def prepare(table: Table, *, tree: str, jobs: int | None, logs: Path, sink: Sink) -> Bench:
    """Apply series and mutants, build the kernel and both tests (all kept in the cache by content).

    Raises UserError when the patches do not apply, EnvironmentFault when something does not build.
    """
    acceleration = probe.need_acceleration()
    place = find_tree(tree, sink).path
    series, mutants = load_series(table.series), load_series(str(HERE / table.patch))
    applied = apply_series(mutants, tree=place, objects=store_for(place), first=series.patches, sink=sink)
    if not applied.state.good:
        raise UserError(
            f"{table.patch} does not apply to {tree} with {table.series}: {applied.reason}",
            cure="make it anew for this version of the series",
        )
    commit = applied.head
    store = Repository.open(store_for(place))

    def read(path: str) -> str | None:
        blob = store.read_blob(commit, path)
        return None if blob is None else blob.decode(errors="replace")

    own_source = read(f"{SELFTESTS}/{table.own_test}")
    if own_source is None:
        raise UserError(f"{table.own_test} is not among the KVM selftests of {tree} with {table.series}")
    built = build_kernel(place, commit, sink=sink, jobs=jobs, state=logs)
    if built.kernel is None:
        raise EnvironmentFault(f"the kernel with the mutants does not build, see {built.log}")
    sources = generate(load_contract(table.contract), choose_dialect(read, tree))
    (ours,) = sources
    tests = build_selftest(place, commit, {**sources, table.own_test: own_source}, sink=sink, state=logs)
    if not tests.binaries:
        raise EnvironmentFault(f"the tests do not build, see {tests.log}")
    return Bench(
        table=table,
        kernel=built.kernel,
        acceleration=acceleration,
        programs=(
            guest.Program(
                name=table.contract,
                binary=tests.binaries[ours],
                arguments=("-t", str(CASE_LIMIT_S)),
                limit=OURS_LIMIT_S,
            ),
            guest.Program(name="own test", binary=tests.binaries[table.own_test], limit=OWN_LIMIT_S),
        ),
        logs=logs,
        sink=sink,
    )


def try_mutants(bench: Bench, mutants: Sequence[Mutant], *, base_runs: int) -> Iterator[Tried]:
    """Try one mutant after the other, each against the base lines of its mode, which are made when needed.

    Raises EnvironmentFault when none of our cases passes without a mutant: then nothing could be judged.
    """
    bases: dict[str, tuple[BaseLine, BaseLine]] = {}
    for done, mutant in enumerate(mutants):
        if mutant.mode not in bases:
            bases[mutant.mode] = base_lines(bench, mutant.mode, base_runs)
        bench.sink(Event("mutants", f"{mutant.number} {mutant.name}", done, len(mutants)))
        pair = _try(bench, mutant.number, mutant.mode, f"{mutant.number:02}-{mutant.name}")
        ours, own = bases[mutant.mode]
        yield Tried(
            mutant=mutant, ours=compare(ours, pair.ours), own=compare(own, pair.own), seconds=pair.seconds
        )


def base_lines(bench: Bench, mode: str, runs: int) -> tuple[BaseLine, BaseLine]:
    """Our test and the tree's own without a mutant, ``runs`` times; raises as try_mutants does."""
    pairs = []
    for turn in range(1, runs + 1):
        bench.sink(Event("mutants", f"base line {mode or 'default'}", turn - 1, runs))
        pairs.append(_try(bench, 0, mode, f"base-{mode or 'default'}-{turn}"))
    ours = BaseLine(runs=tuple(pair.ours for pair in pairs))
    ours.need_cases(bench.table.contract)
    return ours, BaseLine(runs=tuple(pair.own for pair in pairs))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    ours: Ran
    own: Ran
    seconds: float


def _try(bench: Bench, number: int, mode: str, folder: str) -> _Pair:
    """Our test and the tree's own on one mutant, 0 for none."""
    machine = vng.Machine(
        kernel=bench.kernel,
        acceleration=bench.acceleration,
        mode={**parse_mode(mode), bench.table.parameter: str(number)},
        boot_timeout=BOOT_LIMIT_S,
    )
    seconds = 0.0

    def boot(programs: Sequence[guest.Program], name: str) -> Evidence:
        nonlocal seconds
        evidence = vng.boot(machine, programs, logs=bench.logs / name, sink=bench.sink).evidence
        seconds += evidence.elapsed
        return evidence

    together = boot(bench.programs, folder)
    ours = _ran(together, 0, results=True)
    clean = _clean(together)
    if clean and Verdict.HANG not in ours.broken.values():
        return _Pair(ours=ours, own=_ran(together, 1, results=False), seconds=seconds)
    if not clean and len(together.record.tests) > 1:
        ours = _ran(boot(bench.programs[:1], f"{folder}-ours"), 0, results=True)
    own = _ran(boot(bench.programs[1:], f"{folder}-own"), 0, results=False)
    return _Pair(ours=ours, own=own, seconds=seconds)


def _clean(evidence: Evidence) -> bool:
    """The kernel went through the boot without a word of complaint, and to its end."""
    record = evidence.record
    ended = evidence.ended is Ended.EXITED and evidence.returncode == 0 and record.done
    return ended and record.taint_before == record.taint_after and not any(each_splat(evidence.console))


def _ran(evidence: Evidence, place: int, *, results: bool) -> Ran:
    """One program of a boot as if it had been alone; ``results`` says that it prints its cases."""
    own = tuple(replace(run, index=1) for run in evidence.record.tests if run.index == place + 1)
    record = replace(evidence.record, tests=own)
    alone = replace(evidence, outputs=evidence.outputs[place : place + 1], record=record)
    judged = judge(alone, expect_results=results)
    return Ran(verdict=judged.verdict, reason=judged.reason, tests=judged.tests)
