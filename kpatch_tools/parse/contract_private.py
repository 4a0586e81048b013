# SPDX-License-Identifier: GPL-2.0-only
"""Whether the private memory of a case is there, and whether what happens to it can be observed.

The rules are those of the kernel (Documentation/virt/kvm/api.rst: KVM_SET_MEMORY_ATTRIBUTES,
KVM_CREATE_GUEST_MEMFD, KVM_SET_USER_MEMORY_REGION2): a slot with a guest_memfd is neither read-only nor
logged nor moved, and what no such slot backs cannot be read while it is private.
"""

from collections.abc import Iterator

from kpatch_tools.model.case import Case, Expect, Need, Slot
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.place import PAGE_SIZE, Place
from kpatch_tools.model.private import Convert, GuestExit, MakePrivate, PunchHole
from kpatch_tools.model.race import MoveSlot
from kpatch_tools.model.steps import Touch
from kpatch_tools.parse.toml import Faults
from kpatch_tools.parse.toml_lines import Path

Range = tuple[int, int]
_NOTHING: Range = (0, 0)


def check_private(contract: Contract, case: Case, where: Path, faults: Faults) -> None:
    """Add what is wrong with the private memory of a case to ``faults``."""
    if case.vm == "default":
        for at, what in _uses(case, where):
            faults.add(at, f'{case.name}: {what} needs vm = "sw-protected"')
        if Need.PRIVATE_MEM in contract.needs(case):
            faults.add(where, f'{case.name}: it needs "private-mem", but its VM is one without')
        return
    if Need.PRIVATE_MEM not in contract.needs(case):
        faults.add((*where, "vm"), f'{case.name}: such a VM needs "private-mem" among the needs')
    _slots(case, where, faults)
    private = _setup(case, where, faults)
    _call(case, private, where, faults)
    _then(case, private, where, faults)


def _uses(case: Case, where: Path) -> Iterator[tuple[Path, str]]:
    """What of a case is for private memory only."""
    for at, step in enumerate(case.setup):
        if isinstance(step, Slot) and step.guest_memfd:
            yield (*where, "setup", at), "a guest_memfd"
        elif isinstance(step, MakePrivate):
            yield (*where, "setup", at), "a private page"
    for at, after in enumerate(case.then):
        if isinstance(after, Convert | PunchHole | GuestExit):
            yield (*where, "then", at), "a private page"
    if any(outcome.memory_fault for outcome in (case.expect, *case.otherwise)):
        yield (*where, "expect"), "memory_fault"


def _slots(case: Case, where: Path, faults: Faults) -> None:
    for at, slot in enumerate(case.setup):
        if not isinstance(slot, Slot):
            continue
        if slot.guest_memfd and (slot.readonly or slot.log_dirty):
            text = f"{case.name}: KVM refuses guest_memfd in a slot that is read-only or logged"
            faults.add((*where, "setup", at), text)
        if slot.smm:
            text = f"{case.name}: a VM with private memory has no address space 1"
            faults.add((*where, "setup", at, "smm"), text)
        for index, step in enumerate(case.during):
            if slot.guest_memfd and isinstance(step, MoveSlot) and step.at == slot.at:
                text = f"{case.name}: KVM moves no slot that has a guest_memfd"
                faults.add((*where, "during", index), text)


def _setup(case: Case, where: Path, faults: Faults) -> Range:
    """The private range after the set-up."""
    private = _NOTHING
    for at, step in enumerate(case.setup):
        if isinstance(step, MakePrivate):
            place = (*where, "setup", at)
            _page(case, step.at, place, faults)
            if private != _NOTHING:
                faults.add(place, f"{case.name}: a test knows one private range, this is another")
            private = _range(step.at, step.pages)
    return private


