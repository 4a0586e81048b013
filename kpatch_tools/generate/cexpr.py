# SPDX-License-Identifier: GPL-2.0-only
"""Values of a contract as C: every value is typed, nothing is pasted as it stands."""

import textwrap

from kpatch_tools.model.place import Place, Term

WIDTH = 80
TAB = 8


def expression(place: Place) -> str:
    """A Place as a C expression of type u64 in terms of TEST_GPA and PAGE_SIZE.

    2^64 is zero in a u64, so "top-1p" becomes "-PAGE_SIZE" (PAGE_SIZE is unsigned).
    """
    parts = [(term.sign, _term(term)) for term in place.terms if term.unit != "top"]
    if not parts:
        return "0"
    text = ("-" if parts[0][0] < 0 else "") + parts[0][1]
    for sign, part in parts[1:]:
        text += f" {'-' if sign < 0 else '+'} {part}"
    return text


def _term(term: Term) -> str:
    if term.unit == "base":
        return "TEST_GPA"
    if term.unit == "bit":
        return f"BIT_ULL({term.number})"
    if term.unit == "page":
        return "PAGE_SIZE" if term.number == 1 else f"{term.number} * PAGE_SIZE"
    return str(term.number)


def is_zero(place: Place) -> bool:
    """True for what a designated initialiser may leave out."""
    return place.value == 0


def comment(sentence: str) -> str:
    """A sentence as a kernel comment: one line where it fits into 80 columns, a block otherwise."""
    line = f"/* {sentence} */"
    if len(line) <= WIDTH:
        return line
    body = textwrap.wrap(sentence, WIDTH - 3, break_long_words=False, break_on_hyphens=False)
    return "\n".join(("/*", *(f" * {part}" for part in body), " */"))


def call(indent: int, name: str, *arguments: str, end: str = ");") -> str:
    """A statement that calls a function, broken and aligned to its bracket as checkpatch --strict wants it.

    ``indent`` is in tabs; ``end`` closes the bracket.
    """
    lead = "\t" * indent
    lines = [f"{lead}{name}("]
    for index, argument in enumerate(arguments):
        last = end if index == len(arguments) - 1 else ","
        glue = "" if index == 0 else " "
        if len(lines[-1].expandtabs(TAB)) + len(glue + argument + last) > WIDTH and index:
            columns = indent * TAB + len(name) + 1
            lines.append("\t" * (columns // TAB) + " " * (columns % TAB))
            glue = ""
        lines[-1] += glue + argument + last
    if not arguments:
        lines[-1] += end
    return "\n".join(lines)
