# SPDX-License-Identifier: GPL-2.0-only
"""Private memory on a real kernel: our own 6.12 with KVM_SW_PROTECTED_VM, which distributions leave out.

The first run on a machine builds that kernel (minutes); after that the cache serves it.
"""

import msgspec
import pytest

from kpatch_tools.flow.build import build_kernel
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.flow.test import run_contract
from kpatch_tools.model.event import silent
from kpatch_tools.model.test import TestResult, Verdict
from tests.machines import debian_tree

pytestmark = [pytest.mark.kernel, pytest.mark.vm, pytest.mark.timeout(2400)]

# KVM_EXIT_MEMORY_FAULT, and its flag for a private access.
MEMORY_FAULT, PRIVATE = 39, "0x8"
ROWS = {60, 61, 62, 63}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, TestResult]]:
    """The rows of the matrix about private memory and a plain case, by the word for the TDP MMU and name."""
    tree = debian_tree("6.12")
    state = tmp_path_factory.mktemp("private")
    built = build_kernel(tree.path, tree.commit, sink=silent, state=state)
    assert built.kernel, built.findings
    assert "CONFIG_KVM_SW_PROTECTED_VM" not in built.left_out
    whole = load_contract("kvm_pre_fault_memory")
    cases = tuple(case for case in whole.case if case.number in ROWS or case.name == "one_page")
    done = run_contract(
        msgspec.structs.replace(whole, case=cases, known_bug=()),
        tree=tree.path,
        commit=tree.commit,
        kernel=built.kernel,
        modes=({}, {"tdp_mmu": "0"}),
        sink=silent,
        logs=state,
    )
    found: dict[str, dict[str, TestResult]] = {"1": {}, "0": {}}
    for test in done.tests:
        found[test.mode["tdp_mmu"]][test.name] = test
    assert all(list(seen) == [case.name for case in cases] for seen in found.values())
    return found


def test_every_case_of_private_memory_passes(results: dict[str, dict[str, TestResult]]) -> None:
    assert {test.status for test in results["1"].values()} == {Verdict.PASS}
    whole = load_contract("kvm_pre_fault_memory")
    assert {case.number for case in whole.case if case.vm != "default"} == ROWS


def test_the_guest_takes_no_fault_beside_a_guest_that_does(results: dict[str, dict[str, TestResult]]) -> None:
    seen = {name: test.observed for name, test in results["1"].items()}

    assert (seen["private_ok"]["pages_4k"], seen["private_ok"]["taken"]) == (8, 0)
    assert (seen["private_shared_mix"]["pages_4k"], seen["private_shared_mix"]["taken"]) == (8, 0)
    assert seen["private_control_no_call"]["taken"] == 8
    assert (seen["private_in_huge"]["pages_4k"], seen["private_in_huge"]["pages_2m"]) == (512, 1)


@pytest.mark.parametrize(
    ("name", "errno", "fault"),
    [
        ("private_no_memfd", "EFAULT", "0x100000000"),
        ("private_no_memfd_mid", 0, "0x100004000"),
        ("private_no_slot", "EFAULT", "0x100010000"),
    ],
)
def test_what_nothing_backs_ends_call_and_guest_with_an_exit(
    results: dict[str, dict[str, TestResult]], name: str, errno: str | int, fault: str
) -> None:
    seen = results["1"][name].observed

    assert (seen["errno"], seen["control"]) == (errno, "ok")
    assert (seen["exit_reason"], seen["guest_exit"]) == (MEMORY_FAULT, MEMORY_FAULT)
    assert (seen["fault"], seen["fault_size"], seen["fault_flags"]) == (fault, 4096, PRIVATE)


def test_without_the_tdp_mmu_there_are_no_such_vms(results: dict[str, dict[str, TestResult]]) -> None:
    seen = dict(results["0"])
    assert seen.pop("one_page").status is Verdict.PASS
    assert {test.status for test in seen.values()} == {Verdict.SKIP}
    reason = "needs KVM_X86_SW_PROTECTED_VM: KVM_CAP_VM_TYPES lacks bit 1"
    assert {test.reason for test in seen.values()} == {reason}
