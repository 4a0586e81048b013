# SPDX-License-Identifier: GPL-2.0-only
"""A new version of a series: no cache knows it, and it compiles as the one before."""

import re
import secrets
from pathlib import Path

from kpatch_tools.flow.series import load_series
from kpatch_tools.model.series import Series

# An added line of a comment, in a diff of C code.
COMMENT = re.compile(rb"^\+[ \t]+\* (?P<words>[^*\n]{20,})$", re.MULTILINE)
C_FILE = re.compile(rb"^diff --git a/\S+\.[ch] ", re.MULTILINE)


def another_version(series: Series, place: Path) -> Series:
    """The series with one comment changed, in as many letters: nothing but the kernels' names is new."""
    mails = [patch.raw for patch in series.patches]
    for at, raw in enumerate(mails):
        code = C_FILE.search(raw)
        found = COMMENT.search(raw, code.start()) if code else None
        if found:
            words = (secrets.token_hex(4).encode() * len(found["words"]))[: len(found["words"])]
            mails[at] = raw.replace(found["words"], words, 1)
            break
    else:
        raise SystemExit("no patch of this series adds a comment to C code")
    folder = place / "series"
    folder.mkdir()
    for at, raw in enumerate(mails, 1):
        (folder / f"{at:04d}.patch").write_bytes(raw)
    return load_series(str(folder))
