# SPDX-License-Identifier: GPL-2.0-only
"""From a mutant to what two tests made of it, with machines that are made up; a real one is below."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bench.kernel_mutants import run as bench_run
from bench.kernel_mutants.report import listing, row, summary
from bench.kernel_mutants.run import Bench, Tried, try_mutants
from bench.kernel_mutants.table import Mutant, Table, load_table
from kpatch_tools.checks.vm import judge
from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.flow.tree import find_tree
from kpatch_tools.model.event import silent
from kpatch_tools.model.run import Ended
from kpatch_tools.model.test import Verdict
from kpatch_tools.model.vm import Evidence, GuestRecord, GuestTest, TestOutput
from kpatch_tools.tools import guest, probe, vng
from kpatch_tools.tools.kernels import Kernel

PARAMETER = "kvm.map_memory_mutant"
GOOD = "TAP version 13\n1..2\nok 1 a\nok 2 b\n"
BAD = "TAP version 13\n1..2\nok 1 a\nnot ok 2 b # wrong\n"
HUNG = "TAP version 13\n1..2\nok 1 a\nnot ok 2 b # HANG not ended after 20 s\n"
PANIC = "[    9.000000] Kernel panic - not syncing: Fatal exception\n"
WARN = "[    9.000000] WARNING: CPU: 0 PID: 1 at arch/x86/kvm/mmu/mmu.c:1 f+0x1/0x2\n"


class Guest:
    """What the made-up machine does, by the number of the mutant."""

    def __init__(self) -> None:
        self.ours: dict[int, tuple[str, int]] = {}
        self.own: dict[int, int] = {}
        self.console: dict[tuple[int, str], str] = {}
        self.boots: list[tuple[int, str]] = []

    def boot(self, machine: vng.Machine, programs: Sequence[guest.Program], *, logs: Path, sink) -> vng.Boot:
        number = int(machine.mode[PARAMETER])
        names = "+".join(program.name for program in programs)
        self.boots.append((number, names))
        console = "".join(
            text
            for (which, name), text in self.console.items()
            if which == number and name in names.split("+")
        )
        outputs, runs = [], []
        for index, program in enumerate(programs, 1):
            out, code = (
                self.ours.get(number, (GOOD, 0)) if program.name == "ours" else ("", self.own.get(number, 0))
            )
            outputs.append(TestOutput(name=program.name, stdout=out))
            if PANIC not in console or index == 1:
                ended = None if PANIC in console else code
                runs.append(GuestTest(index=index, code=ended, limit=300.0))
        record = GuestRecord(
            started=True,
            done=PANIC not in console,
            release="6.1.0-test",
            kvm=True,
            parameters={"kvm_amd.npt": "Y", PARAMETER: str(number)},
            cpu=frozenset({"svm", "npt"}),
            taint_before=0,
            taint_after=None if PANIC in console else 512 if console else 0,
            tests=tuple(runs),
        )
        evidence = Evidence(
            ended=Ended.EXITED,
            returncode=0,
            elapsed=4.0,
            timeout=500.0,
            console=console,
            record=record,
            outputs=tuple(outputs),
            mode=machine.mode,
        )
        return vng.Boot(evidence=evidence, command="qemu", console_log=logs, output_log=logs)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Guest:
    made = Guest()
    monkeypatch.setattr(bench_run.vng, "boot", made.boot)
    return made


@pytest.fixture
def tried(machine: Guest, tmp_path: Path) -> Callable[..., Tried]:
    """``tried()``: mutant number 7 on the made-up machine."""
    bench = Bench(
        table=load_table(),
        kernel=Kernel(image=Path("/boot/vmlinuz"), release="6.1.0-test"),
        acceleration=probe.Acceleration(engine=probe.Engine.TCG, vendor="amd", evidence=("said so",)),
        programs=tuple(guest.Program(name=name, binary=tmp_path / name) for name in ("ours", "own")),
        logs=tmp_path,
        sink=silent,
    )

    def call(base_runs: int = 1) -> Tried:
        mutant = Mutant(number=7, name="it", breaks="something", needs="a close look")
        (one,) = try_mutants(bench, (mutant,), base_runs=base_runs)
        return one

    return call


def test_one_boot_serves_both_tests(tried, machine: Guest) -> None:
    machine.ours[7], machine.own[7] = (BAD, 1), 1
    one = tried(base_runs=2)
    assert machine.boots == [(0, "ours+own"), (0, "ours+own"), (7, "ours+own")]
    assert (one.ours.by, one.own.by, one.seconds) == (("b",), ("own",), 4.0)


def test_nobody_notices(tried) -> None:
    one = tried()
    assert not one.ours.killed
    assert not one.own.killed


def test_only_our_test_notices(tried, machine: Guest) -> None:
    machine.ours[7] = (BAD, 1)
    one = tried()
    assert (one.ours.killed, one.own.killed) == (True, False)


def test_a_failure_of_the_base_line_is_no_notice(tried, machine: Guest) -> None:
    machine.ours = {0: (BAD, 1), 7: (BAD, 1)}
    machine.own = {0: 1, 7: 1}
    one = tried()
    assert one.ours.shown == "survives"
    assert one.own.shown == "survives: fails without it too"


def test_a_panic_in_ours_is_not_held_against_the_other(tried, machine: Guest) -> None:
    machine.ours[7] = ("TAP version 13\n1..2\nok 1 a\n", 0)
    machine.console[7, "ours"] = PANIC
    one = tried()
    assert machine.boots[1:] == [(7, "ours+own"), (7, "own")]
    (by,) = one.ours.by
    assert by.endswith("(PANIC)")
    assert not one.own.killed
    assert one.seconds == 8.0


def test_a_warning_is_held_against_the_test_that_provokes_it(tried, machine: Guest) -> None:
    machine.console[7, "own"] = WARN
    one = tried()
    assert machine.boots[1:] == [(7, "ours+own"), (7, "ours"), (7, "own")]
    assert not one.ours.killed
    assert one.own.by[0].startswith("SPLAT: ")


def test_after_a_hang_the_other_test_gets_a_machine_of_its_own(tried, machine: Guest) -> None:
    machine.ours[7] = (HUNG, 1)
    one = tried()
    assert machine.boots[1:] == [(7, "ours+own"), (7, "own")]
    assert one.ours.by == ("b (HANG)",)


def test_a_base_line_without_a_good_case_ends_the_run(tried, machine: Guest) -> None:
    machine.ours[0] = ("TAP version 13\n1..1\nnot ok 1 a\n", 1)
    with pytest.raises(EnvironmentFault, match="no case passes even without a mutant"):
        tried()


def test_what_is_printed(tried, machine: Guest) -> None:
    survivor = tried()
    machine.ours[7] = (BAD, 1)
    killed = tried()
    assert row(killed).split()[:4] == ["7", "it", "x", "b"]
    text = summary([killed, survivor], prepared=1, elapsed=9)
    assert "our generated test:    kills  1 of 2" in text
    assert "the tree's own test:   kills  0 of 2" in text
    assert "7 it: something\n    survives\n    takes a close look" in text
    assert "not noticed" not in summary([killed], prepared=1, elapsed=9)
    assert "1 mutants" in listing([killed.mutant])


def test_text_of_a_guest_does_not_reach_the_terminal_raw(tried, machine: Guest) -> None:
    machine.ours[7] = ("TAP version 13\n1..1\nnot ok 1 \x1b[2Jb\n", 1)
    assert "\x1b" not in row(tried())


def prepared(logs: Path) -> tuple[Table, Bench]:
    """The table of mutants and their kernel; skips where this machine has not what it takes."""
    missing = [name for name in ("vng", "setpriv", "busybox", probe.QEMU) if not probe.locate(name)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    table = load_table()
    try:
        find_tree(table.tree, silent)
    except EnvironmentFault as error:
        pytest.skip(error.message)
    bench = bench_run.prepare(table, tree=table.tree, jobs=None, logs=logs, sink=silent)
    return table, bench


@pytest.mark.kernel
@pytest.mark.vm
@pytest.mark.timeout(2400)
def test_three_mutants_end_to_end(tmp_path: Path) -> None:
    """One that only ours notices, one that both do, and one that takes the kernel down."""
    table, bench = prepared(tmp_path)
    chosen = table.chosen(("flags_unchecked", "hole_success", "no_root"))
    flags, hole, root = try_mutants(bench, chosen, base_runs=1)
    assert {"flags_low", "flags_high"} <= set(flags.ours.by)
    assert not flags.own.killed
    assert "hole_first" in hole.ours.by
    assert hole.own.killed
    assert Verdict.PANIC.value in root.ours.by[0]


@pytest.mark.kernel
@pytest.mark.vm
@pytest.mark.timeout(2400)
def test_a_call_that_nothing_ends_holds_up_neither_the_other_cases_nor_the_machine(tmp_path: Path) -> None:
    """The kernel loops and looks at no signal: the case is named, the next one runs, the machine goes off."""
    table, bench = prepared(tmp_path)
    (mutant,) = table.chosen(("retry_unkillable",))
    machine = vng.Machine(
        kernel=bench.kernel, acceleration=bench.acceleration, mode={table.parameter: str(mutant.number)}
    )
    cases = ("slot_delete_race", "stale_root_run")
    program = replace(bench.programs[0], arguments=("-t", "5", *cases))
    evidence = vng.boot(machine, (program,), logs=tmp_path, sink=silent).evidence
    hung, after = judge(evidence, expect_results=True).tests

    assert (hung.name, after.name) == cases
    assert hung.status is Verdict.HANG
    assert hung.reason == "not ended after 5 s, SIGKILL does not help"
    assert after.status is Verdict.PASS
    assert evidence.record.done
    assert evidence.ended is Ended.EXITED
