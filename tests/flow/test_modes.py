# SPDX-License-Identifier: GPL-2.0-only
"""The words after --mode: parameters, a contract's own modes, all of them."""

import msgspec
import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.flow.modes import chosen_modes

CONTRACT = load_contract("kvm_map_memory")


@pytest.mark.parametrize(
    ("words", "boots"),
    [
        ((), ({},)),
        (("default",), ({},)),
        (("npt=0",), ({"npt": "0"},)),
        (("tdp_off",), ({"npt": "0"},)),
        (("default", "tdp_off", "npt=0"), ({}, {"npt": "0"})),
        (("all",), ({}, {"npt": "0"}, {"tdp_mmu": "0"})),
    ],
)
def test_words_become_boots(words: tuple[str, ...], boots: tuple[dict[str, str], ...]) -> None:
    assert chosen_modes(words, CONTRACT) == boots


def test_without_modes_all_is_the_default() -> None:
    assert chosen_modes(("all",), msgspec.structs.replace(CONTRACT, mode=())) == ({},)


@pytest.mark.parametrize(
    ("word", "message", "cure"),
    [
        ("smm", "make it themselves", "or name one of tdp_off, tdp_mmu_off"),
        ("npt_off", "kvm_map_memory has no such mode", "name one of default, all, tdp_off, tdp_mmu_off"),
        ("npt=", "is not NAME=VALUE", "--mode npt=0"),
    ],
)
def test_other_words_are_refused(word: str, message: str, cure: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        chosen_modes((word,), CONTRACT)
    assert cure in caught.value.cure
