# SPDX-License-Identifier: GPL-2.0-only
"""Whether what was started still runs, and the end of a process group or of all in a sandbox."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

GRACE_S = 3.0
# So long thousands of processes may take to end.
SANDBOX_GRACE_S = 20.0
_DEAD = frozenset({b"Z", b"X"})


def group_is_alive(group: int) -> bool:
    """Whether a process of that process group still runs.

    A zombie does not run: in a container an orphan may stay one for seconds until process 1 reaps it,
    and kill(2) with signal 0 cannot tell the two apart. Source: proc_pid_stat(5), fields 3 and 5.
    """
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _parent, pgrp = stat.read_bytes().rpartition(b")")[2].split()[:3]
            if int(pgrp) == group and state not in _DEAD:
                return True
    return False


def end_group(group: int, ended: Callable[[], bool]) -> None:
    """End what is left of a process group: SIGTERM, GRACE_S, SIGKILL; ``ended`` asks after its leader."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if ended() and not group_is_alive(group):
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
        deadline = time.monotonic() + GRACE_S
        while time.monotonic() < deadline:
            if ended() and not group_is_alive(group):
                return
            time.sleep(0.01)


def end_sandbox(first: int, inside: int) -> None:
    """End the process that is number 1 in a sandbox, 0 for none, and all others in there with it.

    It counts as ended only when they are gone. ``inside`` is the inode of their PID namespace: when the
    process has ended by itself, its number may be somebody else's by now. Source: pid_namespaces(7).
    """
    if not first or not _is_in(first, inside):
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + SANDBOX_GRACE_S
    while time.monotonic() < deadline and _runs(first):
        time.sleep(0.002)


def _is_in(pid: int, namespace: int) -> bool:
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink()) == f"pid:[{namespace}]"
    except OSError:
        return False


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in _DEAD
