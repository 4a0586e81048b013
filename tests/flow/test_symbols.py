# SPDX-License-Identifier: GPL-2.0-only
"""A judged boot with and without source lines, from a console alone."""

from pathlib import Path

import pytest

from kpatch_tools.flow.symbols import NO_TABLES, NOT_FOUND, judge_boot
from kpatch_tools.model.vm import Evidence
from kpatch_tools.parse.stack import Frame
from kpatch_tools.tools import addresses
from kpatch_tools.tools.kernels import Kernel
from tests.checks.test_vm import boot, console

OOPS = console(
    "BUG: kernel NULL pointer dereference, address: 0000000000000000",
    "Oops: 0002 [#1] PREEMPT SMP",
    "RIP: 0010:culprit+0x5/0x10",
    "Call Trace:",
    " caller+0x20/0x30",
    "---[ end trace 0000000000000000 ]---",
)


def evidence() -> Evidence:
    return boot(console=OOPS)


def kernel(tables: Path | None) -> Kernel:
    return Kernel(image=Path("bzImage"), release="6.1", tables=tables)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(_tables, symbols):
        return {
            one: (Frame(function=one.name, path=f"virt/{one.name}.c", line=one.offset),) for one in symbols
        }

    monkeypatch.setattr(addresses, "resolve", resolve)


def test_the_place_and_the_stack_are_told(known: None) -> None:
    (finding,) = judge_boot(evidence(), kernel(Path("tables"))).findings
    assert str(finding.location) == "virt/culprit.c:5"
    assert "caller+0x20/0x30 (virt/caller.c:32)" in finding.detail
    assert "no source lines" not in finding.hint
    # The line in the log is the one that the log has.
    assert finding.hint.startswith("line 1 of the console log")


def test_a_stock_kernel_says_that_it_has_none() -> None:
    (finding,) = judge_boot(evidence(), kernel(None)).findings
    assert finding.location is None
    assert finding.hint.endswith(NO_TABLES)
    assert "RIP: 0010:culprit+0x5/0x10" in finding.detail.split("\n")


def test_tables_of_another_kernel(tmp_path: Path) -> None:
    (finding,) = judge_boot(evidence(), kernel(tmp_path / "none")).findings
    assert finding.hint.endswith(NOT_FOUND)


def test_a_clean_boot_is_left_alone(known: None) -> None:
    assert judge_boot(boot(), kernel(None)).findings == ()
