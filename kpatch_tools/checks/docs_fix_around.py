# SPDX-License-Identifier: GPL-2.0-only
"""What an edit takes along: the underline of a title, the blanks behind a cell."""

import re
from dataclasses import replace

from kpatch_tools.model.document import ApiDocument, Title
from kpatch_tools.model.fix import Edit
from kpatch_tools.parse.rst_lines import column_width

# So many blanks part the cells of a row.
_GAP = 2


def underlined(document: ApiDocument, title: Title, width: int) -> tuple[Edit, ...]:
    """The edit that makes a title's underline so wide; () where it is, and where there is an overline too."""
    mark = title.underline[:1]
    above = document.source(title.line - 1).strip()
    if not width or width == len(title.underline) or (above and set(above) == {mark}):
        return ()
    return (Edit(line=title.underline_line, column=1, old=title.underline, new=mark * width),)


def retitled(document: ApiDocument, edit: Edit) -> tuple[Edit, ...]:
    """An edit of any line; in a title's the underline changes its length too, if it was right before."""
    grown = column_width(edit.new) - column_width(edit.old)
    for title in document.titles:
        if title.line == edit.line and column_width(title.text) == len(title.underline):
            return (edit, *underlined(document, title, len(title.underline) + grown))
    return (edit,)


def kept_in_place(document: ApiDocument, edit: Edit) -> tuple[Edit, ...]:
    """An edit of a cell's text that does not move what stands behind the cell; () where there is no room."""
    behind = re.compile(r" *(?=\S)").match(document.source(edit.line), edit.column - 1 + len(edit.old))
    in_row = any(one.holder == "entry" and one.line == edit.line for one in document.paragraphs)
    blanks = len(behind[0]) if behind else 0
    grown = len(edit.new) - len(edit.old)
    if not in_row or blanks < _GAP:
        return (edit,)
    if blanks - grown < _GAP:
        return ()
    return (replace(edit, old=edit.old + " " * max(0, grown), new=edit.new + " " * max(0, -grown)),)
