# SPDX-License-Identifier: GPL-2.0-only
"""Simple tables by cell, and the cell that breaks a malformed table."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from docutils import nodes
from docutils.parsers.rst.tableparser import SimpleTableParser, TableMarkupError
from docutils.statemachine import StringList

from kpatch_tools.model.document import Cell, Message, Table, TableFault
from kpatch_tools.parse.rst_lines import MALFORMED, TAB, source_column

_BORDER = re.compile(r"\s*=+( +=+)+\s*$")
_HEADER_LINES = 8
_MOST_FAULTS = 50


@dataclass(frozen=True, slots=True)
class _Block:
    """The lines of a table from border to border, tabs expanded, and the number of the first."""

    lines: tuple[str, ...]
    first: int
    indent: int

    @property
    def columns(self) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer("=+", self.lines[0])]


def tables(found: Iterable[nodes.table], lines: tuple[str, ...]) -> Iterator[Table]:
    """All simple tables of the text; grid tables are left out."""
    for node in found:
        block = _block_of(node, lines)
        if block is None:
            continue
        head, body = _parsed(block)
        if body:
            yield Table(
                head=tuple(_cells(row, block, lines) for row in head),
                rows=tuple(_cells(row, block, lines) for row in body),
                line=block.first,
            )


def _block_of(table: nodes.table, lines: tuple[str, ...]) -> _Block | None:
    # Tables themselves carry no line before docutils 0.22; the text of the first row does, and the
    # border is the next one above it.
    first_row = next(iter(table.findall(nodes.row)), None)
    known = [node.line for node in first_row.findall(nodes.Element) if node.line] if first_row else []
    top = _border_above(lines, min(known)) if known else 0
    if not top:
        return None
    has_head = bool(list(table.findall(nodes.thead)))
    return _cut(lines, top, borders=3 if has_head else 2)


def _is_border(line: str) -> bool:
    return bool(_BORDER.match(line.expandtabs(TAB)))


def _border_above(lines: tuple[str, ...], line: int) -> int:
    for number in range(line, max(0, line - _HEADER_LINES), -1):
        if _is_border(lines[number - 1]):
            return number
    return 0


def _cut(lines: tuple[str, ...], top: int, borders: int) -> _Block | None:
    left = borders
    for number in range(top, len(lines) + 1):
        left -= _is_border(lines[number - 1])
        if not left:
            cut = [line.expandtabs(TAB).rstrip() for line in lines[top - 1 : number]]
            indent = len(cut[0]) - len(cut[0].lstrip())
            return _Block(tuple(line[indent:] for line in cut), top, indent)
    return None


def _parsed(block: _Block) -> tuple[list[list[Any]], list[list[Any]]]:
    try:
        _widths, head, body = SimpleTableParser().parse(StringList(list(block.lines), "table"))
    except TableMarkupError:
        return [], []
    return head, body


def _cells(row: list[Any], block: _Block, lines: tuple[str, ...]) -> tuple[Cell, ...]:
    starts = [start for start, _end in block.columns]
    first = block.first + min(cell[2] for cell in row)
    found: list[Cell] = []
    for _more_rows, more_columns, offset, content in row:
        text = " ".join(" ".join(content).split())
        if text:
            # A cell may begin with empty lines; its first word tells its column.
            at = offset + next(index for index, line in enumerate(content) if line.strip())
            start = starts[len(found)]
            written = block.lines[at][start:]
            begin = block.indent + start + len(written) - len(written.lstrip())
            line = block.first + at
            found.append(Cell(text=text, line=line, column=source_column(lines[line - 1], begin)))
        else:
            found.append(Cell(text="", line=first))
        found += [Cell(text="", line=first)] * more_columns
    return tuple(found)


def table_faults(lines: tuple[str, ...], messages: tuple[Message, ...]) -> Iterator[TableFault]:
    """One fault for each message about a malformed table, by cell where a cell overflows its column.

    docutils stops at the first bad row; here the whole table is read, so that one look mends it.
    """
    for message in messages:
        if not message.text.startswith(MALFORMED):
            continue
        reason = " ".join(message.text.splitlines()[1:]) or "malformed table"
        found: list[TableFault] = []
        if reason.startswith("Text in column margin"):
            found = list(_by_cell(lines, message.line))
        elif "does not match top border" in reason:
            found = list(_odd_border(lines, message.line))
        yield from found or [TableFault(line=message.line, column=0, reason=_own_words(reason))]


def _own_words(reason: str) -> str:
    return re.sub(r" in table line \d+", "", reason).strip().rstrip(".")


def _by_cell(lines: tuple[str, ...], bad: int) -> Iterator[TableFault]:
    found = list(_overflows(lines, bad))
    widest: dict[int, int] = {}
    for fault in found:
        widest[fault.position] = max(widest.get(fault.position, 0), fault.needed)
    for fault in found:
        yield replace(fault, widen=widest[fault.position] if fault.needed else 0)


def _odd_border(lines: tuple[str, ...], near: int) -> Iterator[TableFault]:
    # docutils before 0.22 gives the line of the table, later ones that of the border.
    top = next((number for number in range(near, 0, -1) if _opens(lines, number)), 0)
    if not top:
        return
    first = lines[top - 1].expandtabs(TAB).rstrip()
    for number in range(top + 1, len(lines) + 1):
        border = lines[number - 1].expandtabs(TAB).rstrip()
        if _is_border(border) and len(border) != len(first):
            at = source_column(lines[number - 1], min(len(border), len(first)))
            reason = "this border is not as long as the first one"
            yield TableFault(line=number, column=at, reason=reason)
            return


def _overflows(lines: tuple[str, ...], bad: int) -> Iterator[TableFault]:
    top = next((number for number in range(bad, 0, -1) if _opens(lines, number)), 0)
    block = _cut(lines, top, borders=2) if top else None
    if block is not None and block.first + len(block.lines) <= bad:
        block = _cut(lines, top, borders=3)
    if block is None:
        return
    text = list(block.lines)
    for _ in range(_MOST_FAULTS):
        try:
            SimpleTableParser().parse(StringList(text, "table"))
        except TableMarkupError as error:
            at = error.offset
            fault = _overflow(block, text[at], at, lines) if 0 < at < len(text) else None
            if fault is None:
                return
            yield fault
            text[at] = ""
        else:
            return


def _opens(lines: tuple[str, ...], number: int) -> bool:
    return _is_border(lines[number - 1]) and (number == 1 or not lines[number - 2].strip())


def _overflow(block: _Block, row: str, at: int, lines: tuple[str, ...]) -> TableFault | None:
    line = block.first + at
    source = lines[line - 1]
    for position, ((start, end), (following, _)) in enumerate(itertools.pairwise(block.columns), 1):
        margin = row[end:following]
        if not margin.strip():
            continue
        if row[end - 1] != " ":
            stop = row.find(" ", end)
            cell = row[start : stop if stop > 0 else len(row)].strip()
            return TableFault(
                line=line,
                column=source_column(source, block.indent + end),
                reason="the cell is wider than its column",
                cell=cell,
                position=position,
                width=end - start,
                needed=len(cell),
            )
        begin = end + len(margin) - len(margin.lstrip())
        return TableFault(
            line=line,
            column=source_column(source, block.indent + begin),
            reason="the cell begins before its column",
            cell=row[begin:].split("  ", maxsplit=1)[0],
            position=position + 1,
            starts=source_column(source, block.indent + following),
        )
    return None
