# SPDX-License-Identifier: GPL-2.0-only
"""The conformance matrix in words, for every format: its cells, their meaning, and what stands beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kpatch_tools.model.conformance import Condition, Conformance, Observed, Stand

_NOT_NEEDED, _NOT_NAMED, _NOT_LISTED = "not needed", "not named", "not listed"
_NOT_COMPARED, _NO_SECTION, _DIFFERS = "not compared", "no section", "DIFFERS"
# A difference is in capitals: it has to be found in a minute, and on paper.
_WORDS = {
    Stand.NO_DOCUMENT: "NOT AS DOCUMENTED",
    Stand.NO_CONTRACT: "NOT AS CONTRACTED",
    Stand.NEITHER: "AS NEITHER SAYS",
    Stand.BUG: "KNOWN BUG",
}
_MEANINGS = {
    _NOT_NEEDED: "all ioctls of KVM return it, so the document need not say it",
    _NOT_NAMED: "the document has a row for the errno, but that does not name the condition",
    _NOT_LISTED: "not in the document, or not in the contract",
    _NOT_COMPARED: "the document is not read for what a successful call does, the test alone decides",
    _NO_SECTION: "the document has none on this ioctl",
    _DIFFERS: "document and contract name different errnos",
    _WORDS[Stand.NO_DOCUMENT]: "the kernel does not do what the document says",
    _WORDS[Stand.NO_CONTRACT]: "the kernel does not do what the contract expects",
    _WORDS[Stand.NEITHER]: "the kernel does what neither document nor contract says",
    _WORDS[Stand.BUG]: "a defect that the contract describes",
    Stand.SKIPPED.value: "not possible in that mode",
    Stand.UNSURE.value: "the test came to no result",
    Stand.NOT_RUN.value: "no test of it ran",
}

_NOTHING_RAN = "no kernel was booted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What of a matrix is a table, and what is told beside it, since each of its rows would say the same.

    ``columns`` are the modes in which something was observed, by their place; ``empty`` are the names of the
    others. ``unseen`` are conditions without a result, by the reason.
    """

    rows: tuple[Condition, ...]
    columns: tuple[int, ...]
    empty: tuple[str, ...]
    unseen: tuple[tuple[str, tuple[Condition, ...]], ...]


def layout(matrix: Conformance) -> Layout:
    """The matrix without empty columns, and without rows that say nothing but that there is no result."""
    columns = tuple(
        at for at in range(len(matrix.modes)) if any(row.observed[at].stand.shown for row in matrix.rows)
    )
    unseen: dict[str, list[Condition]] = {}
    for row in matrix.rows:
        if _unseen(row):
            # Where nothing was run at all that is the reason of each.
            unseen.setdefault(row.reason if matrix.modes else _NOTHING_RAN, []).append(row)
    return Layout(
        rows=tuple(row for row in matrix.rows if not _unseen(row)),
        columns=columns,
        empty=tuple(mode for at, mode in enumerate(matrix.modes) if at not in columns),
        unseen=tuple((reason, tuple(rows)) for reason, rows in unseen.items()),
    )


def _unseen(row: Condition) -> bool:
    return bool(row.reason) and not row.differs


def groups(rows: Sequence[Condition]) -> Iterator[tuple[str, tuple[Condition, ...]]]:
    """The rows by errno, each group with its name."""
    for errno in dict.fromkeys(row.errno for row in rows):
        yield errno, tuple(row for row in rows if row.errno == errno)


def tally(matrix: Conformance) -> str:
    """What the matrix comes to in words; conditions are counted, and the effects of success beside them."""
    conditions = [row for row in matrix.rows if not row.promise]
    effects = [row for row in matrix.rows if row.promise]
    shown = "shown" if matrix.modes else "tested"
    parts = [
        _tally(conditions, "error condition", "error conditions", shown),
        _tally(effects, "effect of success", "effects of success", shown),
    ]
    return "; ".join(part for part in parts if part)


def _tally(rows: Sequence[Condition], one: str, many: str, shown: str) -> str:
    if not rows:
        return ""
    differ = sum(row.differs for row in rows)
    unseen = sum(_unseen(row) for row in rows)
    agree = len(rows) - differ - unseen
    words = [f"{agree} {'agrees' if agree == 1 else 'agree'}"] if agree else []
    words += [f"{differ} {'differs' if differ == 1 else 'differ'}"] if differ else []
    words += [f"{unseen} not {shown}"] if unseen else []
    return f"{len(rows)} {one if len(rows) == 1 else many}: {', '.join(words)}"


def document(row: Condition, matrix: Conformance) -> str:
    """What the document says about a condition: errnos, or that it says nothing."""
    if row.promise:
        return _NOT_COMPARED
    if not matrix.section:
        return _NO_SECTION
    if row.documented:
        return " and ".join(row.documented)
    if row.general:
        return f"{row.errno}, {_NOT_NAMED}"
    return _NOT_NEEDED if row.common else _NOT_LISTED


def split(row: Condition) -> bool:
    """Whether document and contract name different errnos."""
    return bool(row.contract and row.documented) and row.documented != (row.contract,)


def expected(row: Condition) -> str:
    """What the contract expects; where that is not what the document says, it says so."""
    if not row.contract:
        return _NOT_LISTED
    return f"{row.contract} {_DIFFERS}" if split(row) else row.contract


def outcome(one: Observed) -> str:
    """What the calls came to, "" where no call did."""
    return " and ".join(one.outcomes)


def stand(one: Observed) -> str:
    """How that stands to document and contract, in a word; never by colour alone."""
    word = _WORDS.get(one.stand, one.stand.value)
    return f"{word} {one.reason}" if one.stand is Stand.BUG and one.reason else word


def legend(matrix: Conformance, rows: Sequence[Condition], columns: Sequence[int]) -> list[tuple[str, str]]:
    """The words of these cells that do not speak for themselves, each with what it means."""
    shown = {document(row, matrix).rpartition(", ")[2] for row in rows}
    shown |= {_NOT_LISTED for row in rows if not row.contract}
    shown |= {_DIFFERS for row in rows if split(row)}
    seen = {row.observed[at].stand for row in rows for at in columns}
    shown |= {_WORDS.get(one, one.value) for one in seen}
    return [(word, meaning) for word, meaning in _MEANINGS.items() if word in shown]


def unseen_words(rows: Sequence[Condition], reason: str) -> tuple[str, str]:
    """How many conditions no run shows and why; and which these are."""
    conditions = [row for row in rows if not row.promise]
    effects = len(rows) - len(conditions)
    parts = [f"{len(conditions)} error condition{'s'[: len(conditions) != 1]}"] if conditions else []
    parts += [f"{effects} effect{'s'[: effects != 1]} of success"] if effects else []
    if reason == _NOTHING_RAN:
        return f"{' and '.join(parts)} not tested: {reason}", ""
    named = "; ".join(f"{row.errno}: {row.condition}" for row in conditions)
    return f"{' and '.join(parts)} not shown: {reason}", named
