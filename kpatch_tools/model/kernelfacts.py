# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel tree says about KVM's interface: names, values, structs, and where the code handles them.

Documentation rules hold api.rst against this. It is read from a tree by flow/facts and never written by hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Level(Enum):
    """The file descriptor that takes an ioctl, as ``:Type:`` names it."""

    SYSTEM = "system ioctl"
    VM = "vm ioctl"
    VCPU = "vcpu ioctl"
    DEVICE = "device ioctl"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactMember:
    """A struct's member: its type with single blanks, and the text between the brackets of an array.

    ``count`` is None for a scalar and "" for a flexible array. A nested union or struct is one member whose
    ``type`` is its whole text.
    """

    name: str
    type: str
    count: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactStruct:
    """A struct as one header has it; ``arch`` is "" for the headers that all architectures share."""

    name: str
    members: tuple[FactMember, ...]
    path: str
    line: int
    arch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactIoctl:
    """An ioctl's number: ``direction`` is none, read, write or read-write, as the macro _IO, _IOR, ... says.

    ``argument`` is the type given to the macro, "" for _IO.
    """

    name: str
    number: int
    direction: str
    argument: str
    path: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """A place in the code that handles an ioctl or answers for a capability; ``arch`` "" is virt/kvm."""

    arch: str
    level: Level
    path: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelFacts:
    """The interface of one tree. ``label`` says which ("Linux 6.12.1") and is no part of what is compared.

    ``uapi`` holds the names that uapi headers define (macros, enumerators, structs without the word
    ``struct``), ``names`` those and every KVM_* and kvm_* word of KVM's own headers and sources, comments and
    strings left out. ``values`` is the text of the uapi macros, and of the enumerators that have one, with
    single blanks and without comments.
    ``structs`` has several entries under a name that several architectures define. ``checked`` says where
    KVM_CHECK_EXTENSION answers for a capability. ``errnos`` are the names of the uapi errno headers.
    ``defined`` gives the header and the line of each uapi macro.
    """

    label: str = field(compare=False)
    uapi: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict)
    structs: Mapping[str, tuple[FactStruct, ...]] = field(default_factory=dict)
    ioctls: Mapping[str, FactIoctl] = field(default_factory=dict)
    handled: Mapping[str, tuple[Handler, ...]] = field(default_factory=dict)
    checked: Mapping[str, tuple[Handler, ...]] = field(default_factory=dict)
    errnos: frozenset[str] = frozenset()
    defined: Mapping[str, tuple[str, int]] = field(default_factory=dict)
