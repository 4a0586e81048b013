# SPDX-License-Identifier: GPL-2.0-only
"""Whether what goes on beside a call is exact: every pause is ended, nothing happens "some time later".

A signal that is sent before the call is known to sleep would make a test that passes by luck.
"""

from kpatch_tools.model.case import Call, Case, Expect, Need, Slot, WarmUp
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.place import PAGE_SIZE, Place
from kpatch_tools.model.race import (
    DeleteSlot,
    Ended,
    Hold,
    Invalidate,
    MoveSlot,
    Occupy,
    Pause,
    Paused,
    Poison,
    Resume,
    Run,
    Signal,
    Waits,
)
from kpatch_tools.parse.toml import Faults
from kpatch_tools.parse.toml_lines import Path


def check_race(contract: Contract, case: Case, where: Path, faults: Faults) -> None:
    """Add what is wrong with the steps beside the call of a case to ``faults``."""
    call = case.call
    if not call:
        if case.during or case.otherwise:
            faults.add(where, f"{case.name}: without a call nothing can go on beside it")
    elif call.vcpus > 1:
        _two_vcpus(case, call, where, faults)
    elif contract.threaded(case):
        _threaded(case, call, where, faults)
    if call and not contract.threaded(case) and call.vcpus == 1 and _retried(case):
        text = f"{case.name}: retry is for a call on two vCPUs at once"
        faults.add((*where, "expect", "retry"), text)
    _outcomes(contract, case, where, faults)
    _setup(case, where, faults)
    _pauses(case, where, faults)
    needs = contract.needs(case)
    for need, wanted, what in (
        (Need.USERFAULTFD, bool(_paused(case)), "a missing page"),
        (Need.POISON, any(isinstance(step, Poison) for step in case.setup), "a poisoned page"),
    ):
        if wanted and need not in needs:
            faults.add(where, f'{case.name}: {what} needs "{need}" among the needs')


def _threaded(case: Case, call: Call, where: Path, faults: Faults) -> None:
    if call.process != "own" or call.fd != "vcpu":
        text = f"{case.name}: a call beside other steps is one on the vCPU, by its own process"
        faults.add((*where, "call"), text)
    if case.expect.spte:
        faults.add((*where, "expect", "spte"), f"{case.name}: a call in a thread of its own is not traced")
    if _retried(case):
        faults.add((*where, "expect", "retry"), f"{case.name}: retry is for a call on two vCPUs at once")


def _two_vcpus(case: Case, call: Call, where: Path, faults: Faults) -> None:
    plain = call.fd == "vcpu" and call.process == "own" and call.argp == "struct" and not call.blocks
    beside = case.during or case.otherwise or case.again or case.control
    if not plain or beside or case.expect.errno or case.expect.sigbus:
        text = f"{case.name}: a call on two vCPUs is a plain one that succeeds, with nothing beside it"
        faults.add((*where, "call", "vcpus"), text)


def _retried(case: Case) -> bool:
    return any(outcome.retry for outcome in (case.expect, *case.otherwise))


def _outcomes(contract: Contract, case: Case, where: Path, faults: Faults) -> None:
    errnos = {error.errno for error in contract.error}
    for at, outcome in enumerate(case.otherwise if case.call else ()):
        place = (*where, "otherwise", at)
        if case.call and outcome.advanced.value > case.call.size.value:
            faults.add((*place, "advanced"), f"{case.name}: advances further than the call is long")
        if any(_same(outcome, other) for other in (case.expect, *case.otherwise[:at])):
            faults.add(place, f"{case.name}: the same errno and progress are there already")
    retry = case.expect.retry
    if retry and retry not in errnos:
        faults.add((*where, "expect", "retry"), f"{case.name}: no error of the contract has {retry}")


def _same(one: Expect, other: Expect) -> bool:
    return one.errno == other.errno and one.advanced == other.advanced


