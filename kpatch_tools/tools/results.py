# SPDX-License-Identifier: GPL-2.0-only
"""Reads the files that a guest's words went into: as hostile text, bounded, and never as a path to follow.

qemu makes these files in a folder of our own, and a guest has no way to touch the folder. That is not relied
on: a link, a pipe, a device or a second name for another file is refused, and no more than a limit is read of
anything, however long its lines are.
"""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

# No line of a protocol or of a kernel's log is as long, and no test prints as many; readers need bounds.
LINE_LIMIT = 2048
LINES_LIMIT = 400_000
_LONG_LINE = re.compile(rf"^([^\n]{{{LINE_LIMIT}}})([^\n]+)", re.MULTILINE)
_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a file holds as text; ``fault`` says why that is nothing, ``cut`` why it is not all, else ""."""

    text: str = ""
    fault: str = ""
    cut: str = ""


def read_written(path: Path, limit: int) -> Written:
    """Read a file that a guest had written; it may be missing, and it never blocks.

    Only a plain file with no other name is read, and ``limit`` bytes of it at most. The text has no NUL, no
    byte that is not UTF-8, no line over LINE_LIMIT characters, and no more than LINES_LIMIT lines.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return Written()
    except OSError as error:
        return Written(fault=f"{path.name} is {_kind(path) or error.strerror}, and no plain file")
    state = os.fstat(handle)
    if not stat.S_ISREG(state.st_mode) or state.st_nlink > 1:
        os.close(handle)
        if state.st_nlink > 1 and stat.S_ISREG(state.st_mode):
            return Written(fault=f"{path.name} is another file under a second name")
        return Written(fault=f"{path.name} is {_kind(path) or 'a device'}, and no plain file")
    with os.fdopen(handle, "rb") as stream:
        raw = stream.read(limit)
        cut = f"{path.name} holds more than {limit} bytes" if stream.read(1) else ""
    read = bounded(raw.decode(errors="replace"), path.name)
    return Written(text=read.text, cut=cut or read.cut)


def bounded(text: str, name: str) -> Written:
    """Text of a guest as read_written() gives it; a line that was cut says so itself."""
    text, cut = text.replace("\0", "\N{REPLACEMENT CHARACTER}"), ""
    if text.count("\n") > LINES_LIMIT:
        text = "\n".join(text.split("\n", LINES_LIMIT)[:-1])
        cut = f"{name} has more than {LINES_LIMIT} lines"
    short = _LONG_LINE.sub(lambda found: f"{found[1]} [{len(found[2])} more characters]", text)
    return Written(text=short, cut=cut)


def _kind(path: Path) -> str:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return ""
    return next((name for test, name in _KINDS if test(mode)), "")
