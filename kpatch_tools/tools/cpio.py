# SPDX-License-Identifier: GPL-2.0-only
"""Writer of the archive that the kernel unpacks as its first root: the "newc" form of cpio.

Source: Documentation/driver-api/early-userspace/buffer-format.rst.
"""

import stat


class Cpio:
    """An archive in the making; names are relative to the root, and a folder comes before what it holds."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._inode = 0

    def directory(self, name: str, mode: int = 0o755) -> None:
        """Add a folder."""
        self._entry(name, stat.S_IFDIR | mode)

    def node(self, name: str, major: int, minor: int) -> None:
        """Add a character device that only root opens."""
        self._entry(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def file(self, name: str, body: bytes, mode: int) -> None:
        """Add a plain file."""
        self._entry(name, stat.S_IFREG | mode, body)

    def link(self, name: str, target: str) -> None:
        """Add a symbolic link."""
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def finished(self) -> bytes:
        """Close the archive and return it."""
        self._entry("TRAILER!!!", 0)
        return bytes(self._out)

    def _entry(self, name: str, mode: int, body: bytes = b"", device: tuple[int, int] = (0, 0)) -> None:
        self._inode += 1
        raw = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(body), 0, 0, *device, len(raw), 0)
        self._out += b"070701" + b"".join(b"%08X" % field for field in fields) + raw
        self._pad()
        self._out += body
        self._pad()

    def _pad(self) -> None:
        self._out += b"\0" * (-len(self._out) % 4)
