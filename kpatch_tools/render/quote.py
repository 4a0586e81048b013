# SPDX-License-Identifier: GPL-2.0-only
"""A patch quoted with remarks between its lines: whole, or cut to what the remarks need."""

from collections.abc import Mapping, Sequence

from kpatch_tools.parse.patch_lines import DiffLine
from kpatch_tools.render.escape import mail_line

# Lines above a remark that are quoted with its line, and how many in between are not worth a cut.
CONTEXT, SHORT_CUT = 5, 3
CUT = "> [...]"

Remarks = Mapping[int, Sequence[str]]


def quoted(line: str) -> str:
    """A line of a patch as a reply quotes it; it stays one line, whatever it holds."""
    return f"> {mail_line(line)}" if line else ">"


def with_remarks(lines: Mapping[int, str], below: Remarks) -> list[str]:
    """All lines (by index) quoted, with what is remarked below them."""
    text: list[str] = []
    for index, line in lines.items():
        text.append(quoted(line))
        text += _remark(below.get(index, ()))
    return text


def message_part(lines: Sequence[str], below: Remarks) -> list[str]:
    """The lines of a commit message that remarks are about (numbers from 1), with those above them."""
    if not below:
        return []
    return _cut(dict(enumerate(lines, 1)), sorted(below), below, first=1)


def diff_part(lines: Sequence[DiffLine], raw: Sequence[str], below: Remarks) -> list[str]:
    """The lines of a diff that remarks are about (by index in ``raw``), each with its file and hunk."""
    text: list[str] = []
    shown = ""
    for hunk in _hunks(lines):
        wanted = [line.index for line in hunk if line.index in below]
        if not wanted:
            continue
        if hunk[0].path != shown:
            shown = hunk[0].path
            text.append(quoted(f"diff --git a/{shown} b/{shown}"))
        inside = [line.index for line in hunk if line.mark != "@"]
        if hunk[0].mark == "@":
            text.append(quoted(raw[hunk[0].index]))
            text += _remark(below.get(hunk[0].index, ()))
            wanted = [index for index in wanted if index != hunk[0].index]
        text += _cut({index: raw[index] for index in inside}, wanted, below, first=inside[0] if inside else 0)
    return text


def _hunks(lines: Sequence[DiffLine]) -> list[list[DiffLine]]:
    """The lines hunk by hunk, the @@ line first; the headers of a file are a group of their own."""
    groups: list[list[DiffLine]] = []
    for line in lines:
        before = groups[-1][-1] if groups else None
        new = (
            before is None
            or line.mark == "@"
            or line.path != before.path
            or (line.mark == "") != (before.mark == "")
        )
        if new:
            groups.append([])
        groups[-1].append(line)
    return groups


def _cut(lines: Mapping[int, str], wanted: Sequence[int], below: Remarks, *, first: int) -> list[str]:
    """The wanted lines with context and remarks; what is left out between them is said."""
    text: list[str] = []
    free = first
    for index in wanted:
        start = max(free, index - CONTEXT)
        if start - free > SHORT_CUT:
            text.append(CUT)
        else:
            start = free
        text += [quoted(lines[at]) for at in range(start, index + 1) if at in lines]
        text += _remark(below[index])
        free = index + 1
    return text


def _remark(lines: Sequence[str]) -> list[str]:
    return ["", *lines, ""] if lines else []
