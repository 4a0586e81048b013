# SPDX-License-Identifier: GPL-2.0-only
"""A contract: what one vCPU ioctl promises, written by hand in TOML, and the cases that provoke each clause.

Addresses and sizes are bytes, written as a Place (model/place.py). The terms follow man-pages(7): one error
entry a condition, the same errno as often as it has conditions.
"""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from kpatch_tools.model.case import Case, Need
from kpatch_tools.model.place import Place
from kpatch_tools.model.terms import (
    BugResult,
    CaseName,
    ClauseId,
    Commit,
    Document,
    Errno,
    Identifier,
    Outcome,
    Release,
    Sentence,
    TreePath,
)


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
    ioctl shares, so that a section need not repeat it. ``since`` is the first release that has it, ``until``
    the first that has it no more.
    """

    id: ClauseId
    errno: Errno
    condition: Sentence
    trigger: tuple[CaseName, ...] = ()
    progress: Literal["none", "partial"] = "none"
    document: tuple[str, ...] = ()
    common: bool = False
    since: Release | None = None
    until: Release | None = None


class Unprovoked(Document, kw_only=True, frozen=True):
    """What no case provokes, with the reason: all conditions of an errno, or one clause, or a mode."""

    reason: Sentence
    errno: Errno | None = None
    clause: ClauseId | None = None
    mode: CaseName | None = None


class Observation(StrEnum):
    """How a case sees that something happened, beyond the result of its call.

    pages: mappings that KVM counts; repeat: nothing is counted for what an earlier call mapped; guest: the
    faults of a guest that touches the memory; trace: entries in the tracepoint; struct: what the call hands
    back; again: the error of a call for what is left; taken-away: mappings that go with the memory.
    """

    PAGES = "pages"
    REPEAT = "repeat"
    GUEST = "guest"
    TRACE = "trace"
    STRUCT = "struct"
    AGAIN = "again"
    DIRTY_LOG = "dirty-log"
    TAKEN_AWAY = "taken-away"
    CAPABILITY = "capability"
    WAITS = "waits"
    SIGNAL = "signal"
    VCPUS = "vcpus"


class Effect(Document, kw_only=True, frozen=True):
    """A clause that holds when a call succeeds; ``since`` and ``until`` as for an error.

    ``shown_by`` are the observations that prove it: each of its cases makes one of them at least, and each of
    them is made by a case.
    """

    id: ClauseId
    promise: Sentence
    shown_by: Annotated[tuple[Observation, ...], msgspec.Meta(min_length=1)]
    since: Release | None = None
    until: Release | None = None


class Progress(Document, kw_only=True, frozen=True):
    """What a call that stops half-way reports.

    ``on_partial``: whether the error or success is returned once a page was done. ``updated_on_error``:
    whether the struct describes the remainder after an error too.
    """

    on_partial: Literal["error", "success"]
    updated_on_error: bool


class Signals(Document, kw_only=True, frozen=True):
    """Which pending signal ends a call before its work is done, and the error it ends with."""

    interrupted_by: Literal["unmasked", "fatal", "none"]
    clause: ClauseId


class Concurrency(Document, kw_only=True, frozen=True):
    """What a call does while something else goes on.

    waits: until that is over; parallel: both go on; retries: in the kernel until it can go on; fails: with
    the error that ``clause`` names.
    """

    beside: Literal["same-vcpu", "other-vcpu", "slot-delete", "slot-move"]
    outcome: Literal["waits", "parallel", "retries", "fails"]
    clause: ClauseId


class Mode(Document, kw_only=True, frozen=True):
    """A state of KVM, of the VM or of the vCPU other than the usual one: two-dimensional paging, default VM.

    ``result`` is what a call that is right in the usual mode comes to, by the clause of that id.
    ``parameters`` are those of the KVM modules that make the mode ("npt": "0"), none where the set-up of a
    case makes it; ``needs`` stand for a case's usual need, two-dimensional paging.
    """

    name: CaseName
    condition: Sentence
    result: Outcome
    clause: ClauseId
    needs: tuple[Need, ...] = (Need.TDP,)
    parameters: dict[Identifier, str] = msgspec.field(default_factory=dict)


class CodePlace(Document, kw_only=True, frozen=True):
    """Where a defect is in the kernel's code: a function of a file, or the first line of it with those words.

    A tree that has no such function, or none with such a line, does not have the defect there.
    """

    file: TreePath
    function: Identifier
    line: Sentence | None = None


class KnownBug(Document, kw_only=True, frozen=True):
    """A defect that the cases show on some kernels; it explains a failure, it never excuses it.

    ``result`` is what its cases see on a kernel that has it, and that only is KNOWN-BUG: an errno or success
    where the contract promises something else; "wrong" for the promised errno with another effect or
    struct; "loop" for a call that only a signal ends; "hang" for one that nothing ends. ``stops_at`` is the
    address in the struct after that. ``since`` and ``fixed_in`` are the first release with it and the first
    without, ``fixed_by`` the commit that mends it and ``fixed_title`` its subject. ``code`` is where it is.
    """

    id: Identifier
    cases: tuple[CaseName, ...]
    symptom: Sentence
    result: BugResult
    stops_at: Place | None = None
    fixed_by: Commit | None = None
    fixed_title: Sentence | None = None
    since: Release | None = None
    fixed_in: Release | None = None
    code: CodePlace | None = None

    @property
    def fix(self) -> str:
        """The commit that mends it as kernel messages name one: ``0123456789ab ("subject")``; "" for none."""
        if not self.fixed_by:
            return ""
        return f'{self.fixed_by[:12]} ("{self.fixed_title}")' if self.fixed_title else self.fixed_by[:12]


class Absent(Document, kw_only=True, frozen=True):
    """An architecture whose KVM does not have the ioctl: its capability is 0 there.

    ``errno`` is what that architecture answers to a vCPU ioctl that it does not know.
    """

    arch: Literal["x86", "arm64", "riscv64"]
    errno: Literal["EINVAL", "ENOTTY"]


class Contract(Document, kw_only=True, frozen=True):
    """One ioctl: the whole document.

    ``extends`` names the contract beside it whose entries it takes over where it does not change them
    (parse/contract_extends.py); what is here is the result.
    """

    schema: Literal[1]
    name: CaseName
    extends: CaseName | None = None
    title: Sentence
    architectures: tuple[Literal["x86"], ...]
    document: TreePath
    header: TreePath
    ioctl: Ioctl
    struct: Layout
    progress: Progress
    check: tuple[Check, ...]
    error: tuple[Error, ...]
    effect: tuple[Effect, ...]
    case: tuple[Case, ...]
    signals: Signals
    concurrency: tuple[Concurrency, ...]
    mode: tuple[Mode, ...] = ()
    unprovoked: tuple[Unprovoked, ...] = ()
    known_bug: tuple[KnownBug, ...] = ()
    absent: tuple[Absent, ...] = ()

    @property
    def request(self) -> int:
        """The ioctl's number as asm-generic/ioctl.h composes it (KVMIO is 0xae)."""
        direction = {"none": 0, "write": 1, "read": 2, "read-write": 3}[self.ioctl.dir.value]
        return direction << 30 | self.ioctl.size << 16 | 0xAE << 8 | self.ioctl.nr

    def offset(self, role: Role) -> int:
        """Bytes before the first member with that role, each member aligned to its own width as in C."""
        at = 0
        for field in self.struct.field:
            at = -(-at // field.width) * field.width
            if field.role is role:
                break
            at += field.width * (field.count or 1)
        return at

    def member(self, role: Role) -> Field:
        """The first member with that role; a parsed contract has an address, a size and flags."""
        return next(field for field in self.struct.field if field.role is role)

    def needs(self, case: Case) -> tuple[Need, ...]:
        """What a case needs in all: what its mode needs (the usual mode: TDP), then what it says itself."""
        mode = next((mode for mode in self.mode if mode.name == case.mode), None)
        return tuple(dict.fromkeys((*(mode.needs if mode else (Need.TDP,)), *case.needs)))

    def reason_unprovoked(self, error: Error) -> str:
        """Why no case provokes that error, "" when the contract gives no reason."""
        entries = [entry for entry in self.unprovoked if entry.clause == error.id]
        entries += [entry for entry in self.unprovoked if entry.errno == error.errno]
        return entries[0].reason if entries else ""

    def threaded(self, case: Case) -> bool:
        """The call of the case has a thread of its own, which is watched: a call that loops is ended."""
        if not case.call:
            return False
        looping = any(bug.result == "loop" for bug in self.bugs_of(case))
        return looping or bool(case.during or case.otherwise or case.call.blocks or case.expect.sigbus)

    def bugs_of(self, case: Case) -> tuple[KnownBug, ...]:
        """The known bugs that this case shows."""
        return tuple(bug for bug in self.known_bug if case.name in bug.cases)
