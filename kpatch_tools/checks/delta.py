# SPDX-License-Identifier: GPL-2.0-only
"""What differs between two versions of one patch, and between the files that two series change."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from kpatch_tools.checks.align import unified
from kpatch_tools.model.comparison import Change, FileDelta, FileState, PatchPair
from kpatch_tools.model.series import Patch, Series
from kpatch_tools.parse.difflines import FileLines, read_lines
from kpatch_tools.parse.trailers import split_trailers


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One patch with its diff read and its message parted from the trailers."""

    patch: Patch
    files: tuple[FileLines, ...]
    text: str
    trailers: tuple[str, ...]
    edits: Counter[tuple[str, str]]

    @property
    def content(self) -> tuple[tuple[str, ...], ...]:
        """Equal for two diffs that differ in positions and context only."""
        return tuple((item.old_path, item.path, *item.edits) for item in self.files)


def read_side(patch: Patch) -> Side:
    """Take a patch apart; raises UserError as the diff reader does."""
    text, trailers = split_trailers(patch.body)
    files = read_lines(patch.diff, patch.source) if patch.files else ()
    edits = Counter((item.path, line) for item in files for line in item.edits if line[1:].strip())
    return Side(patch=patch, files=files, text=text, trailers=trailers, edits=edits)


def compare(old: Side, new: Side) -> PatchPair:
    """What differs between two versions of one patch; no changes when nothing does."""
    files = tuple(_file_deltas(old.files, new.files))
    told = (
        (Change.RENAMED, old.patch.subject != new.patch.subject),
        (Change.AUTHOR, old.patch.author != new.patch.author),
        (Change.FILES, bool(files)),
        (Change.MESSAGE, old.text != new.text),
        (Change.TRAILERS, old.trailers != new.trailers),
    )
    return PatchPair(
        old=old.patch,
        new=new.patch,
        changes=tuple(change for change, holds in told if holds),
        files=files,
        gained=tuple((Counter(new.trailers) - Counter(old.trailers)).elements()),
        lost=tuple((Counter(old.trailers) - Counter(new.trailers)).elements()),
    )


def overall_files(old: Series, new: Series) -> tuple[FileDelta, ...]:
    """The files that the two versions as wholes change differently, sorted by path.

    Lines that only went from one patch to another make no difference here.
    """
    before, after = _total(old), _total(new)
    deltas: list[FileDelta] = []
    for path in sorted(before.keys() | after.keys()):
        left, right = before.get(path), after.get(path)
        if left != right:
            state = FileState.CHANGED if left and right else FileState.ADDED if right else FileState.REMOVED
            deltas.append(FileDelta(path=path, state=state, old=_size(left), new=_size(right)))
    return tuple(deltas)


def text_delta(old: Patch, new: Patch) -> str:
    """A diff of two versions of a patch: message and diff, without positions and blob ids."""
    return "\n".join(unified(_readable(read_side(old)), _readable(read_side(new))))


def _file_deltas(old: tuple[FileLines, ...], new: tuple[FileLines, ...]) -> Iterator[FileDelta]:
    before, after = ({item.path: item for item in side} for side in (old, new))
    for path in sorted(before.keys() | after.keys()):
        left, right = before.get(path), after.get(path)
        if left is None or right is None:
            state = FileState.REMOVED if left else FileState.ADDED
        elif (left.old_path, left.edits) != (right.old_path, right.edits):
            state = FileState.CHANGED
        elif left.content != right.content:
            state = FileState.CONTEXT
        else:
            continue
        sizes = [(side.added, side.removed) if side else (0, 0) for side in (left, right)]
        yield FileDelta(path=path, state=state, old=sizes[0], new=sizes[1])


def _total(series: Series) -> dict[str, Counter[str]]:
    total: dict[str, Counter[str]] = {}
    for patch in series.patches:
        for item in read_side(patch).files:
            total.setdefault(item.path, Counter()).update(item.edits or ("",))
    return total


def _size(lines: Counter[str] | None) -> tuple[int, int]:
    counts = [sum(n for line, n in (lines or Counter()).items() if line[:1] == mark) for mark in "+-"]
    return counts[0], counts[1]


def _readable(side: Side) -> list[str]:
    lines = [f"Subject: {side.patch.subject}", f"Author: {side.patch.author}", ""]
    lines += [*side.text.split("\n"), "", *side.trailers]
    for item in side.files:
        lines += ["", f"## {item.path} ##", *item.content]
    return lines
