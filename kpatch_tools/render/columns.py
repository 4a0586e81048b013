# SPDX-License-Identifier: GPL-2.0-only
"""Text in columns of a terminal: how wide it is at most, and where it is broken to fit.

Lines are broken at blanks only. A path, an address, an option or a name has to be copied whole: one that is
longer than a line stands on a line of its own, and the terminal breaks that for the eye alone.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest

WIDTH = 100
# Below this there is no room for a word beside an indent.
NARROWEST = 40
_GAP = "  "
_LEFT_OUT = "..."


def width(text: str) -> int:
    """The columns that harmless text takes at most: two for a wide character, one for any other."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def fold(text: str, room: int = WIDTH, indent: str = "") -> Iterator[str]:
    """The text in lines of ``room`` columns, inner blanks kept; ``indent`` from the second line on."""
    # The text is never copied whole: a hostile line has megabytes, and as many blanks.
    start, begin = "", 0
    while not _fits(start + text[begin : begin + max(0, room) + 1], room):
        at = _break(text, begin, room - width(start))
        if not at:
            break
        yield (start + text[begin:at]).rstrip()
        while text.startswith(" ", at):
            at += 1
        start, begin = indent, at
    yield (start + text[begin:]).rstrip()


def wrap(text: str, room: int = WIDTH, first: str = "", rest: str = "") -> Iterator[str]:
    """The words of a text in lines of ``room`` columns; no word is broken."""
    line, blank = first, ""
    for word in text.split():
        if width(line + blank + word) > room and line.strip():
            yield line.rstrip()
            line, blank = rest, ""
        line += blank + word
        blank = " "
    yield line.rstrip()


def cut(text: str, room: int = WIDTH) -> str:
    """The text in one line of no more than ``room`` columns (3 at least); "..." for what is left out."""
    if _fits(text, room):
        return text
    taken, end = 0, 0
    while (taken := taken + width(text[end])) <= room - len(_LEFT_OUT):
        end += 1
    return f"{text[:end].rstrip()}{_LEFT_OUT}"


def table(rows: Sequence[Sequence[str]], widths: Sequence[int], indent: str = "  ") -> Iterator[str]:
    """The rows as lines, each cell wrapped in its column; what ``widths`` and gaps leave stays blank.

    A row with a word that is wider than its column has a line or more for each cell.
    """
    room = width(indent) + sum(widths) + len(_GAP) * (len(widths) - 1)
    for row in rows:
        columns = [list(wrap(text, own)) for text, own in zip(row, widths, strict=True)]
        if any(width(part) > own for parts, own in zip(columns, widths, strict=True) for part in parts):
            for text in filter(None, row):
                yield from wrap(text, room, first=indent, rest=indent + _GAP)
            continue
        for parts in zip_longest(*columns, fillvalue=""):
            padded = (pad(part, own) for part, own in zip(parts, widths, strict=True))
            yield f"{indent}{_GAP.join(padded)}".rstrip()


def pad(text: str, room: int) -> str:
    """The text with blanks behind it up to ``room`` columns."""
    return text + " " * (room - width(text))


def _fits(text: str, room: int) -> bool:
    # No more than one column over is looked at: a hostile line may be megabytes long.
    return width(text[: max(0, room) + 1]) <= room


def _break(text: str, begin: int, room: int) -> int:
    """Where the line behind that at ``begin`` begins: after the last blank that fits, else the first.

    0 where no blank stands.
    """
    taken, found = 0, 0
    begun = False
    for at in range(begin, len(text)):
        char = text[at]
        if char == " " and begun:
            if taken > room and found:
                return found
            found = at + 1
        begun = begun or char != " "
        taken += width(char)
        if taken > room and found:
            return found
    return 0
