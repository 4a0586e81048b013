# SPDX-License-Identifier: GPL-2.0-only
"""The steps beside a call as C statements: pauses, signals, other threads, and the known bugs of a test."""

from dataclasses import dataclass

from kpatch_tools.generate.cexpr import call, expression
from kpatch_tools.model.case import Case, Slot
from kpatch_tools.model.contract import Contract, KnownBug
from kpatch_tools.model.place import Place
from kpatch_tools.model.race import (
    Beside,
    DeleteSlot,
    During,
    Ended,
    Hold,
    Invalidate,
    MoveSlot,
    Occupy,
    Pause,
    Paused,
    Poison,
    Resume,
    Signal,
    Waits,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BugView:
    """What one case sees on a kernel with one known bug, in C text."""

    initialisers: tuple[tuple[str, str], ...]


def race_features(contract: Contract) -> set[str]:
    """The helpers that these steps use."""
    names: set[str] = set()
    for case in contract.case:
        setup = {step.__struct_config__.tag for step in case.setup}
        during = {step.__struct_config__.tag for step in case.during}
        names |= {str(tag) for tag in during - {"delete"}}
        if case.call:
            names |= {"threaded"} if contract.threaded(case) else {"vcpus"} & {_vcpus(case)}
            names |= {"blocks"} if case.call.blocks else set()
            names |= {"pauses", "paused-argument"} if case.call.argp == "paused" else set()
            plain = not contract.threaded(case) and case.call.vcpus == 1
            names |= {"plain-call"} if plain else set()
        names |= {"pauses"} if "pause" in setup else set()
        deletions = [step for step in case.setup if isinstance(step, DeleteSlot)]
        held = any(step.held for step in deletions)
        names |= {"delete", "delete-before"} if any(not step.held for step in deletions) else set()
        names |= {"delete", "delete-beside"} if held or "delete" in during else set()
        names |= {"changes"} if held or during & {"delete", "move"} else set()
        names |= {"signals"} if "poison" in setup or contract.threaded(case) else set()
    names |= {"workers"} if names & {"threaded", "vcpus"} else set()
    names |= {"races"} if names & {"workers", "signals", "delete"} else set()
    names |= {"known-bugs"} if contract.known_bug else set()
    return names


def _vcpus(case: Case) -> str:
    return "vcpus" if case.call and case.call.vcpus > 1 else ""


def beside(case: Case, step: Beside) -> str:
    """A step of the set-up."""
    if isinstance(step, Pause):
        return f"\tpause_page(addr_gpa2hva(s->vm, {expression(step.at)}));"
    if isinstance(step, Occupy):
        at = next(other.at for other in case.setup if isinstance(other, Pause))
        return call(1, "occupy", "s", expression(at))
    if isinstance(step, Hold):
        at = next(other.at for other in case.setup if isinstance(other, Pause))
        return call(1, "hold", "s", expression(at))
    if isinstance(step, DeleteSlot):
        return call(1, "start_delete" if step.held else "delete_slot", "s", slot_number(case, step.at))
    if isinstance(step, Poison):
        return call(1, "poison", "s", expression(step.at))
    return call(1, "visit", "s", "WARM_GPA", "1", "false")


def threaded_call(case: Case) -> tuple[str, ...]:
    """The call in a thread of its own, what goes on beside it, and the check of what came of it."""
    expected = ("expected", "ARRAY_SIZE(expected)") if case.otherwise else ("&expected", "1")
    return (
        call(1, "start_call", "s", "&call"),
        *(_during(case, step) for step in case.during),
        call(1, "finish_call", "s", "&call", *expected),
    )


def _during(case: Case, step: During) -> str:  # noqa: PLR0911 - one return a step
    if isinstance(step, Paused):
        return call(1, "wait_paused", "&race.caller")
    if isinstance(step, Waits):
        return call(1, "check_waits")
    if isinstance(step, Ended):
        return call(1, "end_worker", "&race.caller")
    if isinstance(step, Signal):
        return call(1, "send_signal")
    if isinstance(step, DeleteSlot):
        return call(1, "start_delete", "s", slot_number(case, step.at))
    if isinstance(step, MoveSlot):
        pages = next(slot.pages for slot in case.setup if isinstance(slot, Slot) and slot.at == step.at)
        number = slot_number(case, step.at)
        return call(1, "start_move", "s", number, expression(step.at), expression(step.to), str(pages))
    if isinstance(step, Invalidate):
        return call(1, "invalidate", "s", expression(step.at))
    if isinstance(step, Resume):
        return call(1, "resume")
    raise AssertionError(step)


def slot_number(case: Case, at: Place) -> str:
    """The number of the slot that begins at ``at``: slots are numbered in the order of the set-up."""
    slots = [step.at for step in case.setup if isinstance(step, Slot)]
    index = slots.index(at)
    return f"TEST_SLOT + {index}" if index else "TEST_SLOT"


def bug_views(contract: Contract) -> tuple[BugView, ...]:
    """One entry for each case of each known bug, in the order of the contract."""
    return tuple(
        BugView(initialisers=_bug(contract, case, bug))
        for bug in contract.known_bug
        for case in contract.case
        if case.name in bug.cases
    )


def _bug(contract: Contract, case: Case, bug: KnownBug) -> tuple[tuple[str, str], ...]:
    pairs = [("name", f'"{case.name}"'), ("id", f'"{bug.id}"')]
    if bug.fixed_by:
        pairs.append(("fixed_by", f'"{bug.fixed_by}"'))
    if not case.call:
        pairs.append(("no_call", "true"))
    if bug.result == "hang":
        return (*pairs, ("hangs", "true"))
    if bug.result == "loop":
        pairs.append(("loops", "true"))
    errno = _errno(contract, case, bug)
    if errno:
        pairs.append(("err", errno))
    if bug.stops_at is not None:
        pairs += [("stops", "true"), ("gpa", expression(bug.stops_at))]
    return tuple(pairs)


def _errno(contract: Contract, case: Case, bug: KnownBug) -> str:
    """What the call returns on a kernel with the bug; "" for 0.

    A signal ends a loop, by the contract's own rule on signals and progress.
    """
    if bug.result == "success":
        return ""
    if bug.result == "wrong":
        return case.expect.errno or ""
    if bug.result != "loop":
        return bug.result
    progress = case.call and bug.stops_at is not None and bug.stops_at != case.call.at
    if progress and contract.progress.on_partial == "success":
        return ""
    return next((error.errno for error in contract.error if error.id == contract.signals.clause), "EINTR")
