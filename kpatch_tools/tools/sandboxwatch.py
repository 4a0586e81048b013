# SPDX-License-Identifier: GPL-2.0-only
"""Ends a sandbox that uses up the machine: its processes, memory and disk are counted together.

The kernel's own limits hold for one process at a time, and refuse root nothing that counts users. Looking is
cheap while nothing happens: one number of the machine for each, and only where that has moved by much are
the sandbox's own processes counted, or its folders. A process is known by its PID namespace, which it cannot
leave.
"""

import contextlib
import errno
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from kpatch_tools.model.sandbox import GIB, Limits, Sandbox
from kpatch_tools.tools.meminfo import amounts
from kpatch_tools.tools.sandbox import Launch, memory_of

LOOK_EVERY_S = 0.1
_FLOOR = GIB
_SAMPLE = 400
_PAGE = os.sysconf("SC_PAGE_SIZE")
# So often may a disk fill without a file of the sandbox being found: deleted ones that are open are not seen.
_UNSEEN = 2


def _threads() -> int:
    """All threads of the machine: one short line, whatever runs. Source: proc_loadavg(5)."""
    try:
        return int(Path("/proc/loadavg").read_text().split()[3].partition("/")[2])
    except (OSError, ValueError, IndexError):
        return 0


@dataclass(frozen=True, slots=True)
class Use:
    """What the processes of one sandbox use; ``memory`` is in bytes, without what is mapped from files."""

    processes: int
    memory: int


class Lying(NamedTuple):
    """Bytes and files below a folder; ``hidden`` says that some lie where nobody can look."""

    size: int
    files: int
    hidden: bool


@dataclass(slots=True, kw_only=True)
class Watch:
    """Looks after one sandbox. ``exceeded`` is cheap to call often; it looks at most every LOOK_EVERY_S."""

    limits: Limits
    folders: tuple[Path, ...]
    memory: int
    looked: float = field(default_factory=time.monotonic)
    threads: int = field(default_factory=_threads)
    amounts: dict[str, int] = field(default_factory=amounts)
    free: dict[Path, tuple[int, int]] = field(default_factory=dict)
    unseen: int = 0

    @classmethod
    def over(cls, asked: Sandbox) -> "Watch":
        """Begin to look after a sandbox that is about to start."""
        folders = (*asked.writable, *(outside for outside, _inside in asked.moved))
        watch = cls(limits=asked.limits, folders=folders, memory=memory_of(asked.limits))
        watch.free = {folder: _free(folder) for folder in folders}
        return watch

    def exceeded(self, started: Launch, now: float) -> str:
        """The limit that the sandbox is over, in words; "" for none."""
        if now - self.looked < LOOK_EVERY_S:
            return ""
        self.looked = now
        return (self._processes(started.inside) if started.inside else "") or self._disk()

    def _processes(self, inside: int) -> str:
        now = amounts()
        shared = max(0, now.get("Shmem", 0) - self.amounts.get("Shmem", 0))
        taken = self.amounts.get("MemAvailable", 0) - now.get("MemAvailable", 0)
        more = _threads() - self.threads
        if more <= self.limits.processes and taken <= self.memory // 2:
            return ""
        used = use_of(inside)
        if used.processes > self.limits.processes:
            return f"more than {self.limits.processes} processes"
        if used.memory + shared > self.memory:
            return f"more than {_size(self.memory)} of memory"
        # What waits in sockets and pipes belongs to no process; of nobody else does the kernel need so much.
        others = max(0, now.get("AnonPages", 0) - self.amounts.get("AnonPages", 0))
        if taken - shared - others > self.memory:
            return f"more than {_size(self.memory)} of the kernel's memory"
        return ""

    def _disk(self) -> str:
        for folder, (size, files) in self.free.items():
            left, left_files = _free(folder)
            # Where little was left, half of that.
            allowed = min(self.limits.disk, max(size - _FLOOR, size // 2))
            grown = size - left
            if grown <= allowed // 2 and files - left_files <= self.limits.files // 2:
                continue
            used, used_files, hidden = lies_in(folder, self.limits.files)
            if used_files > self.limits.files:
                return f"more than {self.limits.files} files"
            if hidden and (grown > allowed or files - left_files > self.limits.files):
                return f"more than {_size(allowed)} or {self.limits.files} files, in folders that are closed"
            if used > self.limits.disk or (grown > allowed and used > grown // 2):
                return f"more than {_size(allowed)} on the disk"
            if grown > allowed:
                # Others write there as well, or it is in files that have no name any more.
                self.unseen += 1
                self.free[folder] = (left, left_files)
            if self.unseen > _UNSEEN:
                return f"more than {_size(allowed)} on the disk, in files without a name"
        return ""


def use_of(inside: int) -> Use:
    """What the processes of the PID namespace ``inside`` (its inode) use now, by a sample where many run.

    In a fork bomb each look at a process takes longer, and there are more of them when it is done.
    Source: proc_pid_stat(5), proc_pid_statm(5), namespaces(7).
    """
    with os.scandir("/proc") as entries:
        names = [entry.name for entry in entries if entry.name.isdecimal()]
    every = 1 + len(names) // _SAMPLE
    threads = pages = 0
    for name in names[::every]:
        with contextlib.suppress(OSError, ValueError, IndexError):
            place = Path("/proc", name)
            if str(place.joinpath("ns/pid").readlink()) == f"pid:[{inside}]":
                threads += int(place.joinpath("stat").read_bytes().rpartition(b")")[2].split()[17])
                _all, resident, shared, *_rest = place.joinpath("statm").read_text().split()
                pages += int(resident) - int(shared)
    return Use(processes=threads * every, memory=pages * every * _PAGE)


def lies_in(folder: Path, most: int) -> Lying:
    """What lies below ``folder``, whatever it is; counts no further than ``most`` files.

    Nobody can look into a folder whose path is too long for the kernel, or that is closed to its owner.
    """
    size, files, hidden = 0, 0, False
    waiting = [str(folder)]
    while waiting and files <= most:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    files += 1
                    with contextlib.suppress(FileNotFoundError):
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
        except OSError as error:
            hidden = hidden or error.errno in {errno.ENAMETOOLONG, errno.EACCES}
    return Lying(size, files, hidden)


def _free(folder: Path) -> tuple[int, int]:
    try:
        state = os.statvfs(folder)
    except OSError:
        return 0, 0
    return state.f_bavail * state.f_frsize, state.f_favail


def _size(count: int) -> str:
    return f"{count / GIB:.1f} GiB" if count >= GIB else f"{count >> 20} MiB"
