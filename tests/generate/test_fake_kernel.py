# SPDX-License-Identifier: GPL-2.0-only
"""The generated C, compiled and run against a model of the ioctl: all well there, and every case bites.

The model (fake_kvm/) breaks one clause at a time. A case that no broken clause makes fail would prove
nothing on a real kernel either.
"""

import shutil
from pathlib import Path

import msgspec
import pytest

from kpatch_tools.checks.evidence import evidence
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.test import Verdict
from tests.generate.fake import Built, compile_test, results_of
from tests.generate.test_fake_memory import CASES as MEMORY

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")

# Races without a second thread.
OTHER_RACES = {"stale_root", "stale_root_run", "two_vcpus"}

# A bug of the model and the cases that have to notice it, in both contracts where they have the case.
BUGS = {
    "any-size": {"abi_identity"},
    "shorter-struct": {"abi_identity"},
    "vm-fd-other-errno": {"on_vm_fd"},
    "dev-fd-other-errno": {"on_dev_fd"},
    "other-mm-ok": {"other_mm"},
    "null-other-errno": {"argp_null"},
    "copy-out-ignored": {"argp_readonly"},
    "flags-ignored": {"flags_low", "flags_high", "flags_each_bit"},
    "flags-32-bit": {"flags_high", "flags_each_bit"},
    "flags-bit-17": {"flags_each_bit"},
    "flags-all": {"flags_each_bit"},
    "empty-ok": {"size_zero"},
    "unaligned-ok": {"gpa_unaligned", "size_unaligned", "size_below_page"},
    "size-off-by-one": {"size_unaligned"},
    "size-rounded-down": {"size_unaligned"},
    "base-half-page": {"gpa_unaligned"},
    "address-top-bit": {"gpa_too_big"},
    "overflow-ok": {"overflow_from_slot"},
    "end-off-by-one": {"end_2_64_from_slot"},
    # v2 returns EINVAL for a hole too: there only these words of its answer tell the check from its absence.
    "overflow-other-errno": {"overflow", "end_2_64", "overflow_from_slot", "end_2_64_from_slot"},
    "padding-otherwise": {"padding_set"},
    "flags-returned": {"flags_low", "one_page", "hole_first", "whole_slot"},
    "padding-returned": {"padding_set"},
    "hole-other-errno": {"hole_first", "gpa_too_big", "slot_then_hole", "gap_between_slots"},
    "backing-other-errno": {"backing_gone", "prot_none_mid"},
    "partial-other-result": {"slot_then_hole", "gap_between_slots", "prot_none_mid"},
    "no-clamp": {"thp_4k_inside", "thp_unaligned"},
    "reach-from-gpa": {"thp_unaligned", "thp_across"},
    "reach-from-gpa-no-clamp": {"thp_from_inside"},
    "one-page-too-many": {"one_page"},
    "struct-not-updated": {"one_page", "whole_slot", "adjacent_slots", "readonly_slot", "thp_4m"},
    "maps-nothing": {"one_page", "whole_slot", "adjacent_slots", "small_backing_2m"},
    "counts-twice": {"control_no_call", "one_page"},
    "forgets": {"repeat"},
    "third-time-error": {"repeat_again"},
    "always-faults": {"whole_slot", "readonly_slot"},
}

MODES = {"cap_value_tdp_off", "npt_off", "npt_off_flags", "tdp_mmu_off"}


def plain(contract: Contract) -> Contract:
    """The contract without races, memory and modes, which have tests of their own, and without known bugs."""
    cases = tuple(
        case
        for case in contract.case
        if case.name not in (MEMORY - {"one_page"}) | OTHER_RACES
        and not contract.threaded(case)
        and case.vm == "default"
    )
    return msgspec.structs.replace(contract, case=cases, known_bug=())