def _setup(case: Case, where: Path, faults: Faults) -> None:
    slots = [step for step in case.setup if isinstance(step, Slot)]
    warm = False
    for at, step in enumerate(case.setup):
        place = (*where, "setup", at)
        warm = warm or isinstance(step, WarmUp)
        if isinstance(step, Occupy | Hold) and step in case.setup[:at]:
            faults.add(place, f"{case.name}: the vCPU is in use already")
        if isinstance(step, Occupy | Run) and not warm:
            faults.add(place, f"{case.name}: the guest runs here, so a warm_up has to come before it")
        if isinstance(step, Occupy) and not any(isinstance(other, Pause) for other in case.setup[:at]):
            faults.add(place, f"{case.name}: the guest stops at a missing page, so a pause has to come first")
        if isinstance(step, Hold):
            _hold(case, at, place, faults)
        if isinstance(step, Pause | Poison) and not _inside(step.at, slots):
            faults.add((*place, "at"), f"{case.name}: {step.at} is no page of a slot")
        if isinstance(step, DeleteSlot):
            _slot_at(case, step.at, (*place, "at"), faults)
            held = any(isinstance(other, Hold) for other in case.setup[:at])
            if step.held is not held:
                faults.add(
                    place, f"{case.name}: a deletion is held where, and only where, a hold comes before"
                )


def _hold(case: Case, at: int, place: Path, faults: Faults) -> None:
    """What is held keeps others waiting until the page is there, which no step before the call gives back."""
    if not any(isinstance(other, Pause) for other in case.setup[:at]):
        faults.add(
            place, f"{case.name}: the other call stops at a missing page, so a pause has to come first"
        )
    if not any(isinstance(step, Ended) for step in case.during):
        text = f'{case.name}: the call ends while something is held, so it needs {{ do = "ended" }} beside it'
        faults.add(place, text)


def _pauses(case: Case, where: Path, faults: Faults) -> None:
    """The order of the steps: nothing before the call is known to sleep, nothing after it may go on."""
    pauses = _paused(case)
    if pauses > 1:
        faults.add(where, f"{case.name}: {pauses} missing pages, the test knows one")
    resumes = sum(isinstance(step, Resume) for step in case.during)
    if resumes != pauses:
        text = f"{case.name}: missing pages: {pauses}, resumes: {resumes}; the call would sleep for ever"
        faults.add(where, text if pauses else f"{case.name}: nothing is missing that could be resumed")
    asleep = False
    slots = [step for step in case.setup if isinstance(step, Slot)]
    for at, step in enumerate(case.during):
        place = (*where, "during", at)
        if isinstance(step, Paused | Waits | Ended):
            asleep = True
        elif not asleep:
            faults.add(
                place, f"{case.name}: before this step the call has to be asleep (paused, waits) or ended"
            )
        if isinstance(step, Resume):
            asleep = False
        if isinstance(step, DeleteSlot | MoveSlot):
            _slot_at(case, step.at, (*place, "at"), faults)
        if isinstance(step, DeleteSlot) and step.held:
            faults.add(place, f"{case.name}: a deletion beside the call is held by the call itself")
        if isinstance(step, Invalidate) and not _inside(step.at, slots):
            faults.add((*place, "at"), f"{case.name}: {step.at} is no page of a slot")
    signals = sum(isinstance(step, Signal) for step in case.during)
    changes = sum(isinstance(step, DeleteSlot | MoveSlot) for step in case.during)
    if signals > 1 or changes > 1:
        faults.add((*where, "during"), f"{case.name}: more than one signal or change of a slot")


def _paused(case: Case) -> int:
    pauses = sum(isinstance(step, Pause) for step in case.setup)
    return pauses + bool(case.call and case.call.argp == "paused")


def _slot_at(case: Case, at: Place, where: Path, faults: Faults) -> None:
    if not any(isinstance(step, Slot) and step.at == at for step in case.setup):
        faults.add(where, f"{case.name}: no slot of the set-up begins at {at}")


def _inside(at: Place, slots: list[Slot]) -> bool:
    value = at.value
    within = any(slot.at.value <= value < slot.at.value + slot.pages * PAGE_SIZE for slot in slots)
    return within and not value % PAGE_SIZE
