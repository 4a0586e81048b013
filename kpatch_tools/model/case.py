# SPDX-License-Identifier: GPL-2.0-only
"""The cases of a contract: set-up, call and expectations, all of it data.

Addresses and sizes are bytes, written as a Place (model/place.py).
"""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from kpatch_tools.model.place import Place, place
from kpatch_tools.model.private import MakePrivate, VmType
from kpatch_tools.model.race import Blockable, DeleteSlot, During, Hold, Occupy, Pause, Poison, Run
from kpatch_tools.model.steps import AddVcpu, Capability, EnterL2, EnterSmm, Then, Traced
from kpatch_tools.model.terms import CaseName, ClauseId, Document, Errno, Pages, Sentence


class Need(StrEnum):
    """What a case needs from the machine; it is skipped, with this reason, where that is missing."""

    TDP = "tdp"
    NO_TDP = "no-tdp"
    TDP_MMU = "tdp-mmu"
    NO_TDP_MMU = "no-tdp-mmu"
    SMM = "smm"
    NESTED = "nested"
    PRIVATE_MEM = "private-mem"
    READONLY_MEM = "readonly-mem"
    THP = "thp"
    HUGETLB_2M = "hugetlb-2m"
    HUGETLB_1G = "hugetlb-1g"
    TRACE = "trace"
    USERFAULTFD = "userfaultfd"
    POISON = "poison"


class Slot(Document, tag_field="do", tag="slot", kw_only=True, frozen=True):
    """A memslot whose pages are filled before the call, so that each has a page of its own.

    Without ``fill`` the host's memory stays untouched; ``smm`` puts the slot into address space 1. With
    ``guest_memfd`` the slot has such a file beside, for those of its pages that are private.
    """

    pages: Annotated[int, msgspec.Meta(ge=1, le=1 << 18)]
    at: Place = place("base")
    readonly: bool = False
    backing: Literal["anonymous", "thp", "hugetlb-2m", "hugetlb-1g"] = "anonymous"
    fill: bool = True
    log_dirty: bool = False
    smm: bool = False
    guest_memfd: bool = False


class Protect(Document, tag_field="do", tag="protect", kw_only=True, frozen=True):
    """Takes host access to pages of a slot away."""

    at: Place
    pages: Pages
    access: Literal["none", "read"]


class Earlier(Document, tag_field="do", tag="call", kw_only=True, frozen=True):
    """An earlier call of the same ioctl that has to succeed as a whole."""

    size: Place
    at: Place = place("base")


class WarmUp(Document, tag_field="do", tag="warm_up", kw_only=True, frozen=True):
    """Lets the guest read one page elsewhere, so that its code and page tables fault no more."""


Setup = (
    Slot
    | Protect
    | Earlier
    | WarmUp
    | AddVcpu
    | EnterSmm
    | EnterL2
    | Pause
    | Occupy
    | Hold
    | DeleteSlot
    | Run
    | Poison
    | MakePrivate
)


class Call(Document, kw_only=True, frozen=True):
    """The call under test. ``request_size`` replaces the struct's size in the request number.

    With argp "paused" the page that holds the struct is missing, as by the step "pause". ``blocks`` is a
    signal that the calling thread blocks; ``vcpus`` 2 is the same call on two vCPUs at once.
    """

    at: Place = place("base")
    size: Place = place("1p")
    flags: Place = place("0")
    padding: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0
    argp: Literal["struct", "null", "read-only", "paused"] = "struct"
    blocks: Blockable | None = None
    vcpus: Literal[1, 2] = 1
    fd: Literal["vcpu", "vm", "dev"] = "vcpu"
    process: Literal["own", "child"] = "own"
    request_size: Annotated[int, msgspec.Meta(ge=0, le=4096)] = 0


