# SPDX-License-Identifier: GPL-2.0-only
"""One section out of an ELF file of 64 bits, little endian: what a kernel image and its modules are.

Source: elf(5). Offsets are checked against the length, so that a damaged file is one without the section.
"""

import struct

_IDENT = b"\x7fELF\x02\x01"
# e_shoff, e_shentsize, e_shnum, e_shstrndx of Elf64_Ehdr; sh_name, sh_offset, sh_size of Elf64_Shdr.
_EHDR_SIZE, _SHDR_SIZE = 64, 64


def section(data: bytes, name: str) -> bytes | None:
    """The content of the section of that name; None when there is none, or when this is no such ELF file."""
    if len(data) < _EHDR_SIZE or not data.startswith(_IDENT):
        return None
    (table,) = struct.unpack_from("<Q", data, 40)
    size, count, names_index = struct.unpack_from("<HHH", data, 58)
    if size < _SHDR_SIZE or table + size * count > len(data) or names_index >= count:
        return None
    headers = [struct.unpack_from("<IIQQQQ", data, table + size * index) for index in range(count)]
    names = data[headers[names_index][4] :][: headers[names_index][5]]
    wanted = name.encode() + b"\0"
    for name_at, _type, _flags, _address, offset, length in headers:
        if names[name_at : name_at + len(wanted)] == wanted and offset + length <= len(data):
            return data[offset : offset + length]
    return None
