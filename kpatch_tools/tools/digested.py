# SPDX-License-Identifier: GPL-2.0-only
"""Files of the cache that tell by a digest whether they are whole; of many the oldest go."""

import contextlib
import hashlib
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.tools.files import write_atomic

_DIGEST = 32


def load(place: Path) -> bytes | None:
    """What keep() wrote there; None when there is nothing, or when the file is damaged."""
    try:
        raw = place.read_bytes()
    except OSError:
        return None
    body = raw[_DIGEST:]
    return body if hashlib.sha256(body).digest() == raw[:_DIGEST] else None


def keep(place: Path, body: bytes, *, most: int) -> None:
    """Write a file for load(), and leave ``most`` of its suffix in the folder. A full disk is no fault."""
    with contextlib.suppress(OSError, EnvironmentFault):
        # A damaged file is found out by its digest, so that nobody need wait for the disk.
        write_atomic(place, hashlib.sha256(body).digest() + body, durable=False)
        thin(place.parent, place.suffix, most=most)


def thin(folder: Path, suffix: str, *, most: int) -> None:
    """Remove the oldest files of a suffix, so that ``most`` are left."""
    with contextlib.suppress(OSError):
        old = sorted(folder.glob(f"*{suffix}"), key=lambda path: path.stat().st_mtime_ns)
        for path in old[:-most]:
            path.unlink(missing_ok=True)
