# SPDX-License-Identifier: GPL-2.0-only
"""The cases with pauses, signals and races against the model: each is exact there, and each bites."""

import shutil
from pathlib import Path

import msgspec
import pytest

from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.contract import Contract, KnownBug
from kpatch_tools.model.test import Verdict
from tests.generate.fake import Built, compile_test, results_of

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")

# A bug of the model, and the cases that fail for it: with v2, with the merged API. They may have others too.
BUGS = {
    "signal-ignored": ({"eintr_first", "eintr_partial"}, {"eintr_first", "eintr_in_fault", "eintr_partial"}),
    "blocked-signal-counts": ({"blocked_signal"}, {"blocked_signal"}),
    "vcpu-not-serialised": ({"vcpu_busy"}, {"vcpu_busy"}),
    "race-unnoticed": ({"invalidate_race"}, set()),
    "race-returned": (set(), {"invalidate_race"}),
    "race-other-errno": ({"invalidate_race", "slot_delete_race", "slot_move_race"}, set()),
    "slot-stays": ({"slot_delete_race", "slot_move_race"}, {"slot_delete_race", "slot_move_race"}),
    "second-vcpu-fails": ({"two_vcpus"}, {"two_vcpus"}),
    "second-vcpu-never": ({"two_vcpus"}, {"two_vcpus"}),
    "second-vcpu-other-range": ({"two_vcpus"}, {"two_vcpus"}),
    "counts-twice": ({"two_vcpus", "blocked_signal"}, {"two_vcpus", "blocked_signal", "eintr_partial"}),
    "stale-after-run": ({"stale_root", "stale_root_run"}, {"stale_root", "stale_root_run"}),
    "no-sigbus": ({"hwpoison_mid", "hwpoison_first"}, {"hwpoison_mid", "hwpoison_first", "hwpoison_blocked"}),
    "poison-unnoticed": ({"hwpoison_mid", "hwpoison_first"}, {"hwpoison_mid", "hwpoison_blocked"}),
    "struct-not-updated": ({"blocked_signal", "two_vcpus"}, {"blocked_signal", "two_vcpus"}),
}
# A bug that the contract knows, the cases that show it, and its number.
KNOWN = [
    ("kvm_map_memory", "stale-root", {"stale_root"}, "D5"),
    ("kvm_map_memory", "no-clamp", {"thp_4k_inside"}, "D1"),
    ("kvm_pre_fault_memory", "stale-root", {"stale_root"}, "B2"),
    ("kvm_pre_fault_memory", "loops-on-invalid-slot", {"slot_delete_race", "slot_move_race"}, "B1"),
    ("kvm_pre_fault_memory", "loops-on-poison", {"hwpoison_blocked"}, "B3"),
]
# Two cases without races beside those with.
PLAIN = ("one_page", "thp_4k_inside")


def races(contract: Contract) -> Contract:
    """The contract with the cases of this file only; what names another case goes with it."""
    cases = tuple(
        case
        for case in contract.case
        if contract.threaded(case)
        or case.name in {*PLAIN, "stale_root", "stale_root_run"}
        or (case.call and case.call.vcpus > 1)
    )
    return msgspec.structs.replace(contract, case=cases)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    return {
        name: compile_test(tmp_path_factory.mktemp(name), races(load_contract(name)), dialect)
        for name, dialect in (("kvm_map_memory", "kselftest-6.1"), ("kvm_pre_fault_memory", "kselftest-6.12"))
    }


@pytest.mark.parametrize("name", ["kvm_map_memory", "kvm_pre_fault_memory"])
def test_a_kernel_that_keeps_the_contract_passes(built: dict[str, Built], name: str) -> None:
    run = built[name].run()
    results = results_of(run)

    assert {name: result.reason for name, result in results.items() if not result.status.good} == {}
    assert len(results) >= 14
    assert run.returncode == 0


@pytest.mark.parametrize("bug", BUGS)
def test_each_broken_clause_is_noticed(built: dict[str, Built], bug: str) -> None:
    for name, wanted in zip(("kvm_map_memory", "kvm_pre_fault_memory"), BUGS[bug], strict=True):
        run = built[name].run(bug, "-t", "10")
        results = results_of(run)
        failed = {case for case, result in results.items() if not result.status.good}
        only_known = all(results[case].status is Verdict.KNOWN_BUG for case in failed)

        assert wanted <= failed
        assert run.returncode == (0 if not failed else 2 if only_known else 1)


