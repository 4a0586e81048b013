# SPDX-License-Identifier: GPL-2.0-only
"""A struct as a kernel's BTF has it: sizes and offsets of the code that really runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BtfMember:
    """A member: offset in bits, size in bytes (0 where the type has none), bits of a bit field, else 0.

    ``name`` is "" for an anonymous member.
    """

    name: str
    bit_offset: int
    size: int
    bits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BtfStruct:
    """A struct or union: its size in bytes and its members in order."""

    name: str
    size: int
    members: tuple[BtfMember, ...]
