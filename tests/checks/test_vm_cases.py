# SPDX-License-Identifier: GPL-2.0-only
"""A program that does not print a result for each case proves nothing, however well it ends."""

import pytest

from kpatch_tools.checks.vm import Judgement
from kpatch_tools.checks.vm_cases import RULE, with_all_cases
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.test import TestResult, Verdict

CONTRACT = load_contract("kvm_map_memory")
NAMES = [case.name for case in CONTRACT.case]


def judged(names: list[str], verdict: Verdict = Verdict.PASS) -> Judgement:
    tests = tuple(TestResult(name=name, status=Verdict.PASS) for name in names)
    return Judgement(verdict=verdict, reason="", tests=tests, findings=(), splats=())


@pytest.mark.parametrize("prefix", ["", f"{CONTRACT.name}."])
def test_every_case_once_is_left_as_it_is(prefix: str) -> None:
    good = judged([f"{prefix}{name}" for name in NAMES])
    assert with_all_cases(good, CONTRACT) is good


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["a", "b"], f"no result for {len(NAMES)} of the {len(NAMES)} cases"),
        ([], "no result for"),
        (NAMES[1:], f"no result for 1 of the {len(NAMES)} cases of kvm_map_memory ({NAMES[0]})"),
        ([*NAMES, NAMES[0]], "two results for 1 of the"),
    ],
)
@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.XFAIL, Verdict.KNOWN_BUG])
def test_forged_or_lost_results_are_no_verdict(names: list[str], why: str, verdict: Verdict) -> None:
    found = with_all_cases(judged(names, verdict), CONTRACT)
    assert found.verdict is Verdict.NO_VERDICT
    assert why in found.reason
    assert [finding.rule for finding in found.findings] == [RULE]


def test_what_is_bad_already_stays_what_it_is() -> None:
    for verdict in set(Verdict) - {Verdict.PASS, Verdict.XFAIL, Verdict.SKIP, Verdict.KNOWN_BUG}:
        bad = judged(["a"], verdict)
        assert with_all_cases(bad, CONTRACT) is bad


def test_a_program_that_skipped_itself() -> None:
    skipped = judged([], Verdict.SKIP)
    assert with_all_cases(skipped, CONTRACT) is skipped
    part = with_all_cases(judged(NAMES[:2], Verdict.SKIP), CONTRACT)
    assert part.verdict is Verdict.NO_VERDICT
