# SPDX-License-Identifier: GPL-2.0-only
"""The lines of a diff, each with its place in the patched file."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from kpatch_tools.parse.diff import FileDiff, Hunk, read_diff


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffLine:
    """One line of a diff's text; ``index`` counts from 0.

    ``mark`` is "+", "-" or " " for a line of a hunk, "@" for its @@ line, "" for a header of a file.
    ``line`` is the line in the file after the patch (for "-" and "@" of the line that follows), ``old`` the
    one before it (for "+" and "@" likewise), both 0 for a header; ``text`` is without the mark.
    """

    index: int
    path: str
    line: int
    mark: str
    text: str
    hunk: str = ""
    old: int = 0


def diff_lines(diff: str, source: str = "diff") -> tuple[DiffLine, ...]:
    """Every line of ``diff`` that belongs to a file, in order. Raises UserError where read_diff() does."""
    lines = diff.split("\n")
    return tuple(item for one in read_diff(diff, source) for item in lines_of(one, lines))


def added_lines(diff: str, source: str = "diff") -> tuple[DiffLine, ...]:
    """The lines that a diff adds."""
    return tuple(item for item in diff_lines(diff, source) if item.mark == "+")


def lines_of(one: FileDiff, lines: list[str]) -> Iterator[DiffLine]:
    """The lines of one file; ``lines`` are those of the whole diff."""
    path = one.change.path
    first = one.hunks[0].line - 1 if one.hunks else one.last_line
    for index in range(one.first_line - 1, min(first, one.last_line)):
        yield DiffLine(index=index, path=path, line=0, mark="", text=lines[index])
    for at, hunk in enumerate(one.hunks):
        end = one.hunks[at + 1].line - 1 if at + 1 < len(one.hunks) else one.last_line
        yield from _hunk(hunk, path, lines[hunk.line - 1 : end])


def _hunk(hunk: Hunk, path: str, lines: list[str]) -> Iterator[DiffLine]:
    make = partial(DiffLine, path=path, hunk=hunk.header)
    # A new file's hunk starts at line 1, an emptied one's at 0.
    line, old = max(hunk.new_start, 1), max(hunk.old_start, 1)
    yield make(index=hunk.line - 1, line=line, old=old, mark="@", text=lines[0])
    for offset, text in enumerate(lines[1:], hunk.line):
        mark = text[:1] or " "
        if mark == "\\":
            continue
        yield make(index=offset, line=line, old=old, mark=mark, text=text[1:])
        line += mark != "-"
        old += mark != "+"
