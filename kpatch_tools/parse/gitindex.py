# SPDX-License-Identifier: GPL-2.0-only
"""The entries of a git index file, for the small ones that `git apply --cached` leaves behind.

The form is that of gitformat-index(5), version 2: a header, then entries in the order of their paths, each
with ten 32-bit numbers of which the mode is the seventh, the object id, 16 bits of flags, and the path up to
a NUL, padded to eight bytes. What follows the entries (extensions, a checksum) is of no interest here.
"""

import struct

from kpatch_tools.errors import ToolFailed
from kpatch_tools.parse.gittree import Entry

_HEADER = struct.Struct(">4sII")
_MODE_AT = 24
_ID_AT = 40
_FLAGS_BYTES = 2
_STAGE = 0x3000
_VERSION = 2


def read_index(data: bytes, hash_bytes: int) -> dict[str, Entry]:
    """Path to entry; ``hash_bytes`` is 20 for SHA-1 and 32 for SHA-256.

    Raises ToolFailed for an index that is cut short, of another version, or holds an unmerged path.
    """
    try:
        signature, version, count = _HEADER.unpack_from(data)
        if signature != b"DIRC" or version != _VERSION:
            raise ToolFailed(f"git wrote an index of another form ({signature!r}, version {version})")
        entries: dict[str, Entry] = {}
        at = _HEADER.size
        for _ in range(count):
            (mode,) = struct.unpack_from(">I", data, at + _MODE_AT)
            name_at = at + _ID_AT + hash_bytes + _FLAGS_BYTES
            (flags,) = struct.unpack_from(">H", data, name_at - _FLAGS_BYTES)
            end = data.index(b"\0", name_at)
            path = data[name_at:end].decode("utf-8", "surrogateescape")
            if flags & _STAGE:
                raise ToolFailed(f"git left the path {path!r} unmerged in the index")
            raw = data[at + _ID_AT : at + _ID_AT + hash_bytes]
            entries[path] = Entry(mode=f"{mode:o}", id=raw.hex())
            at += (end - at) // 8 * 8 + 8
    except (struct.error, ValueError) as error:
        raise ToolFailed(f"git wrote an index that is cut short: {error}") from error
    return entries
