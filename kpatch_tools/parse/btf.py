# SPDX-License-Identifier: GPL-2.0-only
"""BTF, the type information inside a kernel: the structs of vmlinux, and of a module on top of it.

Source: Documentation/bpf/btf.rst of the kernel. A module's BTF is split: its type ids go on behind those of
vmlinux, its string offsets behind the end of the strings there. Whatever the bytes are, every read is within
them, and every loop is bounded by their length.
"""

import struct
from dataclasses import dataclass

from kpatch_tools.errors import UserError
from kpatch_tools.model.btf import BtfMember, BtfStruct

_MAGIC = 0xEB9F
_HEADER = struct.Struct("<HBBIIIII")
_TYPE = struct.Struct("<III")
_MEMBER = struct.Struct("<III")
_ARRAY = struct.Struct("<III")
_INT, _PTR, _ARRAY_KIND, _STRUCT, _UNION, _ENUM, _FLOAT, _DATASEC, _ENUM64 = 1, 2, 3, 4, 5, 6, 16, 15, 19
# Typedef, volatile, const, restrict, type tag: what only names or qualifies another type.
_THROUGH = frozenset({8, 9, 10, 11, 18})
# Bytes behind the common part: fixed ones by kind, and those for each of vlen items.
_FIXED = {1: 4, 3: 12, 14: 4, 17: 4}
_EACH = {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
_LAST_KIND = 19
_POINTER_SIZE = 8
_DEEPEST = 32
_MOST_MEMBERS = 4096
_LONGEST_NAME = 256
# A kernel has some 200,000. Each takes memory here, and a packed image holds any number in a few bytes.
_MOST_TYPES = 4_000_000


@dataclass(frozen=True, slots=True)
class Btf:
    """One set of types; ``starts`` are the places of its types in ``data``, ``base`` what they build upon."""

    data: bytes
    strings: bytes
    starts: tuple[int, ...]
    base: "Btf | None" = None

    @property
    def count(self) -> int:
        """The number of types with those of the base; type ids begin at 1."""
        return len(self.starts) + (self.base.count if self.base else 0)

    @property
    def string_bytes(self) -> int:
        """The length of the strings with those of the base."""
        return len(self.strings) + (self.base.string_bytes if self.base else 0)


def parse_btf(data: bytes, *, name: str, base: Btf | None = None) -> Btf:
    """Find the types of a .BTF section, or of a file below /sys/kernel/btf; little endian only.

    Raises UserError for what is no BTF, or is cut off.
    """
    if len(data) < _HEADER.size:
        raise _fault(name, "it is shorter than its header")
    magic, version, _flags, length, type_at, type_bytes, string_at, string_bytes = _HEADER.unpack_from(data)
    if magic != _MAGIC or version != 1:
        raise _fault(name, "another magic number or version")
    types, strings = length + type_at, length + string_at
    if types + type_bytes > len(data) or strings + string_bytes > len(data):
        raise _fault(name, "it is cut off")
    starts = _starts(data, types, types + type_bytes, name)
    return Btf(data=data, strings=data[strings : strings + string_bytes], starts=starts, base=base)


def find_struct(btf: Btf, name: str) -> BtfStruct | None:
    """The struct of that name, the module's own first; None where there is none."""
    wanted = name.encode()
    level: Btf | None = btf
    while level:
        for at in level.starts:
            name_at, info, size = _TYPE.unpack_from(level.data, at)
            if (info >> 24) & 0x1F == _STRUCT and _string(btf, name_at) == wanted:
                return BtfStruct(name=name, size=size, members=_members(btf, level, at, info))
        level = level.base
    return None


def _starts(data: bytes, at: int, end: int, name: str) -> tuple[int, ...]:
    found: list[int] = []
    while at < end:
        if at + _TYPE.size > end:
            raise _fault(name, "a type is cut off")
        if len(found) == _MOST_TYPES:
            raise _fault(name, f"it has more than {_MOST_TYPES} types")
        found.append(at)
        info = int.from_bytes(data[at + 4 : at + 8], "little")
        kind = (info >> 24) & 0x1F
        if not 0 < kind <= _LAST_KIND:
            # Its length is not known, so nothing behind it can be read.
            raise _fault(name, f"type {len(found)} is of the unknown kind {kind}")
        at += _TYPE.size + _FIXED.get(kind, 0) + _EACH.get(kind, 0) * (info & 0xFFFF)
    if at != end:
        raise _fault(name, "a type is cut off")
    return tuple(found)


def _members(btf: Btf, level: Btf, at: int, info: int) -> tuple[BtfMember, ...]:
    found = []
    with_bits = bool(info >> 31)
    for index in range(min(info & 0xFFFF, _MOST_MEMBERS)):
        name_at, kind, offset = _MEMBER.unpack_from(level.data, at + _TYPE.size + index * _MEMBER.size)
        found.append(
            BtfMember(
                name=_string(btf, name_at).decode("utf-8", "replace"),
                bit_offset=offset & 0xFFFFFF if with_bits else offset,
                bits=offset >> 24 if with_bits else 0,
                size=_size(btf, kind),
            )
        )
    return tuple(found)


def _size(btf: Btf, kind_id: int) -> int:
    """Bytes of a type; 0 for one that has none, and for a chain that does not end."""
    factor = 1
    for _ in range(_DEEPEST):
        level, at = _place(btf, kind_id)
        if level is None:
            return 0
        _name, info, size = _TYPE.unpack_from(level.data, at)
        kind = (info >> 24) & 0x1F
        if kind in (_INT, _STRUCT, _UNION, _ENUM, _FLOAT, _DATASEC, _ENUM64):
            return factor * int(size)
        if kind == _PTR:
            return factor * _POINTER_SIZE
        if kind == _ARRAY_KIND:
            kind_id, _index, count = _ARRAY.unpack_from(level.data, at + _TYPE.size)
            factor *= count
        elif kind in _THROUGH:
            kind_id = size
        else:
            return 0
    return 0


def _place(btf: Btf, kind_id: int) -> tuple[Btf | None, int]:
    level: Btf | None = btf
    while level:
        before = level.base.count if level.base else 0
        if kind_id > before:
            index = kind_id - before - 1
            return (level, level.starts[index]) if index < len(level.starts) else (None, 0)
        level = level.base
    return None, 0


def _string(btf: Btf, at: int) -> bytes:
    level: Btf | None = btf
    while level:
        before = level.base.string_bytes if level.base else 0
        if at >= before:
            start = at - before
            end = level.strings.find(b"\0", start, start + _LONGEST_NAME)
            return level.strings[start:end] if end >= 0 else b""
        level = level.base
    return b""


def _fault(name: str, why: str) -> UserError:
    return UserError(
        f"{name}: no BTF that kvet can read: {why}",
        cure="a kernel with CONFIG_DEBUG_INFO_BTF=y, as Debian's: --kernel debian:6.12",
    )
