# SPDX-License-Identifier: GPL-2.0-only
"""Literal blocks and lists that docutils accepts and that are not what was meant."""

import itertools
import re
from collections.abc import Iterator

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.model.document import ApiDocument, LiteralBlock

# With one of these a line begins that is markup; ">" quotes a mail and "$" shows a shell, as meant.
_MARKUP = re.compile(r"``|`[^`]+`|:[A-Za-z][^:]*:|[-*+] |\.\. |\*\*?\w")
_ITEM = re.compile(r"(?:[-*+•]|\(?(?:\d+|[A-Za-z]|#)[.)]|:[^:]+:)\s+")
_BULLET = re.compile(r"\s*([-*+]) \w")
_SHOWN = 30
_GLUED = "\n::"


def quoted_literal(context: Context) -> Iterator[Hit]:
    """Text at the left margin below "::" that is shown as it is written, with its backticks or bullets.

    A block after "::" is indented; when it is not, but each line begins with the same mark, the parser
    takes it for a quotation and prints it literally, without a message.

    Bad:  "Valid values for 'flags'::" above a line with ``0`` at the margin
    Good: the same with one colon
    Source: api.rst 6.12.117 line 5153, the one block of 196 that is not indented.
    """
    for block in context.document.literals:
        first = context.document.source(block.line).strip()
        if _MARKUP.match(first) and _at_margin(context.document, block):
            word = first.split(maxsplit=1)[0]
            yield Hit(
                line=block.line,
                column=len(context.document.source(block.line)) - len(first) + 1,
                text=f'{word} stands at the margin below "::" and is shown as written, marks and all',
                hint='end the line above with ":" where this is text, or indent the block where it is code',
            )


def _at_margin(document: ApiDocument, block: LiteralBlock) -> bool:
    above = next((number for number in range(block.line - 1, 0, -1) if document.source(number).strip()), 0)
    announcement = document.source(above).expandtabs()
    if not announcement.rstrip().endswith("::"):
        return False
    margin = len(announcement) - len(announcement.lstrip())
    item = _ITEM.match(announcement.strip())
    here = document.source(block.line).expandtabs()
    indent = len(here) - len(here.lstrip())
    return indent == margin or (item is not None and indent == margin + item.end())


def literal_glued(context: Context) -> Iterator[Hit]:
    """A line with "::" alone that is stuck to the paragraph above it.

    It is shown well, but to other tools it looks like an underline: rstformat makes 34 colons of it.

    Bad:  a sentence that ends with ":", and "::" on the very next line
    Good: the sentence ends with "::", or a blank line stands before it
    Source: api.rst 6.12 has 118 blocks below a bare "::" and 78 below a sentence; one is glued (line 5924).
    Other documents of 6.12 do it 304 times, so that it is asked of documents with a profile only.
    """
    if context.profile is None:
        return
    for paragraph in context.document.paragraphs:
        if paragraph.text.endswith(_GLUED):
            line = paragraph.line + paragraph.text.count("\n")
            source = context.document.source(line)
            yield Hit(
                line=line,
                column=len(source) - len(source.lstrip()) + 1,
                text='"::" is stuck to the paragraph above it',
                hint='put a blank line before it, or end the paragraph with "::"',
            )


def list_glued(context: Context) -> Iterator[Hit]:
    """A list without a blank line before it: the parser takes it for more words of the paragraph above.

    The items are shown in one line, with their bullets between them, and no message says so.

    Bad:  "The flags are:" with "- FIRST" on the very next line, at the same margin
    Good: a blank line between the two
    Source: 76 such places in the 3,127 documents of 6.12, none of them in api.rst; of 25 taken at random
    all were meant as lists. A patch of 2023-01 mended one in review (Fixes 651daa44b11c).
    """
    for paragraph in context.document.paragraphs:
        rows = paragraph.text.split("\n")
        for offset, (above, row) in enumerate(itertools.pairwise(rows), 1):
            match = _BULLET.match(row) if above.rstrip().endswith(":") else None
            if match:
                line = paragraph.line + offset
                yield Hit(
                    line=line,
                    column=context.document.source(line).find(match[1]) + 1,
                    text=f"the list '{row.strip()[:_SHOWN]}' is part of the paragraph above it",
                    hint="put a blank line before it",
                )
                break
