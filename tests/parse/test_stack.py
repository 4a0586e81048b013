# SPDX-License-Identifier: GPL-2.0-only
"""Stacks of a console: which words are addresses, what is put behind them, and whose line is at fault."""

import pytest

from kpatch_tools.parse.stack import Frame, Symbol, place_in, symbols_of, with_sources

CONSOLE = """\
[    1.000000] ------------[ cut here ]------------
[    1.000000] WARNING: CPU: 0 PID: 1 at virt/kvm/x.c:7 faulty+0x5/0x10
[    1.000000] RIP: 0010:faulty+0x5/0x10
[    1.000000] RAX: 0000000000000001 RBX: ffff888003a5b400
[    1.000000] Call Trace:
[    1.000000]  <TASK>
[    1.000000]  ? __warn+0x7d/0x130
[    1.000000]  caller.isra.0+0x20/0x30
[    1.000000][   T1]  last+0x1/0x2 [kvm]
[    1.000000] RIP: 0033:0x7f0000000000
"""
FAULTY = Symbol(name="faulty", offset=5, size=16, exact=True)
CALLER = Symbol(name="caller.isra.0", offset=0x20, size=0x30)
SOURCES = {
    FAULTY: (
        Frame(function="helper", path="include/linux/h.h", line=3),
        Frame(function="f", path="a.c", line=9),
    ),
    CALLER: (Frame(function="caller", path="b.c", line=4),),
}


def test_the_addresses_of_a_stack() -> None:
    # The title line, a register, a module and user space are none that the tables of vmlinux know.
    assert [str(symbol) for symbol in symbols_of(CONSOLE)] == [
        "faulty+0x5/0x10",
        "__warn+0x7d/0x130",
        "caller.isra.0+0x20/0x30",
    ]
    assert [symbol.exact for symbol in symbols_of(CONSOLE)] == [True, False, False]


def test_sources_are_put_behind_and_no_line_is_added() -> None:
    told = with_sources(CONSOLE, SOURCES)
    assert len(told.split("\n")) == len(CONSOLE.split("\n"))
    assert "RIP: 0010:faulty+0x5/0x10 (include/linux/h.h:3 helper, inlined at a.c:9)" in told
    assert " caller.isra.0+0x20/0x30 (b.c:4)" in told
    assert with_sources(CONSOLE, {}) == CONSOLE


def test_the_place_is_the_first_that_is_at_fault() -> None:
    lines = with_sources(CONSOLE, SOURCES).split("\n")
    # Inlined from a header: the C file that it was inlined into.
    assert place_in(lines) == ("a.c", 9)
    assert place_in(lines[4:]) == ("b.c", 4)


@pytest.mark.parametrize(
    "line",
    [
        " ? guess+0x1/0x10 (c.c:5)",
        " dump_stack_lvl+0x1/0x10 (lib/dump_stack.c:5)",
        " kasan_report+0x1/0x10 (mm/kasan/report.c:5)",
        " unknown+0x1/0x10",
        "a line of a test (c.c:5)",
        "",
    ],
)
def test_what_is_no_place(line: str) -> None:
    assert place_in([line, " real+0x1/0x10 (d.c:6)"]) == ("d.c", 6)
    assert place_in([line]) is None
