# SPDX-License-Identifier: GPL-2.0-only
"""Searching the text of a document: what is written where, with inline code out of the way."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kpatch_tools.model.document import ApiDocument
from kpatch_tools.parse.rst_lines import TAB, source_column

_CODE = re.compile(r"``.+?``", re.S)

# A character that no rule's pattern matches, so that words on both sides of inline code are not neighbours.
_COVER = "\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph or a literal block as written, and the line on which it begins."""

    text: str
    line: int

    def without_code(self) -> str:
        """The text with each ``...`` covered; offsets and line breaks stay."""
        if "``" not in self.text:
            return self.text
        return _CODE.sub(lambda match: re.sub(r"[^\n]", _COVER, match[0]), self.text)

    def position(self, document: ApiDocument, start: int) -> tuple[int, int]:
        """Line and column of the character at this offset."""
        row = self.text.count("\n", 0, start)
        first = self.text.rfind("\n", 0, start) + 1
        content = self.text[first:].split("\n", maxsplit=1)[0]
        line = self.line + row
        source = document.source(line)
        # docutils gives text with tabs expanded and the indentation taken away.
        at = source.expandtabs(TAB).find(content.strip())
        if at < 0:
            return line, 0
        indent = len(content) - len(content.lstrip())
        return line, source_column(source, at + start - first - indent)


def prose(document: ApiDocument, holding: re.Pattern[str] | None = None) -> Iterator[Text]:
    """The paragraphs, those in lists, fields and table cells among them; only those ``holding`` a pattern."""
    for paragraph in document.paragraphs:
        if holding is None or holding.search(paragraph.text):
            yield Text(text=paragraph.text, line=paragraph.line)


def all_text(document: ApiDocument, holding: re.Pattern[str] | None = None) -> Iterator[Text]:
    """The paragraphs, the literal blocks and the titles; only those ``holding`` a pattern."""
    yield from prose(document, holding)
    others = [(title.text, title.line) for title in document.titles]
    others += [(block.text, block.line) for block in document.literals]
    for text, line in others:
        if holding is None or holding.search(text):
            yield Text(text=text, line=line)
