# SPDX-License-Identifier: GPL-2.0-only
"""Rows in, judgement out: each rule once where it fires and once where it is silent."""

from dataclasses import replace

import pytest

from kpatch_tools.checks.per_patch import (
    BISECT,
    EXERCISED,
    FLAKY,
    REGRESSION,
    has_results,
    judge_steps,
    settled,
    summary,
    unbootable,
)
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.perpatch import KernelState, PatchRow, Step
from kpatch_tools.model.test import Verdict

P, F, S, B, N = Verdict.PASS, Verdict.FAIL, Verdict.SKIP, Verdict.KNOWN_BUG, Verdict.NO_VERDICT
SKIPPED = {"program": S}


def error(message="'b' undeclared"):
    return Finding(
        rule="gcc/error",
        severity=Severity.ERROR,
        message=message,
        location=Location(path="virt/kvm/a.c", line=7, column=3),
        detail="  7 | b",
    )


def built(number, *, fails=None):
    kernel = KernelState.FAILS if fails else KernelState.BUILT
    row = PatchRow(number=number, subject="s", commit="c", kernel=kernel)
    return Step(row=row, errors=(fails,) if fails else ())


def ran(number, cases, boot=P, reason="", kernel=KernelState.BUILT):
    row = PatchRow(
        number=number, subject="s", commit="c", kernel=kernel, boot=boot, cases=cases, reason=reason
    )
    return Step(row=row)


def rules(*steps):
    return [(one.rule, one.location.patch if one.location else 0) for one in judge_steps(steps)]


def test_a_series_that_always_builds_is_silent():
    assert rules(built(0), built(1), built(2)) == []


def test_a_break_names_its_patch_the_error_and_the_patch_that_mends_it():
    (found,) = judge_steps((built(0), built(1), built(2, fails=error()), built(3)))
    assert (found.rule, found.severity) == (BISECT, Severity.ERROR)
    assert "bisection at patch 2" in found.message
    assert "undeclared" in found.message
    assert (found.location.path, found.location.line, found.location.patch) == ("virt/kvm/a.c", 7, 2)
    assert found.hint.startswith("patch 3 mends it")


def test_a_break_that_lasts_is_told_once_and_as_not_mended():
    (found,) = judge_steps((built(0), built(1, fails=error()), built(2, fails=error("other"))))
    assert found.location.patch == 1
    assert found.hint == "no later patch mends it"


def test_a_second_break_is_a_second_finding():
    steps = (built(0), built(1, fails=error()), built(2), built(3, fails=error()))
    assert rules(*steps) == [(BISECT, 1), (BISECT, 3)]


def test_a_base_that_does_not_build_is_not_the_fault_of_the_series():
    assert rules(built(0, fails=error()), built(1, fails=error("x")), built(2)) == []


def test_a_kernel_that_stops_before_the_tests_is_named():
    dead = ran(2, {"program": Verdict.PANIC}, boot=Verdict.PANIC, reason="kernel panic: no luck")
    steps = (ran(0, SKIPPED, boot=S), ran(1, SKIPPED, boot=S), dead, ran(3, {"a": P}))
    assert unbootable(dead.row)
    (found,) = [one for one in judge_steps(steps) if one.rule == BISECT]
    assert found.message.startswith("the series breaks bisection at patch 2: its kernel ")
    assert found.detail == "kernel panic: no luck"
    assert found.hint.startswith("patch 3 mends it")
    # Nothing is said of cases that had no chance.
    assert rules(*steps) == [(BISECT, 2)]


@pytest.mark.parametrize(
    ("booted", "said"),
    [
        (False, "does not boot"),
        (True, "boots, and no test comes to a result"),
        (None, "comes to no result of the tests"),
    ],
)
def test_a_kernel_that_boots_is_told_apart_from_one_that_does_not(booted, said):
    dead = replace(ran(1, {"program": N}, boot=N, reason="t exited with 0"), booted=booted)
    (found,) = judge_steps((ran(0, {"a": P}), dead))
    assert found.message == f"the series breaks bisection at patch 1: its kernel {said}"


def test_a_panic_that_may_come_from_a_patch_that_does_not_build_says_so():
    dead = ran(2, {"program": N}, boot=Verdict.HANG)
    found = judge_steps((ran(0, SKIPPED, boot=S), built(1, fails=error()), dead))
    assert "no kernel was there to boot" in found[1].message


def test_a_base_that_does_not_boot_is_not_the_fault_of_the_series():
    dead = ran(0, {"program": N}, boot=Verdict.PANIC)
    assert rules(dead, ran(1, {"program": N}, boot=Verdict.PANIC)) == []


def test_what_the_machine_lacks_is_no_verdict_on_a_patch():
    lacking = ran(1, {}, boot=Verdict.INFRA)
    assert not has_results(lacking.row)
    assert rules(ran(0, SKIPPED, boot=S), lacking, ran(2, {"a": P})) == []


