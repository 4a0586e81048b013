# SPDX-License-Identifier: GPL-2.0-only
"""The cases of a contract as the templates want them: concrete, in order, every value C text."""

from dataclasses import dataclass

from kpatch_tools.generate.cexpr import call, comment, expression, is_zero
from kpatch_tools.generate.each import each_lines, walked, walks_bits
from kpatch_tools.generate.races import beside, race_features, threaded_call
from kpatch_tools.generate.steps import slot_lines, slots, state_line, step_features, then_lines
from kpatch_tools.model.case import (
    Call,
    Case,
    Control,
    Earlier,
    Expect,
    Need,
    Protect,
    Setup,
    Slot,
    WarmUp,
)
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.private import MakePrivate
from kpatch_tools.model.steps import AddVcpu, EnterL2, EnterSmm

_ARGUMENT = {
    "struct": "ARG_STRUCT",
    "null": "ARG_NULL",
    "read-only": "ARG_READ_ONLY",
    "paused": "ARG_PAUSED",
}
_TARGET = {"vcpu": "ON_VCPU", "vm": "ON_VM", "dev": "ON_DEV_KVM"}
_ACCESS = {"none": "PROT_NONE", "read": "PROT_READ"}
_EXIT_REASON = {"io": "KVM_EXIT_IO", "intr": "KVM_EXIT_INTR"}
_VM_TYPE = {"default": "", "sw-protected": "KVM_X86_SW_PROTECTED_VM"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """One case in C text. ``initialisers`` of the call are empty when there is none.

    ``expected`` are the allowed outcomes, the first of them the usual one, none for a case of capabilities.
    ``walks`` says that the call is made for several values, ``loops`` that a loop does so. ``before`` are
    statements of the set-up, ``after`` those that follow the call; ``control`` assigns the one member that
    differs, "" without a control, and ``control_err`` is what comes of it. ``vm_type`` is "" for the usual
    one.
    """

    name: str
    clause: str
    comment: str
    needs: str
    vm_type: str
    calls: bool
    walks: bool
    loops: bool
    initialisers: tuple[tuple[str, str], ...]
    expected: tuple[tuple[tuple[str, str], ...], ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    control: str
    control_err: str


def case_views(contract: Contract) -> tuple[CaseView, ...]:
    """All cases in the order of the contract."""
    return tuple(_view(contract, case) for case in contract.case)


def features(contract: Contract) -> frozenset[str]:
    """The helpers that the cases use: an unused static function is an error under -Werror."""
    steps = (step for case in contract.case for step in case.setup if not isinstance(step, Slot))
    names = {step.__struct_config__.tag for step in steps} | step_features(contract)
    names |= race_features(contract)
    for case in contract.case:
        names |= {name for name in ("control", "again", "guest", "each") if getattr(case, name)}
        names |= {"padding-byte"} if case.each and case.each.padding else set()
        names |= {f"needs-{need}" for need in contract.needs(case)}
    return frozenset(str(name) for name in names)


def errnos(contract: Contract) -> tuple[str, ...]:
    """The errno names that the test prints by name: the contract's and those a broken kernel would return."""
    likely = {
        "EAGAIN",
        "EFAULT",
        "EINTR",
        "EINVAL",
        "EIO",
        "ENOENT",
        "ENOMEM",
        "ENOTTY",
        "EOPNOTSUPP",
        "EPERM",
    }
    allowed = {outcome.errno for case in contract.case for outcome in case.otherwise if outcome.errno}
    return tuple(sorted(likely | allowed | {error.errno for error in contract.error}))


def need_macro(need: Need) -> str:
    """The name that a need has in the C source."""
    return f"NEEDS_{need.upper().replace('-', '_')}"


def _view(contract: Contract, case: Case) -> CaseView:
    return CaseView(
        name=case.name,
        clause=case.clause,
        comment=comment(case.summary[0].upper() + case.summary[1:] + "."),
        needs=" | ".join(need_macro(need) for need in contract.needs(case)),
        vm_type=_VM_TYPE[case.vm],
        calls=case.call is not None,
        walks=case.each is not None,
        loops=case.each is not None and walks_bits(case.each),
        initialisers=_initialisers(case.call, walked(case)) if case.call else (),
        expected=() if case.capability else tuple(map(_expected, (case.expect, *case.otherwise))),
        before=_before(case),
        after=_after(contract, case),
        control=_control(case.control) if case.control else "",
        control_err=(case.control.errno if case.control else None) or "0",
    )


def _initialisers(call_: Call, replaced: str) -> tuple[tuple[str, str], ...]:
    """Always address and size, then what is not its default; nothing for the member that is walked."""
    pairs = [("gpa", expression(call_.at)), ("size", expression(call_.size))]
    pairs = [pair for pair in pairs if pair[0] != replaced]
    if not is_zero(call_.flags):
        pairs.append(("flags", expression(call_.flags)))
    if call_.padding:
        pairs.append(("padding", f"{call_.padding:#x}"))
    if call_.request_size:
        pairs.append(("request_size", str(call_.request_size)))
    if call_.fd != "vcpu":
        pairs.append(("target", _TARGET[call_.fd]))
    if call_.argp != "struct":
        pairs.append(("argument", _ARGUMENT[call_.argp]))
    if call_.process != "own":
        pairs.append(("other_process", "true"))
    if call_.blocks:
        pairs.append(("blocks", call_.blocks))
    return tuple(pairs)


def _expected(expect: Expect) -> tuple[tuple[str, str], ...]:
    pairs = []
    if expect.errno:
        pairs.append(("err", expect.errno))
    if not is_zero(expect.advanced):
        pairs.append(("advanced", expression(expect.advanced)))
    pairs.append(("pages_4k", str(expect.pages_4k)))
    numbers = {"pages_2m": expect.pages_2m, "pages_1g": expect.pages_1g, "taken": expect.taken}
    pairs += [(name, str(number)) for name, number in numbers.items() if number]
    if expect.exit_reason in _EXIT_REASON:
        pairs.append(("exit_reason", _EXIT_REASON[expect.exit_reason]))
    if expect.memory_fault is not None:
        pairs.append(("exit_reason", "KVM_EXIT_MEMORY_FAULT"))
        pairs.append(("fault_gpa", expression(expect.memory_fault)))
    if expect.spte:
        pairs.append(("spte_first", expression(expect.spte.first)))
        if expect.spte.before:
            pairs.append(("spte_before", str(expect.spte.before)))
        pairs.append(("spte_entries", str(expect.spte.entries)))
        pairs.append(("spte_level", str(expect.spte.level)))
    if expect.retry:
        pairs.append(("retry", expect.retry))
    if expect.sigbus:
        pairs.append(("sigbus", "true"))
    return tuple(pairs)


def _before(case: Case) -> tuple[str, ...]:
    lines = ["\ttrace_start();"] if case.expect.spte else []
    lines += [_step(case, step) for step in case.setup]
    huge = [slot for slot in slots(case) if slot.backing == "thp" and slot.fill]
    lines += [f"\tif (!require_huge(s, {expression(step.at)}))\n\t\treturn;" for step in huge]
    return tuple(lines)


def _step(case: Case, step: Setup) -> str:
    if isinstance(step, Slot):
        return "\n".join(slot_lines(step))
    if isinstance(step, Protect):
        return call(1, "protect", "s", expression(step.at), str(step.pages), _ACCESS[step.access])
    if isinstance(step, Earlier):
        return call(1, "call_first", "s", expression(step.at), expression(step.size))
    if isinstance(step, WarmUp):
        return call(1, "warm_up", "s")
    if isinstance(step, AddVcpu | EnterSmm | EnterL2 | MakePrivate):
        return state_line(step)
    return beside(case, step)


def _after(contract: Contract, case: Case) -> tuple[str, ...]:
    guest = case.guest
    reads = (
        call(1, "check_guest_reads", "s", expression(guest.at), str(guest.pages), str(guest.taken))
        if guest
        else ""
    )
    if case.capability:
        return then_lines(case)
    if not case.call:
        return (call(1, "snapshot", "s"), reads, call(1, "check_pages", "s", "&expected"))
    if case.each:
        lines = [*each_lines(contract, case.call, case.each)]
    elif contract.threaded(case):
        lines = [*threaded_call(case)]
    else:
        checks = "check_two_vcpus" if case.call.vcpus > 1 else "check_call"
        lines = [call(1, checks, "s", "&call", "&expected")]
    if case.again:
        lines.append(call(1, "check_again", "s", case.again.errno))
    if any(isinstance(step, EnterSmm) for step in case.setup):
        lines.append(call(1, "check_still_in_smm", "s"))
    return (*lines, *((reads,) if reads else ()), *then_lines(case))


def _control(control: Control) -> str:
    """The assignment of the one member in which the control differs; parse/contract.py made sure of one."""
    for member, value in (("gpa", control.at), ("size", control.size), ("flags", control.flags)):
        if value is not None:
            return f"call.{member} = {expression(value)};"
    for member, given, text in (
        ("padding", control.padding, "0"),
        ("argument", control.argp, _ARGUMENT["struct"]),
        ("target", control.fd, _TARGET["vcpu"]),
        ("other_process", control.process, "false"),
    ):
        if given is not None:
            return f"call.{member} = {text};"
    return "call.request_size = 0;"
