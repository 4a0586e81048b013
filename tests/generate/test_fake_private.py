# SPDX-License-Identifier: GPL-2.0-only
"""Cases about private memory against the model of the ioctl: each bites, each skip has its reason."""

import shutil

import msgspec
import pytest

from kpatch_tools.flow.dialect import dialects
from kpatch_tools.flow.generate import generate, load_contract
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.test import TestResult, Verdict
from tests.generate.fake import Built, compile_test

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")

NAME = "kvm_pre_fault_memory"
FAILING = {"private_no_memfd", "private_no_memfd_mid", "private_no_slot"}
# A bug of the model, and all the cases that fail for it.
BUGS = {
    "private-refused": {
        "private_ok",
        "private_control_no_call",
        "private_repeat",
        "private_punch_hole",
        "private_shared_mix",
        "private_to_shared",
        "shared_to_private",
        "private_in_huge",
    },
    "private-from-host": {
        "private_ok",
        "private_control_no_call",
        "private_punch_hole",
        "private_shared_mix",
        "shared_to_private",
    },
    "shared-from-memfd": {"private_shared_mix", "private_to_shared"},
    "maps-read-only": {"private_ok", "private_punch_hole"},
    "forgets": {"private_repeat"},
    "conversion-keeps": {"private_to_shared", "shared_to_private"},
    "conversion-ignored": {"private_to_shared"},
    "hole-keeps": {"private_punch_hole"},
    "hole-keeps-content": {"private_punch_hole"},
    "huge-despite-private": {"private_in_huge"},
    "private-without-memfd-ok": FAILING,
    "hole-before-attribute": {"private_no_slot"},
    "backing-other-errno": FAILING,
    "partial-other-result": {"private_no_memfd_mid"},
    "no-memory-fault": FAILING,
    "memory-fault-untold": FAILING,
    "memory-fault-other-gpa": FAILING,
    "memory-fault-other-size": FAILING,
    "memory-fault-shared": FAILING,
    "guest-reads-on": FAILING,
    "guest-exit-untold": FAILING,
}


def private(contract: Contract) -> Contract:
    """The contract with the cases of this file, and one that is not about private memory."""
    cases = tuple(case for case in contract.case if case.vm != "default" or case.name == "one_page")
    return msgspec.structs.replace(contract, case=cases, known_bug=())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return compile_test(tmp_path_factory.mktemp("private"), private(load_contract(NAME)), "kselftest-6.12")


def of(results: dict[str, TestResult], verdict: Verdict) -> set[str]:
    return {name for name, test in results.items() if test.status is verdict}


def test_a_kernel_that_keeps_the_contract_passes(built: Built) -> None:
    results = built.results()

    assert of(results, Verdict.PASS) == {case.name for case in built.contract.case}
    assert results["private_no_memfd_mid"].observed["exit_reason"] == 39
    assert results["private_no_memfd_mid"].observed["fault"] == "0x100004000"
    assert results["private_no_memfd_mid"].observed["fault_flags"] == "0x8"
    assert results["private_no_slot"].observed["guest_exit"] == 39
    assert results["private_no_slot"].observed["control"] == "ok"


@pytest.mark.parametrize("bug", BUGS)
def test_each_broken_clause_is_noticed(built: Built, bug: str) -> None:
    results = built.results(bug, *(case.name for case in built.contract.case if case.vm != "default"))

    assert of(results, Verdict.FAIL) >= BUGS[bug]
    assert all(test.reason for test in results.values() if test.status is Verdict.FAIL)


def test_every_case_notices_something_and_no_bug_everything(built: Built) -> None:
    cases = {case.name for case in built.contract.case} - {"one_page"}

    assert set().union(*BUGS.values()) == cases
    assert all(noticed < cases for noticed in BUGS.values())


@pytest.mark.parametrize("mode", ["private", "tdp_mmu"])
def test_a_kernel_without_such_vms_is_told_why(built: Built, mode: str) -> None:
    results = built.results(mode=mode)

    assert of(results, Verdict.PASS) == {"one_page"}
    reasons = {test.reason for test in results.values() if test.status is Verdict.SKIP}
    assert reasons == {"needs KVM_X86_SW_PROTECTED_VM: KVM_CAP_VM_TYPES lacks bit 1"}


def test_a_library_without_private_memory_skips_these_cases_and_runs_the_others(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    old = compile_test(tmp_path_factory.mktemp("old"), private(load_contract(NAME)), "kselftest-6.1")
    results = old.results()

    assert list(results) == [case.name for case in old.contract.case]
    assert of(results, Verdict.PASS) == {"one_page"}
    reasons = {test.reason for test in results.values() if test.status is Verdict.SKIP}
    assert reasons == {"needs private memory in the selftest library (6.8)"}
    assert "vm_shape" not in (tmp_path_factory.getbasetemp() / "old0" / "test.c").read_text()


def test_a_contract_without_such_cases_has_nothing_of_it() -> None:
    for dialect in dialects():
        (text,) = generate(load_contract("kvm_map_memory"), dialect).values()
        assert not [word for word in ("vm_shape", "private", "memory_fault", "lacking;") if word in text]


@pytest.mark.parametrize("name", ["private_ok", "private_to_shared", "private_punch_hole", "private_no_slot"])
def test_a_contract_of_one_such_case_leaves_nothing_unused(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    whole = load_contract(NAME)
    cases = tuple(case for case in whole.case if case.name in {name, "one_page"})
    one = msgspec.structs.replace(whole, case=cases, known_bug=())
    results = compile_test(tmp_path_factory.mktemp(name), one, "kselftest-6.12").results()

    assert {test.status for test in results.values()} == {Verdict.PASS}