def test_every_case_with_a_race_notices_something(built: dict[str, Built]) -> None:
    for at, name in enumerate(("kvm_map_memory", "kvm_pre_fault_memory")):
        noticing = set().union(*(cases[at] for cases in BUGS.values()))

        assert {case.name for case in built[name].contract.case} - noticing <= set(PLAIN)


@pytest.mark.parametrize(("name", "bug", "cases", "number"), KNOWN)
def test_a_known_bug_is_named_and_is_neither_pass_nor_failure(
    built: dict[str, Built], name: str, bug: str, cases: set[str], number: str
) -> None:
    run = built[name].run(bug, *sorted(cases), "one_page")
    results = results_of(run)

    assert {case for case, result in results.items() if result.status is Verdict.KNOWN_BUG} == cases
    assert results["one_page"].status is Verdict.PASS
    assert all(results[case].reason.startswith(number) for case in cases)
    assert run.returncode == 2


def test_another_symptom_is_no_known_bug(built: dict[str, Built]) -> None:
    results = built["kvm_map_memory"].results("loops-on-invalid-slot", "slot_delete_race")

    assert results["slot_delete_race"].status is Verdict.FAIL
    assert results["slot_delete_race"].observed["looped"] == 1
    results = built["kvm_map_memory"].results("stale-after-run", "stale_root_run")
    assert results["stale_root_run"].status is Verdict.FAIL


@pytest.mark.parametrize(
    ("result", "bug", "case", "status"),
    [
        ("hang", "loops-for-ever", "slot_delete_race", Verdict.KNOWN_BUG),
        ("hang", "loops-on-invalid-slot", "slot_delete_race", Verdict.FAIL),
        ("loop", "loops-for-ever", "slot_delete_race", Verdict.HANG),
        ("wrong", "counts-twice", "one_page", Verdict.KNOWN_BUG),
        ("wrong", "no-ioctl", "one_page", Verdict.FAIL),
        ("EINVAL", "no-ioctl", "one_page", Verdict.KNOWN_BUG),
        ("success", "race-unnoticed", "invalidate_race", Verdict.KNOWN_BUG),
        ("success", "race-other-errno", "invalidate_race", Verdict.FAIL),
    ],
)
def test_a_known_bug_counts_by_its_own_result_only(
    tmp_path: Path, result: str, bug: str, case: str, status: Verdict
) -> None:
    whole = load_contract("kvm_map_memory")
    known = KnownBug(id="X1", cases=(case,), symptom="made up", result=result)
    one = tuple(item for item in whole.case if item.name == case)
    contract = msgspec.structs.replace(whole, case=one, known_bug=(known,))
    built_one = compile_test(tmp_path, contract, "kselftest-6.1")

    assert built_one.results("", case)[case].status is Verdict.PASS
    assert built_one.results(bug, "-t", "2", case)[case].status is status


def test_a_loop_that_no_signal_ends_is_a_hang(built: dict[str, Built]) -> None:
    results = built["kvm_map_memory"].results("loops-for-ever", "-t", "3", "slot_delete_race", "one_page")

    assert results["slot_delete_race"].status is Verdict.HANG
    assert results["one_page"].status is Verdict.PASS


def test_without_userfaultfd_the_pauses_are_skipped(built: dict[str, Built]) -> None:
    results = built["kvm_map_memory"].results("no-userfaultfd", "eintr_first", "one_page")

    assert results["eintr_first"].status is Verdict.SKIP
    assert results["eintr_first"].reason == "needs userfaultfd for faults in the kernel"
    assert results["one_page"].status is Verdict.PASS


@pytest.mark.parametrize("name", ["kvm_map_memory", "kvm_pre_fault_memory"])
@pytest.mark.parametrize(
    "case",
    [
        "eintr_first",
        "eintr_partial",
        "blocked_signal",
        "two_vcpus",
        "invalidate_race",
        "vcpu_busy",
        "slot_delete_race",
        "slot_move_race",
        "stale_root",
        "stale_root_run",
        "hwpoison_mid",
    ],
)
def test_a_contract_of_one_case_leaves_nothing_unused(tmp_path: Path, name: str, case: str) -> None:
    whole = load_contract(name)
    one = tuple(item for item in whole.case if item.name == case)
    bugs = tuple(bug for bug in whole.known_bug if case in bug.cases)
    small = compile_test(tmp_path, msgspec.structs.replace(whole, case=one, known_bug=bugs), "kselftest-6.12")

    assert [result.status for result in small.results().values()] == [Verdict.PASS]
