# SPDX-License-Identifier: GPL-2.0-only
"""The conformance matrix as lines for a terminal: what differs, what is not shown, and what agrees."""

from collections.abc import Callable, Iterator, Sequence

from kpatch_tools.model.conformance import SUCCESS, Condition, Conformance, Stand
from kpatch_tools.render import conformance
from kpatch_tools.render.columns import WIDTH, cut, table, wrap

_SAYS, _CONTRACT, _MODE, _GAPS = 12, 10, 13, 2
# A condition in less is a column of single words: then each cell is a line.
_LEAST_CONDITION = 24
_FEW = 3

Safe = Callable[[str], str]


def lines(matrix: Conformance, safe: Safe, room: int = WIDTH, *, whole: bool = True) -> Iterator[str]:
    """The matrix as lines of ``room`` columns; ``safe`` makes a text harmless.

    Rows that differ are a table. Those that agree wherever they can happen are named below it, and an effect
    of success that only a known bug breaks is named with that bug. Without ``whole`` there is a page with the
    rows that agree: beside some that differ they are only counted.
    """
    title = f"conformance of {safe(matrix.ioctl)} with {safe(matrix.document)}:"
    yield from wrap(title, room, rest="  ")
    yield from wrap(conformance.tally(matrix), room, first="  ", rest="  ")
    laid = conformance.layout(matrix)
    agree = [row for row in laid.rows if _agrees(row)]
    shown = [row for row in laid.rows if not _agrees(row) and not _only_bugs(row)]
    at_once = _at_once(room)
    for start in range(0, max(len(laid.columns), 1) if shown else 0, max(at_once, 1)):
        part = laid.columns[start : start + at_once] if at_once else laid.columns
        yield ""
        yield from (
            _table(matrix, shown, part, safe, room) if at_once else _stacked(matrix, shown, part, safe, room)
        )
        if not at_once:
            break
    legend = "; ".join(f"{word}: {told}" for word, told in conformance.legend(matrix, shown, laid.columns))
    yield from wrap(legend, room, first="  ", rest="  ") if legend else ()
    yield from _bugs(matrix, safe, room)
    yield from _beside(laid, safe, room)
    kept = [row for row in agree if not row.promise]
    if kept and (whole or len(agree) == len(laid.rows)):
        yield from wrap("agree in each mode where they can happen:", room, first="  ", rest="    ")
        for errno, rows in conformance.groups(kept):
            words = "; ".join(safe(row.condition) for row in rows)
            yield from wrap(words, room, first=f"    {safe(errno)}: ", rest="      ")


def _agrees(row: Condition) -> bool:
    """It agrees wherever it ran, and document and contract have it."""
    plain = bool(row.contract) and (row.promise or bool(row.documented or row.general or row.common))
    return plain and not row.differs and _stands(row) <= {Stand.AGREES, Stand.SKIPPED}


def _only_bugs(row: Condition) -> bool:
    """An effect of success of which nothing else is to be said than the known bugs."""
    known = {Stand.AGREES, Stand.SKIPPED, Stand.BUG}
    return row.promise and row.differs and _stands(row) <= known


def _stands(row: Condition) -> set[Stand]:
    return {one.stand for one in row.observed}


def _at_once(room: int) -> int:
    """How many modes a table of that width has beside each other; 0 where there is no room for a table."""
    left = _GAPS + _LEAST_CONDITION + _GAPS + _SAYS + _GAPS + _CONTRACT
    return max(0, (room - left) // (_MODE + _GAPS))


def _table(
    matrix: Conformance, shown: Sequence[Condition], part: Sequence[int], safe: Safe, room: int
) -> Iterator[str]:
    fixed = [_SAYS, _CONTRACT, *([_MODE] * len(part))]
    widths = [room - _GAPS - sum(fixed) - _GAPS * len(fixed), *fixed]
    head = ["condition", "document", "contract", *(safe(matrix.modes[at]) for at in part)]
    yield from table([head, ["-" * own for own in widths]], widths)
    for errno, rows in conformance.groups(shown):
        yield f"  {SUCCESS if errno == SUCCESS else safe(errno)}"
        for row in rows:
            cells = [_cell(row, at) for at in part]
            words = [row.condition, conformance.document(row, matrix), conformance.expected(row), *cells]
            yield from table([[safe(word) for word in words]], widths)


def _stacked(
    matrix: Conformance, shown: Sequence[Condition], part: Sequence[int], safe: Safe, room: int
) -> Iterator[str]:
    """A table for a narrow terminal: a line for each cell."""
    for row in shown:
        yield from wrap(safe(f"{row.errno}: {row.condition}"), room, first="  ", rest="    ")
        says = f"document {conformance.document(row, matrix)}, contract {conformance.expected(row)}"
        yield from wrap(safe(says), room, first="    ", rest="      ")
        for at in part:
            yield from wrap(safe(f"{matrix.modes[at]}: {_cell(row, at)}"), room, first="    ", rest="      ")


def _cell(row: Condition, at: int) -> str:
    return f"{conformance.outcome(row.observed[at])} {conformance.stand(row.observed[at])}".strip()


def _bugs(matrix: Conformance, safe: Safe, room: int) -> Iterator[str]:
    """Each known bug that a cell names, and what it is."""
    if not matrix.bugs:
        return
    yield "  known bugs:"
    for name, meaning in matrix.bugs:
        # The finding above has all of it.
        shown = cut(f"    {safe(name)}: {safe(meaning)}", room)
        yield shown if not shown.endswith("...") else f"{shown.rpartition(' ')[0]} ..."


def _beside(laid: conformance.Layout, safe: Safe, room: int) -> Iterator[str]:
    for mode in laid.empty:
        yield from wrap(f"{safe(mode)}: nothing was observed there", room, first="  ", rest="    ")
    for reason, rows in laid.unseen:
        told, named = conformance.unseen_words(rows, reason)
        words = f"{told} ({named})" if named and len(rows) <= _FEW else told
        yield from wrap(safe(words), room, first="  ", rest="    ")
