# SPDX-License-Identifier: GPL-2.0-only
"""The machine's memory as proc(5) tells it."""

import contextlib
from pathlib import Path

MEMINFO = Path("/proc/meminfo")


def amounts(meminfo: Path = MEMINFO) -> dict[str, int]:
    """Bytes by the kernel's names ("MemAvailable", "Shmem"); {} when the kernel does not say."""
    found: dict[str, int] = {}
    with contextlib.suppress(OSError):
        for line in meminfo.read_text().splitlines():
            name, colon, rest = line.partition(":")
            words = rest.split()
            if colon and words and words[0].isdecimal():
                found[name] = int(words[0]) * (1024 if words[1:] == ["kB"] else 1)
    return found


def memory_available(meminfo: Path = MEMINFO) -> int:
    """Bytes that programs can still use (MemAvailable); 0 when the kernel does not say."""
    return amounts(meminfo).get("MemAvailable", 0)
