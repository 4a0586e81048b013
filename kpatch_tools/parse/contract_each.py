# SPDX-License-Identifier: GPL-2.0-only
"""Whether a case that walks the values of one field says what each of its calls proves."""

from kpatch_tools.model.case import Call, Case, Control, Each
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.place import PAGE_SIZE, place
from kpatch_tools.parse.toml import Faults
from kpatch_tools.parse.toml_lines import Path

_NOTHING = place("0")
_BESIDE = ("again", "guest", "then", "during", "otherwise")


def each_field(each: Each) -> str:
    """The field of the call that is walked; "" when it is not exactly one."""
    given = [name for name in each.__struct_fields__ if getattr(each, name) is not None]
    return given[0] if len(given) == 1 else ""


def check_each(contract: Contract, case: Case, where: Path, faults: Faults) -> None:
    """Add what is wrong with ``each`` of a case to ``faults``."""
    if not case.each:
        return
    place = (*where, "each")
    field = each_field(case.each)
    if not case.call:
        faults.add(place, f"{case.name}: without a call there is no field to walk")
        return
    if not field:
        faults.add(place, f"{case.name}: a case walks the values of one field")
        return
    values = getattr(case.each, field)
    if not values:
        faults.add((*place, field), f"{case.name}: it walks no value, so it makes no call")
    for at, value in enumerate(values if isinstance(values, tuple) else ()):
        if value in values[:at]:
            faults.add((*place, field, at), f"{case.name}: {value} is there twice")
    if values != "bits-below-page" and getattr(case.call, field) != getattr(Call(), field):
        faults.add((*where, "call", field), f"{case.name}: the values of each take the place of this one")
    beside = [name for name in _BESIDE if getattr(case, name)]
    if beside or case.call.vcpus > 1 or contract.threaded(case) or case.expect.spte:
        shown = beside[0] if beside else "a thread, a second vCPU or a trace"
        faults.add(
            place, f"{case.name}: a call that is made with many values is a plain one, without {shown}"
        )
    if not case.expect.errno or case.expect.advanced != _NOTHING:
        text = f"{case.name}: each of the calls has to be refused: what one maps, the next finds mapped"
        faults.add((*where, "expect"), text)


def controls_each(case: Case, control: Control) -> bool:
    """Whether the control has the field that is walked, with a value that is not among the walked ones."""
    field = each_field(case.each) if case.each else ""
    value = getattr(control, field, None)
    if value is None:
        return False
    walked = getattr(case.each, field)
    if walked == "every-bit":
        return bool(value == _NOTHING)
    if walked == "every-byte":
        return bool(value == 0)
    if walked == "bits-below-page":
        return not value.value % PAGE_SIZE
    return value not in walked
