# SPDX-License-Identifier: GPL-2.0-only
"""Which line of which patch's diff a line of the resulting tree is.

A patch may apply some lines away from where it was made, and later patches move what it wrote. So a line is
followed back through the series: from each patch's hunks, found in the file that the patch left, to the
patch that added it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kpatch_tools.model.series import Patch
from kpatch_tools.parse.patch_lines import DiffLine, diff_lines

# Files after a patch: (the patch's number, path) -> its lines.
Files = Mapping[tuple[int, str], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A line of a diff: the patch's number and the line's index in the text of its diff, from 0."""

    patch: int
    index: int


@dataclass(frozen=True, slots=True)
class _Hunk:
    """The lines of a hunk that are in the file after its patch, from line ``first`` on.

    ``shift`` says how far that is from where the diff has it, ``grown`` by how many lines the hunk makes
    the file longer.
    """

    first: int
    shift: int
    lines: tuple[DiffLine, ...]
    grown: int


class Origins:
    """The lines of a series' diffs, and the way to them from the lines of the tree.

    ``files`` are the files after each patch, where they are known; without one of them the hunks of that
    patch are taken to be where they say. Raises UserError where diff_lines() does.
    """

    def __init__(self, patches: Sequence[Patch], files: Files | None = None) -> None:
        self._patches = {patch.number: patch for patch in patches}
        self._lines = {patch.number: diff_lines(patch.diff, patch.source) for patch in patches}
        self._files = files or {}
        self._known: dict[tuple[int, str], list[_Hunk] | None] = {}

    def lines(self, patch: int) -> tuple[DiffLine, ...]:
        """Every line of a patch's diff, () for a patch that is not there."""
        return self._lines.get(patch, ())

    def posted(self, patch: int, path: str, line: int) -> Origin | None:
        """The line that the diff of ``patch`` itself numbers so; an added one before one of context."""
        places = {
            one.mark: one.index
            for one in self.lines(patch)
            if (one.path, one.line) == (path, line) and one.mark in ("+", " ")
        }
        index = places.get("+", places.get(" "))
        return None if index is None else Origin(patch=patch, index=index)

    def hunk(self, patch: int, path: str, old: int) -> Origin | None:
        """The @@ line of the hunk of ``path`` that begins at the old line ``old``."""
        for one in self.lines(patch):
            if one.mark == "@" and (one.path, one.old) == (path, old):
                return Origin(patch=patch, index=one.index)
        return None

    def of(self, path: str, line: int, *, after: int = 0) -> Origin | None:
        """The diff line that added ``path``:``line`` of the tree after the patch ``after`` (0: the last).

        None for a line that no patch added, and where a hunk cannot be found in the file.
        """
        for number in sorted((key for key in self._lines if key <= after or not after), reverse=True):
            if (number, path) not in self._known:
                self._known[number, path] = self._hunks(number, path)
            hunks = self._known[number, path]
            if hunks is None:
                return None
            above = [hunk for hunk in hunks if hunk.first <= line]
            last = above[-1] if above else None
            if last and line < last.first + len(last.lines):
                found = last.lines[line - last.first]
                if found.mark == "+":
                    return Origin(patch=number, index=found.index)
                line = found.old + last.shift
            else:
                line -= sum(hunk.grown for hunk in above)
            path = self._name_before(number, path)
        return None

    def _name_before(self, number: int, path: str) -> str:
        renamed = (
            change.old_path
            for change in self._patches[number].files
            if change.path == path and change.status == "R"
        )
        return next(renamed, path)

    def _hunks(self, number: int, path: str) -> list[_Hunk] | None:
        """The hunks of a file where they are after the patch; None when one of them is not to be found."""
        groups: dict[int, list[DiffLine]] = {}
        at = -1
        for one in self.lines(number):
            if one.mark == "@":
                at = one.index
            elif one.path == path and one.mark:
                groups.setdefault(at, []).append(one)
        text = self._files.get((number, path))
        found: list[_Hunk] = []
        shift = 0
        for group in groups.values():
            after = tuple(one for one in group if one.mark != "-")
            said, removed = group[0].line, len(group) - len(after)
            if text is not None:
                moved = _shift(text, said, [one.text for one in after], shift)
                if moved is None:
                    return None
                shift = moved
            grown = sum(one.mark == "+" for one in after) - removed
            found.append(_Hunk(first=said + shift, shift=shift, lines=after, grown=grown))
        return found


def _shift(text: Sequence[str], said: int, wanted: list[str], near: int) -> int | None:
    """By how many lines the hunk lies away from line ``said``: the nearest place to ``near`` that fits."""
    if not wanted:
        # A hunk that leaves nothing fits anywhere: it is taken to be as far away as the one before it.
        return near
    last, start = len(text) - len(wanted), said - 1 + near
    for distance in range(max(start, last - start, 0) + 1):
        for place in (start - distance, start + distance):
            if 0 <= place <= last and list(text[place : place + len(wanted)]) == wanted:
                return place - (said - 1)
    return None
