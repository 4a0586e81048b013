# SPDX-License-Identifier: GPL-2.0-only
"""What `git apply` says when it refuses a patch, tied to the hunk that is meant."""

import re

from kpatch_tools.model.series import Conflict, Patch
from kpatch_tools.parse.diff import read_diff

_HUNK_FAILED = re.compile(r"^error: patch failed: (?P<path>.+):(?P<line>\d{1,9})$", re.MULTILINE)


def read_refusal(words: str, patch: Patch) -> Conflict:
    """The first thing in git's words: which file of ``patch``, which hunk, which line.

    git names a hunk by its old line ("patch failed: PATH:LINE"); other refusals (a file that is not there,
    or is there already) have no hunk. The messages are those of git's apply.c in the C locale.
    """
    detail = "\n".join(line for line in words.splitlines() if line.strip())
    path, line, hunk = "", 0, ""
    if failed := _HUNK_FAILED.search(words):
        path, line = failed["path"], int(failed["line"])
        hunk = _header(patch, path, line)
    else:
        named = [name for change in patch.files for name in change.paths if name in words]
        path = max(named, key=len, default="")
    return Conflict(patch=patch.number, subject=patch.subject, path=path, line=line, hunk=hunk, detail=detail)


def _header(patch: Patch, path: str, line: int) -> str:
    for item in read_diff(patch.diff, patch.source):
        if path in item.change.paths:
            for hunk in item.hunks:
                if hunk.old_start == line:
                    return hunk.header
    return ""
