# SPDX-License-Identifier: GPL-2.0-only
"""Finds a function's definition in C that is laid out as the kernel's coding style has it."""

import re

_LONGEST_HEAD = 1000


def function_line(text: str, name: str, words: str = "") -> int:
    """The line (from 1) where the function ``name`` is defined; with ``words`` its first line that has them.

    0 where the text has no such definition, or that has no such line. A definition begins at the start of a
    line, its body with a brace there, and so it ends: declarations, calls and comments are none.
    """
    for found in re.finditer(rf"^(?=[A-Za-z_]).*?\b{re.escape(name)}\s*\(", text, re.MULTILINE):
        start = text.find("\n{", found.end(), found.end() + _LONGEST_HEAD)
        if start < 0 or ";" in text[found.end() : start]:
            continue
        end = text.find("\n}", start)
        at = text.find(words, start, len(text) if end < 0 else end) if words else found.start()
        return text.count("\n", 0, at) + 1 if at >= 0 else 0
    return 0
