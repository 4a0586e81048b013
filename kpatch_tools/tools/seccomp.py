# SPDX-License-Identifier: GPL-2.0-only
"""What of the kernel no namespace holds back: the calls that a sandbox's programs do not get.

Keys are the user's, whatever the namespace: a program reads what lies in the session keyring that it was
started with, and finds the others in /proc/keys. AF_VSOCK reaches listeners of this machine and of the one
that it is a guest of past the network namespace. The rest are interfaces that no build needs, and that many
faults of the kernel were in. Source: keyrings(7), vsock(7), seccomp(2), bwrap(1) --seccomp.
"""

import errno
import struct
from dataclasses import dataclass

# linux/bpf_common.h, linux/seccomp.h; struct seccomp_data has the call's number first, then the machine.
_LOAD, _JUMP_EQUAL, _JUMP_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
# AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: of these a network namespace has its own.
_FAMILIES = (1, 2, 10, 16)
_X32 = 0x40000000
_IO_URING = (425, 426, 427)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machine:
    """A machine by its AUDIT_ARCH; ``refused`` are add_key, request_key, keyctl and others, by number."""

    audit: int
    refused: tuple[int, ...]
    socket: int


# perf_event_open, bpf, userfaultfd behind the keys; socketcall hides what it is asked for behind a pointer.
_MACHINES = (
    _Machine(audit=0xC000003E, refused=(248, 249, 250, 298, 321, 323, *_IO_URING), socket=41),
    _Machine(audit=0x40000003, refused=(286, 287, 288, 336, 357, 374, *_IO_URING, 102), socket=359),
    _Machine(audit=0xC00000B7, refused=(217, 218, 219, 241, 280, 282, *_IO_URING), socket=198),
)


def program() -> bytes:
    """The filter, as bubblewrap takes it: refused calls answer as on a kernel that has not got them."""
    words = _step(_LOAD, _MACHINE_AT)
    for machine in _MACHINES:
        block = _block(machine)
        # A jump counts instructions of eight bytes.
        words += _step(_JUMP_EQUAL, machine.audit, no=len(block) // 8) + block
    return words + _step(_RETURN, _ALLOW)


def _block(machine: _Machine) -> bytes:
    words = _step(_LOAD, _NUMBER_AT)
    # The x32 numbers are the same calls once more.
    words += _step(_JUMP_LEAST, _X32, no=1) + _refusal(errno.ENOSYS)
    for number in machine.refused:
        words += _step(_JUMP_EQUAL, number, no=1) + _refusal(errno.ENOSYS)
    families = _step(_LOAD, _FIRST_ARGUMENT_AT)
    for family in _FAMILIES:
        families += _step(_JUMP_EQUAL, family, no=1) + _step(_RETURN, _ALLOW)
    families += _refusal(errno.EAFNOSUPPORT)
    words += _step(_JUMP_EQUAL, machine.socket, no=len(families) // 8) + families
    return words + _step(_RETURN, _ALLOW)


def _refusal(number: int) -> bytes:
    return _step(_RETURN, _ERRNO | number)


def _step(code: int, value: int, *, no: int = 0) -> bytes:
    """One instruction; ``no`` is how many a jump leaves out when its comparison does not hold."""
    return struct.pack("=HBBI", code, 0, no, value)
