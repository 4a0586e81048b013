# SPDX-License-Identifier: GPL-2.0-only
"""Whether the guest ran in the mode that was asked for, with nested paging unless that was switched off."""

from collections.abc import Iterator

from kpatch_tools.model.test import Verdict
from kpatch_tools.model.vm import Evidence, GuestRecord

OFF = frozenset({"0", "N", "n"})
ON = frozenset({"1", "Y", "y"})

_NEEDS = {"npt": "svm", "ept": "vmx", "kvm_amd": "svm", "kvm_intel": "vmx"}
NO_VMX = "the guest's CPU has AMD's SVM, all that qemu's TCG can emulate, and not Intel's VMX"
_CPU = {"svm": "for AMD's SVM, and the guest's CPU has Intel's VMX", "vmx": f"for Intel's VMX: {NO_VMX}"}


def paging_votes(evidence: Evidence) -> Iterator[tuple[Verdict, str]]:
    """INFRA for whatever is not as asked: the point of every run must be proven from inside the guest."""
    record = evidence.record
    if not record.started:
        return
    if not record.kvm:
        yield Verdict.INFRA, "the guest has no /dev/kvm"
    if evidence.arch:
        if not evidence.second_stage:
            yield Verdict.INFRA, f"no second stage was seen on {evidence.arch}"
        return
    foreign = [name for name in evidence.mode if _foreign(name, record)]
    for name in foreign:
        asked = f"{name}={evidence.mode[name]}"
        yield Verdict.INFRA, f"{asked} cannot run here: it is {_CPU[_needs(name)]}"
    off = any(
        name.rpartition(".")[2] in {"npt", "ept"} and value in OFF
        for name, value in evidence.mode.items()
        if name not in foreign
    )
    if not off and not record.nested_paging:
        shown = (
            ", ".join(f"{name}={value}" for name, value in sorted(record.parameters.items()))
            or "no parameters"
        )
        flags = " ".join(sorted(record.cpu)) or "none of svm npt vmx ept"
        yield Verdict.INFRA, f"nested paging is not on in the guest ({shown}; CPU flags: {flags})"
    for name, value in evidence.mode.items():
        seen = _shown(name, record)
        if name in foreign:
            continue
        if not seen:
            yield Verdict.INFRA, f"the guest's kernel has no parameter {name}"
        elif not any(_same(value, shown) for shown in seen.values()):
            listed = ", ".join(f"{full}={setting}" for full, setting in seen.items())
            yield Verdict.INFRA, f"asked for {name}={value}, but the guest shows {listed}"


def proven_mode(evidence: Evidence) -> dict[str, str]:
    """The mode of the results: what the guest proved for paging, and what was asked for beside it."""
    if evidence.arch:
        return {"arch": evidence.arch}
    shown = {name.rpartition(".")[2]: value for name, value in evidence.record.parameters.items()}
    proven = {name: shown[name] for name in ("npt", "ept", "tdp_mmu") if name in shown}
    digits = {name: "1" if value in ON else "0" if value in OFF else value for name, value in proven.items()}
    return {
        **{name: value for name, value in digits.items() if name != "ept" or "npt" not in digits},
        **evidence.mode,
    }


def without_vmx(record: GuestRecord) -> bool:
    """The guest's CPU cannot run what needs Intel's virtualisation."""
    return record.started and "vmx" not in record.cpu


def _needs(name: str) -> str:
    owner, dot, parameter = name.rpartition(".")
    return _NEEDS.get(owner if dot else parameter, "")


def _foreign(name: str, record: GuestRecord) -> bool:
    """The parameter is of the other vendor's module, which may be built in and show it all the same."""
    needed = _needs(name)
    return bool(needed) and needed not in record.cpu and bool({"svm", "vmx"} & record.cpu)


def _shown(name: str, record: GuestRecord) -> dict[str, str]:
    """The parameters of that name; a short one is that of the module which the guest's CPU has."""
    found = {
        full: shown
        for full, shown in record.parameters.items()
        if full == name or full.rpartition(".")[2] == name
    }
    own = {full: shown for full, shown in found.items() if not _foreign(full, record)}
    return own or found


def _same(asked: str, shown: str) -> bool:
    return asked == shown or {asked, shown} <= ON or {asked, shown} <= OFF
