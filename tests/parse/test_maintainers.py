# SPDX-License-Identifier: GPL-2.0-only
from kpatch_tools.parse.maintainers import uncovered

TEXT = """List of maintainers

A SUBSYSTEM
M:\tA B <a@b>
F:\tvirt/kvm/*
F:\ttools/kvm/
X:\ttools/kvm/other/
N:\tspecial[0-9]

THE REST
F:\t*
F:\t*/
"""


def test_patterns() -> None:
    covered = ("virt/kvm/a.c", "tools/kvm/deep/er.c", "drivers/special7.c")
    assert uncovered(TEXT, covered) == ()
    left = ("virt/kvm/deep/a.c", "tools/kvm/other/a.c", "kernel/x.c")
    assert uncovered(TEXT, left) == left


def test_bad_regular_expression_covers_nothing() -> None:
    assert uncovered("A\nN:\t([\n", ("x",)) == ("x",)
