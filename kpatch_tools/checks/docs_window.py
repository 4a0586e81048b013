# SPDX-License-Identifier: GPL-2.0-only
"""The sections that a change touches, as small documents that most rules can look at alone."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from kpatch_tools.model.document import ApiDocument
from kpatch_tools.parse.rst_change import Versions

# Some rules look at what stands above a title.
_MARGIN = 8
_SWITCH = "kvet:"
# An overline, a title and an underline.
_TITLE = 3


@dataclass(frozen=True, slots=True)
class Window:
    """The touched sections of two versions, each as a document with its own line numbers.

    A rule that judges each section by itself finds in the rest of both versions the same faults on the same
    lines, so that these never are new.
    """

    before: ApiDocument
    after: ApiDocument


def window_of(versions: Versions) -> Window | None:
    """The touched sections; None when they are not known, or when the text switches rules off.

    A switch may stand far from what it covers, and a title between the two ends its reach.
    """
    before, after = versions.before, versions.after
    if not versions.first or any(_SWITCH in line for one in (before, after) for line in one.lines):
        return None
    first, last, shift = versions.first, versions.last_before, versions.last_after - versions.last_before
    while True:
        starts = {_first_line(before, first), _first_line(after, first)}
        ends = {_last_line(before, last), _last_line(after, last + shift) - shift}
        if (min(starts), max(ends)) == (first, last):
            break
        first, last = min(starts), max(ends)
    return Window(part_of(before, first, last), part_of(after, first, last + shift))


def _first_line(document: ApiDocument, line: int) -> int:
    section = document.section_at(line)
    return min(line, section.title.line) if section else line


def _last_line(document: ApiDocument, line: int) -> int:
    section = document.section_at(line)
    return max(line, section.end_line) if section else line


def part_of(document: ApiDocument, first: int, last: int) -> ApiDocument:
    """What stands on these lines of a document, under its own line numbers; the other lines are empty."""

    def inside(items: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(item for item in items if first <= item.line <= last)

    top, bottom = max(0, first - 1 - _MARGIN), min(len(document.lines), last + _MARGIN)
    return replace(
        document,
        lines=("",) * top + document.lines[top:bottom] + ("",) * (len(document.lines) - bottom),
        titles=inside(document.titles),
        sections=tuple(one for one in document.sections if first <= one.title.line <= last),
        paragraphs=inside(document.paragraphs),
        literals=inside(document.literals),
        tables=inside(document.tables),
        single_backticks=inside(document.single_backticks),
        table_faults=inside(document.table_faults),
        # What the parser says of the end of a section may stand at the title below it.
        messages=tuple(one for one in document.messages if first <= one.line <= last + _TITLE),
    )
