# SPDX-License-Identifier: GPL-2.0-only
"""The ledger laid out clause by clause beside what contract and documents say."""

from collections.abc import Iterable

from kpatch_tools.checks.absence import absent
from kpatch_tools.checks.ledger import labels, outdated, remembered
from kpatch_tools.model.contract import Contract, Effect, Error
from kpatch_tools.model.ledger import SCHEMA, Entry, Ledger, Result, Row, definition
from kpatch_tools.model.matrix import Cell, Column, Line, Matrix
from kpatch_tools.parse.contract_clauses import recogniser


def matrix(contract: Contract, ledger: Ledger, *, path: str) -> Matrix:
    """The table of a ledger that lies at ``path``: newest kernels first, clauses in the contract's order."""
    entries = tuple(reversed(ledger.entries))
    current = {case.name: definition(case) for case in contract.case}
    results = [
        tuple(result for result in entry.results if current.get(result.case) == result.definition)
        for entry in entries
    ]
    lacking = [_is_absent(contract, entry) for entry in entries]
    columns = tuple(
        _column(contract, ledger, entry, found, index)
        for index, (entry, found) in enumerate(zip(entries, results, strict=True))
    )
    known = [() if gone else found for gone, found in zip(lacking, results, strict=True)]
    rows = tuple(dict.fromkeys(row for entry in entries for row in entry.document or ()))
    return Matrix(
        contract=contract.name,
        ioctl=contract.ioctl.name,
        path=path,
        columns=columns,
        lines=tuple(_line(contract, clause, rows, known) for clause in _clauses(contract)),
        outdated=outdated(contract, ledger),
    )


def _clauses(contract: Contract) -> tuple[Error | Effect, ...]:
    return (*contract.error, *contract.effect)


def _column(
    contract: Contract, ledger: Ledger, entry: Entry, results: tuple[Result, ...], index: int
) -> Column:
    counts: dict[str, int] = {}
    for result in results:
        counts[result.status] = counts.get(result.status, 0) + 1
    return Column(
        mark=_mark(index),
        kernel=labels(ledger)[entry.kernel],
        mode=" ".join(f"{key}={value}" for key, value in sorted(entry.mode.items())) or "default",
        when=entry.when,
        counts=counts,
        cases=len(contract.case),
        document=entry.document is not None,
        absent=_is_absent(contract, entry),
    )


def _is_absent(contract: Contract, entry: Entry) -> bool:
    """The kernel does not know the ioctl: its results are counted, and say nothing about a clause."""
    tests = remembered(contract, Ledger(schema=SCHEMA, contract=contract.name, entries=(entry,)))
    return bool(absent(contract, tests))


def _mark(index: int) -> str:
    """A, B, ... Z, AA, AB."""
    head, tail = divmod(index, 26)
    return (chr(ord("A") + head - 1) if head else "") + chr(ord("A") + tail)


def _line(
    contract: Contract, clause: Error | Effect, rows: tuple[Row, ...], results: Iterable[tuple[Result, ...]]
) -> Line:
    error = clause if isinstance(clause, Error) else None
    named = documented(error, rows) if error else ()
    given = [one.reason for one in contract.unprovoked if one.clause == clause.id]
    reason = contract.reason_unprovoked(error) if error else (given[0] if given else "")
    names = {case.name for case in contract.case if case.clause == clause.id}
    return Line(
        clause=clause.id,
        what=clause.condition if isinstance(clause, Error) else clause.promise,
        contract=error.errno if error else "success",
        since=clause.since or "",
        until=clause.until or "",
        documented=named,
        general=error is not None and not named and any(_name(row) == error.errno for row in rows),
        reason=reason,
        cells=tuple(_cell([one for one in found if one.case in names]) for found in results),
    )


def documented(error: Error, rows: Iterable[Row]) -> tuple[str, ...]:
    """The errnos of the rows that speak of a condition, in the order of the rows."""
    found = [
        _name(row)
        for row in rows
        if any(recogniser(one).search(row.text.replace("`", "")) for one in error.document)
    ]
    return tuple(dict.fromkeys(found))


def _cell(results: list[Result]) -> Cell:
    outcomes: dict[str, tuple[str, ...]] = {}
    verdicts: dict[str, tuple[str, ...]] = {}
    for result in results:
        verdicts[result.status] = (*verdicts.get(result.status, ()), result.case)
        if result.outcome != result.status:
            outcomes[result.outcome] = (*outcomes.get(result.outcome, ()), result.case)
    return Cell(outcomes=outcomes, verdicts=verdicts)


def _name(row: Row) -> str:
    return row.errno.strip().lstrip("-")
