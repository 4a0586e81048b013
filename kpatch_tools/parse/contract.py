# SPDX-License-Identifier: GPL-2.0-only
"""TOML text -> Contract. Form first (parse/toml.py), then whether the parts of the contract agree.

A contract that contradicts itself would make tests that prove nothing: a clause without a case, a case
whose errno is not its clause's, an EINVAL without a positive control (x86 answers EINVAL to every unknown
ioctl, so an EINVAL alone does not even show that the ioctl is there).
"""

import re
from collections import Counter
from typing import Any

from kpatch_tools.model.contract import (
    Call,
    Case,
    Contract,
    Control,
    Error,
    Need,
    Role,
    Slot,
    WarmUp,
)
from kpatch_tools.model.place import Place, place
from kpatch_tools.parse.toml import Faults, decode

WHAT = "contract"


def parse_contract(text: str, *, path: str) -> Contract:
    """Read a contract; ``path`` is its name in messages. Raises one UserError with every fault of it."""
    contract, faults = decode(text, Contract, name=path, what=WHAT, hook=_hook)
    _struct(contract, faults)
    _clauses(contract, faults)
    for index, error in enumerate(contract.error):
        _error(contract, error, index, faults)
    for index, case in enumerate(contract.case):
        _case(contract, case, index, faults)
    for index, bug in enumerate(contract.known_bug):
        _names(contract, bug.cases, ("known_bug", index, "cases"), faults)
    faults.raise_any(WHAT)
    return contract


def _hook(kind: type, value: Any) -> Any:
    if kind is Place and isinstance(value, str):
        return place(value)
    raise ValueError(f'expected a string such as "base+3p", got {type(value).__name__}')


def recogniser(pattern: str) -> re.Pattern[str]:
    """The compiled form of a ``document`` expression: any case, and a space stands for any white space."""
    return re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE)


