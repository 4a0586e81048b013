# SPDX-License-Identifier: GPL-2.0-only
"""How long things took the last time, so that the next run can say when it will end; safe to delete."""

from collections.abc import Mapping

import msgspec

from kpatch_tools.tools.files import cache_dir, locked, write_atomic

# The newest are kept: a cache nobody looks after must not grow for ever.
MOST = 5000
_LONGEST_S = 7 * 86_400.0


def load(kind: str) -> dict[str, float]:
    """Seconds by name, oldest first; {} when nothing is known, or when the file is damaged."""
    path = cache_dir("elapsed") / f"{kind}.json"
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, float])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return {name: seconds for name, seconds in found.items() if 0 < seconds <= _LONGEST_S}


def remember(kind: str, took: Mapping[str, float]) -> None:
    """Add what a run took; of two runs at once both are remembered."""
    path = cache_dir("elapsed") / f"{kind}.json"
    with locked(path.parent / f".{kind}.lock"):
        before = {name: seconds for name, seconds in load(kind).items() if name not in took}
        merged = {**before, **{name: round(seconds, 1) for name, seconds in took.items() if seconds > 0}}
        newest = dict(list(merged.items())[-MOST:])
        write_atomic(path, msgspec.json.encode(newest), durable=False)
