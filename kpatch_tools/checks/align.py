# SPDX-License-Identifier: GPL-2.0-only
"""Which lines of one text are which of the other, also for texts of a hundred thousand lines.

difflib takes time with the square of the length. Here lines (or runs of lines) that are unique on both
sides part the texts first, as in git's patience diff; difflib gets only what lies between them.
"""

import difflib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Literal

Step = tuple[Literal["equal", "replace", "delete", "insert"], int, int, int, int]
_SMALL = 250_000
_RUNS = (1, 4, 16)
_CONTEXT = 3


def align(old: Sequence[str], new: Sequence[str]) -> list[Step]:
    """The steps from ``old`` to ``new``: (what, from and to in old, from and to in new), without gaps.

    What is neither unique nor in a stretch small enough to try is told as replaced.
    """
    steps: list[Step] = []
    a = b = 0
    for left, right, size in [*_merged(sorted(_matches(old, new))), (len(old), len(new), 0)]:
        if a < left and b < right:
            steps.append(("replace", a, left, b, right))
        elif a < left:
            steps.append(("delete", a, left, b, b))
        elif b < right:
            steps.append(("insert", a, a, b, right))
        if size:
            steps.append(("equal", left, left + size, right, right + size))
        a, b = left + size, right + size
    return steps


def unified(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """The two as a diff with three lines of context, without the names of files."""
    for group in _groups(align(old, new)):
        first, last = group[0], group[-1]
        yield f"@@ -{first[1] + 1},{last[2] - first[1]} +{first[3] + 1},{last[4] - first[3]} @@"
        for what, a, b, c, d in group:
            if what == "equal":
                yield from (f" {line}" for line in old[a:b])
            else:
                yield from (f"-{line}" for line in old[a:b])
                yield from (f"+{line}" for line in new[c:d])


def _groups(steps: list[Step]) -> Iterator[list[Step]]:
    """Cut long equal stretches: what is further from a change than the context is left out."""
    group: list[Step] = []
    for at, (what, a, b, c, d) in enumerate(steps):
        if what != "equal":
            group.append((what, a, b, c, d))
            continue
        before = min(_CONTEXT, b - a) if group else 0
        after = min(_CONTEXT, b - a) if at + 1 < len(steps) else 0
        if group and after and b - a <= 2 * _CONTEXT:
            group.append((what, a, b, c, d))
            continue
        if group:
            yield [*group, ("equal", a, a + before, c, c + before)] if before else group
        group = [("equal", b - after, b, d - after, d)] if after else []
    if any(what != "equal" for what, *_rest in group):
        yield group


def _matches(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Stretches of equal lines (start in old, start in new, length), in no order, none crossing another."""
    waiting = [(0, len(old), 0, len(new))]
    while waiting:
        a, b, c, d = waiting.pop()
        head = 0
        while a + head < b and c + head < d and old[a + head] == new[c + head]:
            head += 1
        tail = 0
        while a + head < b - tail and c + head < d - tail and old[b - tail - 1] == new[d - tail - 1]:
            tail += 1
        if head:
            yield a, c, head
        if tail:
            yield b - tail, d - tail, tail
        a, b, c, d = a + head, b - tail, c + head, d - tail
        if a == b or c == d:
            continue
        if (b - a) * (d - c) <= _SMALL:
            matcher = difflib.SequenceMatcher(None, old[a:b], new[c:d], autojunk=False)
            yield from (
                (a + item.a, c + item.b, item.size) for item in matcher.get_matching_blocks() if item.size
            )
            continue
        anchors = next((found for run in _RUNS if (found := _unique(old, new, (a, b, c, d), run))), [])
        for left, right in anchors:
            yield left, right, 1
        if anchors:
            lefts = [a, *(left + 1 for left, _right in anchors)]
            rights = [c, *(right + 1 for _left, right in anchors)]
            ends = [*anchors, (b, d)]
            waiting += [(x, end[0], y, end[1]) for x, y, end in zip(lefts, rights, ends, strict=True)]


def _unique(
    old: Sequence[str], new: Sequence[str], span: tuple[int, int, int, int], run: int
) -> list[tuple[int, int]]:
    """Where a run of lines stands that is unique on both sides, the longest sequence in the same order."""
    a, b, c, d = span
    places = [_once(old, a, b, run), _once(new, c, d, run)]
    pairs = sorted((at, places[1][key]) for key, at in places[0].items() if key in places[1])
    return longest_in_order(pairs)


def _once(lines: Sequence[str], start: int, end: int, run: int) -> dict[tuple[str, ...], int]:
    found: dict[tuple[str, ...], int] = {}
    for at in range(start, end - run + 1):
        key = tuple(lines[at : at + run])
        found[key] = -1 if key in found else at
    return {key: at for key, at in found.items() if at >= 0}


def _merged(matches: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Neighbouring stretches as one."""
    merged: list[tuple[int, int, int]] = []
    for left, right, size in matches:
        if merged and (merged[-1][0] + merged[-1][2], merged[-1][1] + merged[-1][2]) == (left, right):
            merged[-1] = (merged[-1][0], merged[-1][1], merged[-1][2] + size)
        else:
            merged.append((left, right, size))
    return merged


def longest_in_order(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """A longest run of ``pairs`` (sorted by their left side) whose right sides rise too."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for at, (_left, right) in enumerate(pairs):
        length = bisect_left(tails, right)
        tails[length : length + 1] = [right]
        ends[length : length + 1] = [at]
        before.append(ends[length - 1] if length else -1)
    kept: list[tuple[int, int]] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        kept.append(pairs[at])
        at = before[at]
    return kept[::-1]
