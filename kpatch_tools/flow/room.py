# SPDX-License-Identifier: GPL-2.0-only
"""What the cases of a contract need of the machine itself, and what would decide those that were skipped."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kpatch_tools.model.case import Need
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.test import TestResult, Verdict

USUAL = "1G"
# A page of 1 GiB is an aligned GiB without a hole: ACPI tables, the kernel and its own tables lie in others.
ROOMY = "5G"
_ROOMY_BYTES = 5 << 30
# What the machine does not touch stays with the host, so this is for qemu and for everybody else.
_SPARE_BYTES = 1 << 30
# Documentation/admin-guide/mm/hugetlbpage.rst: pages of 1 GiB are to be had for certain at boot only.
_WORDS = ("hugepagesz=1G", "hugepages=1")
_OFF = frozenset({"0", "N", "n"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A machine's memory as qemu takes it, and words for its kernel's command line."""

    memory: str
    words: tuple[str, ...] = ()


def room_for(contract: Contract, mode: Mapping[str, str], *, asked: str, available: int) -> Room:
    """The machine for one boot of ``contract`` in ``mode``.

    ``asked`` is the user's choice, "" for none: then a case on a page of 1 GiB gets one, where the host has
    ``available`` bytes enough. Shadow paging maps no such pages, its boot needs none.
    """
    if asked:
        return Room(memory=asked)
    paging_is_off = any(mode.get(name) in _OFF for name in ("npt", "ept"))
    wanted = any(Need.HUGETLB_1G in contract.needs(case) for case in contract.case)
    if wanted and not paging_is_off and available >= _ROOMY_BYTES + _SPARE_BYTES:
        return Room(memory=ROOMY, words=_WORDS)
    return Room(memory=USUAL)


def undecided(
    contract: Contract, tests: Iterable[TestResult], modes: Sequence[Mapping[str, str]]
) -> tuple[str, ...]:
    """One line a cure for the cases that no boot decided: their names, and the option that lets them run.

    ``modes`` are those that were booted; the reason stands in the place of a cure where there is none.
    """
    tests = tuple(tests)
    results = {test.name for test in tests if test.status is not Verdict.SKIP}
    left = {test.name: test.reason for test in tests if test.name not in results}
    cures: dict[str, list[str]] = {}
    for name, reason in left.items():
        cures.setdefault(_cure(contract, name, modes) or reason or "no reason given", []).append(name)
    return tuple(f"{', '.join(names)}: {cure}" for cure, names in cures.items())


def _cure(contract: Contract, name: str, modes: Sequence[Mapping[str, str]]) -> str:
    case = next((case for case in contract.case if case.name == name), None)
    if case is None:
        return ""
    mode = next((mode for mode in contract.mode if mode.name == case.mode), None)
    if mode and mode.parameters and dict(mode.parameters) not in [dict(boot) for boot in modes]:
        return "--mode all decides"
    return f"--memory {ROOMY} gives it room" if Need.HUGETLB_1G in contract.needs(case) else ""
