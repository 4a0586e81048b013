# SPDX-License-Identifier: GPL-2.0-only
"""Whether the steps of a case fit together: what the selftest library would only answer by giving up."""

from collections.abc import Iterator

from kpatch_tools.model.case import Call, Case, Control, Protect, Slot, WarmUp
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.place import BASE_GPA, PAGE_SIZE, Place
from kpatch_tools.model.race import DeleteSlot
from kpatch_tools.parse.toml import Faults
from kpatch_tools.parse.toml_lines import Path

HUGE = 512 * PAGE_SIZE
# The set-up maps this page for the warm-up, and the guest's tables map the 2 MiB up to it.
WARM_GPA = BASE_GPA + 511 * PAGE_SIZE
Range = tuple[int, int]


def check_scene(contract: Contract, case: Case, where: Path, faults: Faults) -> None:
    """Add what is wrong with set-up and expectation of a case to ``faults``."""
    slots = [(at, step) for at, step in enumerate(case.setup) if isinstance(step, Slot)]
    for at, slot in slots:
        place = (*where, "setup", at)
        if slot.at.value % PAGE_SIZE:
            faults.add(place, f"{case.name}: a slot begins at a page, {slot.at} is none")
        if slot.backing == "thp" and (slot.at.value % HUGE or slot.pages * PAGE_SIZE % HUGE):
            faults.add(place, f"{case.name}: a slot on huge pages begins and ends at a multiple of 2 MiB")
    _overlaps(case, where, faults)
    ranges = [_range(slot.at, slot.pages) for _, slot in slots]
    for at, step in enumerate(case.setup):
        if isinstance(step, Protect) and not _covered(_range(step.at, step.pages), ranges):
            faults.add((*where, "setup", at), f"{case.name}: protects pages that are in no slot")
    if case.guest and not _covered(_range(case.guest.at, case.guest.pages), ranges):
        faults.add((*where, "guest"), f"{case.name}: the guest reads pages that are in no slot")
    elif case.guest and _range(case.guest.at, case.guest.pages)[1] > WARM_GPA:
        faults.add((*where, "guest"), f"{case.name}: the guest can read 511 pages from base, no more")
    _advanced(contract, case, ranges, where, faults)


def _overlaps(case: Case, where: Path, faults: Faults) -> None:
    """Only where no other step could take a slot away or put it into another address space."""
    if any(isinstance(step, DeleteSlot) or (isinstance(step, Slot) and step.smm) for step in case.setup):
        return
    seen: list[Range] = []
    for at, (begin, end) in _taken(case):
        if any(begin < other_end and other < end for other, other_end in seen):
            faults.add((*where, "setup", at), f"{case.name}: this memory overlaps that of an earlier step")
        seen.append((begin, end))


def _taken(case: Case) -> Iterator[tuple[int, Range]]:
    for at, step in enumerate(case.setup):
        if isinstance(step, Slot):
            yield at, _range(step.at, step.pages)
        elif isinstance(step, WarmUp):
            yield at, (WARM_GPA, WARM_GPA + PAGE_SIZE)


def _range(at: Place, pages: int) -> Range:
    return at.value, at.value + pages * PAGE_SIZE


def _covered(wanted: Range, ranges: list[Range]) -> bool:
    """Whether slots, one behind the other, hold the whole range."""
    begin, end = wanted
    for low, high in sorted(ranges):
        if low <= begin < high:
            begin = high
    return begin >= end


def _advanced(contract: Contract, case: Case, ranges: list[Range], where: Path, faults: Faults) -> None:
    advanced = case.expect.advanced.value
    place = (*where, "expect", "advanced")
    if not case.call:
        if advanced:
            faults.add(place, f"{case.name}: without a call nothing advances")
        return
    size = case.call.size.value
    begin = case.call.at.value
    if advanced and advanced <= size and not _covered((begin, begin + advanced), ranges):
        faults.add(place, f"{case.name}: the call cannot advance over memory that is in no slot")
    if case.control and not _controllable(case.call, case.control, ranges):
        faults.add((*where, "control"), f"{case.name}: the control cannot succeed, its range is in no slot")
    if advanced > size:
        faults.add(place, f"{case.name}: advanced by {advanced} bytes, the call is for {size}")
    if advanced and case.expect.errno and not contract.progress.updated_on_error:
        faults.add(place, f"{case.name}: the contract leaves the struct alone when it returns an error")
    if case.again and not case.expect.errno and advanced == size:
        faults.add((*where, "again"), f"{case.name}: nothing is left that could fail when called again")


def _controllable(call: Call, control: Control, ranges: list[Range]) -> bool:
    begin = (control.at or call.at).value
    return _covered((begin, begin + (control.size or call.size).value), ranges)
