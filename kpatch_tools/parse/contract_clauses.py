# SPDX-License-Identifier: GPL-2.0-only
"""Whether the clauses of a contract agree: checks, errors, effects, what no case provokes.

Every clause has to be provoked by a case, or it has to say why it is not: what is neither shown nor excused
would read as proven.
"""

import re
from collections.abc import Iterable

from kpatch_tools.model.contract import Contract, Error, Unprovoked
from kpatch_tools.model.terms import Release
from kpatch_tools.parse.toml import Faults
from kpatch_tools.parse.toml_lines import Path


def check_clauses(contract: Contract, faults: Faults) -> None:
    """Add every fault of the clauses to ``faults``."""
    _duplicates(contract, faults)
    errors = {error.id for error in contract.error}
    for index, check in enumerate(contract.check):
        if check.id not in errors:
            faults.add(("check", index, "id"), f'check: there is no error "{check.id}"')
    for index, error in enumerate(contract.error):
        _error(contract, error, index, faults)
    used = {case.clause for case in contract.case}
    excused = excused_clauses(contract)
    for index, effect in enumerate(contract.effect):
        if effect.id not in used | excused:
            text = f'effect "{effect.id}": no case has it as its clause, and no [[unprovoked]] says why'
            faults.add(("effect", index), text)
        _span(effect.since, effect.until, f'effect "{effect.id}"', ("effect", index), faults)
    for index, entry in enumerate(contract.unprovoked):
        _unprovoked(contract, entry, index, faults)


def excused_clauses(contract: Contract) -> set[str]:
    """Ids of the clauses that a contract says it does not provoke: by name, by errno, by all their modes."""
    named = {entry.clause for entry in contract.unprovoked}
    errnos = {entry.errno for entry in contract.unprovoked}
    modes = {entry.mode for entry in contract.unprovoked}
    excused = {clause for clause in named if clause}
    excused |= {error.id for error in contract.error if error.errno in errnos}
    # "no case makes this mode" is also why what is special in that mode is not provoked.
    return excused | {mode.clause for mode in contract.mode if mode.name in modes}


def recogniser(pattern: str) -> re.Pattern[str]:
    """The compiled form of a ``document`` expression: any case, and a space stands for any white space."""
    return re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE)


def check_names(contract: Contract, names: tuple[str, ...], where: Path, faults: Faults) -> None:
    """Every name has to be that of a case, and has to be there once."""
    cases = {case.name for case in contract.case}
    for at, name in enumerate(names):
        if name not in cases:
            faults.add((*where, at), f'there is no case "{name}"')
        elif name in names[:at]:
            faults.add((*where, at), f'the case "{name}" is named twice')


def release(text: Release | None) -> tuple[int, ...]:
    """A release as numbers that compare; () for none."""
    return tuple(int(part) for part in text.split(".")) if text else ()


def _span(since: Release | None, until: Release | None, name: str, where: Path, faults: Faults) -> None:
    if since and until and release(since) >= release(until):
        faults.add((*where, "until"), f"{name}: until {until} is not after since {since}: it never held")


def _duplicates(contract: Contract, faults: Faults) -> None:
    clauses = [(("error", at), error.id) for at, error in enumerate(contract.error)]
    clauses += [(("effect", at), effect.id) for at, effect in enumerate(contract.effect)]
    _twice("clause", clauses, faults)
    _twice("check", [(("check", at), check.id) for at, check in enumerate(contract.check)], faults)
    _twice("case", [(("case", at), case.name) for at, case in enumerate(contract.case)], faults)
    _twice("mode", [(("mode", at), mode.name) for at, mode in enumerate(contract.mode)], faults)
    _twice("known_bug", [(("known_bug", at), bug.id) for at, bug in enumerate(contract.known_bug)], faults)
    members = contract.struct.field
    _twice("struct", [(("struct", "field", at), member.name) for at, member in enumerate(members)], faults)


def _twice(what: str, entries: Iterable[tuple[Path, str]], faults: Faults) -> None:
    first: dict[str, Path] = {}
    for where, name in entries:
        if name in first:
            line = faults.line(first[name])
            faults.add(where, f'{what}: "{name}" is there twice, first in line {line}')
        else:
            first[name] = where


def _error(contract: Contract, error: Error, index: int, faults: Faults) -> None:
    where = ("error", index)
    check_names(contract, error.trigger, (*where, "trigger"), faults)
    if not error.trigger and error.id not in excused_clauses(contract):
        text = f'error "{error.id}": neither a trigger nor an [[unprovoked]] reason for {error.errno}'
        faults.add(where, text)
    for at, pattern in enumerate(error.document):
        try:
            recogniser(pattern)
        except re.error as fault:
            text = f'error "{error.id}": bad regular expression: {fault}'
            faults.add((*where, "document", at), text)
    for case in contract.case:
        if case.name in error.trigger and case.clause != error.id:
            at = error.trigger.index(case.name)
            text = f'error "{error.id}": its trigger {case.name} belongs to the clause "{case.clause}"'
            faults.add((*where, "trigger", at), text)
    _span(error.since, error.until, f'error "{error.id}"', where, faults)
    if error.progress == "partial":
        _partial(contract, error, (*where, "progress"), faults)


def _partial(contract: Contract, error: Error, where: Path, faults: Faults) -> None:
    """An error after progress is a promise of its own: some trigger has to show it."""
    advanced = [case for case in contract.case if case.name in error.trigger and case.expect.advanced.value]
    if contract.progress.on_partial == "success":
        text = f'error "{error.id}": after progress this contract returns success, not an error'
        faults.add(where, text)
    elif error.trigger and not advanced:
        faults.add(where, f'error "{error.id}": no trigger of it shows the partial progress')


def _unprovoked(contract: Contract, entry: Unprovoked, index: int, faults: Faults) -> None:
    where = ("unprovoked", index)
    given = [name for name in ("errno", "clause", "mode") if getattr(entry, name)]
    if len(given) != 1:
        listed = ", ".join(given) or "none"
        faults.add(where, f"unprovoked: it has to name one of errno, clause, mode, it gives: {listed}")
        return
    if entry.errno:
        _unprovoked_errno(contract, entry.errno, where, faults)
    elif entry.clause:
        clauses = {error.id for error in contract.error} | {effect.id for effect in contract.effect}
        if entry.clause not in clauses:
            faults.add((*where, "clause"), f'unprovoked: there is no clause "{entry.clause}"')
        _stale([case.name for case in contract.case if case.clause == entry.clause], where, faults)
    else:
        if entry.mode not in {mode.name for mode in contract.mode}:
            faults.add((*where, "mode"), f'unprovoked: there is no mode "{entry.mode}"')
        _stale([case.name for case in contract.case if case.mode == entry.mode], where, faults)


def _unprovoked_errno(contract: Contract, errno: str, where: Path, faults: Faults) -> None:
    errors = [error for error in contract.error if error.errno == errno]
    if not errors:
        faults.add((*where, "errno"), f"unprovoked: no error has {errno}")
    elif all(error.trigger for error in errors):
        faults.add((*where, "errno"), f"unprovoked: every error with {errno} has a trigger")


def _stale(cases: list[str], where: Path, faults: Faults) -> None:
    """A reason why something is not provoked, beside a case that provokes it."""
    if cases:
        faults.add(where, f"unprovoked: the case {cases[0]} does provoke it")
