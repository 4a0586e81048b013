# SPDX-License-Identifier: GPL-2.0-only
"""Real machines: every kind of end provoked once, on Debian's stock kernel.

They need qemu, virtme-ng, busybox-static and, the first time, Debian's archive.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from kpatch_tools.checks.vm import Judgement, judge
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.flow.test import run_contract
from kpatch_tools.model.event import silent
from kpatch_tools.model.report import Status
from kpatch_tools.model.run import Ended
from kpatch_tools.model.test import Verdict
from kpatch_tools.tools import guest, kernels, probe, vng
from tests.machines import debian_kernel, debian_tree

pytestmark = [pytest.mark.vm, pytest.mark.timeout(600)]

HEAD = "#!/bin/sh\necho TAP version 13\necho 1..2\necho ok 1 first\n"
TAIL = "echo ok 2 second\n"


@pytest.fixture
def kernel() -> kernels.Kernel:
    missing = [name for name in ("vng", "setpriv", "busybox", probe.QEMU) if not probe.locate(name)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    return debian_kernel("6.12")


@pytest.fixture
def boot(kernel: kernels.Kernel, tmp_path: Path) -> Callable[..., vng.Boot]:
    """``boot("echo x", "exit 4")``: one machine that runs these shell scripts between two good results."""

    def run(*bodies: str, **changes: object) -> vng.Boot:
        limit = changes.pop("limit", 20)
        programs = []
        for index, body in enumerate(bodies):
            binary = tmp_path / f"script {index}"
            binary.write_text(f"{HEAD}{body}\n{TAIL}")
            programs.append(guest.Program(name=f"it's {index}", binary=binary, limit=limit))
        machine = vng.Machine(kernel=kernel, acceleration=probe.acceleration(), **changes)
        return vng.boot(machine, programs, logs=tmp_path / "logs, odd", sink=silent)

    return run


def verdicts(judgement: Judgement) -> list[Verdict]:
    return [test.status for test in judgement.tests]


def test_ends_of_programs_in_one_machine(boot: Callable[..., vng.Boot]) -> None:
    """PASS, FAIL, SKIP, CRASH and HANG; output is kept apart and the machine proves its paging."""
    done = boot(
        "echo error >&2",
        "echo 'not ok 2 bad'; exit 1",
        "echo 'ok 2 second # SKIP why'; exit 0",
        "kill -SEGV $$",
        "sleep 100",
        limit=6,
    )
    evidence = done.evidence
    assert evidence.ended is Ended.EXITED
    assert evidence.record.done
    assert evidence.record.nested_paging
    assert evidence.outputs[0].stderr == "error\n"
    assert evidence.outputs[0].stdout.splitlines()[-1] == "ok 2 second"
    assert [run.code for run in evidence.record.tests][:4] == [0, 1, 0, 139]
    judged = judge(evidence)
    assert verdicts(judged) == [
        Verdict.PASS, Verdict.PASS,
        Verdict.PASS, Verdict.FAIL,
        Verdict.PASS, Verdict.SKIP,
        Verdict.PASS, Verdict.CRASH,
        Verdict.PASS, Verdict.HANG,
    ]  # fmt: skip
    assert judged.verdict is Verdict.HANG
    assert "Show Blocked State" in evidence.console
    assert "Nested Paging enabled" in evidence.console
    assert done.console_log.is_file()


def test_panic(boot: Callable[..., vng.Boot]) -> None:
    done = boot("echo c > /proc/sysrq-trigger")
    judged = judge(done.evidence)
    assert judged.verdict is Verdict.PANIC
    assert "sysrq triggered crash" in judged.reason
    assert verdicts(judged) == [Verdict.PASS, Verdict.PANIC]
    assert not done.evidence.record.done


def test_the_machine_vanishes(boot: Callable[..., vng.Boot]) -> None:
    judged = judge(boot("echo b > /proc/sysrq-trigger; sleep 60").evidence)
    assert judged.verdict is Verdict.NO_VERDICT
    assert "without its end mark" in judged.reason


def test_a_taint_without_a_word(boot: Callable[..., vng.Boot]) -> None:
    judged = judge(boot("echo 512 > /proc/sys/kernel/tainted").evidence)
    assert judged.verdict is Verdict.SPLAT
    assert [finding.rule for finding in judged.findings] == ["splat/taint"]


def test_paging_off_where_asked(boot: Callable[..., vng.Boot]) -> None:
    evidence = boot("", mode={"npt": "0"}).evidence
    assert evidence.record.parameters["kvm_amd.npt"] == "N"
    assert not evidence.record.nested_paging
    assert judge(evidence).verdict is Verdict.PASS


def test_the_machine_hangs(boot: Callable[..., vng.Boot]) -> None:
    """The guest's own deadline is stopped, so only the host's can end it; no process is left."""
    done = boot("kill -STOP $PPID; sleep 1000", limit=5, boot_timeout=60.0)
    assert done.evidence.ended in {Ended.QUIET, Ended.TIMED_OUT}
    judged = judge(done.evidence)
    assert judged.verdict is Verdict.HANG
    assert "in it's 0" in judged.reason
    assert verdicts(judged) == [Verdict.PASS, Verdict.HANG]


def test_qemu_refuses(boot: Callable[..., vng.Boot]) -> None:
    judged = judge(boot("", memory="900000G").evidence)
    assert judged.verdict is Verdict.INFRA
    assert "qemu ended with code 1" in judged.reason


@pytest.mark.kernel
@pytest.mark.skipif(not shutil.which("apt-cache"), reason="needs Debian's archive")
def test_the_merged_api_on_a_stock_kernel(kernel: kernels.Kernel, tmp_path: Path) -> None:
    """The quick proof of the README: KVM_PRE_FAULT_MEMORY as documented, on a kernel nobody built here."""
    tree = debian_tree("6.12")
    modes: Sequence[dict[str, str]] = ({}, {"tdp_mmu": "0"})
    result = run_contract(
        load_contract("kvm_pre_fault_memory"),
        tree=tree.path,
        commit=tree.commit,
        kernel=kernel,
        modes=modes,
        sink=silent,
        logs=tmp_path,
    )
    # What it shipped with is told, each with the symptom that the contract names; nothing else is wrong.
    states = Counter(test.status for test in result.tests)
    assert set(states) == {Verdict.PASS, Verdict.KNOWN_BUG, Verdict.SKIP}, result.reason
    assert states[Verdict.PASS] > 100
    assert result.status is Status.FAIL
    bugs = {test.reason.partition(":")[0] for test in result.tests if test.status is Verdict.KNOWN_BUG}
    assert bugs == {
        "B1, fixed by 3ccbf6f47098",
        "B2, fixed by 20a6cff3b283",
        "B3",
        "B4, fixed by 386d69f9f29b",
    }
    holes = [test for test in result.tests if test.name == "hole_first"]
    assert [test.mode["tdp_mmu"] for test in holes] == ["1", "0"]
    assert holes[0].observed["errno"] == "ENOENT"
