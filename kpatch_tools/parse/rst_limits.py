# SPDX-License-Identifier: GPL-2.0-only
"""What a document may hold before docutils gets it, whose time grows with the square of hostile text.

The largest values of the 3,127 documents of Linux 6.12 stand beside each limit. With all of them at once a
document takes seconds, not hours, and some hundred megabytes.
"""

import re

from kpatch_tools.errors import UserError
from kpatch_tools.parse.rst_lines import TAB

# 0.3 MiB.
MAX_BYTES = 4 * 1024 * 1024
# 420 characters.
MAX_LINE = 2_000
# Each mark of inline markup looks for its end in the rest of its paragraph: 40 million characters.
MAX_SEARCHED = 400_000_000
# The corners and crossings of grid tables, which docutils walks along: 790.
MAX_CROSSINGS = 10_000
# Each level of indentation holds the lines below it once more: 47 thousand columns.
MAX_INDENTATION = 1_000_000

_SMALL = 4 * 1024
_SHORT = 512
_MARKS = "*`|"
_BLANK = re.compile(r"\n[ \t\r]*\n")


def refuse_hostile(text: str, lines: tuple[str, ...], source: str) -> None:
    """Raise UserError for what no documentation file holds: absurdly long lines, paragraphs, tables.

    ``source`` names the document in the message.
    """
    if max(map(len, lines), default=0) > MAX_LINE:
        number, line = next((at, line) for at, line in enumerate(lines, 1) if len(line) > MAX_LINE)
        message = f"{source}:{number}: a line of {len(line)} characters (limit {MAX_LINE})"
        raise UserError(message, cure="break the line")
    if len(text) < _SMALL:
        return
    if "+-" in text and _crossings(lines) > MAX_CROSSINGS:
        message = f"{source}: its grid tables have more than {MAX_CROSSINGS} corners"
        raise UserError(message, cure="use simple tables, or several documents")
    blocks = (block for block in _BLANK.split(text) if len(block) > _SHORT)
    if sum(len(block) * sum(block.count(mark) for mark in _MARKS) for block in blocks) > MAX_SEARCHED:
        message = f"{source}: its paragraphs are too long and too full of inline markup to be read"
        raise UserError(message, cure="put blank lines between paragraphs")
    if sum(map(_indentation, lines)) > MAX_INDENTATION:
        raise UserError(f"{source}: too many lines are indented too far", cure="name a .rst file")


def _crossings(lines: tuple[str, ...]) -> int:
    return sum(line.count("+") for line in lines if line.lstrip().startswith(("+-", "+=")))


def _indentation(line: str) -> int:
    width = len(line) - len(line.lstrip())
    return width + (TAB - 1) * line.count("\t", 0, width) if width else 0
