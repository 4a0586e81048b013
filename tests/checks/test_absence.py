# SPDX-License-Identifier: GPL-2.0-only
"""A kernel without the ioctl breaks every case and proves nothing; one that has it is not taken for that."""

from kpatch_tools.checks.absence import ABSENT, absence_findings, absent, present
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.test import TestResult, Verdict

CONTRACT = load_contract("kvm_map_memory")
CONTROLLED = [case.name for case in CONTRACT.case if case.control and not case.control.errno][:4]


def result(name: str, control: str = "", kernel: str = "6.12", **mode: str) -> TestResult:
    observed: dict[str, str | int] = {"ret": -1, "errno": "EINVAL"}
    if control:
        observed["control"] = control
    return TestResult(name=name, status=Verdict.FAIL, observed=observed, kernel=kernel, mode=mode)


def run(*controls: str, kernel: str = "6.12", **mode: str) -> tuple[TestResult, ...]:
    pairs = zip(CONTROLLED, controls, strict=False)
    return (
        *(result(name, one, kernel, **mode) for name, one in pairs),
        result("one_page", "", kernel, **mode),
    )


def test_all_controls_refused_as_unknown_is_a_kernel_without_the_ioctl() -> None:
    tests = run("EINVAL", "EINVAL", "EINVAL")
    (finding,) = absence_findings(CONTRACT, tests)

    assert present(CONTRACT, tests) == ()
    assert finding.rule == ABSENT
    assert finding.message == (
        "KVM_MAP_MEMORY: 6.12 does not know it: each of 3 positive controls returned EINVAL; "
        "its 4 results are left out"
    )


def test_one_control_that_succeeds_or_fails_otherwise_shows_the_ioctl() -> None:
    for controls in (("EINVAL", "ok", "EINVAL"), ("EINVAL", "EAGAIN"), ("ok", "ok")):
        assert absent(CONTRACT, run(*controls)) == ()
        assert present(CONTRACT, run(*controls)) == run(*controls)


def test_a_single_control_or_none_is_no_proof_of_absence() -> None:
    assert absent(CONTRACT, run("EINVAL")) == ()
    assert absent(CONTRACT, run()) == ()
    assert not list(absence_findings(CONTRACT, ()))


def test_a_control_that_has_to_fail_in_its_mode_is_none() -> None:
    case = next(case for case in CONTRACT.case if case.control and case.control.errno)

    assert absent(CONTRACT, (result(case.name, "EINVAL"), result(CONTROLLED[0], "EINVAL"))) == ()


def test_each_kernel_and_mode_is_judged_by_itself() -> None:
    there = run("ok", "ok", kernel="6.1")
    gone = run("EINVAL", "EINVAL", npt="1") + run("EINVAL", "EINVAL", npt="0")

    assert present(CONTRACT, there + gone) == there
    assert len(absent(CONTRACT, there + gone)) == 2
    assert len(list(absence_findings(CONTRACT, there + gone))) == 1


def test_results_in_a_group_belong_to_the_run_of_the_group() -> None:
    group = TestResult(
        name="kvm_map_memory",
        status=Verdict.FAIL,
        kernel="6.12",
        children=run("EINVAL", "EINVAL"),
    )

    assert present(CONTRACT, (group,)) == ()
