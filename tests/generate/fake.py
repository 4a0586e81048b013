# SPDX-License-Identifier: GPL-2.0-only
"""Compiles a generated test against the model of the ioctl (fake_kvm/) and runs it with one bug or none."""

from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.flow.dialect import dialects
from kpatch_tools.flow.generate import generate
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.run import Command, RunResult
from kpatch_tools.model.test import TestResult
from kpatch_tools.parse.ktap import parse_ktap
from kpatch_tools.tools import process

FAKE = Path(__file__).parent / "fake_kvm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A compiled test, to be run with one bug or none."""

    contract: Contract
    program: Path

    def run(self, bug: str = "", *arguments: str, mode: str = "") -> RunResult:
        """Run it; ``bug`` is the clause that the model breaks, ``mode`` lists the parameters that are off."""
        env = {"FAKE_BUG": bug, "FAKE_MODE": mode}
        command = Command(argv=(str(self.program), *arguments), timeout=60, env=env)
        return process.run(command)

    def results(self, bug: str = "", *arguments: str, mode: str = "") -> dict[str, TestResult]:
        """The results by name of the case."""
        return results_of(self.run(bug, *arguments, mode=mode))


def results_of(run: RunResult) -> dict[str, TestResult]:
    """What a run printed, which has to be sound."""
    stream = parse_ktap(run.text)
    assert not stream.faults
    return {test.name: test for test in stream.tests}


def compile_test(folder: Path, contract: Contract, dialect_name: str) -> Built:
    """Generate for a dialect, compile with all warnings as errors."""
    dialect = next(item for item in dialects() if item.name == dialect_name)
    source = folder / "test.c"
    source.write_text(next(iter(generate(contract, dialect).values())))
    partial = int(contract.progress.on_partial == "success")
    errnos = {error.id: error.errno for error in contract.error}
    command = Command(
        argv=(
            "gcc",
            "-std=gnu99",
            "-D_GNU_SOURCE",
            "-Wall",
            "-Werror",
            f"-DPARTIAL_SUCCESS={partial}",
            f"-DHOLE={errnos['no-memslot']}",
            # A poisoned page that has an errno of its own raises no signal.
            f"-DTELLS_POISON={int(errnos['poisoned'] == 'EHWPOISON')}",
            f"-DPADDING_CHECKED={int('padding-set' in errnos)}",
            f"-DINTERRUPTIBLE={int(any(case.expect.exit_reason == 'intr' for case in contract.case))}",
            f"-DREQUEST_SIZE={contract.ioctl.size}",
            f"-I{FAKE}",
            "-o",
            str(folder / "test"),
            str(source),
            "-lpthread",
        ),
        timeout=60,
    )
    process.run(command).ok_or_raise("gcc")
    return Built(contract=contract, program=folder / "test")
