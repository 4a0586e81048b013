# SPDX-License-Identifier: GPL-2.0-only
"""Whether two texts are the same, or nearly, to a reader: blanks and line breaks do not count."""

import difflib
import re
from collections.abc import Sequence

_LONG_LINE = 400
_MANY_WORDS = 2000
_ADDRESS = re.compile(r"@[^\s<>]+")


def has(body: str, block: Sequence[str]) -> bool:
    """Whether a message holds these lines, however they are broken."""
    wanted = flat("\n".join(block))
    return bool(wanted) and wanted in flat(body)


def message_line(body: str, text: str) -> int:
    """The line of a message that begins with or holds ``text``, 0 when none does."""
    wanted = flat(text)
    lines = [flat(line) for line in body.split("\n")]
    return next((at for at, line in enumerate(lines, 1) if wanted and wanted in line), 0)


def line_likeness(old: str, new: str) -> float:
    """How alike two lines are by their characters, 0.0 to 1.0."""
    left, right = flat(old)[:_LONG_LINE], flat(new)[:_LONG_LINE]
    return difflib.SequenceMatcher(None, left, right, autojunk=False).ratio()


def part_told(quoted: str, text: str) -> float:
    """The part of the quoted words that a text still says in their order, 0.0 to 1.0.

    The quoted text may be less than a paragraph, so the length of the other does not count.
    """
    old, new = flat(quoted).split()[:_MANY_WORDS], flat(text).split()[:_MANY_WORDS]
    same = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return sum(block.size for block in same) / len(old) if old else 0.0


def flat(text: str) -> str:
    """Text with blanks folded and addresses cut, which list archives make unreadable."""
    return " ".join(_ADDRESS.sub("@", text).split())
