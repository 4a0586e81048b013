# SPDX-License-Identifier: GPL-2.0-only
"""The shipped contracts lose no observation unnoticed: a case without one of its proofs is refused.

What may go is listed: a second observation beside the one that the clause of the case asks for.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow.generate import contract_names
from kpatch_tools.parse.contract import parse_contract

FOLDER = Path(__file__).parents[2] / "selftests-gen" / "contracts"
ENTRY = re.compile(r"(?m)^(?=\[\[case\]\])")
# What goes, and what is put in its place.
OBSERVATIONS = {
    "guest": (re.compile(r"(?m)^guest = [^\n]*\n"), ""),
    "again": (re.compile(r"(?m)^again = [^\n]*\n"), ""),
    "spte": (re.compile(r", spte = \{[^}]*\}"), ""),
    "pages": (re.compile(r"pages_4k = -?\d+(, pages_(2m|1g) = [1-9]\d*)?"), "pages_4k = 0"),
}
SECOND = {
    # Seen by the count of pages as well.
    "tdp_mmu_off guest",
    "private_ok guest",
    # The struct is not written back, so nothing in it says that pages were mapped.
    "argp_readonly pages",
    # The error itself is what the call returns.
    "hwpoison_first again",
    "hwpoison_mid again",
}


def stripped() -> Iterator[tuple[str, str, str]]:
    """Contract, what it lost ("case observation"), and its text without that."""
    for name in contract_names():
        head, *cases = ENTRY.split((FOLDER / f"{name}.toml").read_text())
        for at, case in enumerate(cases):
            called = re.search(r'name = "(\w+)"', case)
            assert called
            for what, (pattern, instead) in OBSERVATIONS.items():
                left = pattern.sub(instead, case)
                if left != case:
                    text = head + "".join((*cases[:at], left, *cases[at + 1 :]))
                    yield name, f"{called[1]} {what}", text


def refused(text: str) -> bool:
    try:
        parse_contract(text, path="c.toml")
    except UserError as error:
        return "c.toml:" in error.message
    return False


@pytest.mark.parametrize("name", contract_names())
def test_an_observation_less_is_a_fault(name: str) -> None:
    unnoticed = {lost for contract, lost, text in stripped() if contract == name and not refused(text)}

    assert unnoticed <= SECOND


def test_what_may_go_is_there_to_go() -> None:
    assert {lost for _name, lost, _text in stripped()} >= SECOND
