# SPDX-License-Identifier: GPL-2.0-only
"""The lines of one hunk, and where in a file lines like them stand."""

from kpatch_tools.parse.diff import read_diff

MAX_LINES = 400


def old_lines(diff: str, path: str, line: int) -> tuple[str, ...]:
    """The lines that the hunk of ``path`` at old line ``line`` expects: context and removals, no marks.

    Empty when there is no such hunk; at most MAX_LINES.
    """
    text = diff.split("\n")
    for item in read_diff(diff):
        if path not in item.change.paths:
            continue
        for hunk in item.hunks:
            if hunk.old_start == line:
                body = text[hunk.line : hunk.line + hunk.length]
                return tuple(entry[1:] for entry in body if entry[:1] in ("-", " ", ""))[:MAX_LINES]
    return ()


def nearest(wanted: tuple[str, ...], lines: list[str], line: int) -> int | None:
    """The index in ``lines`` where most of ``wanted`` stands; blanks do not count, ties go to ``line``.

    None when not a single line with letters in it is found. Time grows with the lines that agree, not with
    the product of both lengths.
    """
    places: dict[str, list[int]] = {}
    for at, text in enumerate(lines):
        places.setdefault(" ".join(text.split()), []).append(at)
    votes: dict[int, int] = {}
    for offset, text in enumerate(wanted):
        key = " ".join(text.split())
        if not any(char.isalnum() for char in key):
            continue
        for at in sorted(places.get(key, []), key=lambda at: abs(at - (line - 1 + offset)))[:MAX_LINES]:
            votes[at - offset] = votes.get(at - offset, 0) + 1
    good = {start: count for start, count in votes.items() if start >= 0}
    if not good:
        return None
    return max(good, key=lambda start: (good[start], -abs(start - (line - 1))))
