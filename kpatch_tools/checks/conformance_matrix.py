# SPDX-License-Identifier: GPL-2.0-only
"""The conformance matrix: every condition of contract and document, beside what each mode was seen to do.

It is made of what the findings are made of (mentions(), evidence()), so that a cell that differs from the
document has its finding, and the other way round.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kpatch_tools.checks.behaviour import known_bug
from kpatch_tools.checks.conformance_rows import Mention, mentions, row_errno
from kpatch_tools.checks.evidence import SUCCESS as NO_ERROR
from kpatch_tools.checks.evidence import Evidence, evidence, in_span, results_of
from kpatch_tools.model.case import Case
from kpatch_tools.model.conformance import SUCCESS, Condition, Conformance, Observed, Stand
from kpatch_tools.model.contract import Contract, Effect, Error
from kpatch_tools.model.document import ErrorRow, Section
from kpatch_tools.model.test import TestResult, Verdict

_Mode = tuple[str, tuple[tuple[str, str], ...]]
# What says nothing about a condition, whatever the case was to show.
_UNSURE = (Verdict.NO_VERDICT, Verdict.INFRA)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ran:
    """The results of one mode with their cases, and what of it is evidence of an errno."""

    results: tuple[tuple[Case, TestResult], ...]
    seen: tuple[Evidence, ...]


def conformance_matrix(
    contract: Contract, section: Section | None, tests: tuple[TestResult, ...], *, path: str
) -> Conformance:
    """The matrix of the document at ``path``, whose ``section`` is on the ioctl, and of the ``tests``.

    Rows are in the contract's order of errnos, those that only the document has behind them, then what a
    call that succeeds promises. A mode (of a kernel, where results name one) is a column when a case of the
    contract ran in it.
    """
    modes: dict[_Mode, list[tuple[Case, TestResult]]] = {}
    for case, test in results_of(contract, tests):
        modes.setdefault((test.kernel, tuple(sorted(test.mode.items()))), []).append((case, test))
    ran = [
        _Ran(results=tuple(results), seen=evidence(contract, tuple(test for _case, test in results)))
        for results in modes.values()
    ]
    rows = section.errors if section else ()
    spoken = tuple(mentions(contract, section)) if section else ()
    found = [_error(contract, error, rows, spoken, ran) for error in contract.error]
    known = {mention.row.line for mention in spoken} | {
        row.line for row in rows if row_errno(row) in {error.errno for error in contract.error}
    }
    found += [_unknown(row, ran) for row in rows if row.line not in known]
    found = [
        row for errno in dict.fromkeys(row.errno for row in found) for row in found if row.errno == errno
    ]
    found += [_effect(contract, effect, ran) for effect in contract.effect]
    bugs = (known_bug(contract, case, test) for one in ran for case, test in one.results)
    seen = {bug.id for bug in bugs if bug}
    return Conformance(
        contract=contract.name,
        ioctl=contract.ioctl.name,
        document=path,
        section=section is not None,
        modes=tuple(_label(*mode) for mode in modes),
        rows=tuple(found),
        bugs=tuple((bug.id, bug.symptom) for bug in contract.known_bug if bug.id in seen),
    )


def _label(kernel: str, mode: tuple[tuple[str, str], ...]) -> str:
    words = " ".join(f"{key}={value}" for key, value in mode) or "default"
    return f"{kernel} {words}" if kernel else words


def _error(
    contract: Contract,
    error: Error,
    rows: Sequence[ErrorRow],
    spoken: Sequence[Mention],
    ran: Sequence[_Ran],
) -> Condition:
    own = [mention for mention in spoken if mention.error.id == error.id]
    documented = tuple(dict.fromkeys(row_errno(mention.row) for mention in own))
    observed = tuple(_observed(contract, error, documented, one) for one in ran)
    general = [row for row in rows if row_errno(row) == error.errno] if not own else []
    places = [mention.row for mention in own] or general
    return Condition(
        errno=error.errno,
        clause=error.id,
        condition=error.condition,
        contract=error.errno,
        documented=documented,
        line=places[0].line if places else 0,
        general=bool(general),
        common=error.common,
        observed=observed,
        reason=_unproven(observed, contract.reason_unprovoked(error)),
    )


def _effect(contract: Contract, effect: Effect, ran: Sequence[_Ran]) -> Condition:
    observed = tuple(_observed(contract, effect, (), one) for one in ran)
    given = next((one.reason for one in contract.unprovoked if one.clause == effect.id), "")
    return Condition(
        errno=SUCCESS,
        clause=effect.id,
        condition=effect.promise,
        contract=SUCCESS,
        observed=observed,
        reason=_unproven(observed, given),
    )


def _unknown(row: ErrorRow, ran: Sequence[_Ran]) -> Condition:
    return Condition(
        errno=row_errno(row),
        clause="",
        condition=row.text,
        documented=(row_errno(row),),
        line=row.line,
        observed=tuple(Observed() for _one in ran),
        reason="the contract does not know it, so no case provokes it",
    )


def _observed(contract: Contract, clause: Error | Effect, documented: tuple[str, ...], ran: _Ran) -> Observed:
    results = [(case, test) for case, test in ran.results if case.clause == clause.id]
    if not results:
        return Observed(reason="no case of it ran")
    seen = [item for item in ran.seen if item.case.clause == clause.id]
    cases = tuple(case.name for case, test in results if test.status is not Verdict.SKIP)
    if not cases:
        return Observed(stand=Stand.SKIPPED, reason=results[0][1].reason)
    broken = [
        (case, test)
        for case, test in results
        if not test.status.good and test.status not in (Verdict.SKIP, *_UNSURE)
    ]
    bad = tuple(case.name for case, _test in broken)
    stand = _stand(clause, documented, seen, broken)
    if stand is Stand.AGREES and not seen and not any(test.status.good for _case, test in results):
        first = next(test for _case, test in results if test.status is not Verdict.SKIP)
        reason = f": {first.reason}" if first.reason else ""
        return Observed(stand=Stand.UNSURE, cases=cases, reason=f"{first.status}{reason}")
    bugs = dict.fromkeys(bug.id for case, test in broken if (bug := known_bug(contract, case, test)))
    return Observed(
        stand=stand,
        outcomes=_outcomes(seen),
        cases=cases,
        bad=bad,
        reason=", ".join(bugs) or (broken[0][1].reason if broken else ""),
    )


def _stand(
    clause: Error | Effect,
    documented: tuple[str, ...],
    seen: Iterable[Evidence],
    broken: Sequence[tuple[Case, TestResult]],
) -> Stand:
    other = any(item.errno != errno and in_span(clause, item.test) for item in seen for errno in documented)
    if broken and all(test.status is Verdict.KNOWN_BUG for _case, test in broken) and not other:
        return Stand.BUG
    if broken:
        return Stand.NEITHER if other else Stand.NO_CONTRACT
    return Stand.NO_DOCUMENT if other else Stand.AGREES


def _outcomes(seen: Iterable[Evidence]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(SUCCESS if item.errno == NO_ERROR else item.errno for item in seen))


def _unproven(observed: tuple[Observed, ...], given: str) -> str:
    """Why no mode shows anything; "" where one does."""
    if any(one.stand.shown for one in observed):
        return ""
    told = dict.fromkeys(one.reason for one in observed if one.stand is not Stand.NOT_RUN and one.reason)
    return "; ".join(told) or given or "no case of it ran"
