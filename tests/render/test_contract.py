# SPDX-License-Identifier: GPL-2.0-only
"""A contract as text: nothing of it is left out."""

import msgspec
import pytest

from kpatch_tools.flow.generate import contract_names, load_contract
from kpatch_tools.model.contract import CodePlace, KnownBug, Unprovoked
from kpatch_tools.render.contract import contract_text


@pytest.mark.parametrize("name", contract_names())
def test_a_contract_is_shown_whole(name: str) -> None:
    contract = load_contract(name)
    text = contract_text(contract)

    assert f"{contract.request:#x}, on a vcpu" in text
    assert ("changes the contract" in text) is (contract.extends is not None)
    for error in contract.error:
        assert error.condition in text
    for case in contract.case:
        assert case.name in text
    for entry in contract.unprovoked:
        assert f"not provoked: {entry.reason}" in text
    for effect in contract.effect:
        assert effect.promise in text
    for mode in contract.mode:
        assert mode.condition in text
    for bug in contract.known_bug:
        assert f"known defect {bug.id}: {bug.symptom}" in text
    for beside in contract.concurrency:
        assert f"({beside.clause})" in text


def test_releases_and_the_commit_that_mends_are_shown() -> None:
    contract = load_contract("kvm_pre_fault_memory")
    first, *errors = contract.error
    bug = KnownBug(
        id="B9",
        cases=("one_page",),
        symptom="it spins",
        result="loop",
        fixed_by="0123456789ab",
        fixed_title="KVM: Do not spin",
        fixed_in="6.15",
        code=CodePlace(file="virt/kvm/x.c", function="spin", line="while (1)"),
    )
    changed = msgspec.structs.replace(
        contract,
        error=(msgspec.structs.replace(first, since="6.12", until="6.18"), *errors),
        known_bug=(bug,),
    )
    text = contract_text(changed)

    assert "[since 6.12, until 6.18]" in text
    fixed = 'fixed by 0123456789ab ("KVM: Do not spin") in 6.15'
    assert f"cases: one_page; result there: only a signal ends the call, {fixed}" in text
    assert '  in spin() at "while (1)", virt/kvm/x.c' in text


def test_a_clause_without_a_case_says_why_and_so_does_a_mode() -> None:
    contract = load_contract("kvm_map_memory")
    only = tuple(case for case in contract.case if case.name != "whole_slot")
    kept = tuple(case for case in only if case.clause != "spares-the-fault")
    why = Unprovoked(clause="spares-the-fault", reason="the guest does not run here")
    text = contract_text(msgspec.structs.replace(contract, case=kept, unprovoked=(*contract.unprovoked, why)))

    assert "not provoked: the guest does not run here" in text
