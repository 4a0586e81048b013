# SPDX-License-Identifier: GPL-2.0-only
"""A warning of a real kernel that kvet built, provoked on purpose: its stack names source lines."""

import re
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.flow.build import build_kernel
from kpatch_tools.flow.symbols import NO_TABLES, judge_boot
from kpatch_tools.flow.tree import find_tree
from kpatch_tools.model.event import silent
from kpatch_tools.model.test import Verdict
from kpatch_tools.tools import guest, kernels, machine, probe
from kpatch_tools.tools.boot import boot

pytestmark = [pytest.mark.vm, pytest.mark.kernel, pytest.mark.timeout(3600)]

PROVOKE = """\
#!/bin/sh
echo TAP version 13
echo 1..1
mkdir -p /tmp/debug
mount -t debugfs debugfs /tmp/debug
echo {what} > /tmp/debug/provoke-crash/DIRECT
echo ok 1 it lives
"""


def booted(kernel: kernels.Kernel, what: str, tmp_path: Path) -> machine.Boot:
    binary = tmp_path / "provoke"
    binary.write_text(PROVOKE.format(what=what))
    binary.chmod(0o755)
    made = machine.Machine(kernel=kernel, acceleration=probe.acceleration())
    program = guest.Program(name="provoke", binary=binary, limit=30)
    return boot(made, (program,), logs=tmp_path / "logs", sink=silent)


@pytest.fixture(scope="module")
def kernel() -> kernels.Kernel:
    missing = [name for name in ("vng", "setpriv", probe.QEMU) if not probe.locate(name)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    try:
        found = find_tree("debian:6.1", silent)
        built = build_kernel(found.path, found.commit, sink=silent).kernel
    except EnvironmentFault as error:
        pytest.skip(error.message)
    assert built is not None
    assert built.tables is not None
    return built


def test_a_warning_names_file_and_line(kernel: kernels.Kernel, tmp_path: Path) -> None:
    evidence = booted(kernel, "WARNING", tmp_path).evidence
    judged = judge_boot(evidence, kernel)
    assert judged.verdict is Verdict.SPLAT
    (finding,) = judged.findings
    assert finding.rule == "splat/warning"
    assert finding.location is not None
    assert finding.location.path == "drivers/misc/lkdtm/bugs.c"
    # bugs.c: the WARN of lkdtm_WARNING(), as CONFIG_DEBUG_BUGVERBOSE prints it too.
    assert re.search(r"RIP: 0010:lkdtm_WARNING\S+ \(drivers/misc/lkdtm/bugs\.c:\d+\)", finding.detail)
    assert re.search(r"direct_entry\S+ \(drivers/misc/lkdtm/core\.c:\d+\)", finding.detail)
    assert re.search(r"vfs_write\S+ \(fs/read_write\.c:\d+\)", finding.detail)


def test_a_null_pointer_has_its_place_from_the_stack(kernel: kernels.Kernel, tmp_path: Path) -> None:
    evidence = booted(kernel, "ACCESS_NULL", tmp_path).evidence
    judged = judge_boot(evidence, kernel)
    oops = next(item for item in judged.findings if item.rule == "splat/oops")
    assert oops.location is not None
    assert oops.location.path == "drivers/misc/lkdtm/perms.c"
    # Without the tables nothing is guessed, and the report says why.
    bare = kernels.from_image(kernel.image)
    plain = next(item for item in judge_boot(evidence, bare).findings if item.rule == "splat/oops")
    assert plain.location is None
    assert NO_TABLES in plain.hint
