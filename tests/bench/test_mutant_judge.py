# SPDX-License-Identifier: GPL-2.0-only
"""When a mutant counts as noticed, and when it must not."""

import pytest

from bench.kernel_mutants.judge import BaseLine, Outcome, Ran, compare
from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.test import TestResult, Verdict, worst


def ran(**cases: str) -> Ran:
    tests = tuple(TestResult(name=name, status=Verdict(status)) for name, status in cases.items())
    return Ran(verdict=worst(tuple(test.status for test in tests)), reason="why", tests=tests)


BASE = BaseLine(runs=(ran(a="PASS", b="PASS", thp="FAIL", off="SKIP"),))


def test_nothing_changed() -> None:
    outcome = compare(BASE, BASE.runs[0])
    assert outcome == Outcome(killed=False)
    assert outcome.shown == "survives"


def test_a_new_failure_kills() -> None:
    outcome = compare(BASE, ran(a="PASS", b="FAIL", thp="FAIL", off="SKIP"))
    assert (outcome.killed, outcome.by, outcome.shown) == (True, ("b",), "b")


def test_more_than_one() -> None:
    outcome = compare(BASE, ran(a="FAIL", b="FAIL", thp="FAIL", off="SKIP"))
    assert outcome.shown == "a, 1 more"


@pytest.mark.parametrize("status", ["HANG", "CRASH", "SPLAT", "PANIC", "NO-VERDICT"])
def test_other_ways_to_fail_are_named(status: str) -> None:
    assert compare(BASE, ran(a="PASS", b=status, thp="FAIL")).by == (f"b ({status})",)


def test_of_a_machine_that_stopped_only_the_case_in_which_it_did() -> None:
    stopped = ran(a="PASS", b="PANIC", thp="NO-VERDICT", off="NO-VERDICT")
    assert compare(BASE, stopped).by == ("b (PANIC)",)


def test_a_failure_that_was_there_before_does_not_kill() -> None:
    assert not compare(BASE, ran(a="PASS", b="PASS", thp="FAIL", off="SKIP")).killed
    assert not compare(BASE, ran(a="PASS", b="PASS", thp="HANG", off="SKIP")).killed


def test_a_failure_that_is_gone_does_not_kill() -> None:
    assert not compare(BASE, ran(a="PASS", b="PASS", thp="PASS", off="SKIP")).killed


def test_a_known_bug_that_turns_into_a_failure_kills() -> None:
    base = BaseLine(runs=(ran(a="PASS", bug="XFAIL"),))
    assert not compare(base, ran(a="PASS", bug="PASS")).killed
    assert compare(base, ran(a="PASS", bug="FAIL")).by == ("bug",)


def test_a_case_that_failed_in_one_of_the_base_runs_does_not_kill() -> None:
    base = BaseLine(runs=(ran(a="PASS", race="PASS"), ran(a="PASS", race="FAIL")))
    assert base.unsteady == {"race"}
    assert not compare(base, ran(a="PASS", race="FAIL")).killed
    assert compare(base, ran(a="FAIL", race="FAIL")).by == ("a",)


def test_a_test_that_skips_itself_has_noticed_nothing() -> None:
    skipped = Ran(verdict=Verdict.SKIP, reason="no capability", tests=ran(program="SKIP").tests)
    assert compare(BASE, skipped).shown == "survives: skipped (no capability)"


def test_a_machine_that_could_not_be_had_decides_nothing() -> None:
    outcome = compare(BASE, Ran(verdict=Verdict.INFRA, reason="no root"))
    assert (outcome.killed, outcome.decided, outcome.shown) == (False, False, "undecided: no root")


def test_a_kernel_that_warns_while_all_cases_pass() -> None:
    good = ran(a="PASS", b="PASS", thp="PASS", off="SKIP")
    warned = Ran(verdict=Verdict.SPLAT, reason="WARNING: mmu.c:1", tests=good.tests)
    assert compare(BASE, warned).by == ("SPLAT: WARNING: mmu.c:1",)


def test_a_kernel_that_warns_beside_the_old_failures() -> None:
    warned = Ran(verdict=Verdict.SPLAT, reason="WARNING: mmu.c:1", tests=BASE.runs[0].tests)
    assert compare(BASE, warned).by == ("SPLAT: WARNING: mmu.c:1",)
    noisy = BaseLine(runs=(warned,))
    assert not compare(noisy, warned).killed


def test_a_program_that_fails_without_the_mutant_too() -> None:
    base = BaseLine(runs=(ran(program="FAIL"),))
    assert compare(base, ran(program="FAIL")).shown == "survives: fails without it too"


def test_a_base_line_without_a_good_case_is_no_base_line() -> None:
    BASE.need_cases("ours")
    with pytest.raises(EnvironmentFault, match="ours: no case passes even without a mutant: why"):
        BaseLine(runs=(ran(a="FAIL", b="SKIP"),)).need_cases("ours")
