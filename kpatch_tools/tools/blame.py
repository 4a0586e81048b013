# SPDX-License-Identifier: GPL-2.0-only
"""Which commit wrote a line, which files two commits differ in, and which files include a header."""

import re
from collections.abc import Sequence

from kpatch_tools.tools.git import Repository

_ORIGIN = re.compile(r"^\^?([0-9a-f]{40,64}) \d+ (\d+)")


def changed_files(store: Repository, base: str, head: str) -> tuple[str, ...]:
    """Paths that ``head`` has and that differ from ``base``; a renamed file counts as new."""
    asked = store.ask("diff-tree", "-r", "-z", "--no-renames", "--diff-filter=d", "--name-only", base, head)
    return tuple(asked.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1])


def writer_of(store: Repository, base: str, head: str, path: str, line: int) -> str:
    """The commit after ``base`` that wrote ``path``:``line`` of ``head``; "" for an older line or none."""
    asked = store.run(
        "blame", "--porcelain", "-L", f"{line},{line}", f"{base}..{head}", "--", path
    )  # fmt: skip
    lines = asked.text.splitlines() if asked.ok else []
    found = _ORIGIN.match(lines[0]) if lines else None
    # A line that was there before is blamed on the boundary.
    return found[1] if found and "boundary" not in lines else ""


def changers_of(store: Repository, base: str, head: str, path: str) -> tuple[str, ...]:
    """The commits after ``base`` that change ``path``."""
    asked = store.run("rev-list", f"{base}..{head}", "--", path)
    return tuple(asked.text.split()) if asked.ok else ()


def includers(store: Repository, commit: str, header: str, sources: Sequence[str]) -> tuple[str, ...]:
    """Those of ``sources`` that include a header of that file name, at ``commit``."""
    name = re.escape(header.rpartition("/")[2])
    # Of git's dialects this one has no classes with a backslash.
    pattern = rf"^[ 	]*#[ 	]*include[ 	]+[\"<]([^\">]*/)?{name}[\">]"
    asked = store.run("grep", "-l", "-z", "-E", "-e", pattern, commit, "--", *sources)
    names = asked.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    return tuple(name.partition(":")[2] for name in names)
