# SPDX-License-Identifier: GPL-2.0-only
import msgspec
import pytest

from kpatch_tools.flow.generate import load_contract
from kpatch_tools.flow.room import ROOMY, USUAL, room_for, undecided
from kpatch_tools.model.test import TestResult, Verdict

PLENTY = 16 << 30
CONTRACT = load_contract("kvm_map_memory")
SKIPPED = (
    TestResult(name="npt_off", status=Verdict.SKIP, reason="paging is on"),
    TestResult(name="tdp_mmu_off", status=Verdict.SKIP, reason="the TDP MMU is on"),
    TestResult(name="hugetlb_1g_inside", status=Verdict.SKIP, reason="no such page"),
    TestResult(name="smm_as0_only", status=Verdict.SKIP, reason="no SMM here"),
    TestResult(name="one_page", status=Verdict.PASS),
)


def test_a_case_on_a_page_of_1_gib_gets_one_at_boot() -> None:
    room = room_for(CONTRACT, {}, asked="", available=PLENTY)

    assert room.memory == ROOMY
    assert room.words == ("hugepagesz=1G", "hugepages=1")


@pytest.mark.parametrize(
    ("mode", "available"), [({"npt": "0"}, PLENTY), ({"ept": "N"}, PLENTY), ({}, 5 << 30), ({}, 0)]
)
def test_the_usual_machine_where_the_page_is_of_no_use_or_not_to_be_had(
    mode: dict[str, str], available: int
) -> None:
    room = room_for(CONTRACT, mode, asked="", available=available)

    assert (room.memory, room.words) == (USUAL, ())


def test_the_usual_machine_for_a_contract_without_such_a_case() -> None:
    cases = tuple(case for case in CONTRACT.case if case.name != "hugetlb_1g_inside")
    small = msgspec.structs.replace(CONTRACT, case=cases)

    assert room_for(small, {}, asked="", available=PLENTY).memory == USUAL


def test_what_was_asked_for_is_what_there_is() -> None:
    room = room_for(CONTRACT, {}, asked="768M", available=PLENTY)

    assert (room.memory, room.words) == ("768M", ())


def test_each_case_that_nobody_decided_has_its_cure_or_its_reason() -> None:
    assert undecided(CONTRACT, SKIPPED, [{}]) == (
        "npt_off, tdp_mmu_off: --mode all decides",
        f"hugetlb_1g_inside: --memory {ROOMY} gives it room",
        "smm_as0_only: no SMM here",
    )


def test_what_another_boot_decided_is_not_left_out() -> None:
    decided = tuple(TestResult(name=test.name, status=Verdict.FAIL) for test in SKIPPED)

    assert undecided(CONTRACT, (*SKIPPED, *decided), [{}, {"npt": "0"}]) == ()


def test_a_mode_that_was_booted_is_no_cure() -> None:
    assert undecided(CONTRACT, SKIPPED[:1], [{}, {"npt": "0"}]) == ("npt_off: paging is on",)
