# SPDX-License-Identifier: GPL-2.0-only
"""Text in columns of a terminal: how wide it is at most, and how it is cut to fit."""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest

WIDTH = 100
_GAP = "  "


def width(text: str) -> int:
    """The columns that harmless text takes at most: two for a wide character, one for any other."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def fold(text: str, room: int = WIDTH, indent: str = "") -> Iterator[str]:
    """The text in lines of no more than ``room`` columns, nothing left out; ``indent`` from the second on."""
    start = ""
    while width(start + text) > room:
        at = _fitting(text, room - width(start))
        yield (start + text[:at]).rstrip()
        text, start = text[at:], indent
    yield (start + text).rstrip()


def wrap(text: str, room: int = WIDTH, first: str = "", rest: str = "") -> Iterator[str]:
    """The words of a text in lines of no more than ``room`` columns; what is longer than a line is cut."""
    line, blank = first, ""
    for word in text.split():
        if width(line + blank + word) <= room:
            line += blank + word
        else:
            if line.strip():
                yield line.rstrip()
                line = rest
            *whole, last = fold(line + word, room, rest)
            yield from whole
            line = last
        blank = " "
    yield line.rstrip()


def table(rows: Sequence[Sequence[str]], widths: Sequence[int], indent: str = "  ") -> Iterator[str]:
    """The rows as lines, each cell wrapped in its column; what ``widths`` and gaps leave stays blank."""
    for row in rows:
        columns = [list(wrap(text, room)) for text, room in zip(row, widths, strict=True)]
        for parts in zip_longest(*columns, fillvalue=""):
            padded = (pad(part, room) for part, room in zip(parts, widths, strict=True))
            yield f"{indent}{_GAP.join(padded)}".rstrip()


def pad(text: str, room: int) -> str:
    """The text with blanks behind it up to ``room`` columns."""
    return text + " " * (room - width(text))


def _fitting(text: str, room: int) -> int:
    """How many characters fit, one at least; to the last blank, where one stands near the end."""
    taken = 0
    for at, char in enumerate(text):
        taken += width(char)
        if taken > room:
            blank = text.rfind(" ", at * 2 // 3, at + 1)
            return blank + 1 if blank > 0 else max(at, 1)
    return len(text)
