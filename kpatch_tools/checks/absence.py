# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that do not know a contract's ioctl at all: what its cases fail with there says nothing about it.

x86 answers EINVAL to an unknown vCPU ioctl, so that such a kernel seems to break every clause, and to differ
from every other in every case. The positive controls tell: a kernel that knows the ioctl lets one succeed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kpatch_tools.checks.evidence import results_of
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.finding import Finding, Severity, beside
from kpatch_tools.model.test import TestResult
from kpatch_tools.parse.contract_places import UNKNOWN, Places

ABSENT = "contract/ioctl-absent"
UNKNOWN_ERRNO = "EINVAL"
# One control that fails may be a defect of that case; all of several are not.
FEWEST = 2
_Run = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A run on a kernel without the ioctl: so many positive controls, all of them refused as unknown."""

    kernel: str
    mode: tuple[tuple[str, str], ...]
    controls: int
    results: int


def absent(contract: Contract, tests: tuple[TestResult, ...]) -> tuple[Absent, ...]:
    """The runs (kernel and mode) in which every positive control was answered as an unknown ioctl is."""
    controls: dict[_Run, list[str]] = {}
    count: dict[_Run, int] = {}
    for test in tests:
        run = _run(test)
        for case, own in results_of(contract, (test,)):
            count[run] = count.get(run, 0) + 1
            seen = own.observed.get("control")
            if case.control and not case.control.errno and seen:
                controls.setdefault(run, []).append(str(seen))
    return tuple(
        Absent(kernel=run[0], mode=run[1], controls=len(seen), results=count[run])
        for run, seen in controls.items()
        if len(seen) >= FEWEST and set(seen) == {UNKNOWN_ERRNO}
    )


def present(contract: Contract, tests: tuple[TestResult, ...]) -> tuple[TestResult, ...]:
    """The tests without those of kernels that do not know the ioctl."""
    lacking = {(one.kernel, one.mode) for one in absent(contract, tests)}
    return tuple(test for test in tests if _run(test) not in lacking)


def why_absent(contract: Contract, found: Absent) -> str:
    """Why that run proves nothing, in words."""
    return (
        f"the kernel does not know {contract.ioctl.name}: each of {found.controls} positive controls "
        f"returned {UNKNOWN_ERRNO}"
    )


def absence_findings(
    contract: Contract, tests: tuple[TestResult, ...], *, places: Places = UNKNOWN
) -> Iterator[Finding]:
    """One note for each such kernel, instead of an error for each of its cases."""
    by_kernel: dict[str, Absent] = {}
    for one in absent(contract, tests):
        by_kernel.setdefault(one.kernel, one)
    name = contract.ioctl.name
    for one in by_kernel.values():
        found = Finding(
            rule=ABSENT,
            severity=Severity.NOTE,
            message=f"{name}: {one.kernel or 'a kernel'} does not know it: each of {one.controls} positive "
            f"controls returned {UNKNOWN_ERRNO}; its {one.results} results are left out",
            hint=f"a kernel may have another ioctl behind {contract.ioctl.cap} ({contract.ioctl.cap_nr})",
        )
        yield beside(found, places.top())


def _run(test: TestResult) -> _Run:
    return test.kernel, tuple(sorted(test.mode.items()))
