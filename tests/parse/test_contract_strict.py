# SPDX-License-Identifier: GPL-2.0-only
"""Every line of a contract counts: without it, or with it twice, the contract is refused at a line.

The few lines that may go are listed with what the contract then says less.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.parse.contract import parse_contract

GOOD = (Path(__file__).parent.parent / "corpus" / "contracts" / "good.toml").read_text()
MAY_GO = {
    "parameters = { npt": "how to boot into the mode",
    'when = "flags is not 0"': "",
    "document = [": "how a document names the condition",
    'setup = [{ do = "slot", pages = 2 }]': "a call that is refused whatever is there needs no slot",
    'fixed_by = "0123': "",
    'since = "6.11"': "since when the bug is there",
    'fixed_in = "6.15"': "until when the bug is there",
}


def lines() -> Iterator[tuple[int, str]]:
    for at, line in enumerate(GOOD.split("\n")):
        if line.strip() and not line.startswith("#"):
            yield at, line


def outcome(text: str) -> str:
    """ "" when the contract is accepted, else the message; any other exception is a fault of kvet."""
    try:
        parse_contract(text, path="c.toml")
    except UserError as error:
        return error.message
    return ""


@pytest.mark.parametrize(("at", "line"), list(lines()), ids=[f"{at + 1}" for at, _ in lines()])
def test_a_line_less_is_a_fault(at: int, line: str) -> None:
    left = GOOD.split("\n")
    del left[at]
    message = outcome("\n".join(left))

    if message:
        assert re.search(r"c\.toml(:\d+)?: ", message)
    else:
        assert any(line.startswith(start) for start in MAY_GO), line


@pytest.mark.parametrize(("at", "line"), list(lines()), ids=[f"{at + 1}" for at, _ in lines()])
def test_a_line_twice_is_a_fault(at: int, line: str) -> None:
    doubled = GOOD.split("\n")
    doubled.insert(at, line)

    assert re.search(r"c\.toml:\d+: ", outcome("\n".join(doubled))), line
