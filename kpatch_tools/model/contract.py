# SPDX-License-Identifier: GPL-2.0-only
"""A contract: what one vCPU ioctl promises, written by hand in TOML, and the cases that provoke each clause.

Addresses and sizes are bytes, written as a Place (model/place.py). The terms follow man-pages(7): one error
entry a condition, the same errno as often as it has conditions.
"""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from kpatch_tools.model.place import Place, place

Identifier = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=60)]
ClauseId = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
CaseName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=40)]
Errno = Annotated[str, msgspec.Meta(pattern=r"^E[A-Z0-9]+$", max_length=20)]
# It ends up in a C comment and in findings: one line, no comment end, nothing a terminal obeys.
Sentence = Annotated[str, msgspec.Meta(pattern=r"^(?!.*\*/)[ -~]+$", min_length=1, max_length=300)]
Pages = Annotated[int, msgspec.Meta(ge=1, le=511)]


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every table: frozen, and an unknown key is an error (mypy wants frozen said again)."""


class Direction(StrEnum):
    """Who writes the struct, in the words of asm-generic/ioctl.h as seen from user space."""

    NONE = "none"
    WRITE = "write"
    READ = "read"
    READ_WRITE = "read-write"

    @property
    def macro(self) -> str:
        """The macro that makes such a number."""
        return {"none": "_IO", "write": "_IOW", "read": "_IOR", "read-write": "_IOWR"}[self.value]


class Ioctl(Document, kw_only=True, frozen=True):
    """Name, number and capability. ``size`` is that of the struct in bytes."""

    name: Identifier
    nr: Annotated[int, msgspec.Meta(ge=0, le=255)]
    dir: Direction
    fd: Literal["vcpu"]
    struct: Identifier
    size: Annotated[int, msgspec.Meta(ge=0, le=16383)]
    cap: Identifier
    cap_nr: Annotated[int, msgspec.Meta(ge=0, le=65535)]


class Role(StrEnum):
    """What a member of the struct means to the templates."""

    ADDRESS = "address"
    SIZE = "size"
    FLAGS = "flags"
    PADDING = "padding"


class Field(Document, kw_only=True, frozen=True):
    """A member of the struct, in order; ``count`` is the length of an array, 0 for a scalar."""

    name: Identifier
    type: Literal["__u8", "__u16", "__u32", "__u64"]
    role: Role
    count: Annotated[int, msgspec.Meta(ge=0, le=1024)] = 0

    @property
    def width(self) -> int:
        """Bytes of one element."""
        return int(self.type.removeprefix("__u")) // 8


class Layout(Document, kw_only=True, frozen=True):
    """The struct's members."""

    field: tuple[Field, ...]


class Check(Document, kw_only=True, frozen=True):
    """One check of the arguments; checks are made in the order of the document. ``id`` names an error."""

    id: ClauseId
    when: Sentence


class Error(Document, kw_only=True, frozen=True):
    """One condition and its errno.

    ``trigger`` names the cases that provoke it; ``document`` are regular expressions (spaces match any
    white space) that recognise the condition in an errno row of api.rst; ``common`` marks what every vCPU
    ioctl shares, so that a section need not repeat it.
    """

    id: ClauseId
    errno: Errno
    condition: Sentence
    trigger: tuple[CaseName, ...] = ()
    progress: Literal["none", "partial"] = "none"
    document: tuple[str, ...] = ()
    common: bool = False


class Unprovoked(Document, kw_only=True, frozen=True):
    """An errno that no case provokes, with the reason."""

    errno: Errno
    reason: Sentence


class Effect(Document, kw_only=True, frozen=True):
    """A clause that holds when a call succeeds."""

    id: ClauseId
    promise: Sentence


class Progress(Document, kw_only=True, frozen=True):
    """What a call that stops half-way reports.

    ``on_partial``: whether the error or success is returned once a page was done. ``updated_on_error``:
    whether the struct describes the remainder after an error too.
    """

    on_partial: Literal["error", "success"]
    updated_on_error: bool


