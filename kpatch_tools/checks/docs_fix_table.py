# SPDX-License-Identifier: GPL-2.0-only
"""Widening one column of a simple table so that its cells fit."""

import itertools
import re

from kpatch_tools.model.document import TableFault
from kpatch_tools.model.fix import Edit

_BORDER = re.compile(r" *=+(?: +=+)+ *$")
_SPAN = re.compile(r" *-+(?: +-+)* *$")
_SURE_GAP = 2


def widened(lines: tuple[str, ...], fault: TableFault) -> tuple[Edit, ...]:
    """Edits that make the faulty column ``fault.widen`` characters wide in every line of its table.

    () where it is not plain which text belongs to which cell: tabs, wide characters, cells that span
    columns or begin too far left.
    """
    top, bottom = _extent(lines, fault.line)
    rows = [(number, lines[number - 1].rstrip()) for number in range(top, bottom + 1)]
    columns = [match.span() for match in re.finditer("=+", rows[0][1])] if top else []
    borders = [row for _number, row in rows if _BORDER.match(row)]
    # A border with other columns is one of another table, which touches this one.
    alike = all([match.span() for match in re.finditer("=+", row)] == columns for row in borders)
    if fault.position >= len(columns) or not alike or not all(_plain(row) for _number, row in rows):
        return ()
    (start, end), (following, _) = columns[fault.position - 1 : fault.position + 1]
    grow = fault.widen - (end - start)
    edits: list[Edit] = []
    extra = 0
    for at, (number, row) in enumerate(rows):
        if _BORDER.match(row):
            edits.append(Edit(line=number, column=end + 1, old="", new="=" * grow))
            continue
        if row[:following].strip():
            extra = 0
        if not row[end:].strip():
            continue
        if not row[end:following].strip():
            edits += _shifted(number, end, grow - (0 if row[:following].strip() else extra))
            continue
        cell = re.compile(r"(\S+)( *)(.*)").match(row, end)
        if row[end - 1] == " " or cell is None or cell.end(1) - start > fault.widen:
            return ()
        if len(cell[2]) < _SURE_GAP and " " in row[start:end].strip():
            return ()
        extra = _extra([below for _number, below in rows[at + 1 :]], following)
        if cell[3]:
            edits += _shifted(number, cell.end(1), following + grow - cell.end(2))
    return tuple(edits)


def _shifted(number: int, at: int, by: int) -> list[Edit]:
    # Blanks put in behind this index, or taken out.
    if not by:
        return []
    return [Edit(line=number, column=at + 1, old=" " * max(0, -by), new=" " * max(0, by))]


def _extra(below: list[str], following: int) -> int:
    # How much further in than its column the rest of a row stands: its author aligned it by a first line
    # that was out of place, and left so it would be read as a definition.
    own = list(itertools.takewhile(lambda row: not row[:following].strip(), below))
    return min((len(row) - len(row.lstrip()) - following for row in own if row.strip()), default=0)


def _plain(row: str) -> bool:
    return row.isascii() and "\t" not in row and not _SPAN.match(row)


def _extent(lines: tuple[str, ...], bad: int) -> tuple[int, int]:
    # First and last line of the table as docutils cuts it: up to the second border after the first one, or
    # to the one before a blank line; (0, 0) when there is none.
    borders = [number for number in range(1, bad + 1) if _BORDER.match(lines[number - 1])]
    tops = [number for number in borders if number == 1 or not lines[number - 2].strip()]
    if not tops:
        return 0, 0
    top, found = tops[-1], 0
    for number in range(top + 1, len(lines) + 1):
        if _BORDER.match(lines[number - 1]):
            found += 1
            if found == 2 or number == len(lines) or not lines[number].strip():
                return (top, number) if number >= bad else (0, 0)
    return 0, 0
