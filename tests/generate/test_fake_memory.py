# SPDX-License-Identifier: GPL-2.0-only
"""Cases about memory and modes against the model of the ioctl: each bites, each known bug is known.

A bug names the clause that the model breaks; a mode the module parameters that are off in it.
"""

import shutil

import msgspec
import pytest

from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.test import TestResult, Verdict
from tests.generate.fake import Built, compile_test

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")

BOTH = {"kvm_map_memory": "kselftest-6.1", "kvm_pre_fault_memory": "kselftest-6.12"}

# A bug, the mode it is looked for in, and the cases that fail for it where a contract has them.
BUGS = {
    "cap-dev-zero": ("", {"cap_value"}),
    "cap-vm-zero": ("", {"cap_value"}),
    "cap-always": ("npt", {"cap_value_tdp_off"}),
    "npt-off-works": ("npt", {"npt_off"}),
    "refused-first": ("npt", {"npt_off_flags"}),
    "maps-alone": ("tdp_mmu", {"tdp_mmu_off"}),
    "call-is-a-fault": ("", {"one_page", "write_after", "thp_untouched", "l2_no_npt"}),
    "leaves-exit-reason": ("", {"one_page", "hugetlb_2m"}),
    "maps-read-only": ("", {"write_after"}),
    "maps-untouched-writable": ("", {"untouched_anon", "thp_untouched"}),
    "write-access": ("", {"prot_read_backing"}),
    "needs-run": ("", {"never_run_vcpu", "no_cpuid_vcpu"}),
    "needs-cpuid": ("", {"no_cpuid_vcpu"}),
    "pins": ("", {"dontneed"}),
    "no-clamp": ("", {"hugetlb_1g_inside"}),
    "hugetlb-small": ("", {"hugetlb_2m"}),
    "clean": ("", {"dirty_log"}),
    "dirty-once": ("", {"dirty_log"}),
    "huge-despite-log": ("", {"dirty_log_thp"}),
    "smm-other-space": ("", {"smm_as0_only", "smm_as1_only"}),
    "leaves-smm": ("", {"smm_as0_only", "smm_as1_only"}),
    "l2-other-root": ("", {"l2_no_npt"}),
    "sets-twice": ("", {"traced_pages", "traced_huge"}),
    "one-page-too-many": ("", {"traced_pages"}),
    "sets-again": ("", {"traced_repeat"}),
    "traces-nothing": ("", {"traced_pages", "traced_huge", "traced_repeat"}),
}
# What only one of the two promises.
OWN_BUGS = [
    ("kvm_map_memory", "l2-other-root", "l2_nested_npt"),
    ("kvm_pre_fault_memory", "l2-npt-works", "l2_nested_npt"),
]
KNOWN = [
    ("kvm_map_memory", "l2-other-root", "", "l2_nested_npt", "D2"),
    ("kvm_map_memory", "cap-always", "npt", "cap_value_tdp_off", "D7"),
    ("kvm_map_memory", "no-clamp", "", "hugetlb_1g_inside", "D1"),
    ("kvm_pre_fault_memory", "sets-again", "", "traced_repeat", "B4"),
]
CASES = {name for _mode, names in BUGS.values() for name in names} | {name for _, _, name in OWN_BUGS}
PLAIN = {"one_page", "control_no_call"}


def memory(contract: Contract, *, known: bool) -> Contract:
    """The contract with the cases of this file only, and with its known bugs or without."""
    cases = tuple(case for case in contract.case if case.name in CASES | PLAIN)
    bugs = tuple(
        bug
        for bug in contract.known_bug
        if known and set(bug.cases) & CASES and bug.id not in {"B1", "B2", "B3"}
    )
    return msgspec.structs.replace(contract, case=cases, known_bug=bugs)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, bool], Built]:
    """By contract, and whether the test knows of the contract's known bugs."""
    return {
        (name, known): compile_test(
            tmp_path_factory.mktemp(f"{name}-{known}"), memory(load_contract(name), known=known), dialect
        )
        for name, dialect in BOTH.items()
        for known in (False, True)
    }


