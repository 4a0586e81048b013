# SPDX-License-Identifier: GPL-2.0-only
"""What test results prove about a contract's clauses, and what they do not.

A call counts as observed when its case ran to an end, printed what it saw and, where the contract asks for
a positive control, that control succeeded: an EINVAL beside a failed control only says that the kernel does
not know the ioctl. A skipped, hung or absent case proves nothing about an errno.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kpatch_tools.model.contract import Case, Contract
from kpatch_tools.model.test import TestResult, Verdict

SUCCESS = "0"
_ENDED = (Verdict.PASS, Verdict.XFAIL, Verdict.FAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One observed call. ``errno`` is its name, SUCCESS when the call returned 0."""

    case: Case
    test: TestResult
    errno: str

    @property
    def shown(self) -> str:
        """The case and what was observed, for a finding's detail."""
        values = " ".join(f"{key}={value}" for key, value in self.test.observed.items())
        return f"case {self.case.name}{mode_text(self.test.mode)}: {values}"


def results_of(contract: Contract, tests: tuple[TestResult, ...]) -> Iterator[tuple[Case, TestResult]]:
    """The results of the contract's own cases, groups opened, each with its case.

    A result is named after its case, behind the name of the contract or of its program where it has one.
    """
    cases = {case.name: case for case in contract.case}
    for test in tests:
        head, dot, name = test.name.rpartition(".")
        if name in cases and (
            not dot or head.rpartition("/")[2] in (contract.name, f"{contract.name}_gen_test")
        ):
            yield cases[name], test
        yield from results_of(contract, test.children)


def evidence(contract: Contract, tests: tuple[TestResult, ...]) -> tuple[Evidence, ...]:
    """All observed calls of the contract's cases, in the order of the results."""
    found = []
    for case, test in results_of(contract, tests):
        errno = _errno(test.observed)
        controlled = not case.control or test.observed.get("control") == "ok"
        if case.call and errno and controlled and test.status in _ENDED:
            found.append(Evidence(case=case, test=test, errno=errno))
    return tuple(found)


def no_evidence(contract: Contract, tests: tuple[TestResult, ...]) -> str:
    """Why these results prove nothing about the contract; "" when they prove something."""
    if evidence(contract, tests):
        return ""
    own = [test for _case, test in results_of(contract, tests)]
    if not tests:
        return "there are no test results"
    if not own:
        return f"none of the {len(tests)} test results belongs to a case of {contract.name}"
    skipped = [test for test in own if test.status is Verdict.SKIP]
    if len(skipped) == len(own):
        why = skipped[0].reason or "no reason given"
        return f"all {len(own)} cases of {contract.name} were skipped ({why})"
    return (
        f"none of the {len(own)} cases of {contract.name} made a call whose positive control succeeded: "
        f"the kernel may not have {contract.ioctl.name} at all"
    )


def mode_text(mode: Mapping[str, str]) -> str:
    """The kernel parameters of a run in brackets, "" when there are none."""
    return f" ({', '.join(f'{key}={value}' for key, value in mode.items())})" if mode else ""


def _errno(observed: Mapping[str, str | int]) -> str:
    """The observed errno as a name; "" when the test did not say what the call returned."""
    if "ret" not in observed or "errno" not in observed or observed.get("call") == "none":
        return ""
    return SUCCESS if str(observed["ret"]) == "0" else str(observed["errno"])
