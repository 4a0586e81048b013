# SPDX-License-Identifier: GPL-2.0-only
"""The output of `git range-diff`: which commit of one range is which of the other, and how they differ."""

import re

_PAIR = re.compile(r"^\s*(\d{1,6}):\s+[0-9a-f]+\s+[=!]\s+(\d{1,6}):\s+[0-9a-f]+(?:\s|$)")
_HEAD = re.compile(
    r"^\s*(?:\d{1,6}|-):\s+(?:[0-9a-f]+|-+)\s+[=!<>]\s+(?:\d{1,6}|-):\s+(?:[0-9a-f]+|-+)(?:\s|$)"
)
_INDENT = "    "


def read_pairs(output: str) -> tuple[tuple[int, int], ...]:
    """The paired commits as positions in both ranges, from 0."""
    found = (_PAIR.match(line) for line in output.split("\n"))
    return tuple((int(pair[1]) - 1, int(pair[2]) - 1) for pair in found if pair)


def read_delta(output: str) -> str:
    """The differences alone, for the ranges of one commit each, without git's line of numbers."""
    lines = [line for line in output.rstrip("\n").split("\n") if not _HEAD.match(line)]
    return "\n".join(line.removeprefix(_INDENT) for line in lines)
