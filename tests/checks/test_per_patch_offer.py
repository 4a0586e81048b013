# SPDX-License-Identifier: GPL-2.0-only
"""Cases are "not there yet" before their capability is offered, and fail like any other once it is."""

from kpatch_tools.checks.per_patch import EARLY, EXERCISED, judge_steps, settled, summary
from kpatch_tools.checks.per_patch_offer import not_yet
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.perpatch import KernelState, PatchRow, Step, Unoffered
from kpatch_tools.model.test import Verdict

P, F, S, B = Verdict.PASS, Verdict.FAIL, Verdict.SKIP, Verdict.KNOWN_BUG
LACK = Unoffered(capability="KVM_CAP_X", boot="x default")


def step(number, cases, *, offered=True, boot=None, reasons=None):
    row = PatchRow(
        number=number,
        subject="s",
        commit="c",
        kernel=KernelState.BUILT,
        boot=boot or max(cases.values(), key=list(Verdict).index),
        cases=cases,
        reasons=reasons or {},
        reason="so it was",
    )
    return Step(row=row, unoffered={} if offered else dict.fromkeys(cases, LACK))


BASE = step(0, {"x": S}, offered=False)


def test_what_fails_before_the_capability_comes_is_skipped_with_the_reason():
    half = step(1, {"a": F, "b": P, "c": B, "d": S}, offered=False, reasons={"a": "EOPNOTSUPP"})
    whole = step(2, {"a": P, "b": P, "c": B, "d": S})
    base, row, last = (one.row for one in not_yet((BASE, half, whole), 2))
    assert row.cases == dict.fromkeys("abcd", S)
    assert (row.boot, row.not_yet, row.reasons) == (S, 4, {})
    assert row.reason == "KVM_CAP_X is not offered yet"
    assert row.told == base.told == "not there yet"
    assert last == whole.row
    # Nothing of it is a pass, and only results count as settled.
    assert [one.settled for one in settled((base, row, last))] == [0, 0, 3]
    assert "on the base: not there yet (KVM_CAP_X is not offered yet)" in summary((base, row, last))


def test_a_capability_that_is_offered_while_the_ioctl_fails_is_a_failure():
    steps = (BASE, step(1, {"a": F}, reasons={"a": "errno: expected success, observed ENOTTY"}))
    assert not_yet(steps, 1)[1].row.cases == {"a": F}
    assert not_yet((*steps, step(2, {"a": P})), 2)[1].row.cases == {"a": F}


def test_a_capability_that_never_comes_leaves_the_failures():
    half = step(1, {"a": F}, offered=False)
    last = step(2, {"a": F}, offered=False)
    assert [one.row.cases for one in not_yet((BASE, half, last), 2)] == [{"x": S}, {"a": F}, {"a": F}]


def test_of_some_patches_the_later_ones_may_bring_it_but_none_comes_after_the_last():
    half = step(1, {"a": F}, offered=False)
    assert not_yet((BASE, half), 3)[1].row.not_yet == 1
    assert not_yet((BASE, half), 1)[1].row.cases == {"a": F}


def test_a_crash_needs_no_promise_to_be_wrong():
    half = step(1, {"a": Verdict.CRASH, "b": F}, offered=False)
    row = not_yet((BASE, half, step(2, {"a": P, "b": P})), 2)[1].row
    assert row.cases == {"a": Verdict.CRASH, "b": S}
    assert row.boot is Verdict.CRASH
    assert row.told == "1 not there yet, 1 CRASH"
    assert row.reason == "so it was"


def test_a_splat_of_the_console_is_not_taken_back():
    half = step(1, {"a": F}, offered=False, boot=Verdict.SPLAT)
    assert not_yet((BASE, half, step(2, {"a": P})), 2)[1].row.boot is Verdict.SPLAT


def test_a_test_that_passes_on_the_base_is_still_told():
    base = step(0, {"a": P, "b": F}, offered=False)
    half = step(1, {"a": P, "b": F}, offered=False)
    made = not_yet((base, half, step(2, {"a": P, "b": P})), 2)
    assert [one.row.cases["a"] for one in made] == [P, P, P]
    assert [one.row.cases["b"] for one in made] == [S, S, P]
    assert [one.rule for one in judge_steps(made)] == [EXERCISED]


def test_one_boot_without_the_capability_says_nothing_of_another():
    other = Unoffered(capability="KVM_CAP_Y", boot="y default")
    half = Step(row=step(1, {"x: a": F, "y: a": F}).row, unoffered={"x: a": LACK, "y: a": other})
    last = Step(row=step(2, {"x: a": P, "y: a": F}).row, unoffered={"y: a": other})
    assert not_yet((half, last), 2)[0].row.cases == {"x: a": S, "y: a": F}


def test_a_patch_that_offers_too_early_is_told_with_each_case_and_what_it_did():
    steps = (
        BASE,
        step(1, {"a": P, "b": F, "c": F, "d": F}, reasons={"b": "errno: EINVAL", "c": "size: +0"}),
        step(2, {"a": P, "b": P, "c": F, "d": F}),
        step(3, {"a": P, "b": P, "c": B, "d": F}),
    )
    (found,) = judge_steps(steps)
    assert (found.rule, found.severity, found.location.patch) == (EARLY, Severity.WARNING, 1)
    assert found.message == "patch 1 offers what does not work before patch 3: 2 cases fail until then: b, c"
    assert found.detail == (
        "b: FAIL: errno: EINVAL; PASS from patch 2 on\nc: FAIL: size: +0; KNOWN-BUG from patch 3 on"
    )


def test_early_is_silent_for_a_regression_for_the_base_and_for_what_never_passes():
    assert [one.rule for one in judge_steps((BASE, step(1, {"a": F}), step(2, {"a": F})))] == []
    fails_on_base = (step(0, {"a": F}), step(1, {"a": F}), step(2, {"a": P}))
    assert [one.rule for one in judge_steps(fails_on_base)] == []
    regression = (BASE, step(1, {"a": P}), step(2, {"a": F}), step(3, {"a": P}))
    assert EARLY not in [one.rule for one in judge_steps(regression)]
    # Some of the patches do not show what only all of them do.
    half = (BASE, step(1, {"a": F}), step(2, {"a": P}))
    assert EARLY in [one.rule for one in judge_steps(half)]
    assert judge_steps(half, whole=False) == ()