@pytest.fixture(scope="module")
def built_v2(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return compile_test(
        tmp_path_factory.mktemp("v2"), plain(load_contract("kvm_map_memory")), "kselftest-6.1"
    )


@pytest.fixture(scope="module")
def built_merged(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return compile_test(
        tmp_path_factory.mktemp("merged"), plain(load_contract("kvm_pre_fault_memory")), "kselftest-6.12"
    )


@pytest.fixture(params=["built_v2", "built_merged"])
def built(request: pytest.FixtureRequest) -> Built:
    return request.getfixturevalue(request.param)


def test_a_kernel_that_keeps_the_contract_passes_every_case(built: Built) -> None:
    run = built.run()
    results = results_of(run)

    assert run.returncode == 0
    assert list(results) == [case.name for case in built.contract.case]
    assert all(test.status is Verdict.PASS for test in results.values())


@pytest.mark.parametrize(
    ("name", "dialect"), [("kvm_map_memory", "kselftest-6.1"), ("kvm_pre_fault_memory", "kselftest-6.12")]
)
def test_the_whole_contract_passes_but_for_the_modes_that_are_not_on(
    tmp_path: Path, name: str, dialect: str
) -> None:
    whole = load_contract(name)
    results = compile_test(tmp_path, whole, dialect).results()

    assert list(results) == [case.name for case in whole.case]
    skipped = {name for name, test in results.items() if test.status is Verdict.SKIP}
    assert skipped == MODES
    assert all(test.status is Verdict.PASS for name, test in results.items() if name not in skipped)


def test_what_was_observed_is_printed_in_full(built_v2: Built) -> None:
    results = built_v2.results()

    hole = results["slot_then_hole"]
    assert hole.clause == "no-memslot"
    assert dict(hole.observed) == {
        "ret": -1,
        "errno": "EINVAL",
        "advanced": 8 * 4096,
        "left": 8 * 4096,
        "pages_4k": 8,
        "pages_2m": 0,
        "again": "EINVAL",
        "control": "ok",
    }
    assert results["whole_slot"].observed["taken"] == 0
    assert results["control_no_call"].observed["call"] == "none"


@pytest.mark.parametrize("bug", BUGS)
def test_each_broken_clause_is_noticed_by_its_cases(built: Built, bug: str) -> None:
    there = {case.name for case in built.contract.case}
    run = built.run(bug)
    results = results_of(run)
    failed = {name for name, test in results.items() if test.status is Verdict.FAIL}

    assert BUGS[bug] & there <= failed
    assert all(results[name].reason for name in failed)
    assert failed != there
    assert run.returncode == int(bool(failed))


def test_every_case_notices_something(built: Built) -> None:
    noticing = set().union(*BUGS.values())

    assert {case.name for case in built.contract.case} <= noticing


def test_an_unknown_ioctl_passes_no_case_that_makes_a_call(built: Built) -> None:
    results = built.results("no-ioctl")

    calls = {case.name for case in built.contract.case if case.call}
    assert {name for name, test in results.items() if test.status is Verdict.FAIL} == calls
    proven = {item.case.name for item in evidence(built.contract, tuple(results.values()))}
    controlled = {case.name for case in built.contract.case if case.control}
    assert not proven & controlled


def test_a_crash_takes_no_other_case_along(built_v2: Built) -> None:
    results = built_v2.results("crashes")

    assert results["one_page"].status is Verdict.CRASH
    assert results["one_page"].reason == "signal 11"
    assert results["control_no_call"].status is Verdict.PASS


def test_a_hang_is_ended_and_named(built_v2: Built) -> None:
    results = built_v2.results("hangs", "-t", "1", "one_page", "control_no_call")

    assert results["one_page"].status is Verdict.HANG
    assert results["control_no_call"].status is Verdict.PASS


def test_a_case_that_nothing_ends_is_named_and_the_others_run(built_v2: Built) -> None:
    run = built_v2.run("unkillable", "-t", "1", "one_page", "control_no_call")
    results = results_of(run)

    assert run.returncode == 1
    assert results["one_page"].status is Verdict.HANG
    assert results["one_page"].reason == "not ended after 1 s, SIGKILL does not help"
    assert results["control_no_call"].status is Verdict.PASS


@pytest.mark.parametrize(
    ("bug", "case", "said"),
    [
        ("flags-bit-17", "flags_each_bit", "bit 17 of flags: errno: expected EINVAL, observed success"),
        ("flags-all", "flags_each_bit", "all bits of flags: errno: expected EINVAL, observed success"),
        ("base-half-page", "gpa_unaligned", "bit 11 of base_address: errno: expected EINVAL"),
        ("shorter-struct", "abi_identity", "a struct of 1 bytes: errno: expected EINVAL"),
        ("address-top-bit", "gpa_too_big", "base_address 0x8000000000000000: base_address: expected +0"),
    ],
)
def test_a_walk_names_the_value_that_was_let_through(built_v2: Built, bug: str, case: str, said: str) -> None:
    result = built_v2.results(bug, case)[case]

    assert result.status is Verdict.FAIL
    assert result.reason.startswith(said)
    assert result.observed["control"] == "ok"


def test_a_walk_makes_all_its_calls(built: Built) -> None:
    results = built.results("", "flags_each_bit", "gpa_unaligned", "size_unaligned", "size_below_page")

    assert [test.observed["calls"] for test in results.values()] == [65, 12, 12, 5]


@pytest.mark.parametrize(
    "name",
    ["one_page", "whole_slot", "flags_each_bit", "gpa_unaligned", "repeat", "prot_none_mid", "thp_4k_inside"],
)
def test_a_contract_of_one_case_compiles_and_leaves_nothing_unused(tmp_path: Path, name: str) -> None:
    whole = load_contract("kvm_map_memory")
    case = next(case for case in whole.case if case.name == name)
    built = compile_test(tmp_path, msgspec.structs.replace(whole, case=(case,)), "kselftest-6.12")

    assert [test.status for test in built.results().values()] == [Verdict.PASS]


def test_a_kernel_that_has_the_ioctl_but_does_not_offer_it_fails(built_v2: Built) -> None:
    assert built_v2.results("no-cap", "one_page")["one_page"].status is Verdict.PASS


def test_without_the_capability_the_test_skips_itself(built_v2: Built) -> None:
    run = built_v2.run("no-kernel")

    assert run.returncode == 4
    assert "1..0 # SKIP KVM_CAP_MAP_MEMORY is not offered" in run.text


def test_all_cases_skipped_is_no_pass(built_v2: Built) -> None:
    run = built_v2.run("", "one_page", mode="npt")

    assert run.returncode == 4
    assert "ok 1 one_page # SKIP needs two-dimensional paging, which is off" in run.text


@pytest.mark.parametrize("arguments", [("nope",), ("one_page", "nope")])
def test_an_unknown_case_is_refused(built_v2: Built, arguments: tuple[str, ...]) -> None:
    run = built_v2.run("", *arguments)

    assert run.returncode == 1
    assert "Bail out! no case of that name" in run.text


@pytest.mark.parametrize("arguments", [("-t", "0"), ("-x",)])
def test_a_bad_option_shows_the_usage(built_v2: Built, arguments: tuple[str, ...]) -> None:
    run = built_v2.run("", *arguments)

    assert run.returncode == 1
    assert "usage:" in run.text
