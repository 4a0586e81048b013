# SPDX-License-Identifier: GPL-2.0-only
"""Whether what a contract promises is seen to happen, and not only reported by the call itself.

A kernel that does nothing and returns 0 must not pass. So a case that expects success needs a proof that does
not come from the call, an effect names the observations that show it, and what the tables of signals and
concurrency speak of has to be made by a case.
"""

from collections.abc import Callable, Iterator

from kpatch_tools.model.case import Case, Earlier, Need
from kpatch_tools.model.contract import Contract, Observation
from kpatch_tools.model.private import Convert, GuestExit, PunchHole
from kpatch_tools.model.race import DeleteSlot, MoveSlot, Occupy, Poison, Signal, Waits
from kpatch_tools.model.steps import DirtyLog, Discard, Touch
from kpatch_tools.parse.contract_clauses import excused_clauses
from kpatch_tools.parse.toml import Faults
from kpatch_tools.parse.toml_lines import Path

_PROOFS = (
    "pages_4k, pages_2m or pages_1g, a guest that takes no fault beside a case without a call in which it "
    "takes them, a trace, a dirty log, or nothing added to what an earlier call mapped"
)
_BESIDE: dict[str, Callable[[Case], bool]] = {
    "same-vcpu": lambda case: any(isinstance(step, Occupy) for step in case.setup),
    "other-vcpu": lambda case: case.call is not None and case.call.vcpus > 1,
    "slot-delete": lambda case: any(isinstance(step, DeleteSlot) for step in case.during),
    "slot-move": lambda case: any(isinstance(step, MoveSlot) for step in case.during),
}


def check_proof(contract: Contract, faults: Faults) -> None:
    """Add everything that is promised and not observed to ``faults``."""
    for index, case in enumerate(contract.case):
        if case.call and not case.expect.errno:
            _success(contract, case, ("case", index), faults)
        _counts(case, ("case", index), faults)
        _half_way(case, ("case", index), faults)
        if Need.TRACE in case.needs and not case.expect.spte:
            faults.add(("case", index, "needs"), f"{case.name}: it needs a trace, but looks at none")
    _effects(contract, faults)
    _signals(contract, faults)
    for index, entry in enumerate(contract.concurrency):
        made = any(_BESIDE[entry.beside](case) for case in contract.case)
        if not made and entry.clause not in excused_clauses(contract):
            text = f'concurrency beside "{entry.beside}": no case makes a call beside it'
            faults.add(("concurrency", index), text)


def observations(case: Case) -> frozenset[Observation]:
    """What a case looks at beyond errno and return value."""
    return frozenset(_observations(case))


def _observations(case: Case) -> Iterator[Observation]:  # noqa: C901 - one question an observation
    then, during = case.then, case.during
    if _counted(case):
        yield Observation.PAGES
    if case.call and not _counted(case) and any(isinstance(step, Earlier) for step in case.setup):
        yield Observation.REPEAT
    if case.guest or any(isinstance(step, Touch | GuestExit) for step in then):
        yield Observation.GUEST
    if case.expect.spte:
        yield Observation.TRACE
    if case.call and case.expect.advanced.value:
        yield Observation.STRUCT
    if case.again:
        yield Observation.AGAIN
    if any(isinstance(step, DirtyLog) for step in then):
        yield Observation.DIRTY_LOG
    if any(isinstance(step, Discard | PunchHole | Convert) for step in then):
        yield Observation.TAKEN_AWAY
    if case.capability:
        yield Observation.CAPABILITY
    if any(isinstance(step, Waits) for step in during):
        yield Observation.WAITS
    if any(isinstance(step, Signal) for step in during):
        yield Observation.SIGNAL
    if case.call and case.call.vcpus > 1:
        yield Observation.VCPUS


def _counted(case: Case) -> bool:
    expect = case.expect
    return bool(expect.pages_4k or expect.pages_2m or expect.pages_1g)


def _success(contract: Contract, case: Case, where: Path, faults: Faults) -> None:
    if not case.call:
        return
    seen = observations(case)
    spared = (case.guest and not case.guest.taken) or any(
        isinstance(step, Touch) and step.taken == 0 for step in case.then
    )
    proven = (
        seen & {Observation.PAGES, Observation.REPEAT}
        or (case.expect.spte and case.expect.spte.entries)
        or any(isinstance(step, DirtyLog) and step.pages for step in case.then)
        or (spared and _yardstick(contract))
        or _undone(case)
    )
    if not proven:
        text = f"{case.name}: a success case needs a proof that it happened, beside its result: {_PROOFS}"
        faults.add((*where, "expect"), text)


def _counts(case: Case, where: Path, faults: Faults) -> None:
    """Where pages are mapped for the first time, KVM counts them."""
    if _counted(case) or _undone(case) or any(isinstance(step, Earlier) for step in case.setup):
        return
    if case.call and case.expect.advanced.value:
        text = f"{case.name}: the call advances, yet no page is counted as mapped"
        faults.add((*where, "expect"), text)
    elif not case.call and case.guest and case.guest.taken:
        text = f"{case.name}: the guest takes faults, yet no page is counted as mapped"
        faults.add((*where, "expect"), text)


def _half_way(case: Case, where: Path, faults: Faults) -> None:
    """What stopped the call is still there for the next one, unless it was something beside it."""
    if not case.call or case.again or case.call.vcpus > 1 or case.during or case.expect.sigbus:
        return
    if any(isinstance(step, Poison) for step in case.setup):
        return
    if 0 < case.expect.advanced.value < case.call.size.value:
        text = f"{case.name}: a call that stops half-way needs an again, which shows what stopped it"
        faults.add((*where, "expect"), text)


def _yardstick(contract: Contract) -> bool:
    """A case without a call, in which the guest takes the faults that it is spared elsewhere."""
    return any(not case.call and case.guest and case.guest.taken for case in contract.case)


def _undone(case: Case) -> bool:
    # A slot that is deleted beside the call takes its mappings along: the struct is all there is to see.
    return any(isinstance(step, DeleteSlot | MoveSlot) for step in case.during)


def _effects(contract: Contract, faults: Faults) -> None:
    for index, effect in enumerate(contract.effect):
        cases = [(at, case) for at, case in enumerate(contract.case) if case.clause == effect.id]
        shown: set[Observation] = set()
        for at, case in cases:
            seen = observations(case) & set(effect.shown_by)
            shown |= seen
            if not seen:
                words = " or ".join(effect.shown_by)
                text = f'{case.name}: its clause "{effect.id}" is shown by {words}, the case looks at none'
                faults.add(("case", at, "clause"), text)
        for at, wanted in enumerate(effect.shown_by):
            if cases and wanted not in shown:
                text = f'effect "{effect.id}": no case of it shows it by {wanted}'
                faults.add(("effect", index, "shown_by", at), text)
            if wanted in effect.shown_by[:at]:
                faults.add(
                    ("effect", index, "shown_by", at), f'effect "{effect.id}": {wanted} is named twice'
                )


def _signals(contract: Contract, faults: Faults) -> None:
    signals = contract.signals
    sent = any(isinstance(step, Signal) for case in contract.case for step in case.during)
    if signals.interrupted_by != "none" and not sent and signals.clause not in excused_clauses(contract):
        faults.add(("signals",), "signals: no case sends one while its call is under way")
