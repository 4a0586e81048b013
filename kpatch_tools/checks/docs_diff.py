# SPDX-License-Identifier: GPL-2.0-only
"""Which lines of a document a change left alone."""

import difflib


def unchanged_lines(before: tuple[str, ...], after: tuple[str, ...]) -> dict[int, int]:
    """Line number after the change to line number before it, for every line that the change kept.

    The common head and tail are set aside first: a series adds one section to 8,000 lines.
    """
    shorter = min(len(before), len(after))
    head = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    tail = next((i for i in range(shorter - head) if before[-1 - i] != after[-1 - i]), shorter - head)
    same = {number: number for number in range(1, head + 1)}
    same |= {len(after) - i: len(before) - i for i in range(tail)}
    middle = difflib.SequenceMatcher(
        None, before[head : len(before) - tail], after[head : len(after) - tail], autojunk=True
    )
    for block in middle.get_matching_blocks():
        for i in range(block.size):
            same[head + block.b + i + 1] = head + block.a + i + 1
    return same
