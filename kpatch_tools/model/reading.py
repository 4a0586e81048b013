# SPDX-License-Identifier: GPL-2.0-only
"""What one pass of the parser over a document gives, before sections are made of it."""

from dataclasses import dataclass

from kpatch_tools.model.document import (
    Field,
    LiteralBlock,
    Message,
    Paragraph,
    Span,
    Table,
    TableFault,
    Title,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The parts of a document by kind; each kind in file order, the messages in the parser's order.

    Part of a document's reading can be put in place of the same part of another's (parse/rst_change), and
    it can be kept in a cache: apart from the text's lines, an ApiDocument holds nothing else.
    """

    titles: tuple[Title, ...] = ()
    fields: tuple[Field, ...] = ()
    literals: tuple[LiteralBlock, ...] = ()
    tables: tuple[Table, ...] = ()
    paragraphs: tuple[Paragraph, ...] = ()
    single_backticks: tuple[Span, ...] = ()
    table_faults: tuple[TableFault, ...] = ()
    messages: tuple[Message, ...] = ()
