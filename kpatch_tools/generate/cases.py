# SPDX-License-Identifier: GPL-2.0-only
"""The cases of a contract as the templates want them: concrete, in order, every value C text."""

from dataclasses import dataclass

from kpatch_tools.generate.cexpr import call, comment, expression, is_zero
from kpatch_tools.model.contract import (
    Call,
    Case,
    Contract,
    Control,
    Earlier,
    Need,
    Protect,
    Setup,
    Slot,
    WarmUp,
)

_NEEDS = {
    Need.TDP: "NEEDS_TDP",
    Need.NO_TDP: "NEEDS_NO_TDP",
    Need.READONLY_MEM: "NEEDS_READONLY_MEM",
    Need.THP: "NEEDS_THP",
}
_ARGUMENT = {"struct": "ARG_STRUCT", "null": "ARG_NULL", "read-only": "ARG_READ_ONLY"}
_TARGET = {"vcpu": "ON_VCPU", "vm": "ON_VM", "dev": "ON_DEV_KVM"}
_BACKING = {"anonymous": "VM_MEM_SRC_ANONYMOUS", "thp": "VM_MEM_SRC_ANONYMOUS_THP"}
_ACCESS = {"none": "PROT_NONE", "read": "PROT_READ"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """One case in C text. ``initialisers`` of the call are empty when there is none.

    ``before`` are statements of the set-up, ``after`` those that follow the call; ``control`` assigns the
    one member that differs, "" without a control.
    """

    name: str
    clause: str
    comment: str
    needs: str
    calls: bool
    initialisers: tuple[tuple[str, str], ...]
    expected: tuple[tuple[str, str], ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    control: str


def case_views(contract: Contract) -> tuple[CaseView, ...]:
    """All cases in the order of the contract."""
    return tuple(_view(case) for case in contract.case)


def features(contract: Contract) -> frozenset[str]:
    """The helpers that the cases use: an unused static function is an error under -Werror."""
    names = {step.__struct_config__.tag for case in contract.case for step in case.setup}
    for case in contract.case:
        names |= {name for name in ("control", "again", "guest") if getattr(case, name)}
        names |= {"thp"} if Need.THP in case.needs else set()
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
    return tuple(sorted(likely | {error.errno for error in contract.error}))


def _view(case: Case) -> CaseView:
    return CaseView(
        name=case.name,
        clause=case.clause,
        comment=comment(case.summary[0].upper() + case.summary[1:] + "."),
        needs=" | ".join(_NEEDS[need] for need in case.needs) or "0",
        calls=case.call is not None,
        initialisers=_initialisers(case.call) if case.call else (),
        expected=_expected(case),
        before=_before(case),
        after=_after(case),
        control=_control(case.control) if case.control else "",
    )


def _initialisers(call_: Call) -> tuple[tuple[str, str], ...]:
    """Always address and size, then what is not its default."""
    pairs = [("gpa", expression(call_.at)), ("size", expression(call_.size))]
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
    return tuple(pairs)


def _expected(case: Case) -> tuple[tuple[str, str], ...]:
    expect = case.expect
    pairs = []
    if expect.errno:
        pairs.append(("err", expect.errno))
    if not is_zero(expect.advanced):
        pairs.append(("advanced", expression(expect.advanced)))
    pairs.append(("pages_4k", str(expect.pages_4k)))
    if expect.pages_2m:
        pairs.append(("pages_2m", str(expect.pages_2m)))
    return tuple(pairs)


def _before(case: Case) -> tuple[str, ...]:
    lines = [_step(step) for step in case.setup]
    huge = [step for step in case.setup if isinstance(step, Slot) and step.backing == "thp"]
    lines += [f"\tif (!require_huge(s, {expression(step.at)}))\n\t\treturn;" for step in huge]
    return tuple(lines)


def _step(step: Setup) -> str:
    if isinstance(step, Slot):
        flags = "KVM_MEM_READONLY" if step.readonly else "0"
        return call(1, "add_slot", "s", expression(step.at), str(step.pages), _BACKING[step.backing], flags)
    if isinstance(step, Protect):
        return call(1, "protect", "s", expression(step.at), str(step.pages), _ACCESS[step.access])
    if isinstance(step, Earlier):
        return call(1, "call_first", "s", expression(step.at), expression(step.size))
    if isinstance(step, WarmUp):
        return call(1, "warm_up", "s")
    raise AssertionError(step)


def _after(case: Case) -> tuple[str, ...]:
    guest = case.guest
    reads = (
        call(1, "check_guest_reads", "s", expression(guest.at), str(guest.pages), str(guest.taken))
        if guest
        else ""
    )
    if not case.call:
        return (call(1, "snapshot", "s"), reads, call(1, "check_pages", "s", "&expected"))
    lines = [call(1, "check_call", "s", "&call", "&expected")]
    if case.again:
        lines.append(call(1, "check_again", "s", case.again.errno))
    return (*lines, reads) if reads else tuple(lines)


def _control(control: Control) -> str:
    """The assignment of the one member in which the control differs; parse/contract.py made sure of one."""
    for member, value in (("gpa", control.at), ("size", control.size), ("flags", control.flags)):
        if value is not None:
            return f"call.{member} = {expression(value)};"
    for member, given, text in (
        ("argument", control.argp, _ARGUMENT["struct"]),
        ("target", control.fd, _TARGET["vcpu"]),
        ("other_process", control.process, "false"),
    ):
        if given is not None:
            return f"call.{member} = {text};"
    return "call.request_size = 0;"
