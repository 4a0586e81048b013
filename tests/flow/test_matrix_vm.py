# SPDX-License-Identifier: GPL-2.0-only
"""A matrix for real: two kernels and three modes, each cell a machine, ended half way and resumed.

It needs qemu, busybox-static, Debian's archive the first time, and a built kernel (minutes without cache).
"""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from kpatch_tools.flow.matrix import Choices, begun_in, resumed_plan, run_matrix
from kpatch_tools.flow.matrix_plan import load_plan
from kpatch_tools.model.event import silent
from kpatch_tools.model.test import Verdict
from kpatch_tools.tools import probe
from tests.machines import debian_kernel, debian_tree

pytestmark = [pytest.mark.vm, pytest.mark.kernel, pytest.mark.timeout(1800)]

TEXT = """
schema = 1
title = "a nested guest by each way of translating"
tree = "debian:6.12"
[[test]]
selftest = "x86_64/svm_vmcall_test"
timeout = 60
[[mode]]
[[mode]]
tdp_mmu = false
[[mode]]
nested = false
[[kernel]]
name = "stock"
image = "debian:6.12"
[[kernel]]
name = "built"
[[expect]]
mode = "nested=0"
verdict = "SKIP"
"""
KVET = "import sys; from kpatch_tools.cli.app import run; sys.exit(run(sys.argv[1:]))"


@pytest.fixture
def matrix(tmp_path: Path) -> Path:
    missing = [name for name in ("setpriv", "busybox", probe.QEMU) if not probe.locate(name)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    debian_tree("6.12")
    debian_kernel("6.12")
    file = tmp_path / "m.toml"
    file.write_text(TEXT)
    return file


def qemus(mark: str) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes()
        except OSError:
            continue
        if b"qemu-system" in words.partition(b"\0")[0] and mark.encode() in words:
            found.append(int(entry.parent.name))
    return found


def test_two_kernels_in_three_modes_killed_and_resumed(matrix: Path, tmp_path: Path) -> None:
    folder = tmp_path / "s/runs"
    argv = [
        sys.executable,
        "-c",
        KVET,
        "matrix",
        str(matrix),
        "--state",
        str(tmp_path / "s"),
        "--retries",
        "2",
    ]
    child = os.posix_spawn(sys.executable, argv, dict(os.environ))
    deadline = time.monotonic() + 1500
    try:
        while not list(folder.glob("*/cells/*/result.json")):
            assert time.monotonic() < deadline
            assert os.waitpid(child, os.WNOHANG)[0] == 0, "it ended too early"
            time.sleep(0.1)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    before = {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("*/cells/*/result.json")}
    assert 0 < len(before) < 6
    deadline = time.monotonic() + 10
    while qemus(str(tmp_path)):
        assert time.monotonic() < deadline, "a machine outlived kvet"
        time.sleep(0.1)

    (run,) = folder.glob("*-matrix-m")
    begun = begun_in(run)
    plan = resumed_plan(run, begun)
    outcome = run_matrix(plan, Choices(retries=begun.retries), folder=run, tool="kvet", sink=silent)
    facts = {check.check: dict(check.facts) for check in outcome.report.checks}
    assert facts["matrix"]["kept from before"] == str(len(before))
    after = {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("*/cells/*/result.json")}
    assert len(after) == 6
    assert {name: when for name, when in after.items() if name in before} == before
    seen = {
        (facts[cell.key]["kernel"], facts[cell.key]["mode"]): facts[cell.key]["verdict"]
        for cell in load_plan(str(matrix)).cells
    }
    for kernel in ("stock", "built"):
        assert seen[kernel, "default"] == Verdict.PASS, outcome.report
        assert seen[kernel, "tdp_mmu=0"] == Verdict.PASS, outcome.report
        assert seen[kernel, "nested=0"] == Verdict.SKIP, outcome.report
    assert outcome.all_as_expected


def test_processors_and_huge_pages_are_those_asked_for(matrix: Path, tmp_path: Path) -> None:
    text = TEXT.partition("[[mode]]")[0] + "[[mode]]\ncpus = 2\nhuge_2m = 16\n"
    text += '[[kernel]]\nimage = "debian:6.12"\n'
    matrix.write_text(text)
    choices = Choices(retries=2)
    outcome = run_matrix(load_plan(str(matrix)), choices, folder=tmp_path / "r", tool="kvet", sink=silent)
    assert outcome.all_as_expected, outcome.report


def test_the_command_ends_at_once_with_ctrl_c(matrix: Path, tmp_path: Path) -> None:
    said = tmp_path / "stderr"
    argv = [sys.executable, "-c", KVET, "matrix", str(matrix), "--state", str(tmp_path / "s")]
    # Whoever started the tests in the background has SIGINT ignored, and that would be inherited.
    child = os.posix_spawn(
        sys.executable,
        argv,
        dict(os.environ),
        setsigdef=[signal.SIGINT],
        file_actions=[(os.POSIX_SPAWN_OPEN, 2, str(said), os.O_WRONLY | os.O_CREAT, 0o600)],
    )
    deadline = time.monotonic() + 1500
    try:
        while not qemus(str(tmp_path)):
            assert time.monotonic() < deadline
            assert os.waitpid(child, os.WNOHANG)[0] == 0, "it ended too early"
            time.sleep(0.05)
    finally:
        os.kill(child, signal.SIGINT)
        status = os.waitpid(child, 0)[1]
    assert os.waitstatus_to_exitcode(status) == 130
    assert "go on with: kvet matrix --resume" in said.read_text()
    assert qemus(str(tmp_path)) == []
