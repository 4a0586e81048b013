# SPDX-License-Identifier: GPL-2.0-only
"""MAINTAINERS: which files it covers, by the F:, X: and N: patterns of its sections.

The patterns are described at the head of the file itself: F: with a last slash covers a folder with all
below it, otherwise * matches within one folder; X: takes files out; N: is a regular expression.
"""

import fnmatch
import re
from collections.abc import Iterator

_REST = "THE REST"


def uncovered(text: str, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Those of ``paths`` that no section covers; the section THE REST, which covers all, does not count."""
    left = dict.fromkeys(paths)
    for patterns in _sections(text):
        for path in [path for path in left if _covers(patterns, path)]:
            del left[path]
    return tuple(left)


def _sections(text: str) -> Iterator[list[tuple[str, str]]]:
    title, patterns = "", []
    for line in [*text.splitlines(), ""]:
        if line[1:2] == ":" and line[0] in "FXN":
            patterns.append((line[0], line[2:].strip()))
        elif not line.strip():
            if patterns and title != _REST:
                yield patterns
            title, patterns = "", []
        elif not title and line[1:2] != ":":
            title = line.strip()


def _covers(patterns: list[tuple[str, str]], path: str) -> bool:
    return any(_one(kind, value, path) for kind, value in patterns if kind != "X") and not any(
        _one(kind, value, path) for kind, value in patterns if kind == "X"
    )


def _one(kind: str, value: str, path: str) -> bool:
    if kind == "N":
        try:
            return re.search(value, path) is not None
        except re.error:
            return False
    if value.endswith("/"):
        return fnmatch.fnmatchcase(path, f"{value}*")
    return path.count("/") == value.count("/") and fnmatch.fnmatchcase(path, value)
