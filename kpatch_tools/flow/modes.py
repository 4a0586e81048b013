# SPDX-License-Identifier: GPL-2.0-only
"""Which machines a contract's selftest is run on: the words after --mode."""

from collections.abc import Mapping, Sequence

from kpatch_tools.errors import UserError
from kpatch_tools.flow.test import parse_mode
from kpatch_tools.model.contract import Contract

ALL = "all"


def chosen_modes(words: Sequence[str], contract: Contract) -> tuple[Mapping[str, str], ...]:
    """One mapping of module parameters a boot, in order and each once; the kernel's defaults for no word.

    A word is "npt=0,tdp_mmu=0" or "default" (see parse_mode), the name of a [[mode]] of the contract that
    module parameters make, or "all": the defaults and all such modes. Raises UserError for another word.
    """
    boots: list[Mapping[str, str]] = []
    for word in words:
        boots += _boots(word, contract)
    return tuple(boot for at, boot in enumerate(boots) if boot not in boots[:at]) or ({},)


def _boots(word: str, contract: Contract) -> list[Mapping[str, str]]:
    made = {mode.name: mode.parameters for mode in contract.mode if mode.parameters}
    if word == ALL:
        return [{}, *made.values()]
    if word in made:
        return [made[word]]
    if any(mode.name == word for mode in contract.mode):
        raise UserError(
            f"--mode {word}: the cases of that mode make it themselves, on every machine",
            cure="leave it out" + (f", or name one of {', '.join(made)}" if made else ""),
        )
    if "=" not in word and word not in ("", "default"):
        known = ", ".join(("default", ALL, *made))
        raise UserError(
            f"--mode {word}: {contract.name} has no such mode", cure=f"name one of {known}, or as in npt=0"
        )
    return [parse_mode(word)]
