# SPDX-License-Identifier: GPL-2.0-only
"""What only the contract of v3 asks for, against the model: each byte of the padding, a held slot, poison."""

import shutil

import msgspec
import pytest

from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.test import Verdict
from tests.generate.fake import Built, compile_test

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")

NAME = "kvm_map_memory_v3"
CASES = (
    "padding_set",
    "one_page",
    "hole_first",
    "slot_then_hole",
    "gap_between_slots",
    "eintr_partial",
    "invalidate_race",
    "slot_delete_race",
    "slot_dying",
    "hwpoison_first",
    "hwpoison_mid",
)
# A bug of the model, and the cases that fail for it.
BUGS = {
    "padding-otherwise": {"padding_set"},
    "padding-32-bit": {"padding_set"},
    "padding-last": {"padding_set"},
    "slot-stays": {"slot_dying", "slot_delete_race"},
    "race-other-errno": {"slot_dying"},
    "loops-on-invalid-slot": {"slot_dying", "slot_delete_race"},
    "poison-kills": {"hwpoison_first", "hwpoison_mid"},
    "poison-unnoticed": {"hwpoison_first", "hwpoison_mid"},
    "race-returned": {"invalidate_race"},
    "partial-other-result": {"slot_then_hole", "gap_between_slots", "hwpoison_mid", "eintr_partial"},
    "hole-other-errno": {"hole_first", "slot_then_hole"},
}


def chosen(names: tuple[str, ...]) -> Contract:
    whole = load_contract(NAME)
    return msgspec.structs.replace(whole, case=tuple(case for case in whole.case if case.name in names))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return compile_test(tmp_path_factory.mktemp("v3"), chosen(CASES), "kselftest-6.1")


def test_a_kernel_that_keeps_the_contract_passes(built: Built) -> None:
    results = built.results()

    assert {name: result.reason for name, result in results.items() if not result.status.good} == {}
    assert set(results) == set(CASES)


@pytest.mark.parametrize("bug", BUGS)
def test_each_broken_clause_is_noticed(built: Built, bug: str) -> None:
    results = built.run(bug, "-t", "10")
    failed = {name for name, result in built.results(bug, "-t", "10").items() if not result.status.good}

    assert failed >= BUGS[bug]
    assert results.returncode == 1


def test_a_failure_names_the_byte(built: Built) -> None:
    result = built.results("padding-last", "padding_set")["padding_set"]

    assert result.status is Verdict.FAIL
    assert result.reason.startswith("byte 32 of padding: ")


def test_a_call_that_waits_for_a_held_deletion_is_ended_and_told(built: Built) -> None:
    result = built.results("loops-on-invalid-slot", "slot_dying")["slot_dying"]

    assert (result.status, result.observed["looped"]) == (Verdict.FAIL, 1)


@pytest.mark.parametrize("case", ["padding_set", "slot_dying", "hwpoison_first", "one_page"])
def test_a_contract_of_one_case_leaves_nothing_unused(
    tmp_path_factory: pytest.TempPathFactory, case: str
) -> None:
    small = compile_test(tmp_path_factory.mktemp(case), chosen((case,)), "kselftest-6.12")

    assert [result.status for result in small.results().values()] == [Verdict.PASS]
