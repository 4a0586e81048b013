# SPDX-License-Identifier: GPL-2.0-only
"""What a ledger says about a contract beyond single runs: kernels that differ, results that change, gaps."""

from collections.abc import Iterator, Mapping

from kpatch_tools.checks.absence import absence_findings, present
from kpatch_tools.checks.evidence import Evidence, evidence, in_span
from kpatch_tools.model.case import Case
from kpatch_tools.model.contract import Contract, Effect, Error
from kpatch_tools.model.finding import Finding, Severity, beside
from kpatch_tools.model.ledger import Entry, KernelId, Ledger, definition
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.contract_places import UNKNOWN, Places

DIFFER = "contract/kernels-differ"
FLAKY = "contract/unsteady"
GAP = "contract/unprovoked"
_IMAGE_DIGITS = 6


def labels(ledger: Ledger) -> Mapping[KernelId, str]:
    """A name for each kernel; two that would share one get the start of their image's digest."""
    kernels = tuple(dict.fromkeys(entry.kernel for entry in ledger.entries))
    shared = [kernel.label for kernel in kernels]
    return {
        kernel: kernel.label
        if shared.count(kernel.label) == 1
        else f"{kernel.label}, image {kernel.image[:_IMAGE_DIGITS]}"
        for kernel in kernels
    }


def remembered(contract: Contract, ledger: Ledger) -> tuple[TestResult, ...]:
    """The ledger's results as tests that name their kernel; those of other definitions are left out."""
    named, current = labels(ledger), _definitions(contract)
    return tuple(
        TestResult(
            name=result.case,
            status=Verdict(result.status),
            reason=result.reason,
            clause=result.clause,
            kernel=named[entry.kernel],
            mode=entry.mode,
            observed=result.observed,
        )
        for entry in ledger.entries
        for result in entry.results
        if current.get(result.case) == result.definition
    )


def outdated(contract: Contract, ledger: Ledger) -> int:
    """How many results belong to cases that are gone, or that do something else by now."""
    current = _definitions(contract)
    return sum(
        current.get(result.case) != result.definition for entry in ledger.entries for result in entry.results
    )


def ledger_findings(contract: Contract, ledger: Ledger, *, places: Places = UNKNOWN) -> tuple[Finding, ...]:
    """Kernels without the ioctl, kernels that differ for no reason given, unsteady results, and gaps."""
    tests = remembered(contract, ledger)
    seen = evidence(contract, present(contract, tests))
    return (
        *absence_findings(contract, tests, places=places),
        *_differ(contract, seen, places),
        *_unsteady(contract, ledger, places),
        *_gaps(contract, ledger, seen, places),
    )


def _definitions(contract: Contract) -> Mapping[str, str]:
    return {case.name: definition(case) for case in contract.case}


def _differ(contract: Contract, seen: tuple[Evidence, ...], places: Places) -> Iterator[Finding]:
    by_case: dict[str, list[Evidence]] = {}
    for item in seen:
        by_case.setdefault(item.case.name, []).append(item)
    for name, items in by_case.items():
        outcomes = {item.errno for item in items}
        if len(outcomes) < 2 or _allowed(items) or _explained(contract, items):
            continue
        told = {item.errno: item for item in items}
        # The same kernel in two modes: only the modes tell the results apart.
        alike = len({one.test.kernel for one in told.values()}) < len(told)
        words = "; ".join(
            f"{'success' if errno == '0' else errno} on {_place(one, alike)}" for errno, one in told.items()
        )
        clause = items[0].case.clause
        found = Finding(
            rule=DIFFER,
            severity=Severity.WARNING,
            message=f"{contract.ioctl.name}: kernels differ in case {name}: {words}",
            detail="\n".join(item.shown for item in items),
            hint=f'clause "{clause}" has no since or until that would say so, and no known bug does: '
            "give the one that holds, or the bug with the commit that mends it",
        )
        yield beside(found, places.case(name))


def _place(item: Evidence, alike: bool) -> str:
    kernel = item.test.kernel or "one kernel"
    modes = ", ".join(f"{key}={value}" for key, value in sorted(item.test.mode.items()))
    return f"{kernel} ({modes})" if alike and modes else kernel


