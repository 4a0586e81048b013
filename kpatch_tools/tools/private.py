# SPDX-License-Identifier: GPL-2.0-only
"""A folder of one run alone, gone after it, even when the run itself was killed."""

import contextlib
import fcntl
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from kpatch_tools.tools.outputs import remove_tree, scratch

STALE_AFTER_S = 120.0
_SAFE_PATH = re.compile(r"[A-Za-z0-9_+/.-]+")
_LOCK, _COMING = ".lock", ".lock-to-be"


@contextlib.contextmanager
def private_folder(prefix: str) -> Iterator[Path]:
    """Make a folder below the temporary one and remove it at the end; its path needs no quoting anywhere.

    A run that dies by SIGKILL cannot clean up: what such runs left is removed here, known by its lock that
    nobody holds any more. The lock is held before it has its name, so one that is free is left behind.
    """
    base = tempfile.gettempdir()
    # A mount point on the kernel's command line cannot be quoted, and virtme-ng joins arguments unquoted.
    place = base if _SAFE_PATH.fullmatch(base) else "/tmp"  # noqa: S108 - mkdtemp makes the folder itself private
    sweep(Path(place), prefix)
    with scratch(Path(place), prefix) as made:
        folder = made.resolve()
        with (folder / _COMING).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / _COMING).rename(folder / _LOCK)
            yield folder


def sweep(place: Path, prefix: str, *, older_than: float = STALE_AFTER_S) -> None:
    """Remove our own folders that no living run holds; one without a lock only after so many seconds."""
    for folder in place.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            state = folder.lstat()
            if state.st_uid == os.getuid() and _left(folder, time.time() - state.st_mtime > older_than):
                remove_tree(folder)


def _left(folder: Path, old: bool) -> bool:
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return old
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