def _call(case: Case, private: Range, where: Path, faults: Faults) -> None:
    for place, outcome in _outcomes(case, where):
        fault = outcome.memory_fault
        if fault is None or case.call is None:
            continue
        here = (*place, "memory_fault")
        if fault.value != case.call.at.value + outcome.advanced.value:
            faults.add(here, f"{case.name}: the call stops elsewhere, not at {fault}")
        elif not _within(fault.value, private) or _backed(case, fault.value):
            faults.add(here, f"{case.name}: {fault} is no private page without a guest_memfd")
        if not outcome.errno and outcome.advanced == case.call.size:
            faults.add(here, f"{case.name}: a call that does all its work ends with no exit")
    if case.call and case.control:
        first = (case.control.at or case.call.at).value
        end = first + (case.control.size or case.call.size).value
        if any(not _backed(case, page) for page in _pages((first, end), private)):
            text = f"{case.name}: the control cannot succeed, private pages of it have no guest_memfd"
            faults.add((*where, "control"), text)
    if case.guest:
        _reads(case, _range(case.guest.at, case.guest.pages), private, (*where, "guest"), faults)


def _outcomes(case: Case, where: Path) -> Iterator[tuple[Path, Expect]]:
    yield (*where, "expect"), case.expect
    for at, outcome in enumerate(case.otherwise):
        yield (*where, "otherwise", at), outcome


def _then(case: Case, private: Range, where: Path, faults: Faults) -> None:
    for at, step in enumerate(case.then):
        place = (*where, "then", at)
        if isinstance(step, Convert | PunchHole):
            _page(case, step.at, place, faults)
        if isinstance(step, Convert):
            private = _converted(case, step, private, place, faults)
        elif isinstance(step, PunchHole):
            if _range(step.at, step.pages) != private:
                text = f"{case.name}: these are not the private pages, so what they hold is not known"
                faults.add(place, text)
            if any(not _backed(case, page) for page in _pages(private, private)):
                faults.add(place, f"{case.name}: there is no guest_memfd that could have a hole")
        elif isinstance(step, GuestExit):
            if not _within(step.at.value, private) or _backed(case, step.at.value):
                text = f"{case.name}: {step.at} is no private page without a guest_memfd"
                faults.add((*place, "at"), text)
            if any(isinstance(later, Touch) for later in case.then[at:]):
                faults.add(place, f"{case.name}: the guest stays at that read and reaches nothing else")
        elif isinstance(step, Touch):
            touched = _range(step.at, step.pages)
            _reads(case, touched, private, place, faults)
            if step.access == "write" and 0 < len([*_pages(touched, private)]) < _count(private):
                text = f"{case.name}: the guest writes to all private pages or to none"
                faults.add(place, text)


def _converted(case: Case, step: Convert, private: Range, place: Path, faults: Faults) -> Range:
    wanted = _range(step.at, step.pages)
    if step.to == "private" and private != _NOTHING:
        faults.add(place, f"{case.name}: a test knows one private range, this is another")
    if step.to == "shared" and wanted != private:
        faults.add(place, f"{case.name}: these are not the private pages, so what is left is not known")
    return wanted if step.to == "private" else _NOTHING


def _reads(case: Case, touched: Range, private: Range, place: Path, faults: Faults) -> None:
    if any(not _backed(case, page) for page in _pages(touched, private)):
        faults.add(place, f"{case.name}: the guest cannot reach private pages without a guest_memfd")


def _page(case: Case, at: Place, place: Path, faults: Faults) -> None:
    if at.value % PAGE_SIZE:
        faults.add((*place, "at"), f"{case.name}: private memory begins at a page, {at} is none")


def _range(at: Place, pages: int) -> Range:
    return at.value, at.value + pages * PAGE_SIZE


def _within(address: int, where: Range) -> bool:
    return where[0] <= address < where[1]


def _count(private: Range) -> int:
    return (private[1] - private[0]) // PAGE_SIZE


def _pages(wanted: Range, private: Range) -> range:
    """The addresses of the private pages among the wanted ones."""
    return range(max(wanted[0], private[0]), min(wanted[1], private[1]), PAGE_SIZE)


def _backed(case: Case, address: int) -> bool:
    """Whether a slot with a guest_memfd holds that address."""
    slots = (step for step in case.setup if isinstance(step, Slot) and step.guest_memfd)
    return any(_within(address, _range(slot.at, slot.pages)) for slot in slots)
