# SPDX-License-Identifier: GPL-2.0-only
"""The ledger's table for a reader, 100 columns wide, and as JSON for a program."""

import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec

from kpatch_tools.model.matrix import Cell, Column, Line, Matrix
from kpatch_tools.render.columns import WIDTH
from kpatch_tools.render.escape import json_text, terminal

JSON_SCHEMA = 1
_CLAUSE, _SAYS, _CELL = 24, 14, 16
_AT_ONCE = (WIDTH - _CLAUSE - 2 * _SAYS) // _CELL
_BAD = ("FAIL", "CRASH", "HANG", "KNOWN-BUG")
_SHORT = {"KNOWN-BUG": "bug", "HANG": "hang"}
_MEANING = (
    "documented: the errno of the row that speaks of it, ! another than in the contract; (X): a row X",
    "in general words; -: no row.",
    "A, B, ...: what the calls returned (ok: success); !N: N cases did not do what the clause says;",
    "bugN: N cases show a known bug; hangN: N hung; skip: not possible in this mode; -: not run.",
)


def render(matrix: Matrix) -> str:
    """The kernels, then one table for each few of them, then what the marks mean."""
    lines = [f"{matrix.ioctl}: what kernels were seen to do, by contract {matrix.contract}"]
    lines += [f"({matrix.path})", ""]
    for column in matrix.columns:
        lines += _column(column)
    for start in range(0, len(matrix.columns), _AT_ONCE):
        lines += ["", *_table(matrix, slice(start, start + _AT_ONCE))]
    lines += ["", *_MEANING]
    if matrix.outdated:
        lines.append(f"left out: {matrix.outdated} results of cases that have changed since; run them again.")
    return "\n".join(terminal(line).rstrip() for line in lines) + "\n"


def _column(column: Column) -> Iterator[str]:
    counts = ", ".join(f"{number} {verdict}" for verdict, number in column.counts.items())
    ran = sum(column.counts.values())
    head = f"{column.mark:>3}  {column.kernel}, {column.mode}"
    text = f"{column.when}: {ran} of {column.cases} cases, {counts or 'none of them as they are now'}"
    yield from textwrap.wrap(head, WIDTH, subsequent_indent=" " * 5)
    yield f"     {text}{'' if column.document else '; its tree documents no such ioctl'}"
    if column.absent:
        yield "     it does not know this ioctl: every positive control returned EINVAL"


def _table(matrix: Matrix, part: slice) -> Iterator[str]:
    marks = "".join(f"{column.mark:<{_CELL}}" for column in matrix.columns[part])
    yield f"{'clause':<{_CLAUSE}}{'documented':<{_SAYS}}{'contract':<{_SAYS}}{marks}"
    for line in matrix.lines:
        cells = "".join(f"{_cut(_cell(cell, line), _CELL):<{_CELL}}" for cell in line.cells[part])
        says = f"{_cut(_documented(line), _SAYS):<{_SAYS}}{_cut(_contract(line), _SAYS):<{_SAYS}}"
        yield f"{_cut(line.clause, _CLAUSE):<{_CLAUSE}}{says}{cells}"


def _cut(text: str, width: int) -> str:
    return text if len(text) < width else f"{text[: width - 2]}~"


def _documented(line: Line) -> str:
    if line.documented:
        wrong = "" if line.documented == (line.contract,) else " !"
        return f"{'/'.join(line.documented)}{wrong}"
    return f"({line.contract})" if line.general else "-"


def _contract(line: Line) -> str:
    name = "ok" if line.contract == "success" else line.contract
    return f"{name} {line.since}{'+' if line.since else ''}{f' <{line.until}' if line.until else ''}".rstrip()


def _cell(cell: Cell, line: Line) -> str:
    if not cell.verdicts:
        return "-"
    if not cell.ran:
        return "skip"
    names = "/".join("ok" if one == "success" else one for one in cell.outcomes)
    if not names and "PASS" in cell.verdicts:
        names = "ok" if line.contract == "success" else "pass"
    bad = [
        f"{_SHORT.get(verdict, '!')}{len(cell.verdicts[verdict])}"
        for verdict in _BAD
        if verdict in cell.verdicts
    ]
    return " ".join((*([names] if names else []), *bad)) or next(iter(cell.verdicts))


def render_json(matrix: Matrix) -> str:
    """The same as one JSON document."""
    document: dict[str, Any] = {
        "schema": JSON_SCHEMA,
        "contract": matrix.contract,
        "ioctl": matrix.ioctl,
        "outdated": matrix.outdated,
        "columns": [
            {
                "column": column.mark,
                "kernel": column.kernel,
                "mode": column.mode,
                "when": column.when,
                "counts": dict(column.counts),
                "cases": column.cases,
                "document": column.document,
                "absent": column.absent,
            }
            for column in matrix.columns
        ],
        "clauses": [
            {
                "clause": line.clause,
                "what": line.what,
                "contract": line.contract,
                "since": line.since,
                "until": line.until,
                "documented": line.documented,
                "general_row": line.general,
                "reason_unprovoked": line.reason,
                "observed": {
                    column.mark: {"outcomes": dict(cell.outcomes), "verdicts": dict(cell.verdicts)}
                    for column, cell in zip(matrix.columns, line.cells, strict=True)
                },
            }
            for line in matrix.lines
        ],
    }
    return json_text(msgspec.json.format(msgspec.json.encode(document), indent=2).decode()) + "\n"
