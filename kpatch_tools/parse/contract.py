# SPDX-License-Identifier: GPL-2.0-only
"""TOML text -> Contract. Form first (parse/toml.py), then whether the parts of the contract agree.

A contract that contradicts itself would make tests that prove nothing: a clause without a case, a case
whose errno is not its clause's, an EINVAL without a positive control (x86 answers EINVAL to every unknown
ioctl, so an EINVAL alone does not even show that the ioctl is there).
"""

from typing import Any

from kpatch_tools.model.case import Call, Case, Control, Need, Slot, WarmUp
from kpatch_tools.model.contract import Contract, Error, Role
from kpatch_tools.model.place import Place, place
from kpatch_tools.parse.contract_arch import check_architectures
from kpatch_tools.parse.contract_clauses import check_clauses
from kpatch_tools.parse.contract_context import check_context
from kpatch_tools.parse.contract_each import check_each, controls_each
from kpatch_tools.parse.contract_extends import EXTENDS, Text, extended_by, merge
from kpatch_tools.parse.contract_private import check_private
from kpatch_tools.parse.contract_proof import check_proof
from kpatch_tools.parse.contract_race import check_race
from kpatch_tools.parse.contract_scene import check_scene
from kpatch_tools.parse.contract_steps import check_steps
from kpatch_tools.parse.toml import Faults, convert, decode

WHAT = "contract"


def parse_contract(text: str, *, path: str, base: Text | None = None) -> Contract:
    """Read a contract; ``path`` is its name in messages, ``base`` the contract that it says it extends.

    Raises one UserError with every fault, each with the file and line where it stands.
    """
    contract, faults = _read(text, path, base)
    _struct(contract, faults)
    check_clauses(contract, faults)
    check_context(contract, faults)
    check_steps(contract, faults)
    check_proof(contract, faults)
    if not any(case.call for case in contract.case):
        faults.add((), "no case calls the ioctl")
    for index, case in enumerate(contract.case):
        _case(contract, case, index, faults)
        check_each(contract, case, ("case", index), faults)
        check_scene(contract, case, ("case", index), faults)
        check_race(contract, case, ("case", index), faults)
        check_private(contract, case, ("case", index), faults)
    check_architectures(contract, faults)
    faults.raise_any(WHAT)
    return contract


def _read(text: str, path: str, base: Text | None) -> tuple[Contract, Faults]:
    if base:
        whole, faults = merge(base, Text(path=path, text=text))
        return convert(whole, Contract, faults, what=WHAT, hook=_hook), faults
    if name := extended_by(text, path=path):
        faults = Faults(name=path, text=text)
        faults.add((EXTENDS,), f'extends: there is no contract "{name}" beside this one')
        faults.raise_any(WHAT)
    return decode(text, Contract, name=path, what=WHAT, hook=_hook)


def _hook(kind: type, value: Any) -> Any:
    if kind is Place and isinstance(value, str):
        return place(value)
    raise ValueError(f'expected a string such as "base+3p", got {type(value).__name__}')


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
        if case.each and case.each.padding and not padding:
            where = ("case", index, "each", "padding")
            faults.add(where, f"{case.name}: the struct has no padding array to walk")


def _case(contract: Contract, case: Case, index: int, faults: Faults) -> None:
    where = ("case", index)
    error = next((entry for entry in contract.error if entry.id == case.clause), None)
    if error:
        _error_case(contract, case, error, where, faults)
    elif all(effect.id != case.clause for effect in contract.effect):
        faults.add((*where, "clause"), f'{case.name}: there is no clause "{case.clause}"')
    elif case.expect.errno:
        text = f"{case.name}: its clause is an effect, so it cannot expect {case.expect.errno}"
        faults.add((*where, "expect"), text)
    if not case.call and not case.guest and not case.capability:
        faults.add(where, f"{case.name}: neither a call nor a guest that reads: it tests nothing")
    if not case.call and (case.again or case.control or case.expect.errno):
        faults.add(where, f"{case.name}: without a call there is nothing to repeat, to control or to fail")
    if case.call:
        _call(contract, case, case.call, where, faults)
    if case.guest and not any(isinstance(step, WarmUp) for step in case.setup):
        text = f"{case.name}: the guest reads, so the set-up needs a warm_up or its own faults are counted"
        faults.add((*where, "guest"), text)
    slots = [step for step in case.setup if isinstance(step, Slot)]
    if any(step.readonly for step in slots) and Need.READONLY_MEM not in contract.needs(case):
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
    if whole and left and case.expect.advanced.value <= call.size.value:
        text = f"{case.name}: expects success with {left} bytes left, the contract returns an error then"
        faults.add((*where, "expect"), text)
    if case.control:
        _control(case, call, case.control, (*where, "control"), faults)
        _control_errno(contract, case, case.control, (*where, "control"), faults)


def _control(case: Case, call: Call, control: Control, where: tuple[str | int, ...], faults: Faults) -> None:
    fields = [name for name in control.__struct_fields__ if name != "errno"]
    given = [name for name in fields if getattr(control, name) is not None]
    differing = [name for name in given if getattr(control, name) != getattr(call, name)]
    walked = not case.each or controls_each(case, control)
    if len(given) != 1 or (not walked if case.each else differing != given):
        listed = ", ".join(given) or "none"
        what = "differ from the call in exactly one field"
        if case.each:
            what = "give the field that is walked, with a value that is not"
        faults.add(where, f"{case.name}: the control has to {what}, it gives: {listed}")


def _control_errno(
    contract: Contract, case: Case, control: Control, where: tuple[str | int, ...], faults: Faults
) -> None:
    """A control that fails proves something only where nothing else can come of it."""
    mode = next((mode for mode in contract.mode if mode.name == case.mode), None)
    if not control.errno:
        if mode and mode.result not in ("success", case.expect.errno):
            text = f"{case.name}: no call succeeds in this mode, so the control needs errno = "
            faults.add(where, f'{text}"{mode.result}"')
    elif not mode or mode.result != control.errno or control.errno == case.expect.errno:
        text = f"{case.name}: a control fails only with the errno of a mode that refuses every call"
        faults.add((*where, "errno"), text)
