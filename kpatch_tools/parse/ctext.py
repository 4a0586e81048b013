# SPDX-License-Identifier: GPL-2.0-only
"""C text without its comments, line for line."""

import re

_SKIP = re.compile(
    r"/\*.*?(?:\*/|\Z)|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])'",
    re.DOTALL,
)


def without_comments(text: str) -> str:
    """The text with comments cut out and strings emptied; every line break stays, so lines keep numbers."""
    return _SKIP.sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    found = match[0]
    if found[0] == "/":
        return "\n" * found.count("\n") or " "
    return found[0] * 2 if found[0] == '"' else "0"
