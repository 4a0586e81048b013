# SPDX-License-Identifier: GPL-2.0-only
"""Cuts the lines that matter out of a text: few of them, none long, whatever the text is."""

import re
from collections.abc import Sequence

from kpatch_tools.model.excerpt import Excerpt, Source

BEFORE, AFTER = 3, 4
MOST_LINES = 48
LONGEST_LINE = 240
_CUT = " ..."


def around(  # noqa: PLR0913 - a place in a text, and how much of it
    lines: Sequence[str],
    line: int,
    *,
    source: Source,
    path: str,
    before: int = BEFORE,
    after: int = AFTER,
) -> Excerpt | None:
    """The line with that number (from 1) and some beside it; None where the text has no such line."""
    if not 0 < line <= len(lines):
        return None
    first = max(1, line - before)
    return _excerpt(lines, first, min(len(lines), line + after), line, source=source, path=path)


def contract_case(text: str, line: int, *, case: str, path: str) -> Excerpt | None:
    """The table of a contract that begins at ``line``, to the next table or the blank line before it."""
    lines = text.split("\n")
    if not 0 < line <= len(lines):
        return None
    after = next((at for at in range(line, len(lines)) if lines[at].startswith("[")), len(lines))
    end = _last_filled(lines, line, after)
    return _excerpt(lines, line, end, line, source=Source.CONTRACT, path=path, case=case)


def program_case(text: str, *, case: str, path: str) -> Excerpt | None:
    """The C function of a case in a generated test, with the comment above it; None where it has none."""
    lines = text.split("\n")
    head = re.compile(rf"static void test_{re.escape(case)}\(")
    start = next((at for at, line in enumerate(lines, 1) if head.match(line)), 0)
    if not start:
        return None
    end = next((at for at in range(start, len(lines) + 1) if lines[at - 1] == "}"), start)
    first = start
    while first > 1 and lines[first - 2].startswith(("/*", " *")):
        first -= 1
    return _excerpt(lines, first, end, start, source=Source.PROGRAM, path=path, case=case)


def output_case(text: str, *, case: str, path: str, mode: str) -> Excerpt | None:
    """What a test program printed about a case: its result line and the diagnostics before it (KTAP)."""
    lines = text.split("\n")
    result = re.compile(rf"\s*(?:not )?ok \d+ (?:[\w.-]+\.)?{re.escape(case)}(?:\s|$)")
    found = next((at for at, line in enumerate(lines, 1) if result.match(line)), 0)
    if not found:
        return None
    first = found
    while first > 1 and lines[first - 2].lstrip().startswith("#"):
        first -= 1
    return _excerpt(lines, first, found, found, source=Source.OUTPUT, path=path, case=case, mode=mode)


def _last_filled(lines: Sequence[str], first: int, end: int) -> int:
    """The last line between that is neither blank nor a comment: those belong to what follows."""
    last = end
    while last > first and (not lines[last - 1].strip() or lines[last - 1].startswith("#")):
        last -= 1
    return last


def _excerpt(  # noqa: PLR0913 - the fields of an excerpt
    lines: Sequence[str],
    first: int,
    last: int,
    mark: int,
    *,
    source: Source,
    path: str,
    case: str = "",
    mode: str = "",
) -> Excerpt:
    """Lines ``first`` to ``last``; where that is too many, those from ``mark`` on count."""
    if last - first >= MOST_LINES:
        first = min(max(first, mark - BEFORE), mark)
        last = min(last, first + MOST_LINES - 1)
    return Excerpt(
        source=source,
        path=path,
        line=first,
        lines=tuple(_short(line) for line in lines[first - 1 : last]),
        mark=mark,
        case=case,
        mode=mode,
    )


def _short(line: str) -> str:
    line = line.rstrip("\r")
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - len(_CUT)] + _CUT
