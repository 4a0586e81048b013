# SPDX-License-Identifier: GPL-2.0-only
"""Marks inside a paragraph."""

import re
from collections.abc import Iterator

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.checks.docs_text import prose

# As docutils pairs the marks: the first that may close ends what the first that may open began.
_LITERAL = re.compile(r"(?<![\w`])``(?=\S)(?P<text>.+?)(?<=\S)``(?![\w`])", re.S)
_OPENED_AGAIN = re.compile(r"(?:^|[\s(\[,])``\w")
_SHOWN = 40


def single_backtick(context: Context) -> Iterator[Hit]:
    """A name between single backticks, which is not code but a title of a work, set in italics.

    Markdown writes code that way; here it takes two backticks on each side.

    Bad:  when `size` is not zero
    Good: when ``size`` is not zero
    Source: Documentation/doc-guide/sphinx.rst; api.rst 6.12 has 132 names between two backticks and 33
    between one.
    """
    for span in context.document.single_backticks:
        yield Hit(
            line=span.line,
            column=span.column,
            text=f"{span.text} in single backticks is not shown as code",
            hint=f"write `{span.text}`",
        )


def unclosed_literal(context: Context) -> Iterator[Hit]:
    """A ``` `` ``` that is not closed, so that the code goes on to the end of the next name in code.

    The parser has no complaint, as every mark has found another one.

    Bad:  the ``flags member, and ``size`` with it
    Good: the ``flags`` member, and ``size`` with it
    Source: none of the 132 names in code of api.rst 6.12; where no other name follows, the parser reports it.
    """
    for text in prose(context.document):
        if text.text.count("``") < 3:
            continue
        for match in _LITERAL.finditer(text.text):
            if again := _OPENED_AGAIN.search(match["text"]):
                line, column = text.position(context.document, match.start())
                begun = " ".join(match["text"][: again.start()].split())
                yield Hit(
                    line=line,
                    column=column,
                    text=f"``{begun[:_SHOWN]} is not closed before the next name in code",
                    hint="put `` behind the name",
                )
