# SPDX-License-Identifier: GPL-2.0-only
"""What a program that runs a stranger's code may see, write and use up."""

from dataclasses import dataclass, field
from pathlib import Path

GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What all programs of one sandbox together may use; sizes are bytes, 0 for ``memory`` is the default.

    ``file`` bounds one file and ``disk`` what lies in the writable folders, ``temporary`` is the size of /tmp
    (it counts as memory), ``memory`` by default three quarters of what is available when it starts.
    """

    memory: int = 0
    processes: int = 1024
    file: int = 4 * GIB
    disk: int = 12 * GIB
    files: int = 1_000_000
    temporary: int = GIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """The folders and files that are there beside the system's programs, each under its own path.

    ``writable`` and ``readable`` are absolute; a writable one exists. ``moved`` are (outside, inside): a
    writable folder that lies elsewhere for the programs. ``devices`` are nodes below /dev that are let in.
    """

    writable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    moved: tuple[tuple[Path, Path], ...] = ()
    devices: tuple[Path, ...] = ()
    limits: Limits = field(default_factory=Limits)
