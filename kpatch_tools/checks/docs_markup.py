# SPDX-License-Identifier: GPL-2.0-only
"""Faults that the parser itself reports, and tables by cell."""

from collections.abc import Iterator

from kpatch_tools.checks.docs_field_form import malformed
from kpatch_tools.checks.docs_glued import unended
from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.model.document import TableFault

_WARNING = 2

# Of the information messages only this one is a fault; the others are noise in api.rst (19 of 19 in 6.12).
_REAL_INFO = "Blank line missing before literal block"

# The first two have a rule of their own, with columns; the last is about our settings, not the text.
_NOT_HERE = ("Malformed table", "Title underline too short", "File and URL access deactivated")

_HINTS = (
    ("Unexpected indentation", "put a blank line before the indented text, or align it with the line above"),
    ("Unexpected section title", "a title starts at the left margin, outside of lists and quotes"),
    ("Literal block expected", 'indent the text below "::" after a blank line, or end the sentence with ":"'),
    ("Literal block ends", "put a blank line after the block, or indent this line like the block"),
    (_REAL_INFO, 'leave a blank line after "::"'),
    ("Field list ends", "put a blank line after the list, or align this line with the value above"),
    ("Inconsistent title style", "underline it with the character that its sibling sections have"),
    ("Title level inconsistent", "underline it with the character that its sibling sections have"),
    ("Unknown interpreted text role", "check the name of the role"),
    ("Unknown directive type", "check the name of the directive"),
    ("Inline", "close the markup, or put a backslash before the opening mark"),
)


def markup(context: Context) -> Iterator[Hit]:
    """What docutils cannot read as it was meant: indentation, lists, literal blocks, inline marks.

    Sphinx reports most of these too, as a warning among thousands and after a minute; linux-next has
    refused series for them. Text that the parser misreads is lost or garbled in the HTML page.

    Bad:  "...bit patterns::" with the block on the very next line
    Good: a blank line after "::"
    Source: docutils, warnings and worse, and of its 20 information messages in api.rst 7.1 the one kind
    that is a fault; 12 of 30 historic faults of api.rst are of this kind.
    """
    own = {bad.line for bad in malformed(context)} if context.document.messages else set()
    for message in context.document.messages:
        # A field without its colon has a finding of its own.
        if "ends without a blank line" in message.text and message.line in own:
            continue
        if message.level < _WARNING and not message.text.startswith(_REAL_INFO):
            continue
        if message.text.startswith(_NOT_HERE):
            continue
        text = " ".join(message.text.split()).rstrip(".")
        hint = next((hint for start, hint in _HINTS if text.startswith(start)), "")
        yield Hit(line=message.line, text=text, hint=hint)


def table(context: Context) -> Iterator[Hit]:
    """A simple table that is none, because a cell overflows its column or a border does not fit.

    The parser drops the whole table over one cell, so that a page loses all its rows.

    Bad:  a border of "====" above the cell "EINVAL"
    Good: a border of "======" in all three or both border lines
    Source: api.rst 6.12.117 line 8155, mended upstream by dca01b0a2646; docutils names the row, the
    column and the width are ours.
    """
    # A line below the last border is no row that overflows; docs/table-glued has it.
    faults = context.document.table_faults
    text_below = unended(context.document) if faults else frozenset[int]()
    for fault in faults:
        if fault.line in text_below:
            continue
        text, hint = _table_words(fault)
        yield Hit(line=fault.line, column=fault.column, text=f"malformed table: {text}", hint=hint)


def _table_words(fault: TableFault) -> tuple[str, str]:
    if fault.needed:
        return (
            f"'{fault.cell}' is {fault.needed} characters wide, column {fault.position} only {fault.width}",
            f"widen column {fault.position} to {fault.widen} in every border line of the table",
        )
    if fault.starts:
        return (
            f"'{fault.cell}' begins before column {fault.position} of the table",
            f"move it to column {fault.starts} of the line",
        )
    return fault.reason, "all borders of a table are equally long, with a blank line after the last one"