class Each(Document, kw_only=True, frozen=True):
    """Makes the call once for each of several values of one field; all of them have to be refused alike.

    A check that misses one value only is found by walking the values, and the failure names the value.
    "every-bit" are the 64 bits of the flags by themselves, and all of them at once; "every-byte" are those of
    the padding by themselves; "bits-below-page" adds each bit of an offset into a page to what the call says.
    """

    at: Literal["bits-below-page"] | tuple[Place, ...] | None = None
    size: Literal["bits-below-page"] | tuple[Place, ...] | None = None
    flags: Literal["every-bit"] | None = None
    padding: Literal["every-byte"] | None = None
    request_size: tuple[Annotated[int, msgspec.Meta(ge=1, le=4096)], ...] | None = None


class Control(Document, kw_only=True, frozen=True):
    """The positive control: the one field in which a call that must succeed differs from the call.

    In a mode that refuses every call there is none that succeeds: ``errno`` is then that of the mode.
    """

    at: Place | None = None
    size: Place | None = None
    flags: Place | None = None
    padding: Literal[0] | None = None
    argp: Literal["struct"] | None = None
    fd: Literal["vcpu"] | None = None
    process: Literal["own"] | None = None
    request_size: Literal[0] | None = None
    errno: Errno | None = None


class Expect(Document, kw_only=True, frozen=True):
    """What the call has to do. No errno means success; ``left`` follows from size less ``advanced``.

    ``pages_4k``, ``pages_2m`` and ``pages_1g`` are the changes of the VM's statistics of those names,
    ``taken`` is that of the vCPU's pf_taken: the faults of the guest, and the call is none. ``exit_reason``
    is what the call leaves in struct kvm_run ("io": what the guest left there beside it). ``retry`` is an
    errno with which the call may stop half-way, any number of times, if it goes on from there; ``sigbus``
    says that KVM sends that signal to the caller. ``memory_fault`` is the address of the private page for
    which the call leaves KVM_EXIT_MEMORY_FAULT there, as a private access of one page.
    """

    errno: Errno | None = None
    advanced: Place = place("0")
    pages_4k: int
    pages_2m: int = 0
    pages_1g: int = 0
    taken: Annotated[int, msgspec.Meta(ge=0)] = 0
    exit_reason: Literal["untouched", "io", "intr"] = "untouched"
    memory_fault: Place | None = None
    spte: Traced | None = None
    retry: Errno | None = None
    sigbus: bool = False


class Again(Document, kw_only=True, frozen=True):
    """The same call once more with the struct as the kernel left it: it has to fail at once."""

    errno: Errno


class Guest(Document, kw_only=True, frozen=True):
    """The guest reads ``pages`` from ``at``; ``taken`` is the change of the vCPU's statistic pf_taken."""

    pages: Pages
    taken: Annotated[int, msgspec.Meta(ge=0)]
    at: Place = place("base")


class Case(Document, kw_only=True, frozen=True):
    """One case. ``number`` is its row in the case matrix.

    Without a call the guest's reads, or the capability, are the test; ``then`` are the steps after the call.

    ``during`` are the steps beside a call that has a thread of its own; ``otherwise`` are what such a call
    may do instead of ``expect``. ``mode`` names a [[mode]] of the contract; ``needs`` come on top of what
    that one needs, or of TDP. ``vm`` "sw-protected" makes a VM of type KVM_X86_SW_PROTECTED_VM.
    """

    name: CaseName
    number: Annotated[int, msgspec.Meta(ge=1)]
    clause: ClauseId
    summary: Sentence
    expect: Expect
    mode: CaseName | None = None
    vm: VmType = "default"
    needs: tuple[Need, ...] = ()
    setup: tuple[Setup, ...] = ()
    call: Call | None = None
    each: Each | None = None
    again: Again | None = None
    guest: Guest | None = None
    control: Control | None = None
    then: tuple[Then, ...] = ()
    during: tuple[During, ...] = ()
    otherwise: tuple[Expect, ...] = ()
    capability: Capability | None = None
