# SPDX-License-Identifier: GPL-2.0-only
"""A control group that bounds the number of processes, for root: the limit that counts users holds it not.

Where none can be made (for a user, in a container) there is none, and the sandbox's watch stands alone.
Source: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/pids.rst.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "kvet-sandbox-"
# It may have gone again: then the program runs all the same, and the watch looks after it.
_JOIN = 'echo $$ >"$0/cgroup.procs"; exec "$@"'


@contextlib.contextmanager
def bounded(processes: int) -> Iterator[tuple[str, ...]]:
    """The words before a command line that put it into a group of its own, () where there can be none."""
    parent = _parent() if os.geteuid() == 0 else None
    if parent is None:
        yield ()
        return
    _sweep(parent)
    group = parent / f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        group.mkdir()
        (group / "pids.max").write_text(str(processes))
    except OSError:
        with contextlib.suppress(OSError):
            group.rmdir()
        yield ()
        return
    try:
        yield ("sh", "-c", _JOIN, str(group))
    finally:
        with contextlib.suppress(OSError):
            group.rmdir()


def _parent() -> Path | None:
    """Where a group with the controller can be made: the top of version 2, or version 1's own hierarchy."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text(errors="replace").splitlines():
            before, _, after = line.partition(" - ")
            kind, _source, options = (*after.split(" ", 2), "", "")[:3]
            place = Path(before.split(" ")[4])
            if kind == "cgroup" and "pids" in options.split(","):
                return place
            if kind == "cgroup2" and "pids" in _words(place / "cgroup.subtree_control"):
                return place
    return None


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def _sweep(parent: Path) -> None:
    """Remove the groups of runs that were killed; one that has processes stays."""
    for left in parent.glob(f"{_PREFIX}*"):
        pid = left.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists():
            with contextlib.suppress(OSError):
                left.rmdir()
