# SPDX-License-Identifier: GPL-2.0-only
"""Errno tables among the tables of a document."""

import re
from collections.abc import Iterable, Iterator

from kpatch_tools.model.document import ErrorRow, Table

_ERRNO = re.compile(r"-?E[A-Z0-9]{2,}$")


def is_errno_table(table: Table) -> bool:
    """Whether the first cells of its rows are error names for the most part."""
    rows = [row for row in table.rows if len(row) > 1]
    return sum(bool(_ERRNO.match(row[0].text)) for row in rows) * 2 > len(rows)


def error_rows(known: Iterable[Table]) -> Iterator[ErrorRow]:
    """The rows of all tables whose first cells are error names for the most part."""
    for table in known:
        if not is_errno_table(table):
            continue
        for first, *rest in table.rows:
            if rest:
                yield ErrorRow(errno=first.text, text=rest[0].text, line=first.line, column=first.column)
