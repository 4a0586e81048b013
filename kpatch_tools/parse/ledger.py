# SPDX-License-Identifier: GPL-2.0-only
"""Ledger file -> Ledger, and a run's results into it; pure, so that a lock need hold nothing else."""

from collections.abc import Iterable

import msgspec

from kpatch_tools.errors import UserError
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.ledger import (
    LONGEST_TEXT,
    MOST_EARLIER,
    MOST_ENTRIES,
    MOST_OBSERVED,
    MOST_RESULTS,
    SCHEMA,
    Entry,
    Ledger,
    Result,
    definition,
    json_schema,
)
from kpatch_tools.model.test import TestResult, Verdict

LARGEST_BYTES = 16 * 1024 * 1024
_SILENT = frozenset({Verdict.SKIP.value, Verdict.NO_VERDICT.value, Verdict.INFRA.value})


def parse_ledger(text: bytes, *, name: str, contract: str) -> Ledger:
    """Read a ledger; UserError with the cure for one that is damaged or of another contract."""
    cure = (
        f"it only remembers what runs observed: move it away (mv {name} {name}.bad) and run kvet test again"
    )
    if len(text) > LARGEST_BYTES:
        raise UserError(f"{name}: no ledger: more than {LARGEST_BYTES >> 20} MiB", cure=cure)
    try:
        found = msgspec.json.decode(text, type=Ledger)
        for result in (result for entry in found.entries for result in entry.results):
            Verdict(result.status)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise UserError(f"{name}: no ledger of kvet: {error}", cure=cure) from error
    if found.contract != contract:
        raise UserError(f'{name}: the ledger of "{found.contract}", not of "{contract}"', cure=cure)
    return found


def ledger_text(ledger: Ledger) -> bytes:
    """The file's content: indented by one blank, so that two ledgers can be compared line by line."""
    return msgspec.json.format(msgspec.json.encode(ledger), indent=1) + b"\n"


def ledger_schema() -> str:
    """The JSON Schema (draft 2020-12) of the file, as text."""
    return msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode() + "\n"


def results_for(contract: Contract, tests: Iterable[tuple[str, TestResult]], when: str) -> tuple[Result, ...]:
    """A run's results, each given with the name of its case, in the ledger's form and within its bounds."""
    cases = {case.name: case for case in contract.case}
    found = {}
    for name, test in tests:
        case = cases[name]
        observed = list(test.observed.items())[:MOST_OBSERVED]
        found[name] = Result(
            case=name,
            clause=case.clause,
            status=test.status.value,
            when=when,
            definition=definition(case),
            reason=test.reason[:LONGEST_TEXT],
            observed={
                key[:LONGEST_TEXT]: value if isinstance(value, int) else value[:LONGEST_TEXT]
                for key, value in observed
            },
        )
    return tuple(found.values())[:MOST_RESULTS]


def added(ledger: Ledger, new: Iterable[Entry]) -> Ledger:
    """The ledger with the entries of a run: a kernel's results of a mode are brought up to date.

    What a case did before on the same kernel and differently is kept in its ``earlier``. A case that was
    skipped, or came to no verdict, says nothing: it does not take the place of what was seen.
    """
    entries = {_key(entry): entry for entry in ledger.entries}
    for entry in new:
        old = entries.pop(_key(entry), None)
        entries[_key(entry)] = _joined(old, entry) if old else entry
    kept = tuple(entries.values())[-MOST_ENTRIES:]
    return Ledger(schema=SCHEMA, contract=ledger.contract, entries=kept)


def _key(entry: Entry) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return entry.kernel.release, entry.kernel.image, tuple(sorted(entry.mode.items()))


def _joined(old: Entry, new: Entry) -> Entry:
    results = {result.case: result for result in old.results}
    for result in new.results:
        before = results.get(result.case)
        results[result.case] = _after(before, result) if before else result
    return msgspec.structs.replace(new, results=tuple(results.values())[-MOST_RESULTS:])


def _after(before: Result, now: Result) -> Result:
    if before.definition != now.definition or before.status in _SILENT:
        return now
    if now.status in _SILENT:
        return before
    earlier = dict.fromkeys((*before.earlier, before.outcome))
    earlier.pop(now.outcome, None)
    return msgspec.structs.replace(now, earlier=tuple(earlier)[-MOST_EARLIER:])