def _struct(contract: Contract, faults: Faults) -> None:
    fields = contract.struct.field
    offset, widest = 0, 1
    for member in fields:
        offset = -(-offset // member.width) * member.width + member.width * (member.count or 1)
        widest = max(widest, member.width)
    size = -(-offset // widest) * widest
    if size != contract.ioctl.size:
        faults.add(
            ("ioctl", "size"),
            f"ioctl.size is {contract.ioctl.size}, but the members of the struct take {size}",
        )
    for role in (Role.ADDRESS, Role.SIZE, Role.FLAGS):
        found = [member for member in fields if member.role is role]
        if len(found) != 1:
            faults.add(("struct",), f'struct: {len(found)} members have the role "{role}", one is needed')
        elif found[0].type != "__u64" or found[0].count:
            faults.add(("struct",), f"struct.{found[0].name}: the templates need a plain __u64")
    padding = any(member.role is Role.PADDING and member.count for member in fields)
    for index, case in enumerate(contract.case):
        if case.call and case.call.padding and not padding:
            where = ("case", index, "call", "padding")
            faults.add(where, f"{case.name}: the struct has no padding array to fill")


def _clauses(contract: Contract, faults: Faults) -> None:
    for table, entries in (
        ("error", [error.id for error in contract.error] + [effect.id for effect in contract.effect]),
        ("case", [case.name for case in contract.case]),
        ("struct", [member.name for member in contract.struct.field]),
    ):
        for name, count in Counter(entries).items():
            if count > 1:
                faults.add((table,), f'{table}: "{name}" is there {count} times')
    if not any(case.call for case in contract.case):
        faults.add((), "no case calls the ioctl")
    errors = {error.id for error in contract.error}
    for index, check in enumerate(contract.check):
        if check.id not in errors:
            faults.add(("check", index, "id"), f'check: there is no error "{check.id}"')
    used = {case.clause for case in contract.case}
    for index, effect in enumerate(contract.effect):
        if effect.id not in used:
            faults.add(("effect", index), f'effect "{effect.id}": no case has it as its clause')
    known = {error.errno for error in contract.error}
    for index, entry in enumerate(contract.unprovoked):
        if entry.errno not in known:
            faults.add(("unprovoked", index), f"unprovoked: no error has {entry.errno}")


def _names(contract: Contract, names: tuple[str, ...], where: tuple[str | int, ...], faults: Faults) -> None:
    cases = {case.name for case in contract.case}
    for name in names:
        if name not in cases:
            faults.add(where, f'there is no case "{name}"')


def _error(contract: Contract, error: Error, index: int, faults: Faults) -> None:
    where = ("error", index)
    _names(contract, error.trigger, (*where, "trigger"), faults)
    if not error.trigger and error.errno not in {entry.errno for entry in contract.unprovoked}:
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
            text = f'error "{error.id}": its trigger {case.name} belongs to the clause "{case.clause}"'
            faults.add((*where, "trigger"), text)


def _case(contract: Contract, case: Case, index: int, faults: Faults) -> None:
    where = ("case", index)
    error = next((entry for entry in contract.error if entry.id == case.clause), None)
    if error:
        _error_case(contract, case, error, where, faults)
    elif all(effect.id != case.clause for effect in contract.effect):
        faults.add((*where, "clause"), f'{case.name}: there is no clause "{case.clause}"')
    elif case.expect.errno and contract.progress.on_partial == "success":
        text = f"{case.name}: its clause is an effect, so it cannot expect {case.expect.errno}"
        faults.add((*where, "expect"), text)
    if not case.call and not case.guest:
        faults.add(where, f"{case.name}: neither a call nor a guest that reads: it tests nothing")
    if not case.call and (case.again or case.control or case.expect.errno):
        faults.add(where, f"{case.name}: without a call there is nothing to repeat, to control or to fail")
    if case.call:
        _call(contract, case, case.call, where, faults)
    if case.guest and not any(isinstance(step, WarmUp) for step in case.setup):
        text = f"{case.name}: the guest reads, so the set-up needs a warm_up or its own faults are counted"
        faults.add((*where, "guest"), text)
    slots = [step for step in case.setup if isinstance(step, Slot)]
    if any(step.backing == "thp" for step in slots) and Need.THP not in case.needs:
        faults.add(where, f'{case.name}: a slot on huge pages needs "thp" among the needs')
    if any(step.readonly for step in slots) and Need.READONLY_MEM not in case.needs:
        faults.add(where, f'{case.name}: a read-only slot needs "readonly-mem" among the needs')


def _error_case(
    contract: Contract, case: Case, error: Error, where: tuple[str | int, ...], faults: Faults
) -> None:
    if case.name not in error.trigger:
        faults.add((*where, "clause"), f'{case.name}: not among the triggers of its clause "{error.id}"')
    if case.expect.errno != error.errno:
        text = f"{case.name}: expects {case.expect.errno or 'success'}, its clause says {error.errno}"
        faults.add((*where, "expect"), text)
    if case.expect.errno == "EINVAL" and not case.control:
        text = f"{case.name}: EINVAL is also what an unknown ioctl returns, so it needs a control"
        faults.add(where, text)
    if case.expect.advanced.value and contract.progress.on_partial == "success":
        text = f"{case.name}: the contract returns success after progress, yet it expects {case.expect.errno}"
        faults.add((*where, "expect"), text)
    if case.expect.advanced.value and error.progress == "none":
        text = f'{case.name}: expects progress, its clause "{error.id}" allows none'
        faults.add((*where, "expect", "advanced"), text)


def _call(contract: Contract, case: Case, call: Call, where: tuple[str | int, ...], faults: Faults) -> None:
    left = (call.size.value - case.expect.advanced.value) % (1 << 64)
    whole = not case.expect.errno and contract.progress.on_partial == "error"
    if whole and left:
        text = f"{case.name}: expects success with {left} bytes left, the contract returns an error then"
        faults.add((*where, "expect"), text)
    if case.control:
        _control(case, call, case.control, (*where, "control"), faults)


def _control(case: Case, call: Call, control: Control, where: tuple[str | int, ...], faults: Faults) -> None:
    given = [name for name in control.__struct_fields__ if getattr(control, name) is not None]
    differing = [name for name in given if getattr(control, name) != getattr(call, name)]
    if len(given) != 1 or differing != given:
        listed = ", ".join(given) or "none"
        text = (
            f"{case.name}: the control has to differ from the call in exactly one field, it gives: {listed}"
        )
        faults.add(where, text)
