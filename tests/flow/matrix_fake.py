# SPDX-License-Identifier: GPL-2.0-only
"""Machines that are made up, for tests of the matrix: what each boot of a program comes to is said here."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.flow.matrix_plan import MatrixPlan
from kpatch_tools.flow.matrix_stock import KernelReady, Stock, TestReady
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.report import CheckResult
from kpatch_tools.model.run import Ended
from kpatch_tools.model.vm import Evidence, GuestRecord, GuestTest, TestOutput
from kpatch_tools.tools import probe
from kpatch_tools.tools.guest import Program
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.machine import Boot, Machine

TCG = probe.Acceleration(engine=probe.Engine.TCG, vendor="amd", evidence=("said so",))
PASSES, FAILS, SKIPS = ("", 0), ("", 1), ("1..0 # SKIP no such thing\n", 4)
BREAKS, VANISHES = ("broken", -1), ("killed", -2)


@dataclass(slots=True)
class Guests:
    """``outcomes`` of a boot, by (program, mode), the last one for all later boots; PASSES without one.

    An outcome is what the program prints and its exit code; BREAKS is a machine that cannot be made,
    VANISHES a qemu that somebody kills.
    ``before`` is called at the start of each boot.
    """

    outcomes: dict[tuple[str, str], list[tuple[str, int]]] = field(default_factory=dict)
    console: str = ""
    boots: list[tuple[str, str, str]] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    before: Callable[[int], None] = lambda number: None
    _count: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def forget(self) -> None:
        """The next boot of everything is its first one."""
        self._count.clear()
        self.boots.clear()

    def __call__(self, machine: Machine, programs, logs: Path, sink) -> Boot:
        mode = ",".join(f"{name}={value}" for name, value in machine.mode.items()) or "default"
        name = programs[0].name
        key = (name, mode, machine.kernel.release)
        with self._lock:
            self.boots.append(key)
            self.machines.append(machine)
            self.folders.append(logs)
            number = len(self.boots)
            at = self._count[key]
            self._count[key] += 1
        self.before(number)
        told = self.outcomes.get((name, mode), [PASSES])
        stdout, code = told[min(at, len(told) - 1)]
        if (stdout, code) == BREAKS:
            raise EnvironmentFault("qemu is not installed", cure="apt-get install -y qemu-system-x86")
        return self._left(machine, name, stdout, code, logs)

    def _left(self, machine: Machine, name: str, stdout: str, code: int, logs: Path) -> Boot:
        logs.mkdir(parents=True)
        (logs / "console.log").write_text(self.console)
        (logs / "output.log").write_text(stdout)
        parameters = {"kvm_amd.npt": "Y", "kvm.tdp_mmu": "Y", "kvm_amd.nested": "1"}
        for key, value in machine.mode.items():
            full = next((known for known in parameters if known.endswith(f".{key}")), key)
            parameters[full] = value
        record = GuestRecord(
            started=True,
            done=True,
            release=machine.kernel.release,
            kvm=True,
            parameters=parameters,
            cpu=frozenset({"svm", "npt"}),
            taint_before=0,
            taint_after=0,
            tests=(GuestTest(index=1, code=code, limit=300.0),),
        )
        evidence = Evidence(
            ended=Ended.SIGNALLED if (stdout, code) == VANISHES else Ended.EXITED,
            returncode=-9 if (stdout, code) == VANISHES else 0,
            elapsed=2.0,
            timeout=500.0,
            console=self.console,
            record=record,
            outputs=(TestOutput(name=name, stdout=stdout),),
            mode=machine.mode,
        )
        return Boot(
            evidence=evidence,
            command="qemu",
            console_log=logs / "console.log",
            output_log=logs / "output.log",
        )


@dataclass(slots=True)
class Shelf:
    """Stands for flow.matrix.stock_up: kernels and programs are files below ``folder``, nothing is built.

    ``contract`` is what all programs are made of.
    """

    folder: Path
    no_kernel: dict[str, str] = field(default_factory=dict)
    no_program: dict[str, str] = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()
    text: str = "v1"
    contract: Contract | None = None

    def __call__(self, plan: MatrixPlan, *, logs: Path, jobs: int | None, sink) -> Stock:
        kernels = {}
        programs = {}
        for cell in plan.cells:
            label, name = cell.kernel.label, cell.test.label
            image = self.folder / f"{label.replace('/', '-')}.img"
            image.write_text(f"{label} {self.text}")
            kernels[label] = (
                KernelReady(reason=self.no_kernel[label])
                if label in self.no_kernel
                else KernelReady(kernel=Kernel(image=image, release=f"rel-{label}"))
            )
            binary = self.folder / name.replace("/", "-")
            binary.write_text(name)
            program = Program(name=name, binary=binary, limit=cell.test.timeout)
            reason = self.no_program.get(name, "")
            programs[name, label] = (
                TestReady(reason=reason) if reason else TestReady(program=program, contract=self.contract)
            )
        return Stock(kernels=kernels, programs=programs, checks=self.checks)
