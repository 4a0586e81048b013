# SPDX-License-Identifier: GPL-2.0-only
"""A boot of a contract's selftest speaks for the contract only when each of its cases had its say, once.

The program is linked with the library of the tree under test, and that may end it early or print for it. A
plan is no guard against that, since the same program prints it; the names of the cases are known here.
"""

from collections import Counter
from dataclasses import replace

from kpatch_tools.checks.evidence import results_of
from kpatch_tools.checks.vm import Judgement
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.model.test import Verdict

RULE = "test/no-verdict"
_IN_FAVOUR = frozenset({Verdict.PASS, Verdict.XFAIL, Verdict.SKIP, Verdict.KNOWN_BUG})
_NAMED = 3


def with_all_cases(judgement: Judgement, contract: Contract) -> Judgement:
    """The judgement, or NO-VERDICT where a case of ``contract`` has no result or two.

    Only a verdict in the kernel's favour is questioned. A program that skipped itself as a whole stays SKIP.
    """
    seen = Counter(case.name for case, _test in results_of(contract, judgement.tests))
    if judgement.verdict not in _IN_FAVOUR or (judgement.verdict is Verdict.SKIP and not seen):
        return judgement
    missing = [case.name for case in contract.case if not seen[case.name]]
    doubled = [name for name, count in seen.items() if count > 1]
    if not missing and not doubled:
        return judgement
    wrong = missing or doubled
    what = "no result" if missing else "two results"
    more = ", ..." if len(wrong) > _NAMED else ""
    reason = (
        f"the test program printed {what} for {len(wrong)} of the {len(contract.case)} cases of "
        f"{contract.name} ({', '.join(wrong[:_NAMED])}{more})"
    )
    finding = Finding(rule=RULE, severity=Severity.ERROR, message=reason)
    return replace(
        judgement, verdict=Verdict.NO_VERDICT, reason=reason, findings=(*judgement.findings, finding)
    )
