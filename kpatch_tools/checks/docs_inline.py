# SPDX-License-Identifier: GPL-2.0-only
"""Marks inside a paragraph."""

from collections.abc import Iterator

from kpatch_tools.checks.docs_rule import Context, Hit


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
