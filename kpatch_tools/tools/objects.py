# SPDX-License-Identifier: GPL-2.0-only
"""An object folder of kbuild, held by one run at a time and put right after a run that was killed.

make notices that an object is older than its source, not that it was half written, nor that its source was
moved while the compiler read it. So a mark lies beside it while make runs; where one is found, whatever
is newer than the mark is removed, and make builds that again (with ccache, at no cost worth naming).
"""

import contextlib
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.event import Event, Sink
from kpatch_tools.tools import outputs
from kpatch_tools.tools.files import locked

ORPHAN_S = 300.0
POLL_S = 0.2
# What may outlive a kvet that was killed: make ends at the first line that nobody reads any more.
_BUILDERS = frozenset({"make", "gcc", "ccache", "cc1", "as", "ld", "ar", "objtool", "sparse"})


@contextlib.contextmanager
def hold(objects: Path, sink: Sink, stage: str) -> Iterator[None]:
    """Hold ``objects`` (made when absent) for a build; another run that wants it waits and says so.

    Raises EnvironmentFault when programs of a killed run still work there after five minutes.
    """
    busy = partial(sink, Event(stage, f"waits for another run that builds in {objects}"))
    with locked(objects.parent / f".{objects.name}.lock", busy):
        objects.mkdir(parents=True, exist_ok=True)
        mark = mark_of(objects)
        if mark.exists():
            sink(Event(stage, "an earlier run was killed here: taking back what it wrote"))
            _wait_for_orphans(objects, sink, stage)
            _take_back(objects, mark.stat().st_mtime_ns)
        mark.write_bytes(b"")
        yield
        # Not after an exception: make may have been killed too.
        mark.unlink(missing_ok=True)


def mark_of(objects: Path) -> Path:
    """The file that says that make runs: beside the folder, where nothing that runs there can touch it."""
    return objects.with_name(f".{objects.name}.running")


def _take_back(objects: Path, since: int) -> None:
    try:
        for path in list(_newer(objects, since)):
            path.unlink()
    except OSError:
        # A build can close folders, or nest them deeper than a path may be long: then nothing is kept.
        for left in list(objects.iterdir()):
            outputs.remove(objects, left.name)


def _newer(objects: Path, since: int) -> Iterator[Path]:
    waiting = [objects]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif entry.stat(follow_symlinks=False).st_mtime_ns >= since:
                    yield Path(entry.path)


def _wait_for_orphans(objects: Path, sink: Sink, stage: str) -> None:
    deadline = time.monotonic() + ORPHAN_S
    told = False
    while pid := _builder_in(objects):
        if time.monotonic() > deadline:
            raise EnvironmentFault(
                f"a program of a killed run (process {pid}) still works in {objects}",
                cure=f"kill {pid}, then run kvet again",
            )
        if not told:
            sink(Event(stage, f"waits for process {pid} of a run that was killed"))
            told = True
        time.sleep(POLL_S)


def _builder_in(objects: Path) -> int:
    """The process id of a program of a build whose current directory is in ``objects``, 0 for none."""
    real = objects.resolve()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            # A process may end, or belong to somebody else, between two of these looks.
            with contextlib.suppress(OSError):
                name = (entry / "comm").read_text().strip()
                if name in _BUILDERS and (entry / "cwd").readlink().is_relative_to(real):
                    return int(entry.name)
    return 0