class KnownBug(Document, kw_only=True, frozen=True):
    """A defect that the cases show on some kernels; it explains a failure, it never excuses it."""

    id: Identifier
    cases: tuple[CaseName, ...]
    symptom: Sentence
    fixed_by: str = ""


class Need(StrEnum):
    """What a case needs from the machine; it is skipped, with this reason, where that is missing."""

    TDP = "tdp"
    NO_TDP = "no-tdp"
    READONLY_MEM = "readonly-mem"
    THP = "thp"


class Slot(Document, tag_field="do", tag="slot", kw_only=True, frozen=True):
    """A memslot whose pages are filled before the call, so that each has a page of its own."""

    pages: Annotated[int, msgspec.Meta(ge=1, le=4096)]
    at: Place = place("base")
    readonly: bool = False
    backing: Literal["anonymous", "thp"] = "anonymous"


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


Setup = Slot | Protect | Earlier | WarmUp


class Call(Document, kw_only=True, frozen=True):
    """The call under test. ``request_size`` replaces the struct's size in the request number."""

    at: Place = place("base")
    size: Place = place("1p")
    flags: Place = place("0")
    padding: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0
    argp: Literal["struct", "null", "read-only"] = "struct"
    fd: Literal["vcpu", "vm", "dev"] = "vcpu"
    process: Literal["own", "child"] = "own"
    request_size: Annotated[int, msgspec.Meta(ge=0, le=4096)] = 0


class Control(Document, kw_only=True, frozen=True):
    """The positive control: the one field in which a call that must succeed differs from the call."""

    at: Place | None = None
    size: Place | None = None
    flags: Place | None = None
    argp: Literal["struct"] | None = None
    fd: Literal["vcpu"] | None = None
    process: Literal["own"] | None = None
    request_size: Literal[0] | None = None


class Expect(Document, kw_only=True, frozen=True):
    """What the call has to do. No errno means success; ``left`` follows from size less ``advanced``.

    ``pages_4k`` and ``pages_2m`` are the changes of the VM's statistics of those names.
    """

    errno: Errno | None = None
    advanced: Place = place("0")
    pages_4k: int
    pages_2m: int = 0


class Again(Document, kw_only=True, frozen=True):
    """The same call once more with the struct as the kernel left it: it has to fail at once."""

    errno: Errno


class Guest(Document, kw_only=True, frozen=True):
    """The guest reads ``pages`` from ``at``; ``taken`` is the change of the vCPU's statistic pf_taken."""

    pages: Pages
    taken: Annotated[int, msgspec.Meta(ge=0)]
    at: Place = place("base")


class Case(Document, kw_only=True, frozen=True):
    """One case. ``number`` is its row in the case matrix; without a call the guest's reads are the test."""

    name: CaseName
    number: Annotated[int, msgspec.Meta(ge=1)]
    clause: ClauseId
    summary: Sentence
    expect: Expect
    needs: tuple[Need, ...] = (Need.TDP,)
    setup: tuple[Setup, ...] = ()
    call: Call | None = None
    again: Again | None = None
    guest: Guest | None = None
    control: Control | None = None


class Contract(Document, kw_only=True, frozen=True):
    """One ioctl: the whole document."""

    schema: Literal[1]
    name: CaseName
    title: Sentence
    architectures: tuple[Literal["x86"], ...]
    document: str
    header: str
    ioctl: Ioctl
    struct: Layout
    progress: Progress
    check: tuple[Check, ...]
    error: tuple[Error, ...]
    effect: tuple[Effect, ...]
    case: tuple[Case, ...]
    unprovoked: tuple[Unprovoked, ...] = ()
    known_bug: tuple[KnownBug, ...] = ()

    @property
    def request(self) -> int:
        """The ioctl's number as asm-generic/ioctl.h composes it (KVMIO is 0xae)."""
        direction = {"none": 0, "write": 1, "read": 2, "read-write": 3}[self.ioctl.dir.value]
        return direction << 30 | self.ioctl.size << 16 | 0xAE << 8 | self.ioctl.nr

    def member(self, role: Role) -> Field:
        """The first member with that role; a parsed contract has an address, a size and flags."""
        return next(field for field in self.struct.field if field.role is role)
