# SPDX-License-Identifier: GPL-2.0-only
"""What a case does besides its one call: the vCPU it is made on, and the steps that follow it.

Every step after the call has an expectation of its own; addresses are bytes, written as a Place.
"""

from typing import Annotated, Literal

import msgspec

from kpatch_tools.model.place import Place, place
from kpatch_tools.model.private import Convert, GuestExit, PunchHole
from kpatch_tools.model.terms import Document, Pages

# As large as the part of the test memory that the guest's page tables map.
Touched = Annotated[int, msgspec.Meta(ge=1, le=1024)]


class AddVcpu(Document, tag_field="do", tag="vcpu", kw_only=True, frozen=True):
    """Adds a vCPU that never runs and makes the calls on it, with or without a CPUID table."""

    cpuid: bool = True


class EnterSmm(Document, tag_field="do", tag="smm", kw_only=True, frozen=True):
    """Puts the vCPU into system management mode."""


class EnterL2(Document, tag_field="do", tag="l2", kw_only=True, frozen=True):
    """Adds a vCPU that runs until it is in a guest of its guest, and makes the calls on it.

    With ``npt`` that guest has nested page tables, and it returns to the outer guest when it runs again.
    """

    npt: bool


class Touch(Document, tag_field="do", tag="touch", kw_only=True, frozen=True):
    """The guest reads or writes ``pages`` from ``at``; every number left out is not looked at.

    ``taken`` is the change of the vCPU's statistic pf_taken, ``pages_4k`` and ``pages_2m`` those of the VM's.
    """

    access: Literal["read", "write"]
    pages: Touched
    at: Place = place("base")
    taken: Annotated[int, msgspec.Meta(ge=0)] | None = None
    pages_4k: int | None = None
    pages_2m: int | None = None


class Discard(Document, tag_field="do", tag="discard", kw_only=True, frozen=True):
    """The host throws its pages away (MADV_DONTNEED), and KVM's mappings change by ``pages_4k``."""

    pages: Pages
    pages_4k: int
    at: Place = place("base")


class DirtyLog(Document, tag_field="do", tag="dirty_log", kw_only=True, frozen=True):
    """Reads and clears the dirty log of the slot at ``at``: ``pages`` of it are dirty."""

    pages: Annotated[int, msgspec.Meta(ge=0)]
    at: Place = place("base")


class Repeat(Document, tag_field="do", tag="repeat", kw_only=True, frozen=True):
    """The same call once more: it succeeds as a whole and changes the statistics by so many pages."""

    pages_4k: int = 0
    pages_2m: int = 0


Then = Touch | Discard | DirtyLog | Repeat | Convert | PunchHole | GuestExit


class Traced(Document, kw_only=True, frozen=True):
    """The tracepoint kvm_mmu_set_spte: the call sets ``entries``, all of one level, one after the other.

    None at all is an expectation too. ``first`` is the address that the first of them maps; level 1 is a page
    of 4 KiB, 2 one of 2 MiB. ``before`` entries are set by the calls of the set-up: one that the call leaves
    as it was then does not count, although KVM traces it too (kvm_tdp_mmu_map, up to 6.12 at least).
    """

    entries: Annotated[int, msgspec.Meta(ge=0, le=64)]
    before: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    level: Literal[1, 2, 3] = 1
    first: Place = place("base")


class Capability(Document, kw_only=True, frozen=True):
    """What KVM_CHECK_EXTENSION answers on /dev/kvm and on a VM."""

    dev: Annotated[int, msgspec.Meta(ge=0)]
    vm: Annotated[int, msgspec.Meta(ge=0)]
