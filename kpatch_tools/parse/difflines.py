# SPDX-License-Identifier: GPL-2.0-only
"""The lines of a diff, file by file, without what another base alone would change (blob ids, positions)."""

import re
from dataclasses import dataclass

from kpatch_tools.parse.diff import FileDiff, read_diff
from kpatch_tools.parse.patch_lines import lines_of

_HUNK = re.compile(r"^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_NAMES = ("diff --git ", "--- ", "+++ ", "index ", "similarity index ", "dissimilarity index ")


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a hunk; ``line`` is its number after the patch, before it for a removed one ("-")."""

    mark: str
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLines:
    """One file of a diff: ``header`` is what it says of modes, names and binary content, as written."""

    path: str
    old_path: str
    added: int
    removed: int
    header: tuple[str, ...]
    lines: tuple[DiffLine, ...]

    @property
    def content(self) -> tuple[str, ...]:
        """Header and lines with their marks: equal for two diffs that differ in positions only."""
        return (*self.header, *(f"{item.mark}{item.text}" for item in self.lines))

    @property
    def edits(self) -> tuple[str, ...]:
        """As content, without context."""
        return (*self.header, *(f"{item.mark}{item.text}" for item in self.lines if item.mark != " "))


def hunk_span(header: str) -> tuple[int, int, int, int] | None:
    """The numbers of an @@ line (old start, old count, new start, new count), None when it is none."""
    found = _HUNK.match(header)
    if not found:
        return None
    old, old_count, new, new_count = (int(part) if part else 1 for part in found.groups())
    return old, old_count, new, new_count


def read_lines(diff: str, source: str) -> tuple[FileLines, ...]:
    """The files of ``diff`` in order; raises UserError as read_diff() does."""
    lines = diff.split("\n")
    return tuple(_file(lines, item) for item in read_diff(diff, source))


def _file(lines: list[str], item: FileDiff) -> FileLines:
    end = item.hunks[0].line - 1 if item.hunks else item.last_line
    header = tuple(
        line.rstrip("\r") for line in lines[item.first_line - 1 : end] if not line.startswith(_NAMES)
    )
    found = [
        DiffLine(line.mark, line.text, line.old if line.mark == "-" else line.line)
        for line in lines_of(item, lines)
        if line.mark and line.mark in "+- "
    ]
    change = item.change
    return FileLines(
        path=change.path,
        old_path=change.old_path,
        added=change.added,
        removed=change.removed,
        header=header,
        lines=tuple(found),
    )
