# SPDX-License-Identifier: GPL-2.0-only
"""What a test printed, in words."""

import pytest

from kpatch_tools.render.observed import number, words


def said(line: str) -> str:
    return words(dict(word.split("=", 1) for word in line.split()))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ret=0 errno=0 advanced=4096 left=0 pages_4k=1 pages_2m=0", "returned 0 after 0x1000 bytes"),
        ("ret=-1 errno=EINVAL advanced=0 left=4096 pages_4k=0 control=ok calls=12", "returned EINVAL"),
        (
            "ret=-1 errno=EINVAL advanced=4182016 left=18446744073705373696 pages_4k=0 pages_2m=2",
            "returned EINVAL after 0x3fd000 bytes, size left: 0xffffffffffc04000; mapped: 2 pages of 2 MiB",
        ),
        (
            "ret=-1 errno=EINVAL advanced=32768 left=32768 pages_4k=8 again=EINVAL",
            "returned EINVAL after 0x8000 bytes, size left: 0x8000; called again, it returned EINVAL",
        ),
        (
            "ret=0 errno=0 advanced=16384 left=0 taken=4",
            "returned 0 after 0x4000 bytes; the guest then still took 4 page faults in the range",
        ),
        (
            "ret=-1 errno=EFAULT advanced=0 left=16384 pages_4k=4",
            "returned EFAULT; mapped: 4 pages of 4 KiB",
        ),
        ("ret=0 errno=0 advanced=0 left=0 spte=1", "returned 0; 1 page table entry was written"),
        (
            "ret=-1 errno=EINTR looped=1 sigbus=1",
            "returned EINTR; SIGBUS was sent; only a signal ended the call",
        ),
        (
            "ret=0 errno=0 call=none cap_dev=1 cap_vm=0",
            "KVM_CHECK_EXTENSION returned 1 on /dev/kvm and 0 on the VM",
        ),
        ("pages_1g=1", "mapped: 1 page of 1 GiB"),
        ("exit_reason=10 ret=x", "returned 0"),
        ("", ""),
    ],
)
def test_what_was_seen(line: str, expected: str) -> None:
    assert said(line) == expected


def test_bytes_are_hexadecimal_and_anything_else_is_as_it_was() -> None:
    assert number("left", "18446744073705373696") == "0xffffffffffc04000"
    assert number("left", "-1") == "-1"
    assert number("left", "\u0663") == "\u0663"
    assert number("taken", "16") == "16"


def test_a_number_that_python_does_not_read_stays_as_it_is() -> None:
    assert number("left", "9" * 5000) == "9" * 5000
