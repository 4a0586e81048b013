# SPDX-License-Identifier: GPL-2.0-only
"""reStructuredText in, ApiDocument out: titles, fields, errno tables, literal blocks, messages, lines."""

import bisect
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

from kpatch_tools.errors import UserError
from kpatch_tools.model.document import ApiDocument, ErrorRow, Field, LiteralBlock, Section, Title
from kpatch_tools.parse.rst_lines import parser_text, source_lines

# The longest line of the kernel's 3,183 .rst files (v6.1) has 420 characters, the largest file 0.4 MiB;
# the time that docutils takes grows with the square of what a hostile line holds.
MAX_BYTES = 4 * 1024 * 1024
MAX_LINE = 2_000


def decode(raw: bytes, source: str) -> str:
    """The text of a document; ``source`` names it in messages.

    Raises UserError for what no documentation file may hold: bytes that are not UTF-8, NUL bytes, a line
    over MAX_LINE characters, more than MAX_BYTES in all.
    """
    if len(raw) > MAX_BYTES:
        message = f"{source}: {len(raw)} bytes are too many for a document (limit {MAX_BYTES})"
        raise UserError(message, cure="name a .rst file")
    nul = raw.find(b"\0")
    if nul >= 0:
        line = raw.count(b"\n", 0, nul) + 1
        raise UserError(f"{source}:{line}: a NUL byte; this is no text", cure="name a .rst file")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"{source}:{line}: byte 0x{raw[error.start]:02x} is not UTF-8"
        raise UserError(message, cure="convert the file: iconv -f ISO-8859-1 -t UTF-8") from error
    for number, content in enumerate(source_lines(text), 1):
        if len(content) > MAX_LINE:
            message = f"{source}:{number}: a line of {len(content)} characters (limit {MAX_LINE})"
            raise UserError(message, cure="break the line")
    return text


def parse_document(text: str) -> ApiDocument:
    """Read a document with docutils (no transforms, no files, no raw); never raises for any text.

    What docutils cannot read at all becomes a message of level 4. Not for two threads at once, as
    docutils keeps its names in one table a process.
    """
    # docutils takes 0.2 s to import, and most commands of kvet read no document.
    from kpatch_tools.parse import rst_table, rst_tree  # noqa: PLC0415 - see above

    lines = source_lines(text)
    tree, messages = rst_tree.tree_of(parser_text(lines))
    titles = _by_line(rst_tree.titles(tree, lines))
    fields = _by_line(rst_tree.fields(tree))
    errors = _by_line(rst_table.error_rows(tree, lines))
    literals = _by_line(rst_tree.literals(tree))
    return ApiDocument(
        lines=lines,
        titles=titles,
        sections=tuple(_sections(titles, len(lines), fields, errors, literals)),
        paragraphs=tuple(rst_tree.paragraphs(tree)),
        single_backticks=tuple(rst_tree.single_backticks(tree, lines)),
        table_faults=tuple(rst_table.table_faults(lines, messages)),
        messages=messages,
    )


def _sections(
    titles: tuple[Title, ...],
    last_line: int,
    fields: tuple[Field, ...],
    errors: tuple[ErrorRow, ...],
    literals: tuple[LiteralBlock, ...],
) -> Iterator[Section]:
    for title, end in zip(titles, _ends(titles, last_line), strict=True):
        if title.number:
            yield Section(
                title=title,
                fields=_within(fields, title.line, end),
                errors=_within(errors, title.line, end),
                literals=_within(literals, title.line, end),
                end_line=end,
            )


def _ends(titles: tuple[Title, ...], last_line: int) -> list[int]:
    # A section ends before the next title that is numbered or not deeper than its own. From the back:
    # what a title closes for all above it is closed once and forgotten.
    ends = []
    closing: list[tuple[int, int]] = []
    for title in reversed(titles):
        while closing and closing[-1][0] > title.level:
            closing.pop()
        ends.append(closing[-1][1] - 1 if closing else last_line)
        closing.append((-1 if title.number else title.level, title.line))
    return ends[::-1]


class _HasLine(Protocol):
    @property
    def line(self) -> int: ...


_Item = TypeVar("_Item", bound=_HasLine)


def _by_line(items: Iterable[_Item]) -> tuple[_Item, ...]:
    return tuple(sorted(items, key=lambda item: item.line))


def _within(items: tuple[_Item, ...], first: int, last: int) -> tuple[_Item, ...]:
    # The items are in the order of their lines.
    start = bisect.bisect_left(items, first, key=lambda item: item.line)
    end = bisect.bisect_right(items, last, key=lambda item: item.line)
    return items[start:end]