def _allowed(items: list[Evidence]) -> bool:
    """The case itself allows more than one outcome, and each result passed."""
    return all(item.test.status is Verdict.PASS for item in items)


def _explained(contract: Contract, items: list[Evidence]) -> bool:
    """Whether spans of the clause, or a known bug of the case, part the kernels as their outcomes do."""
    normal = [item for item in items if not _by_bug(contract, item)]
    if len({item.errno for item in normal}) < 2:
        return True
    inside = {item.errno for item in normal if _holds(contract, item)}
    outside = {item.errno for item in normal if not _holds(contract, item)}
    return bool(outside) and len(inside) < 2 and not inside & outside


def _by_bug(contract: Contract, item: Evidence) -> bool:
    if item.test.status is Verdict.KNOWN_BUG:
        return True
    results = {"success": "0"}
    return any(results.get(bug.result, bug.result) == item.errno for bug in contract.bugs_of(item.case))


def _holds(contract: Contract, item: Evidence) -> bool:
    """The clause of the case holds in the release of the kernel."""
    clauses: tuple[Error | Effect, ...] = (*contract.error, *contract.effect)
    clause = next((one for one in clauses if one.id == item.case.clause), None)
    return clause is None or in_span(clause, item.test)


def _unsteady(contract: Contract, ledger: Ledger, places: Places) -> Iterator[Finding]:
    named, current = labels(ledger), {case.name: case for case in contract.case}
    for entry in ledger.entries:
        for result in entry.results:
            case = current.get(result.case)
            if not case or not result.earlier or definition(case) != result.definition:
                continue
            others = [one for one in result.earlier if one not in _outcomes(case)]
            if not others and result.outcome in _outcomes(case):
                continue
            found = Finding(
                rule=FLAKY,
                severity=Severity.WARNING,
                message=f"{contract.ioctl.name}: case {case.name} is not steady: {result.outcome} now, "
                f"{', '.join(result.earlier)} before",
                detail=f"on the same kernel in the same mode: {named[entry.kernel]}{_mode(entry)}",
            )
            yield beside(found, places.case(case.name))


def _outcomes(case: Case) -> frozenset[str]:
    """What a case allows its call to come to."""
    # A case without a call has no outcome but its verdict.
    allowed = {Verdict.PASS.value, *(one.errno or "success" for one in (case.expect, *case.otherwise))}
    return frozenset(allowed | ({case.expect.retry} if case.expect.retry else set()))


def _gaps(
    contract: Contract, ledger: Ledger, seen: tuple[Evidence, ...], places: Places
) -> Iterator[Finding]:
    shown = {item.case.clause for item in seen}
    tests = present(contract, remembered(contract, ledger))
    # A case without a call is evidence of its clause too, only not of an errno.
    shown |= {test.clause for test in tests if test.status is Verdict.PASS}
    effects = [(effect.id, effect.promise, "") for effect in contract.effect]
    errors = [
        (error.id, f"{error.errno} when {error.condition}", contract.reason_unprovoked(error))
        for error in contract.error
    ]
    for clause, what, given in (*errors, *effects):
        if clause in shown:
            continue
        found = Finding(
            rule=GAP,
            severity=Severity.NOTE,
            message=f"{contract.ioctl.name}: no kernel was seen to keep clause {clause}: {what}",
            detail=_why(contract, clause, tests)
            or given
            or _excuse(contract, clause)
            or "no case of it has run",
        )
        yield beside(found, places.clause(clause))


def _why(contract: Contract, clause: str, tests: tuple[TestResult, ...]) -> str:
    cases = {case.name for case in contract.case if case.clause == clause}
    found = dict.fromkeys(
        f"{test.name} ended as {test.status}{f' ({test.reason})' if test.reason else ''}"
        for test in tests
        if test.name in cases
    )
    return "\n".join(list(found)[:3])


def _excuse(contract: Contract, clause: str) -> str:
    modes = {mode.name for mode in contract.mode if mode.clause == clause}
    reasons = [one.reason for one in contract.unprovoked if one.clause == clause or (one.mode in modes)]
    return "; ".join(dict.fromkeys(reasons))


def _mode(entry: Entry) -> str:
    words = ", ".join(f"{key}={value}" for key, value in sorted(entry.mode.items()))
    return f" ({words})" if words else ""
