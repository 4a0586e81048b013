# SPDX-License-Identifier: GPL-2.0-only
"""The filter of system calls: that bubblewrap and the kernel take it, and what it holds back."""

import platform
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.model.run import Command
from kpatch_tools.model.sandbox import Sandbox
from kpatch_tools.tools import process, sandbox, seccomp

X86_64, I386, AARCH64 = 0xC000003E, 0x40000003, 0xC00000B7
ALLOWED = 0x7FFF0000
ENOSYS, EAFNOSUPPORT = 0x50000 | 38, 0x50000 | 97

# Each says "open" where the way is open. perl has no constants for these; the numbers are x86_64's.
TRIES = {
    "the session keyring": "print 'open' if syscall(250, 0, -3, 1) > 0",
    "a new key": '($t, $n, $x) = qw(user kvet x); print "open" if syscall(248, $t, $n, $x, 1, -2) > 0',
    "a key asked for": '($t, $n) = qw(user kvet); syscall(249, $t, $n, 0, 0); print "open" if $! != 38',
    "sockets to other machines": "print 'open' if syscall(41, 40, 1, 0) >= 0",
    "io_uring": 'syscall(425, 0, 0); print "open" if $! != 38',
    "bpf": 'syscall(321, 99, 0, 0); print "open" if $! != 38',
}


def judged(machine: int, number: int, argument: int = 0) -> int:
    """What the filter returns for a call, as the kernel reads it."""
    data = struct.pack("=IIQQ", number, machine, 0, argument)
    steps = list(struct.iter_unpack("=HBBI", seccomp.program()))
    at = value = 0
    while True:
        code, yes, no, operand = steps[at]
        at += 1
        if code == 0x06:
            return int(operand)
        if code == 0x20:
            (value,) = struct.unpack_from("=I", data, operand)
        else:
            holds = value == operand if code == 0x15 else value >= operand
            at += yes if holds else no


@pytest.mark.parametrize(
    ("machine", "keyctl", "read", "socket"),
    [(X86_64, 250, 0, 41), (I386, 288, 3, 359), (AARCH64, 219, 63, 198)],
)
def test_each_machine_has_its_numbers(machine: int, keyctl: int, read: int, socket: int) -> None:
    assert judged(machine, keyctl) == ENOSYS
    assert judged(machine, read) == ALLOWED
    assert judged(machine, socket, 1) == judged(machine, socket, 16) == ALLOWED
    assert judged(machine, socket, 40) == judged(machine, socket, 38) == EAFNOSUPPORT
    assert judged(machine, read | 0x40000000) == ENOSYS


def test_a_machine_that_is_not_known_is_left_alone() -> None:
    assert judged(0x80000016, 280) == ALLOWED


def test_it_fits_into_a_pipe() -> None:
    assert len(seccomp.program()) < 4096


@pytest.mark.skipif(
    not all(shutil.which(name) for name in (sandbox.PROGRAM, "perl")), reason="needs bubblewrap and perl"
)
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are those of x86_64")
@pytest.mark.parametrize("name", TRIES)
def test_it_holds_in_a_sandbox(name: str, plain: Callable[[str], str]) -> None:
    asked = Command(argv=("perl", "-e", TRIES[name]), timeout=30, sandbox=Sandbox())
    done = process.run(asked)
    assert (done.text, done.error_text, done.ok) == ("", "", True)
    if name == "the session keyring" and Path("/proc/keys").exists():
        assert plain(TRIES[name]) == "open", "there is nothing to hold"


@pytest.fixture
def plain() -> Callable[[str], str]:
    """What perl says of it without a sandbox."""
    return lambda script: process.run(Command(argv=("perl", "-e", script), timeout=30)).text
