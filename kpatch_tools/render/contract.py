# SPDX-License-Identifier: GPL-2.0-only
"""A contract for a reader: interface, order of checks, conditions and their cases, what is not proven."""

from collections.abc import Iterator

from kpatch_tools.model.contract import Contract, Effect, Error, KnownBug, Mode

_PARTIAL = {"error": "the error", "success": "success"}
_BESIDE = {
    "same-vcpu": "a second call on the same vCPU",
    "other-vcpu": "a call on another vCPU",
    "slot-delete": "the deletion of a memslot",
    "slot-move": "the move of a memslot",
}
_RESULT = {
    "hang": "nothing ends the call",
    "loop": "only a signal ends the call",
    "wrong": "the promised errno, another effect",
}


def contract_text(contract: Contract) -> str:
    """All tables of a contract as plain text; its sentences are printable ASCII by their type."""
    ioctl = contract.ioctl
    number = f"{ioctl.dir.macro}(KVMIO, {ioctl.nr:#04x}, struct {ioctl.struct})"
    lines = [
        contract.title,
        f"  {ioctl.name} = {number} = {contract.request:#x}, on a {ioctl.fd}",
        f"  {ioctl.cap} = {ioctl.cap_nr}",
        *(
            (f"  changes the contract {contract.extends}; what follows is the whole",)
            * bool(contract.extends)
        ),
        *(
            f"  absent on {entry.arch}: {ioctl.cap} is 0, the call gives {entry.errno}"
            for entry in contract.absent
        ),
        "",
        f"struct {ioctl.struct} ({ioctl.size} bytes)",
        *(
            f"  {field.type} {field.name}{f'[{field.count}]' if field.count else ''}"
            for field in contract.struct.field
        ),
        "",
        "checks, in this order",
        *(f"  {number}. {check.when}" for number, check in enumerate(contract.check, 1)),
        "",
        "errors",
    ]
    for error in contract.error:
        lines += _error(contract, error)
    lines += ["", "promises"]
    for effect in contract.effect:
        lines += _effect(contract, effect)
    if contract.mode:
        lines += ["", "modes"]
    for mode in contract.mode:
        lines += _mode(contract, mode)
    signal = {"unmasked": "an unmasked signal", "fatal": "a fatal signal", "none": "no signal"}
    lines += [
        "",
        f"after progress a call that stops returns {_PARTIAL[contract.progress.on_partial]}",
        f"{signal[contract.signals.interrupted_by]} ends a call early ({contract.signals.clause})",
        *(
            f"beside {_BESIDE[entry.beside]} it {_outcome(entry.outcome)} ({entry.clause})"
            for entry in contract.concurrency
        ),
    ]
    for bug in contract.known_bug:
        lines += _bug(bug)
    return "\n".join(lines) + "\n"


def _outcome(outcome: str) -> str:
    return {"parallel": "goes on", "retries": "retries until it can go on"}.get(outcome, outcome)


def _error(contract: Contract, error: Error) -> Iterator[str]:
    yield f"  {error.errno:<10} {error.condition}{_span(error)}"
    if error.trigger:
        yield f"  {'':<10}   cases: {', '.join(error.trigger)}"
        return
    yield f"  {'':<10}   not provoked: {contract.reason_unprovoked(error) or _by_mode(contract, error.id)}"


def _effect(contract: Contract, effect: Effect) -> Iterator[str]:
    yield f"  {effect.promise}{_span(effect)}"
    cases = [case.name for case in contract.case if case.clause == effect.id]
    if cases:
        yield f"    cases: {', '.join(cases)}"
        yield f"    seen by: {', '.join(effect.shown_by)}"
        return
    named = [entry.reason for entry in contract.unprovoked if entry.clause == effect.id]
    yield f"    not provoked: {named[0] if named else _by_mode(contract, effect.id)}"


def _by_mode(contract: Contract, clause: str) -> str:
    modes = {mode.name for mode in contract.mode if mode.clause == clause}
    return "; ".join(dict.fromkeys(entry.reason for entry in contract.unprovoked if entry.mode in modes))


def _mode(contract: Contract, mode: Mode) -> Iterator[str]:
    parameters = ", ".join(f"{name}={value}" for name, value in mode.parameters.items())
    yield f"  {mode.condition}{f' [{parameters}]' if parameters else ''}: {mode.result}"
    cases = [case.name for case in contract.case if case.mode == mode.name]
    reasons = [entry.reason for entry in contract.unprovoked if entry.mode == mode.name]
    yield f"    cases: {', '.join(cases)}" if cases else f"    not provoked: {'; '.join(reasons)}"


def _span(clause: Error | Effect) -> str:
    since = f"since {clause.since}" if clause.since else ""
    until = f"until {clause.until}" if clause.until else ""
    return f" [{', '.join(part for part in (since, until) if part)}]" if since or until else ""


def _bug(bug: KnownBug) -> Iterator[str]:
    fixed = f", fixed by {bug.fix}" if bug.fixed_by else ""
    release = f" in {bug.fixed_in}" if bug.fixed_in else ""
    result = _RESULT.get(bug.result, bug.result)
    yield f"known defect {bug.id}: {bug.symptom}"
    yield f"  cases: {', '.join(bug.cases)}; result there: {result}{fixed}{release}"
    if code := bug.code:
        line = f' at "{code.line}"' if code.line else ""
        yield f"  in {code.function}(){line}, {code.file}"
