# SPDX-License-Identifier: GPL-2.0-only
"""reStructuredText in, ApiDocument out: titles, fields, errno tables, literal blocks, messages, lines."""

import bisect
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol, TypeVar

from kpatch_tools.errors import UserError
from kpatch_tools.model.document import (
    ApiDocument,
    ErrorRow,
    Field,
    LiteralBlock,
    Message,
    Section,
    TableFault,
    Title,
)
from kpatch_tools.model.reading import Reading
from kpatch_tools.parse.rst_errors import error_rows
from kpatch_tools.parse.rst_limits import MAX_BYTES, refuse_hostile
from kpatch_tools.parse.rst_lines import MALFORMED, parser_text, source_lines

if TYPE_CHECKING:
    from docutils import nodes


def decode(raw: bytes, source: str) -> str:
    """The text of a document; ``source`` names it in messages.

    Raises UserError for what no documentation file may hold: bytes that are not UTF-8, NUL bytes, what is
    over the limits of parse/rst_limits. Lines may end as they do on other systems (CR LF): that is no fault.
    """
    if len(raw) > MAX_BYTES:
        message = f"{source}: more than {MAX_BYTES} bytes are too many for a document"
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
    refuse_hostile(text, source_lines(text), source)
    return text


def parse_document(text: str) -> ApiDocument:
    """Read a document with docutils (no transforms, no files, no raw); never raises for any text.

    What docutils cannot read at all becomes a message of level 4. Not for two threads at once, as
    docutils keeps its names in one table a process.
    """
    lines = source_lines(text)
    return document_of(lines, read(lines))


def read(lines: tuple[str, ...]) -> Reading:
    """Parse the lines of a document; as parse_document(), but without making sections."""
    from kpatch_tools.parse import rst_tree  # noqa: PLC0415 - docutils, and most commands read no document

    tree, messages = rst_tree.tree_of(parser_text(lines))
    return reading_of(tree, messages, lines)


def reading_of(tree: "nodes.document", messages: tuple[Message, ...], lines: tuple[str, ...]) -> Reading:
    """Take the parts out of docutils' tree, whose line numbers are those of ``lines``."""
    from kpatch_tools.parse import rst_table, rst_tree  # noqa: PLC0415 - see above

    found = rst_tree.by_kind(tree)
    return Reading(
        titles=_by_line(rst_tree.titles(found, lines)),
        fields=_by_line(rst_tree.fields(found)),
        literals=_by_line(rst_tree.literals(found)),
        tables=_by_line(rst_table.tables(rst_tree.tables(found), lines)),
        paragraphs=tuple(rst_tree.paragraphs(found)),
        single_backticks=tuple(rst_tree.single_backticks(found, lines)),
        table_faults=table_faults(lines, messages),
        messages=messages,
    )


def table_faults(lines: tuple[str, ...], messages: tuple[Message, ...]) -> tuple[TableFault, ...]:
    """What is wrong with the tables of which the messages say that they are malformed."""
    if not any(message.text.startswith(MALFORMED) for message in messages):
        return ()
    from kpatch_tools.parse import rst_table  # noqa: PLC0415 - docutils, and most tables are well

    return tuple(rst_table.table_faults(lines, messages))


def document_of(lines: tuple[str, ...], reading: Reading) -> ApiDocument:
    """Make the document that rules look at; ``reading`` is that of these lines."""
    errors = _by_line(error_rows(reading.tables))
    return ApiDocument(
        lines=lines,
        titles=reading.titles,
        sections=tuple(_sections(reading.titles, len(lines), reading.fields, errors, reading.literals)),
        paragraphs=reading.paragraphs,
        literals=reading.literals,
        tables=reading.tables,
        single_backticks=reading.single_backticks,
        table_faults=reading.table_faults,
        messages=reading.messages,
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
