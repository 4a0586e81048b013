# SPDX-License-Identifier: GPL-2.0-only
"""Complaints of the kernel: synthetic ones of every kind, and consoles recorded from our own boots."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.parse.kernellog import MAX_EXCERPT, Splat, each_splat

CORPUS = Path(__file__).parents[1] / "corpus" / "console"


def splats(text: str) -> tuple[Splat, ...]:
    return tuple(each_splat(text))


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("warning", "WARNING: CPU: 0 PID: 7 at arch/x86/kvm/mmu/mmu.c:12 f+0x1/0x2 [kvm]"),
        ("warning", "WARNING: arch/x86/kvm/x86.c:3 at f+0x1"),
        ("bug", "kernel BUG at mm/slub.c:10!"),
        ("bug", "BUG: sleeping function called from invalid context at kernel/x.c:1"),
        ("bug", "BUG: scheduling while atomic: foo/1/0x2"),
        ("oops", "BUG: kernel NULL pointer dereference, address: 0000000000000008"),
        ("oops", "BUG: unable to handle page fault for address: ffff"),
        ("oops", "Oops: 0002 [#1] PREEMPT SMP NOPTI"),
        ("oops", "general protection fault, probably for non-canonical address"),
        ("kasan", "BUG: KASAN: slab-use-after-free in f+0x1/0x2"),
        ("kfence", "BUG: KFENCE: out-of-bounds read in f"),
        ("ubsan", "UBSAN: shift-out-of-bounds in virt/kvm/kvm_main.c:3:4"),
        ("lockdep", "WARNING: possible circular locking dependency detected"),
        ("lockdep", "WARNING: suspicious RCU usage"),
        ("lockdep", "WARNING: inconsistent lock state"),
        ("lockdep", "INFO: trying to register non-static key."),
        ("rcu-stall", "rcu: INFO: rcu_sched self-detected stall on CPU"),
        ("rcu-stall", "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:"),
        ("hung-task", "INFO: task foo:12 blocked for more than 120 seconds."),
        ("soft-lockup", "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [foo:1]"),
        ("hard-lockup", "NMI watchdog: Watchdog detected hard LOCKUP on cpu 0"),
        ("panic", "Kernel panic - not syncing: Fatal exception"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "[    1.234567] ", "<4>[   12.000001][  T123] "])
def test_kinds(kind: str, line: str, prefix: str) -> None:
    (splat,) = splats(f"{prefix}all is well\n{prefix}{line}\n")
    assert (splat.kind, splat.line) == (kind, 2)
    assert splat.title
    assert line.endswith(splat.title)


def test_the_cpu_and_the_process_are_no_part_of_a_title() -> None:
    (splat,) = splats("WARNING: CPU: 0 PID: 7 at a/b.c:12 f+0x1/0x2\n")
    assert splat.title == "a/b.c:12 f+0x1/0x2"


def test_a_panic_without_a_reason() -> None:
    (splat,) = splats("Kernel panic - not syncing\n")
    assert (splat.kind, splat.title, splat.fatal) == ("panic", "panic", True)


@pytest.mark.parametrize(
    "line",
    [
        "kvm_amd: Nested Paging enabled",
        "warning: `foo' uses 32-bit capabilities",
        "random: crng init done",
        "rcu: RCU debug extended QS entry/exit.",
        "INFO: NMI handler took too long",
        "sysrq: Show Blocked State",
        "kvm: begin 1 BUG_ON is a word",
        "---[ end Kernel panic - not syncing: Fatal exception ]---",
    ],
)
def test_ordinary_lines_are_no_complaint(line: str) -> None:
    assert splats(f"[    1.000000] {line}\n") == ()


def test_an_oops_in_many_lines_is_one_complaint_and_the_panic_another() -> None:
    text = (
        "BUG: kernel NULL pointer dereference, address: 0000000000000000\n"
        "#PF: supervisor write access in kernel mode\nOops: 0002 [#1] SMP\nCPU: 0 PID: 1\n"
        "RIP: 0010:f+0x1/0x2\n---[ end trace 0000000000000000 ]---\n"
        "Kernel panic - not syncing: Fatal exception\n---[ end Kernel panic - not syncing: Fatal ]---\n"
    )
    assert [splat.kind for splat in splats(text)] == ["oops", "panic"]


def test_excerpt_holds_the_trace_and_is_bounded() -> None:
    lines = ["------------[ cut here ]------------", "WARNING: CPU: 0 PID: 1 at a/b.c:1 f+0x1"]
    text = "\n".join([*lines, *(f"line {number}" for number in range(100)), "---[ end trace 1 ]---", "after"])
    (splat,) = splats(text)
    assert splat.excerpt[0] == lines[0]
    assert splat.excerpt[1] == lines[1]
    assert len(splat.excerpt) <= MAX_EXCERPT
    assert "after" not in splat.excerpt


def test_two_warnings_in_a_row_are_two() -> None:
    one = "------------[ cut here ]------------\nWARNING: CPU: 0 PID: 1 at a/b.c:1 f+0x1\n"
    assert len(splats(one * 3)) == 3


@given(st.text())
def test_never_raises(text: str) -> None:
    splats(text)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("clean-6.1", []),
        ("clean-debian-6.12", []),
        ("warning", ["warning"]),
        ("list", ["warning"]),
        ("ubsan", ["ubsan"]),
        ("bug", ["bug", "panic"]),
        ("null", ["oops", "panic"]),
        ("softlockup", ["soft-lockup", "panic"]),
        ("panic", ["panic"]),
        ("hung", ["hung-task"] * 8),
        ("rcu", ["rcu-stall"] * 4),
    ],
)
def test_recorded_consoles(name: str, kinds: list[str]) -> None:
    text = (CORPUS / f"{name}.log").read_text(encoding="utf-8", errors="replace")
    assert [splat.kind for splat in splats(text)] == kinds


def test_what_the_kernel_said_before_the_place_is_the_title() -> None:
    (splat,) = splats((CORPUS / "list.log").read_text())
    assert splat.title.startswith("list_add corruption. next->prev should be prev")
    assert splat.title.endswith("(__list_add_valid_or_report+0x5e/0xa0)")
    assert "cut here" in splat.excerpt[0]
    assert "end trace" in splat.excerpt[-1]


@pytest.mark.parametrize("line", ["-" * 2048, "WARNING: -safe -> " * 113, f"WARNING: {'-safe -> ' * 226}"])
def test_no_console_takes_for_ever(line: str) -> None:
    # As much as a guest may write; a cost of a line's length squared would be minutes.
    list(each_splat("\n".join([line] * (32 * 512))))
    start = time.process_time()
    list(each_splat("\n".join([line] * 500)))
    assert time.process_time() - start < 1.0


def test_a_lock_order_with_its_classes() -> None:
    (found,) = splats("WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected")
    assert found.kind == "lockdep"
