# SPDX-License-Identifier: GPL-2.0-only
"""Whose results of the compiler a build may use again, and where its own go.

Whoever can write a ccache can put any object under any key. So what is compiled of the user's commits goes
into a folder that the builds of strangers' code read and cannot write; theirs go into one of their owner's.
Source: ccache(1), "remote_storage" (a folder), "reshare".
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kpatch_tools.model.run import Command
from kpatch_tools.tools import process, sandbox
from kpatch_tools.tools.files import cache_dir

PROGRAM = "ccache"
_MOST = "5G"
_TRIM_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The environment of a build, and the folders that it needs for it."""

    env: Mapping[str, str] = field(default_factory=dict)
    writable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()


def use(own: Path | None = None) -> Results:
    """What a build uses: for a stranger's code its owner's folder ``own``; nothing without ccache.

    The user's CCACHE_DIR takes the place of ours for the user's own commits.
    """
    if not shutil.which(PROGRAM):
        return Results()
    shared = cache_dir("ccache-shared")
    if own is not None:
        env = {"CCACHE_DIR": str(own), "CCACHE_REMOTE_STORAGE": f"file:{shared}|read-only"}
        return Results(env=env, writable=(own,), readable=(shared,))
    mine = Path(os.environ.get("CCACHE_DIR") or cache_dir("ccache"))
    env = {"CCACHE_DIR": str(mine)}
    if sandbox.OFF.get():
        # What such a build compiles is not handed on to the builds of strangers' code.
        return Results(env=env)
    mine.mkdir(parents=True, exist_ok=True)
    env |= {"CCACHE_REMOTE_STORAGE": f"file:{shared}", "CCACHE_RESHARE": "true"}
    return Results(env=env, writable=(mine, shared))


def trim() -> None:
    """Keep the folder that all read within bounds: ccache looks after its own alone."""
    argv = (PROGRAM, "--trim-dir", str(cache_dir("ccache-shared")), "--trim-max-size", _MOST)
    if shutil.which(PROGRAM):
        process.run(Command(argv=argv, timeout=_TRIM_TIMEOUT_S))
