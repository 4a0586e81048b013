# SPDX-License-Identifier: GPL-2.0-only
"""A conflict made readable: what the hunk expects, what the tree has there, and who changed it."""

from dataclasses import replace

from kpatch_tools.model.series import Conflict, Patch
from kpatch_tools.parse.hunk import nearest, old_lines
from kpatch_tools.tools import history
from kpatch_tools.tools.git import Repository

MAX_BLOB = 4 * 1024 * 1024


def beside(
    conflict: Conflict, patch: Patch, content: bytes | None, source: Repository, base: str
) -> Conflict:
    """Add to ``conflict`` what ``content`` has at its place (None: no such file), and the commit to blame.

    The history of ``base`` in ``source`` is asked for a bounded time (tools.history). Never raises for what
    a patch or a file holds.
    """
    if not conflict.path:
        return conflict
    if not conflict.line:
        return _no_hunk(conflict, content, source, base)
    wanted = old_lines(patch.diff, conflict.path, conflict.line)
    if content is None:
        gone = history.last_change(source, base, conflict.path, "DR")
        return replace(conflict, wanted=wanted, changed_by=gone, remark=f"{conflict.path} is not in the tree")
    if b"\0" in content[:8000] or len(content) > MAX_BLOB or not wanted:
        return replace(conflict, wanted=wanted)
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    place = nearest(wanted, lines, conflict.line)
    found: tuple[str, ...] = ()
    start = 0
    if place is None:
        remark = "no line of the tree's file is like the hunk's"
    else:
        start = place + 1
        found = tuple(lines[place : place + len(wanted)])
        same = [line.split() for line in found] == [line.split() for line in wanted]
        remark = (
            "they differ in blanks and tabs alone: a mail program may have changed the patch" if same else ""
        )
        if found == wanted:
            remark = "an earlier patch of the series must have changed this file in another way"
    lost = [line for line in wanted if line.strip() and line not in set(lines)]
    culprit = history.who_removed(source, base, conflict.path, max(lost, key=len)) if lost else ""
    return replace(conflict, wanted=wanted, found=found, found_line=start, changed_by=culprit, remark=remark)


def _no_hunk(conflict: Conflict, content: bytes | None, source: Repository, base: str) -> Conflict:
    """A file that is not there, or is there already."""
    if content is None:
        gone = history.last_change(source, base, conflict.path, "DR")
        return replace(conflict, changed_by=gone, remark=f"{conflict.path} is not in the tree")
    made = history.last_change(source, base, conflict.path, "A")
    return replace(conflict, changed_by=made) if made else conflict
