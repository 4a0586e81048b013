# SPDX-License-Identifier: GPL-2.0-only
"""How a numbered title is written."""

import re
from collections.abc import Iterator

from kpatch_tools.checks.docs_rule import Context, Hit
from kpatch_tools.parse.rst_lines import column_width

_NUMBERED = re.compile(r"(?P<number>\d+(?:\.\d+)*)(?P<dot>\.?)(?P<gap>\s+)(?P<name>.*?)(?P<end>\.?)$")


def title_form(context: Context) -> Iterator[Hit]:
    """A numbered title with a dot too many or too few, or with several blanks after its number.

    Links and the table of contents are made from the title as it stands.

    Bad:  4.138. KVM_X, 4.138  KVM_X, 4.138 KVM_X.
    Good: 4.138 KVM_X
    Source: of the titles of api.rst 6.12 one of 222 has a dot after a number of two parts (9.1) and one a
    dot at the end (8); all have one blank after the number.
    """
    if context.profile is None or not context.profile.dotted_numbers:
        return
    for title in context.document.titles:
        match = _NUMBERED.match(title.text)
        if not title.number or match is None:
            continue
        dotted = len(title.number) in context.profile.dotted_numbers
        right = f"{match['number']}{'.' * dotted} {match['name']}"
        for wrong, group, text in (
            (bool(match["dot"]) and not dotted, "dot", "has a dot after its number"),
            (dotted and not match["dot"], "dot", "has no dot after its number"),
            (match["gap"] != " ", "gap", "has more than one blank after its number"),
            (bool(match["end"]), "end", "ends with a dot"),
        ):
            if wrong:
                source = context.document.source(title.line)
                indent = len(source) - len(source.lstrip())
                yield Hit(
                    line=title.line,
                    column=indent + match.start(group) + 1,
                    text=f"the title '{title.text}' {text}",
                    hint=f"write {right}, with {column_width(right)} {title.underline[:1]} below",
                    place="",
                )
