# SPDX-License-Identifier: GPL-2.0-only
"""What has to be there before the first machine of a matrix: its kernels and its test programs.

What cannot be had is a reason, not an end: the cells that need it did not run, the others do.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault, ToolkitError, UserError
from kpatch_tools.flow.build import build_kernel, check_build
from kpatch_tools.flow.dialect import choose_dialect
from kpatch_tools.flow.generate import generate, load_contract
from kpatch_tools.flow.matrix_plan import MatrixPlan
from kpatch_tools.flow.prepare import Prepared, prepare
from kpatch_tools.flow.selftest import SelftestResult, build_selftest, build_tree_test
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.model.matrix_file import KernelChoice, Test
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.guest import Program
from kpatch_tools.tools.kept import store_for
from kpatch_tools.tools.kernels import Kernel, select
from kpatch_tools.tools.ledger import image_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelReady:
    """A kernel to boot, and the commit whose selftests go with it; ``reason`` says why there is none."""

    kernel: Kernel | None = None
    prepared: Prepared | None = None
    reason: str = ""

    @property
    def identity(self) -> str:
        """What tells it from another kernel of the same name; "" without one."""
        return f"{self.kernel.release} {image_digest(self.kernel.image)}" if self.kernel else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestReady:
    """A test program for one kernel, with its contract where it has one."""

    __test__ = False

    program: Program | None = None
    contract: Contract | None = None
    reason: str = ""

    @property
    def identity(self) -> str:
        """Digest of the program; "" without one."""
        if self.program is None:
            return ""
        with self.program.binary.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Kernels by label, programs by the labels of test and kernel, and what making them came to."""

    kernels: Mapping[str, KernelReady]
    programs: Mapping[tuple[str, str], TestReady]
    checks: tuple[CheckResult, ...] = ()

    def missing(self, test: str, kernel: str) -> str:
        """Why that test cannot run on that kernel; "" when it can."""
        return self.kernels[kernel].reason or self.programs[test, kernel].reason


def stock_up(plan: MatrixPlan, *, logs: Path, jobs: int | None, sink: Sink) -> Stock:
    """Find or build every kernel and every test program that a cell needs.

    Raises UserError for a tree, series, commit or image that does not exist.
    """
    kernels: dict[str, KernelReady] = {}
    checks: list[CheckResult] = []
    choices = {cell.kernel.label: cell.kernel for cell in plan.cells}
    for done, (label, choice) in enumerate(choices.items()):
        sink(Event("kernel", label, done, len(choices)))
        try:
            kernels[label], made = _kernel(choice, logs, jobs, sink)
        except UserError as error:
            raise UserError(f'{plan.shown}: kernel "{label}": {error.message}', cure=error.cure) from error
        except EnvironmentFault as error:
            kernels[label], made = KernelReady(reason=_said(error)), ()
        checks += [replace(check, check=f"{check.check} {label}") for check in made]
    programs: dict[tuple[str, str], TestReady] = {}
    pairs = {(cell.test.label, cell.kernel.label): cell.test for cell in plan.cells}
    for done, ((name, label), test) in enumerate(pairs.items()):
        sink(Event("selftest", f"{name} for {label}", done, len(pairs)))
        ready = kernels[label]
        if ready.prepared is None or not ready.prepared.commit:
            programs[name, label] = TestReady(reason=ready.reason or "there is no tree to build it from")
            continue
        programs[name, label], check = _test(test, ready.prepared, logs, sink)
        checks += [replace(check, check=f"build {name} for {label}")] if check else []
    return Stock(kernels=kernels, programs=programs, checks=tuple(checks))


def _kernel(
    choice: KernelChoice, logs: Path, jobs: int | None, sink: Sink
) -> tuple[KernelReady, Sequence[CheckResult]]:
    prepared = prepare(choice.tree, choice.series, onto=choice.onto, sink=sink)
    checks = [prepared.apply] if prepared.apply else []
    if not prepared.commit:
        return KernelReady(prepared=prepared, reason="the series does not apply"), checks
    if choice.image:
        return KernelReady(kernel=select(choice.image, sink=sink), prepared=prepared), checks
    built = build_kernel(
        prepared.tree, prepared.commit, sink=sink, jobs=jobs, state=logs, config=choice.config
    )
    reason = "" if built.kernel else "the kernel does not build"
    return KernelReady(kernel=built.kernel, prepared=prepared, reason=reason), [*checks, check_build(built)]


def _test(test: Test, prepared: Prepared, logs: Path, sink: Sink) -> tuple[TestReady, CheckResult | None]:
    contract = load_contract(test.contract) if test.contract else None
    try:
        built = _built(test, contract, prepared, logs, sink)
    except ToolkitError as error:
        return TestReady(reason=_said(error)), None
    if not built.binaries:
        reason = built.findings[0].message if built.findings else "it does not build"
        check = CheckResult(
            check="build",
            status=Status.FAIL,
            reason=reason,
            findings=built.findings,
            elapsed=built.elapsed,
            logs=(str(built.log),) if built.log.is_file() else (),
        )
        return TestReady(reason=reason), check
    (binary,) = built.binaries.values()
    program = Program(name=binary.name, binary=binary, arguments=test.arguments, limit=test.timeout)
    return TestReady(program=program, contract=contract), None


def _built(
    test: Test, contract: Contract | None, prepared: Prepared, logs: Path, sink: Sink
) -> SelftestResult:
    tree, commit = prepared.tree, prepared.commit
    if contract is None:
        return build_tree_test(tree, commit, test.selftest or "", sink=sink, state=logs)
    store = Repository.open(store_for(tree))
    dialect = choose_dialect(partial(store.read_blob, commit), f"{tree} at {commit[:12]}")
    return build_selftest(tree, commit, generate(contract, dialect), sink=sink, state=logs)


def _said(error: ToolkitError) -> str:
    first = error.message.partition("\n")[0]
    return f"{first} (cure: {error.cure})" if error.cure else first
