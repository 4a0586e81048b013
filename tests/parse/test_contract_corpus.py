# SPDX-License-Identifier: GPL-2.0-only
"""Wrong contracts (tests/corpus/contracts), each with the words that kvet has to say beside the wrong line.

A line may carry several remarks "# FAULT words"; all of them, and no others, have to come.
"""

from pathlib import Path

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.parse.contract import parse_contract

CORPUS = Path(__file__).parent.parent / "corpus" / "contracts"
MARK = "# FAULT "


def expected(text: str) -> list[tuple[int, str]]:
    """Line and words of every remark."""
    return [
        (number, words.strip())
        for number, line in enumerate(text.split("\n"), 1)
        for words in line.split(MARK)[1:]
    ]


def said(text: str) -> list[tuple[int, str]]:
    """Line and words of every fault that is reported."""
    try:
        parse_contract(text, path="contract.toml")
    except UserError as error:
        lines = error.message.splitlines()
        faults = [line.strip().removeprefix("contract.toml:") for line in (lines[1:] or lines)]
        return [(int(line), words) for line, _, words in (fault.partition(": ") for fault in faults)]
    return []


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.toml")), ids=lambda path: path.stem)
def test_a_wrong_contract_gets_exactly_the_words_beside_its_lines(path: Path) -> None:
    text = path.read_text()

    assert sorted(said(text)) == sorted(expected(text))


def test_the_corpus_is_wrong_but_for_one() -> None:
    good = [path.stem for path in CORPUS.glob("*.toml") if not expected(path.read_text())]

    assert good == ["good"]
    assert len(list(CORPUS.glob("*.toml"))) > 40


def test_a_remark_that_nothing_answers_is_noticed() -> None:
    text = (CORPUS / "good.toml").read_text().replace("nr = 0xe0", f"nr = 0xe0 {MARK}made up")

    assert said(text) != expected(text)
