# SPDX-License-Identifier: GPL-2.0-only
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.model.finding import Location, Severity
from kpatch_tools.parse.gcc import (
    LONGEST_LINE,
    MAX_FINDINGS,
    MAX_RELATED,
    is_step,
    make_failures,
    parse_build,
)

LOG = """\
  CC      arch/x86/kvm/mmu/mmu.o
/src/linux/arch/x86/kvm/mmu/mmu.c: In function 'kvm_tdp_map_page':
/src/linux/arch/x86/kvm/mmu/mmu.c:4800:9: error: 'lvl' undeclared (first use in this function)
 4800 |         lvl = 1;
      |         ^~~
      |         bvl
/src/linux/arch/x86/kvm/mmu/mmu.c:4800:9: note: each undeclared identifier is reported only once
/src/linux/arch/x86/kvm/mmu/mmu.c:4811:14: error: unused variable 'x' [-Werror=unused-variable]
../virt/kvm/kvm_main.c:10:5: \x1b[01;35mwarning: \x1b[mcomparison is always true [-Wtype-limits]
make[3]: *** [/src/linux/scripts/Makefile.build:250: arch/x86/kvm/mmu/mmu.o] Error 1
"""


def test_errors_and_warnings_with_place_and_flag() -> None:
    first, second, third = parse_build(LOG, roots=("/src/linux",))
    assert first.rule == "gcc/error"
    assert first.severity is Severity.ERROR
    assert first.location == Location(path="arch/x86/kvm/mmu/mmu.c", line=4800, column=9)
    assert "lvl = 1;" in first.detail
    assert "reported only once" in first.detail
    assert first.related[0].line == 4800
    assert second.rule == "gcc/-Wunused-variable"
    assert second.message == "unused variable 'x'"
    assert second.severity is Severity.ERROR
    assert third.rule == "gcc/-Wtype-limits"
    assert third.severity is Severity.WARNING
    assert third.location == Location(path="virt/kvm/kvm_main.c", line=10, column=5)


def test_a_header_included_twice_is_told_once() -> None:
    line = "include/linux/kvm_host.h:5:1: error: unknown type name 'foo'\n"
    assert len(parse_build(line * 3)) == 1


@pytest.mark.parametrize(
    ("line", "rule", "path", "number"),
    [
        ("ld: arch/x86/kvm/x86.o: in function `f':", None, "", 0),
        ("ld: arch/x86/kvm/x86.c:17: undefined reference to `g'", "ld/error", "arch/x86/kvm/x86.c", 17),
        ("x86.c:(.text+0x12): undefined reference to `g'", "ld/error", "x86.c", 0),
        ('ERROR: modpost: "g" [arch/x86/kvm/kvm.ko] undefined!', "modpost/error", None, 0),
        (
            "arch/x86/kvm/vmenter.o: warning: objtool: f()+0x1: unreachable",
            "objtool/warning",
            "arch/x86/kvm/vmenter.o",
            0,
        ),
        ("arch/x86/kvm/Kconfig:12: syntax error", "kconfig/error", "arch/x86/kvm/Kconfig", 12),
        ("arch/x86/kvm/Kconfig:12:warning: choice value", "kconfig/warning", "arch/x86/kvm/Kconfig", 12),
        ("a.c:3:10: fatal error: b.h: No such file or directory", "gcc/error", "a.c", 3),
        ("  CC      kernel/fork.o", None, "", 0),
        ("note: nothing", None, "", 0),
    ],
)
def test_other_programs(line: str, rule: str | None, path: str | None, number: int) -> None:
    found = parse_build(f"{line}\n")
    if rule is None:
        assert found == ()
        return
    (finding,) = found
    assert finding.rule == rule
    if path is None:
        assert finding.location is None
    else:
        assert finding.location == Location(path=path, line=number, column=finding.location.column)


def test_what_make_gave_up_on() -> None:
    assert make_failures(LOG) == ("[/src/linux/scripts/Makefile.build:250: arch/x86/kvm/mmu/mmu.o] Error 1",)


def test_steps() -> None:
    assert is_step("  CC      kernel/fork.o")
    assert is_step("  CC [M]  drivers/x.o")
    assert not is_step("  LD      vmlinux")


@given(st.text())
def test_never_raises(text: str) -> None:
    parse_build(text, roots=("", "/"))


def test_a_path_with_steps_up_is_made_plain() -> None:
    text = (
        "/t/arch/x86/kvm/../../../virt/kvm/a.c:5:1: warning: odd [-Wodd]\n../b.c:1:1: warning: odd [-Wodd]\n"
    )
    assert [str(item.location) for item in parse_build(text, roots=("/t", "/o"))] == [
        "virt/kvm/a.c:5:1",
        "b.c:1:1",
    ]


@pytest.mark.parametrize(
    "line",
    [
        f"a.c:1:1: warning: {' ' * 1_000_000}x",
        "Kconfig" * 200_000,
        f"{'../' * 300_000}a.c:1:1: warning: x",
        f"a.c:1:1: warning: {'[-W' * 300_000}",
    ],
)
def test_a_makefile_may_print_a_line_of_any_length(line: str) -> None:
    # With a cost of the length squared this would be minutes; pytest's own limit ends it.
    found = parse_build(f"{line}\nb.c:2:1: warning: y [-Wz]\n")
    assert found[-1].message == "y"
    assert all(len(one.message) <= LONGEST_LINE for one in found)


def test_a_makefile_may_print_any_number_of_lines() -> None:
    lines = [f"a.c:{number}:1: warning: x" for number in range(1, MAX_FINDINGS + 11)]
    found = parse_build("\n".join([*lines, "b.c:1:1: error: y", "c.c:1:1: error: z", ""]))
    assert len(found) == MAX_FINDINGS + 2
    assert [(one.severity, one.message) for one in found[-2:]] == [
        (Severity.ERROR, "the build printed 2 more errors than are told here"),
        (Severity.WARNING, "the build printed 10 more warnings than are told here"),
    ]


def test_of_notes_without_end_some_are_kept() -> None:
    notes = "".join(f"a.c:{number}:1: note: n\n" for number in range(1000))
    (found,) = parse_build(f"a.c:1:1: error: x\n{notes}")
    assert len(found.related) == MAX_RELATED


@pytest.mark.parametrize("place", [f"a.c:{'9' * 30}:1", f"a.c:{'9' * 5000}", "a.c:1:" + "9" * 30])
def test_a_line_number_that_no_file_has(place: str) -> None:
    # Python reads no number of more than some thousand digits: it was the end of the review.
    assert all(
        one.location is None or one.location.line < 10**9 for one in parse_build(f"{place}: error: x\n")
    )
