# SPDX-License-Identifier: GPL-2.0-only
"""Whether the set-up of a case and the steps after its call can prove what they are there for."""

from kpatch_tools.model.case import Case, Earlier, Need, Slot, WarmUp
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.place import BASE_GPA, PAGE_SIZE
from kpatch_tools.model.steps import Capability, DirtyLog, EnterL2, EnterSmm, Touch, Traced
from kpatch_tools.parse.toml import Faults
from kpatch_tools.parse.toml_lines import Path

# What the templates map for the guest, and the page in it that warms the guest up.
MAPPED_PAGES = 1024
WARM_PAGE = 511
_BACKING_NEEDS = {"thp": Need.THP, "hugetlb-2m": Need.HUGETLB_2M, "hugetlb-1g": Need.HUGETLB_1G}


def check_steps(contract: Contract, faults: Faults) -> None:
    """Add every fault of set-up steps, of ``then`` and of ``capability`` to ``faults``."""
    for index, case in enumerate(contract.case):
        where: Path = ("case", index)
        needs = contract.needs(case)
        for at, step in enumerate(case.setup):
            if isinstance(step, Slot):
                _slot(case, step, needs, (*where, "setup", at), faults)
            elif isinstance(step, EnterL2):
                _l2(case, at, needs, (*where, "setup", at), faults)
            elif isinstance(step, EnterSmm) and Need.SMM not in needs:
                faults.add((*where, "setup", at), f'{case.name}: SMM needs "smm" among the needs')
        if case.then and not case.call:
            faults.add((*where, "then"), f"{case.name}: steps after the call, but there is no call")
        for at, after in enumerate(case.then):
            if isinstance(after, Touch):
                _touch(case, after, (*where, "then", at), faults)
            elif isinstance(after, DirtyLog):
                _dirty(case, after, (*where, "then", at), faults)
        if case.capability:
            _capability(case, case.capability, where, faults)
        if case.expect.spte:
            _traced(case, case.expect.spte, needs, (*where, "expect", "spte"), faults)


def _slot(case: Case, slot: Slot, needs: tuple[Need, ...], where: Path, faults: Faults) -> None:
    need = _BACKING_NEEDS.get(slot.backing)
    if need and need not in needs:
        faults.add(where[:2], f'{case.name}: a slot on huge pages needs "{need}" among the needs')
    if slot.smm and Need.SMM not in needs:
        faults.add((*where, "smm"), f'{case.name}: address space 1 needs "smm" among the needs')
    if slot.smm and (slot.backing != "anonymous" or slot.readonly or slot.log_dirty or not slot.fill):
        faults.add(where, f"{case.name}: a slot of address space 1 is a plain one to the templates")
    warm = BASE_GPA + WARM_PAGE * PAGE_SIZE
    end = slot.at.value + slot.pages * PAGE_SIZE
    if any(isinstance(step, WarmUp) for step in case.setup) and slot.at.value <= warm < end:
        faults.add(where, f"{case.name}: the slot covers base+{WARM_PAGE}p, the page of the warm_up")


def _l2(case: Case, at: int, needs: tuple[Need, ...], where: Path, faults: Faults) -> None:
    if Need.NESTED not in needs:
        faults.add(where, f'{case.name}: a guest in the guest needs "nested" among the needs')
    if not any(isinstance(step, WarmUp) for step in case.setup[:at]):
        faults.add(where, f"{case.name}: a guest in the guest visits the page of a warm_up before it")


def _touch(case: Case, step: Touch, where: Path, faults: Faults) -> None:
    first = step.at.value - BASE_GPA
    end = first // PAGE_SIZE + step.pages
    if first < 0 or first % PAGE_SIZE or end > MAPPED_PAGES:
        text = f"{case.name}: the guest reaches whole pages from base to base+{MAPPED_PAGES}p"
        faults.add(where, text)
    if step.taken is None and step.pages_4k is None and step.pages_2m is None:
        faults.add(where, f"{case.name}: nothing is expected of this step, so it cannot fail")
    warm = any(isinstance(step, WarmUp) for step in case.setup)
    if step.taken is not None and not (warm and end <= WARM_PAGE):
        text = f"{case.name}: taken is exact only after a warm_up and below base+{WARM_PAGE}p"
        faults.add((*where, "taken"), text)


def _dirty(case: Case, step: DirtyLog, where: Path, faults: Faults) -> None:
    slots = [slot for slot in case.setup if isinstance(slot, Slot) and slot.at == step.at]
    if not any(slot.log_dirty for slot in slots):
        faults.add(where, f"{case.name}: no slot at {step.at} has log_dirty = true")
    elif step.pages > slots[0].pages:
        faults.add((*where, "pages"), f"{case.name}: that slot has {slots[0].pages} pages only")


def _traced(case: Case, traced: Traced, needs: tuple[Need, ...], where: Path, faults: Faults) -> None:
    calls = any(isinstance(step, Earlier) for step in case.setup)
    if Need.TRACE not in needs:
        faults.add(where, f'{case.name}: what is traced needs "trace" among the needs')
    if traced.before and not calls:
        faults.add((*where, "before"), f"{case.name}: no call of the set-up sets entries")
    if not traced.entries and not traced.before:
        text = f"{case.name}: no entry at all is what a trace that is broken shows, too"
        faults.add((*where, "entries"), f'{text}; say how many were set "before"')


def _capability(case: Case, capability: Capability, where: Path, faults: Faults) -> None:
    if case.call or case.guest or case.setup:
        faults.add((*where, "capability"), f"{case.name}: a capability is asked for without anything else")
    if not case.mode and not (capability.dev and capability.vm):
        text = f"{case.name}: in the usual mode the capability is there, or every other case proves nothing"
        faults.add((*where, "capability"), text)
