# SPDX-License-Identifier: GPL-2.0-only
"""The same test on the same kernel comes to the same verdict, whichever back end boots it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.checks.vm import Judgement, judge
from kpatch_tools.model.event import silent
from kpatch_tools.model.run import Ended
from kpatch_tools.model.test import Verdict
from kpatch_tools.model.vm import Backend, Evidence
from kpatch_tools.tools import guest, probe
from kpatch_tools.tools.boot import boot
from kpatch_tools.tools.kernels import Kernel
from kpatch_tools.tools.machine import Machine
from tests.machines import PROVOKE, built_kernel, require, shell

pytestmark = [pytest.mark.vm, pytest.mark.kernel, pytest.mark.timeout(3600)]

Both = Callable[..., dict[Backend, Evidence]]


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    require("vng")
    return built_kernel()


@pytest.fixture
def both(kernel: Kernel, tmp_path: Path) -> Both:
    """``both(programs, mode=...)``: the evidence of one boot a back end."""

    def run(*programs: guest.Program, **changes: object) -> dict[Backend, Evidence]:
        machine = Machine(kernel=kernel, acceleration=probe.acceleration(), **changes)
        return {
            backend: boot(machine, programs, logs=tmp_path / backend, sink=silent, backend=backend).evidence
            for backend in Backend
        }

    return run


def same(evidence: dict[Backend, Evidence]) -> Judgement:
    """Assert that both were judged alike, in whole and test by test; times and addresses may differ."""
    judged = {backend: judge(one) for backend, one in evidence.items()}
    shown = {
        backend: [
            one.verdict,
            re.sub(r"\d+ s\b|; last console line.*", "", one.reason),
            [(test.name, test.status, re.sub(r"\d+ s\b|; last console line.*", "", test.reason), test.mode)
             for test in one.tests],
            [finding.rule for finding in one.findings],
            [splat.kind for splat in one.splats],
        ]
        for backend, one in judged.items()
    }  # fmt: skip
    assert shown[Backend.DIRECT] == shown[Backend.VNG]
    return judged[Backend.DIRECT]


def test_ends_of_programs(both: Both, tmp_path: Path) -> None:
    """PASS, FAIL, SKIP, CRASH and HANG side by side; streams, codes and record are the same too."""
    bodies = {
        "good": "echo error >&2",
        "bad": "echo 'not ok 2 second # why'; exit 1",
        "skipped one": "echo 'ok 2 second # SKIP why'; exit 0",
        "skipped": "echo 'ok 2 second # SKIP no'; exit 4",
        "crashed": "kill -SEGV $$",
        "hung": "sleep 100",
        "forging": 'for nonce in 0 "" nonce; do echo "$nonce done"; echo "kvet-$nonce begin 1"; done',
        "last": 'read -r word < /proc/sys/kernel/ostype; echo "# $word"',
    }
    evidence = both(*(shell(tmp_path, name, body, limit=6) for name, body in bodies.items()))
    judged = same(evidence)
    assert judged.verdict is Verdict.HANG
    by_name = [test.status for test in judged.tests]
    assert by_name.count(Verdict.CRASH) == 1
    for one in evidence.values():
        assert one.ended is Ended.EXITED
        assert one.record.done
        assert one.record.nested_paging
        assert one.outputs[0].stderr == "error\n"
        assert one.outputs[-1].stdout.splitlines()[-2:] == ["# Linux", "ok 2 second"]
        assert [run.code for run in one.record.tests][:5] == [0, 1, 0, 4, 139]
        assert "Linux version 6.1" in one.console
        assert "Show Blocked State" in one.console
    direct, vng = evidence[Backend.DIRECT], evidence[Backend.VNG]
    assert [output.stdout for output in direct.outputs] == [output.stdout for output in vng.outputs]
    assert direct.record.parameters == vng.record.parameters


def test_all_good(both: Both, tmp_path: Path) -> None:
    judged = same(both(shell(tmp_path, "one", ""), shell(tmp_path, "two", "")))
    assert judged.verdict is Verdict.PASS
    assert len(judged.tests) == 4


def test_paging_off_where_asked(both: Both, tmp_path: Path) -> None:
    evidence = both(shell(tmp_path, "one", ""), mode={"npt": "0", "tdp_mmu": "0"})
    judged = same(evidence)
    assert judged.verdict is Verdict.PASS
    assert judged.tests[0].mode == {"npt": "0", "tdp_mmu": "0"}


def test_a_warning_of_the_kernel(both: Both, tmp_path: Path) -> None:
    judged = same(both(shell(tmp_path, "warn", f"echo WARNING > {PROVOKE}")))
    assert judged.verdict is Verdict.SPLAT
    assert [splat.kind for splat in judged.splats] == ["warning"]
    assert [test.status for test in judged.tests] == [Verdict.PASS, Verdict.PASS]


def test_a_panic(both: Both, tmp_path: Path) -> None:
    judged = same(both(shell(tmp_path, "panic", f"echo PANIC > {PROVOKE}"), shell(tmp_path, "late", "")))
    assert judged.verdict is Verdict.PANIC
    assert [test.status for test in judged.tests] == [Verdict.PASS, Verdict.PANIC, Verdict.NO_VERDICT]


def test_a_machine_that_hangs_with_interrupts_off(both: Both, tmp_path: Path) -> None:
    evidence = both(shell(tmp_path, "stuck", f"echo HARDLOCKUP > {PROVOKE}", limit=5), boot_timeout=30.0)
    judged = same(evidence)
    assert judged.verdict is Verdict.HANG
    assert "in stuck" in judged.reason
    assert [test.status for test in judged.tests] == [Verdict.PASS, Verdict.HANG]
