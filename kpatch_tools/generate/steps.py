# SPDX-License-Identifier: GPL-2.0-only
"""The statements of a case around its call: memory before it, checked steps after it; and what they use."""

from collections.abc import Iterator

from kpatch_tools.generate.cexpr import call, expression
from kpatch_tools.model.case import Case, Slot
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.private import Convert, GuestExit, MakePrivate, PunchHole
from kpatch_tools.model.steps import AddVcpu, Discard, EnterL2, EnterSmm, Repeat, Then, Touch

_BACKING = {
    "anonymous": "VM_MEM_SRC_ANONYMOUS",
    "thp": "VM_MEM_SRC_ANONYMOUS_THP",
    "hugetlb-2m": "VM_MEM_SRC_ANONYMOUS_HUGETLB_2MB",
    "hugetlb-1g": "VM_MEM_SRC_ANONYMOUS_HUGETLB_1GB",
}
# KiB and pages of 4 KiB of one huge page.
_HUGE = {"hugetlb-2m": (2048, 512), "hugetlb-1g": (1 << 20, 1 << 18)}


def slot_lines(slot: Slot) -> tuple[str, ...]:
    """The statements that make a slot; the test skips itself where the host lacks the huge pages for it."""
    if slot.smm:
        return (call(1, "add_smm_slot", "s", expression(slot.at), str(slot.pages)),)
    flags = ["KVM_MEM_READONLY"] if slot.readonly else []
    flags += ["KVM_MEM_LOG_DIRTY_PAGES"] if slot.log_dirty else []
    flags += ["KVM_MEM_GUEST_MEMFD"] if slot.guest_memfd else []
    name = "add_slot" if slot.fill else "add_untouched"
    words = ("s", expression(slot.at), str(slot.pages), _BACKING[slot.backing], " | ".join(flags) or "0")
    lines = [call(1, name, *words)]
    if slot.backing in _HUGE:
        kib, pages = _HUGE[slot.backing]
        count = -(-slot.pages // pages)
        lines.insert(0, f"\tif (!reserve_huge({kib}, {count}))\n\t\treturn;")
    return tuple(lines)


def state_line(step: AddVcpu | EnterSmm | EnterL2 | MakePrivate) -> str:
    """The statement that brings vCPU or memory into another state, or adds another vCPU."""
    if isinstance(step, MakePrivate):
        return call(1, "make_private", "s", expression(step.at), str(step.pages))
    if isinstance(step, AddVcpu):
        return call(1, "add_vcpu", "s", "true" if step.cpuid else "false")
    if isinstance(step, EnterSmm):
        return call(1, "enter_smm", "s")
    return call(1, "enter_l2", "s", "true" if step.npt else "false")


def then_lines(case: Case) -> tuple[str, ...]:
    """The statements of the steps after the call; every number gets a name under which it is printed."""
    lines: list[str] = []
    seen: dict[str, int] = {}
    for step in case.then:
        for line, name, key in _step(case, step):
            if not key:
                lines.append(line)
                continue
            seen[key] = seen.get(key, 0) + 1
            unique = key if seen[key] == 1 else f"{key}_{seen[key]}"
            head, *rest = line.split("\0")
            lines.append(call(1, name, head, f'"{unique}"', *rest))
    if case.capability:
        lines.append(
            call(1, "check_capability", "s", str(case.capability.dev), str(case.capability.vm)),
        )
    return tuple(lines)


def _step(case: Case, step: Then) -> Iterator[tuple[str, str, str]]:
    """Triples: a finished statement and two empty words, or NUL-joined arguments, a function and a key."""
    if isinstance(step, Touch):
        word = "read" if step.access == "read" else "written"
        writes = "true" if step.access == "write" else "false"
        yield call(1, "touch", "s", expression(step.at), str(step.pages), writes), "", ""
        if step.taken is not None:
            yield f"s\0{step.taken}", "check_taken", f"{word}_taken"
        yield from _pages(word, step.pages_4k, step.pages_2m)
    elif isinstance(step, Discard):
        yield call(1, "discard", "s", expression(step.at), str(step.pages)), "", ""
        yield from _pages("discarded", step.pages_4k, None)
    elif isinstance(step, Repeat):
        yield call(1, "repeat", "s", "&call"), "", ""
        yield from _pages("repeated", step.pages_4k, step.pages_2m)
    elif isinstance(step, Convert | PunchHole | GuestExit):
        yield from _private(step)
    else:
        index, slot = next(
            (index, slot) for index, slot in enumerate(slots(case)) if slot.at == step.at and slot.log_dirty
        )
        number = f"TEST_SLOT + {index}" if index else "TEST_SLOT"
        yield f"s\0{number}\0{slot.pages}\0{step.pages}", "check_dirty", "dirty"


def _private(step: Convert | PunchHole | GuestExit) -> Iterator[tuple[str, str, str]]:
    if isinstance(step, GuestExit):
        yield call(1, "check_guest_exits", "s", expression(step.at)), "", ""
        return
    name, word = (f"make_{step.to}", "converted") if isinstance(step, Convert) else ("punch_hole", "punched")
    yield call(1, "snapshot", "s"), "", ""
    yield call(1, name, "s", expression(step.at), str(step.pages)), "", ""
    yield from _pages(word, step.pages_4k, None)


def _pages(word: str, small: int | None, huge: int | None) -> Iterator[tuple[str, str, str]]:
    if small is not None:
        yield f"s\0{small}", "check_4k", f"{word}_4k"
    if huge is not None:
        yield f"s\0{huge}", "check_2m", f"{word}_2m"


def slots(case: Case) -> tuple[Slot, ...]:
    """The slots of a case in the order in which they get their numbers."""
    return tuple(step for step in case.setup if isinstance(step, Slot))


def private_features(case: Case) -> set[str]:
    """The helpers for private memory that one case uses."""
    names = {"private-vm"} if case.vm != "default" else set()
    made = any(isinstance(step, MakePrivate) for step in case.setup)
    turned = {f"make-{step.to}" for step in case.then if isinstance(step, Convert)}
    names |= turned | ({"make-private"} if made else set())
    told = any(outcome.memory_fault is not None for outcome in (case.expect, *case.otherwise))
    leaves = any(isinstance(step, GuestExit) for step in case.then)
    return names | ({"memory-fault"} if told or leaves else set())


def step_features(contract: Contract) -> frozenset[str]:
    """The helpers of the templates that slots, steps and observers use."""
    names: set[str] = set()
    for case in contract.case:
        for slot in slots(case):
            names.add("smm-slot" if slot.smm else "slot" if slot.fill else "untouched")
            names |= {"hugetlb"} if slot.backing in _HUGE else set()
        for step in case.then:
            names.add(str(step.__struct_config__.tag))
            names |= {name for _line, name, _key in _step(case, step) if name}
        names |= private_features(case)
        names |= {"spte"} if case.expect.spte else set()
        names |= {"pages_1g"} if case.expect.pages_1g else set()
        names |= {"capability"} if case.capability else set()
    if "capability" in names or any(name.startswith("check_") for name in names):
        names.add("notes")
    return frozenset(names)