def failed(results: dict[str, TestResult]) -> set[str]:
    return {name for name, test in results.items() if test.status is Verdict.FAIL}


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize(
    ("mode", "skipped"),
    [
        ("", {"cap_value_tdp_off", "npt_off", "npt_off_flags", "tdp_mmu_off"}),
        (
            "tdp_mmu",
            {"cap_value_tdp_off", "npt_off", "npt_off_flags", "traced_pages", "traced_huge", "traced_repeat"},
        ),
        (
            "tracing",
            {
                "cap_value_tdp_off",
                "npt_off",
                "npt_off_flags",
                "tdp_mmu_off",
                "traced_pages",
                "traced_huge",
                "traced_repeat",
            },
        ),
        (
            "hugepages",
            {
                "cap_value_tdp_off",
                "npt_off",
                "npt_off_flags",
                "tdp_mmu_off",
                "hugetlb_2m",
                "hugetlb_1g_inside",
            },
        ),
    ],
)
def test_a_kernel_that_keeps_the_contract_passes_in_each_mode(
    built: dict[tuple[str, bool], Built], name: str, mode: str, skipped: set[str]
) -> None:
    results = built[name, True].results(mode=mode)

    assert {case for case, test in results.items() if test.status is Verdict.SKIP} == skipped
    assert all(test.status is Verdict.PASS for case, test in results.items() if case not in skipped)
    assert all(results[case].reason for case in skipped)


@pytest.mark.parametrize("name", BOTH)
def test_without_two_dimensional_paging_only_its_own_cases_run(
    built: dict[tuple[str, bool], Built], name: str
) -> None:
    results = built[name, True].results(mode="npt")

    passed = {case for case, test in results.items() if test.status is Verdict.PASS}
    assert passed == {"cap_value_tdp_off", "npt_off", "npt_off_flags"}
    assert all(test.status is Verdict.SKIP for case, test in results.items() if case not in passed)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("bug", BUGS)
def test_each_broken_clause_is_noticed(built: dict[tuple[str, bool], Built], name: str, bug: str) -> None:
    mode, cases = BUGS[bug]
    there = {case.name for case in built[name, False].contract.case}
    chosen = cases & there
    results = built[name, False].results(bug, *chosen, "control_no_call", mode=mode)

    assert chosen
    assert failed(results) == chosen
    assert all(results[case].reason for case in chosen)
    assert results["control_no_call"].status is (Verdict.SKIP if mode == "npt" else Verdict.PASS)


@pytest.mark.parametrize("name", BOTH)
def test_an_entry_that_is_traced_and_left_as_it_was_is_no_fault(
    built: dict[tuple[str, bool], Built], name: str
) -> None:
    result = built[name, False].results("traces-again", "traced_repeat")["traced_repeat"]

    assert result.status is Verdict.PASS
    assert "spte" not in result.observed


@pytest.mark.parametrize(("name", "bug", "case"), OWN_BUGS)
def test_what_one_contract_promises_is_noticed(
    built: dict[tuple[str, bool], Built], name: str, bug: str, case: str
) -> None:
    assert case in failed(built[name, False].results(bug, case))


@pytest.mark.parametrize("known", KNOWN)
def test_a_known_bug_is_named_with_its_number(
    built: dict[tuple[str, bool], Built], known: tuple[str, str, str, str, str]
) -> None:
    name, bug, mode, case, number = known
    result = built[name, True].results(bug, case, mode=mode)[case]

    assert result.status is Verdict.KNOWN_BUG
    assert number in result.reason


def test_what_the_steps_saw_is_printed_under_names_of_their_own(
    built: dict[tuple[str, bool], Built],
) -> None:
    results = built["kvm_map_memory", True].results()

    assert results["dirty_log"].observed["dirty"] == results["dirty_log"].observed["dirty_2"] == 64
    assert results["untouched_anon"].observed["read_taken"] == 0
    assert results["untouched_anon"].observed["written_taken"] == 128
    assert results["dontneed"].observed["discarded_4k"] == -8
    assert results["cap_value"].observed["cap_vm"] == 1
    assert results["hugetlb_1g_inside"].observed["pages_1g"] == 1
    assert results["traced_huge"].observed["spte"] == 2


@pytest.mark.parametrize(
    "name", ["cap_value", "dirty_log", "untouched_anon", "dontneed", "hugetlb_2m", "smm_as1_only"]
)
def test_a_contract_of_one_such_case_leaves_nothing_unused(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    whole = load_contract("kvm_map_memory")
    cases = tuple(case for case in whole.case if case.name in {name, "one_page"})
    one = msgspec.structs.replace(whole, case=cases, known_bug=())
    results = compile_test(tmp_path_factory.mktemp(name), one, "kselftest-6.12").results()

    assert {test.status for test in results.values()} == {Verdict.PASS}
