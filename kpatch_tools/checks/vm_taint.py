# SPDX-License-Identifier: GPL-2.0-only
"""What /proc/sys/kernel/tainted says of a boot.

Bits, letters and meaning: Documentation/admin-guide/tainted-kernels.rst and kernel/panic.c.
"""

from collections.abc import Iterator, Sequence

from kpatch_tools.model.vm import GuestRecord
from kpatch_tools.parse.kernellog import Splat

# Only the bits that a fault of the kernel sets; a module that is out of tree or unsigned is none.
_FAULTS = {
    4: ("M", "a machine check"),
    5: ("B", "a bad page"),
    7: ("D", "an oops or BUG"),
    9: ("W", "a warning"),
    14: ("L", "a soft lockup"),
}
# Which complaint sets which bit; what is not here sets that of a warning, or none.
_SETS = {"bug": {7, 9}, "oops": {7, 9}, "kasan": {5, 9}, "kfence": {5, 9}, "soft-lockup": {14}}


def new_taint(record: GuestRecord, allowed: Sequence[Splat]) -> str:
    """The faults' letters that the tests brought, in words; "" for none.

    What was there before the tests is not theirs, and what an allowed complaint sets is allowed with it.
    """
    explained = set[int]().union(*(_SETS.get(splat.kind, {9}) for splat in allowed))
    before, after = record.taint_before or 0, record.taint_after or 0
    return ", ".join(_words(after & ~before, explained))


def old_taint(record: GuestRecord) -> str:
    """The faults' letters that the kernel had before the first test, in words; "" for none."""
    return ", ".join(_words(record.taint_before or 0, set()))


def _words(taint: int, without: set[int]) -> Iterator[str]:
    for bit, (letter, name) in _FAULTS.items():
        if taint >> bit & 1 and bit not in without:
            yield f"{letter} ({name})"
