# SPDX-License-Identifier: GPL-2.0-only
"""Cases that contradict the contract: failures, crashes, hangs, and the known bugs that cases recognise.

A known bug is no failure of the test and no pass of the kernel: it is reported as what it is. That a kernel
has one is believed only when the test saw the whole symptom, and only of a bug that the contract knows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from kpatch_tools.checks.evidence import places as seen_at
from kpatch_tools.checks.evidence import places_text, results_of, where_text
from kpatch_tools.model.case import Case
from kpatch_tools.model.contract import Contract, KnownBug
from kpatch_tools.model.finding import Finding, Location, Severity, beside
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.contract_places import UNKNOWN, Places
from kpatch_tools.parse.seen_bug import seen_bug

RULE = "conformance/behaviour"
KNOWN_BUG_RULE = "conformance/known-bug"
_BROKEN = (Verdict.KNOWN_BUG, Verdict.FAIL, Verdict.CRASH, Verdict.HANG)
_WORDS = {Verdict.CRASH: "crashed", Verdict.HANG: "hung"}


def behaviour(
    contract: Contract,
    tests: tuple[TestResult, ...],
    places: Places = UNKNOWN,
    section: Location | None = None,
) -> Iterator[Finding]:
    """One finding for each case that did not do what its clause says, whatever the document says about it.

    Boots that saw the same of a case are told together. A known bug with a fix is a warning: the kernel lacks
    a commit. One without is an error like a failure. A finding is at the code where ``places`` know
    that of a known bug, else at ``section``, what the document says of the ioctl; the case in the contract's
    file stands beside it.
    """
    seen: dict[tuple[str, Verdict, str], list[TestResult]] = {}
    cases: dict[str, Case] = {}
    for case, test in results_of(contract, tests):
        if test.status in _BROKEN:
            bug = known_bug(contract, case, test)
            seen.setdefault((case.name, test.status, bug.id if bug else test.reason), []).append(test)
            cases[case.name] = case
    for (name, _status, _what), same in seen.items():
        case, bug = cases[name], known_bug(contract, cases[name], same[0])
        found = _known_bug(contract, case, same, bug) if bug else _broken(contract, case, same)
        code = places.code.get(bug.id) if bug else None
        yield beside(replace(found, cases=(name,)), places.case(name), code or section)


def known_bug(contract: Contract, case: Case, test: TestResult) -> KnownBug | None:
    """The bug of the contract that a result names, None for any other result and for a bug it lacks."""
    seen = seen_bug(test.reason) if test.status is Verdict.KNOWN_BUG else None
    return next((bug for bug in contract.bugs_of(case) if seen and bug.id == seen.id), None)


def explained(contract: Contract, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings of a boot, those of known bugs with what the contract says about them."""
    for finding in findings:
        name, _, said = finding.message.partition(f": {Verdict.KNOWN_BUG}: ")
        seen = seen_bug(said)
        bugs = (bug for bug in contract.known_bug if seen and bug.id == seen.id and name in bug.cases)
        bug = next(bugs, None)
        yield replace(finding, hint=f"{bug.id}: {bug.symptom}{_lacking(bug)}") if bug else finding


def _lacking(bug: KnownBug) -> str:
    fixed = f", fixed in {bug.fixed_in}" if bug.fixed_in else ""
    return f"; this kernel lacks commit {bug.fix}{fixed}" if bug.fixed_by else ""


def _known_bug(contract: Contract, case: Case, tests: Sequence[TestResult], bug: KnownBug) -> Finding:
    shown = seen_at(tests)
    modes = f": {shown}" if shown else ""
    return Finding(
        rule=KNOWN_BUG_RULE,
        severity=Severity.WARNING if bug.fixed_by else Severity.ERROR,
        message=f"{contract.ioctl.name}: {bug.symptom} (known bug {bug.id}, case {case.name}{modes})",
        detail=_detail(contract, case, tests),
        hint=_lacking(bug).removeprefix("; "),
    )


def _broken(contract: Contract, case: Case, tests: Sequence[TestResult]) -> Finding:
    test = tests[0]
    what = _WORDS.get(test.status, "failed")
    reason = f": {test.reason}" if test.reason else ""
    return Finding(
        rule=RULE,
        severity=Severity.ERROR,
        message=f'{contract.ioctl.name}: case {case.name} {what}, clause "{case.clause}"'
        f"{places_text(tests)}{reason}",
        detail=_detail(contract, case, tests),
        hint=_resembles(contract, case),
    )


def _detail(contract: Contract, case: Case, tests: Sequence[TestResult]) -> str:
    promises = {error.id: f"{error.errno}: {error.condition}" for error in contract.error}
    promises |= {effect.id: effect.promise for effect in contract.effect}
    parts = [f"clause {case.clause}: {promises.get(case.clause, '')}", f"case: {case.summary}"]
    values = [
        (where_text(test), " ".join(f"{key}={value}" for key, value in test.observed.items()))
        for test in tests
        if test.observed
    ]
    same = len({shown for _where, shown in values}) == 1
    parts += [f"observed{'' if same else where}: {shown}" for where, shown in values[: 1 if same else None]]
    parts += tests[0].log[-5:]
    return "\n".join(parts)


def _resembles(contract: Contract, case: Case) -> str:
    """A bug that shows in this case, although not by the symptom that was seen."""
    for bug in contract.bugs_of(case):
        fixed = f"; fixed by {bug.fixed_by}" if bug.fixed_by else ""
        return f"not the symptom of {bug.id}: {bug.symptom}{fixed}"
    return ""