def test_a_regression_in_the_middle_names_patch_cases_and_what_mends_it():
    steps = (
        ran(0, SKIPPED, boot=S),
        ran(1, {"a": P, "b": P}),
        ran(2, {"a": P, "b": F}, boot=F),
        ran(3, {"a": P, "b": P}),
    )
    (found,) = judge_steps(steps)
    assert (found.rule, found.severity, found.location.patch) == (REGRESSION, Severity.ERROR, 2)
    assert found.message == "patch 2 breaks 1 case that passed before it: b"
    assert found.detail == "b: FAIL"
    assert found.hint == "patch 3 mends it"


def test_a_case_that_is_gone_is_broken_and_one_that_skips_is_a_warning():
    steps = (ran(0, SKIPPED, boot=S), ran(1, {"a": P, "b": P, "c": P}), ran(2, {"a": S, "c": P}, boot=S))
    broken, skipped = judge_steps(steps)
    assert (broken.detail, broken.severity) == ("b: NO-VERDICT", Severity.ERROR)
    assert (skipped.detail, skipped.severity) == ("a: SKIP", Severity.WARNING)
    assert skipped.hint == "no later patch mends it"


def test_a_flaky_case_is_named_and_no_patch_is_blamed_for_it():
    shaky = ran(2, {"a": F}, boot=F)
    shaky = Step(row=replace(shaky.row, flaky=("a",)))
    copy = Step(row=replace(shaky.row, number=3, kernel=KernelState.SAME, same_as=2))
    (found,) = judge_steps((ran(0, SKIPPED, boot=S), ran(1, {"a": P}), shaky, copy))
    assert (found.rule, found.severity, found.location.patch) == (FLAKY, Severity.WARNING, 2)
    assert found.detail == "a: FAIL most often"


def test_a_failure_that_was_there_before_is_not_blamed_on_a_later_patch():
    steps = (ran(0, SKIPPED, boot=S), ran(1, {"a": F}, boot=F), ran(2, {"a": F}, boot=F))
    assert rules(*steps) == []


def test_a_splat_is_blamed_on_the_patch_that_brings_it():
    splat = ran(2, {"a": P}, boot=Verdict.SPLAT, reason="warning: a.c:3")
    (found,) = judge_steps((ran(0, SKIPPED, boot=S), ran(1, {"a": P}), splat))
    assert (found.rule, found.location.patch, found.detail) == (REGRESSION, 2, "warning: a.c:3")
    assert rules(ran(0, {"a": S}, boot=Verdict.SPLAT), ran(1, {"a": P}, boot=Verdict.SPLAT)) == []


def test_a_test_that_passes_on_the_base_does_not_exercise_the_series():
    (found,) = judge_steps((ran(0, {"a": P, "b": S}), ran(1, {"a": P, "b": S})))
    assert (found.rule, found.severity) == (EXERCISED, Severity.WARNING)
    (some,) = judge_steps((ran(0, {"a": P, "b": S}), ran(1, {"a": P, "b": P})))
    assert (some.rule, some.severity) == (EXERCISED, Severity.NOTE)
    assert "1 of 2" in some.message
    assert judge_steps((ran(0, {"a": S, "b": F}, boot=F), ran(1, {"a": P, "b": P}))) == ()


def test_each_case_settles_where_it_comes_to_its_last_result():
    rows = settled(
        [
            step.row
            for step in (
                ran(0, SKIPPED, boot=S),
                ran(1, {"a": P, "b": F, "c": S}, boot=F),
                built(2, fails=error()),
                ran(3, {"a": P, "b": P, "c": B}),
                ran(4, {"a": P, "b": P, "c": B}),
            )
        ]
    )
    assert [row.settled for row in rows] == [0, 1, 0, 2, 0]


def test_nothing_settles_without_a_last_result():
    rows = settled([ran(0, SKIPPED, boot=S).row, ran(1, {"a": P}).row, built(2, fails=error()).row])
    assert [row.settled for row in rows] == [0, 0, 0]


def test_the_summary_says_which_patch_makes_the_test_pass_and_what_the_base_does():
    first, second = ran(0, SKIPPED, boot=S), ran(1, {"a": F, "b": P}, boot=F)
    rows = [step.row for step in (first, second, ran(2, {"a": P, "b": P}), ran(3, {"a": P, "b": P}))]
    assert summary(rows) == (
        "every patch builds; the test passes from patch 2 on; "
        "its cases come to that with patch 1 (1), patch 2 (1); on the base: 1 skip"
    )
    rows[-1] = ran(3, {"a": P, "b": B}, boot=B).row
    assert "the test has its last result from patch 3 on" in summary(rows)
    assert summary([built(0).row, built(1, fails=error()).row]) == "1 of 1 patches do not build"
    assert "no case passes" in summary([ran(0, SKIPPED, boot=S).row, ran(1, SKIPPED, boot=S).row])
    assert summary([ran(0, {"a": P}).row, ran(1, {"a": P}).row]) == "every patch builds; on the base: 1 pass"
