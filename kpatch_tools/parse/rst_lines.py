# SPDX-License-Identifier: GPL-2.0-only
"""Lines and columns of a reStructuredText source, as docutils counts them and as a person does."""

import re
import unicodedata

TAB = 8

# How docutils begins to say that it could not read a table.
MALFORMED = "Malformed table"

# What we say ourselves where it read nothing to the end.
TOO_DEEP = "nested too deeply to be read"
UNREADABLE = "docutils cannot read this"

# str.splitlines() also ends a line at these; git and every editor count newlines only.
_OTHER_BREAKS = re.compile("[\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def source_lines(text: str) -> tuple[str, ...]:
    """The lines as an editor counts them, without line ends; a carriage return before one is no text."""
    lines = text.removeprefix("\ufeff").split("\n")
    if "\r" in text:
        lines = [line.removesuffix("\r") for line in lines]
    if lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def parser_text(lines: tuple[str, ...]) -> str:
    """The same lines with nothing left that docutils would take for a further line end."""
    return _OTHER_BREAKS.sub(" ", "\n".join(lines))


def column_width(text: str) -> int:
    """The columns that docutils counts for a title: two for wide characters, none for combining ones."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def source_column(line: str, expanded: int) -> int:
    """The column, from 1, of the character that stands at this offset once tabs are expanded."""
    at = 0
    for index, char in enumerate(line):
        if at >= expanded:
            return index + 1
        at += TAB - at % TAB if char == "\t" else 1
    return len(line) + 1 + max(0, expanded - at)
