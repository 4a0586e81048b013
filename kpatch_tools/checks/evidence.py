# SPDX-License-Identifier: GPL-2.0-only
"""What test results prove about a contract's clauses, and what they do not.

A call counts as observed when its case ran to an end, printed what it saw and, where the contract asks for
a positive control, that control succeeded: an EINVAL beside a failed control only says that the kernel does
not know the ioctl. A skipped, hung or absent case proves nothing about an errno, nor does a call that had to
be ended by a signal.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kpatch_tools.model.case import Case
from kpatch_tools.model.contract import Contract, Effect, Error
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.contract_clauses import release

SUCCESS = "0"
_RELEASE = re.compile(r"^(\d+)\.(\d+)")
_ENDED = (Verdict.PASS, Verdict.XFAIL, Verdict.KNOWN_BUG, Verdict.FAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One observed call. ``errno`` is its name, SUCCESS when the call returned 0."""

    case: Case
    test: TestResult
    errno: str

    @property
    def values(self) -> str:
        """What was observed, as the test printed it."""
        return " ".join(f"{key}={value}" for key, value in self.test.observed.items())

    @property
    def shown(self) -> str:
        """The case and what was observed, for a finding's detail."""
        return f"case {self.case.name}{where_text(self.test)}: {self.values}"


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
        ended = test.status in _ENDED and not test.observed.get("looped")
        if case.call and errno and controlled and ended:
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


def in_span(clause: Error | Effect, test: TestResult) -> bool:
    """Whether a clause holds in the release of the kernel that a result names; True where it names none."""
    found = _RELEASE.match(test.kernel)
    if found is None:
        return True
    version = (int(found[1]), int(found[2]))
    since, until = release(clause.since), release(clause.until)
    return version >= since and (not until or version < until)


def where_text(test: TestResult) -> str:
    """The kernel of a result that names it, and the parameters of its run, in brackets; "" for none."""
    return places_text([test])


def places_text(tests: Iterable[TestResult]) -> str:
    """The places of several results in brackets, as where_text() has that of one; "" for none."""
    shown = places(tests)
    return f" ({shown})" if shown else ""


def places(tests: Iterable[TestResult]) -> str:
    """The kernels and modes of results, each once: "npt=1, tdp_mmu=1; npt=1, tdp_mmu=0"; "" for none."""
    words = ((test.kernel, *(f"{key}={value}" for key, value in test.mode.items())) for test in tests)
    return "; ".join(filter(None, dict.fromkeys(", ".join(filter(None, one)) for one in words)))


def _errno(observed: Mapping[str, str | int]) -> str:
    """The observed errno as a name; "" when the test did not say what the call returned."""
    if "ret" not in observed or "errno" not in observed or observed.get("call") == "none":
        return ""
    return SUCCESS if str(observed["ret"]) == "0" else str(observed["errno"])
