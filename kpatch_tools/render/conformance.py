# SPDX-License-Identifier: GPL-2.0-only
"""The conformance matrix: the words of its cells for every format, and the table for a terminal."""

from collections.abc import Callable, Iterator, Sequence

from kpatch_tools.model.conformance import SUCCESS, Condition, Conformance, Observed, Stand
from kpatch_tools.render.columns import WIDTH, table, wrap

NOT_READ = "not read"
_CONDITION, _SAYS, _CONTRACT, _MODE = 28, 11, 10, 13
_LEFT = 2 + _CONDITION + 2 + _SAYS + 2 + _CONTRACT
_AT_ONCE = (WIDTH - _LEFT) // (_MODE + 2)
# A difference is in capitals: it has to be found in a minute, and on paper.
_WORDS = {
    Stand.NO_DOCUMENT: "NOT AS DOCUMENTED",
    Stand.NO_CONTRACT: "NOT AS CONTRACTED",
    Stand.NEITHER: "NEITHER OF BOTH",
    Stand.BUG: "KNOWN BUG",
}


def groups(rows: Sequence[Condition]) -> Iterator[tuple[str, tuple[Condition, ...]]]:
    """The rows by errno, each group with its name."""
    for errno in dict.fromkeys(row.errno for row in rows):
        yield errno, tuple(row for row in rows if row.errno == errno)


def tally(matrix: Conformance) -> str:
    """What the matrix comes to in words; conditions are counted, and promises of success beside them."""
    conditions = [row for row in matrix.rows if not row.promise]
    promises = [row for row in matrix.rows if row.promise]
    parts = [_tally(conditions, "condition"), _tally(promises, "promise")]
    return "; ".join(part for part in parts if part)


def _tally(rows: Sequence[Condition], what: str) -> str:
    if not rows:
        return ""
    differ = sum(row.differs for row in rows)
    unseen = sum(not row.differs and bool(row.reason) for row in rows)
    words = [f"{len(rows) - differ - unseen} agree"]
    words += [f"{differ} {'differs' if differ == 1 else 'differ'}"] if differ else []
    words += [f"{unseen} not shown by any run"] if unseen else []
    return f"{len(rows)} {what}{'' if len(rows) == 1 else 's'}: {', '.join(words)}"


def document(row: Condition, matrix: Conformance) -> str:
    """What the document says about a condition: errnos, or that it says nothing."""
    if row.promise:
        return NOT_READ
    if not matrix.section:
        return "no section"
    if row.documented:
        return " and ".join(row.documented)
    if row.general:
        return f"{row.errno} in general"
    return "needs none" if row.common else "no row"


def expected(row: Condition) -> str:
    """What the contract expects; where that is not what the document says, it says so."""
    if not row.contract:
        return "not in it"
    split = row.documented and row.documented != (row.contract,)
    return f"{row.contract} DIFFERS" if split else row.contract


def outcome(one: Observed) -> str:
    """What the calls came to, "" where no call did."""
    return " and ".join(one.outcomes)


def stand(one: Observed) -> str:
    """How that stands to document and contract, in a word; never by colour alone."""
    word = _WORDS.get(one.stand, one.stand.value)
    return f"{word} {one.reason}" if one.stand is Stand.BUG and one.reason else word


def lines(matrix: Conformance, safe: Callable[[str], str]) -> Iterator[str]:
    """The matrix as lines of no more than 100 columns; ``safe`` makes a text harmless.

    Of what calls that succeed do only the differences are rows; the rest is counted.
    """
    yield from wrap(f"conformance of {safe(matrix.ioctl)} with {safe(matrix.document)}:")
    yield from wrap(tally(matrix), first="  ", rest="  ")
    shown = [row for row in matrix.rows if not row.promise or row.differs]
    for start in range(0, max(len(matrix.modes), 1), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        widths = [_CONDITION, _SAYS, _CONTRACT, *([_MODE] * len(matrix.modes[part]))]
        yield ""
        head = ["condition", "document", "contract", *(safe(mode) for mode in matrix.modes[part])]
        yield from table([head, ["-" * room for room in widths]], widths)
        for errno, rows in groups(shown):
            yield f"  {SUCCESS if errno == SUCCESS else safe(errno)}"
            for row in rows:
                cells = [f"{outcome(one)} {stand(one)}" for one in row.observed[part]]
                words = [row.condition, document(row, matrix), expected(row), *cells]
                yield from table([[safe(word) for word in words]], widths)
                if row.reason and start == 0:
                    yield from wrap(f"not shown: {safe(row.reason)}", first="      ", rest="      ")
