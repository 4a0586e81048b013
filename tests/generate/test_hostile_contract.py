# SPDX-License-Identifier: GPL-2.0-only
"""A stranger's contract: a hostile word in any of its strings is refused, or stays a word in the C."""

import json
import re
from collections import Counter

import pytest
import tree_sitter
import tree_sitter_c
from hypothesis import given, settings
from hypothesis import strategies as st

from kpatch_tools.errors import UserError
from kpatch_tools.flow.dialect import dialects
from kpatch_tools.flow.generate import generate
from kpatch_tools.parse.contract import parse_contract
from kpatch_tools.tools.files import data_dir
from tests.render.test_hostile_reports import controls
from tests.strategies import WAYS_OUT

C = tree_sitter.Parser(tree_sitter.Language(tree_sitter_c.language()))
WORD = re.compile(r'(?<![\\"])"((?:[^"\\\n]|\\.)+)"')
# What a word would have to hold to become code, a line of its own, a path that leads away.
TO_C = (
    '*/ #include "/etc/passwd"',
    '\n#include "/etc/passwd"\n',
    '"); system("id"); ("',
    "\\",
    "??/",
    "%s%n",
    "${HOME}",
    "../../../owned",
    "/owned",
)


def text_of(name: str) -> str:
    return (data_dir("selftests-gen") / "contracts" / f"{name}.toml").read_text()


SOURCE = text_of("kvm_map_memory")
PLACES = [found.span(1) for found in WORD.finditer(SOURCE)]


def shape(text: str) -> Counter[str]:
    """How many of the things are there that make code; an error of the grammar is one of them."""
    kinds: Counter[str] = Counter()
    todo = [C.parse(text.encode()).root_node]
    while todo:
        node = todo.pop()
        kinds[node.type] += node.type in {
            *("ERROR", "preproc_include", "preproc_def", "function_definition", "call_expression"),
            *("asm_statement", "gnu_asm_expression"),
        }
        todo += node.children
    return +kinds


def made_of(source: str) -> dict[str, str]:
    contract = parse_contract(source, path="theirs.toml")
    return dict(generate(contract, dialects()[0]))


def with_word(at: int, word: str) -> str:
    start, end = PLACES[at]
    return f"{SOURCE[:start]}{json.dumps(word)[1:-1]}{SOURCE[end:]}"


KNOWN = shape("".join(made_of(SOURCE).values()))


def judge(at: int, word: str) -> bool:
    """Whether the word is taken; then nothing but words may have changed."""
    try:
        made = made_of(with_word(at, word))
    except UserError:
        return False
    ((path, text),) = made.items()
    assert ".." not in path
    assert not path.startswith("/")
    assert not controls(text, kept="\n\t")
    found = shape(text)
    for kind in ("ERROR", "preproc_include", "function_definition", "asm_statement", "gnu_asm_expression"):
        assert found[kind] <= KNOWN[kind], (kind, word, SOURCE[slice(*PLACES[at])])
    return True


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(PLACES) - 1), st.sampled_from([*WAYS_OUT, *TO_C]), st.booleans(), st.booleans())
def test_a_word_of_a_contract_becomes_no_code(at: int, way: str, before: bool, behind: bool) -> None:
    own = SOURCE[slice(*PLACES[at])]
    judge(at, f"{own if before else ''}{way}{own if behind else ''}")


@pytest.mark.parametrize("way", ["\n", "\r", "\x00", "\n#include <x>", "*/", "\x1b[2J"])
def test_a_sentence_or_a_name_with_these_is_refused(way: str) -> None:
    """At the end too: to Python's $ a last line break is no character."""
    taken = [at for at in range(0, len(PLACES), 29) if judge(at, SOURCE[slice(*PLACES[at])] + way)]
    assert not [at for at in taken if "document" not in _key(at)], [
        SOURCE[slice(*PLACES[at])] for at in taken
    ]


def _key(at: int) -> str:
    """The key whose value the word is: regular expressions of a document may hold anything."""
    return re.findall(r"^(\w+) *=", SOURCE[: PLACES[at][0]], re.MULTILINE)[-1]


def test_the_shape_of_code_that_broke_out_is_another() -> None:
    text = "".join(made_of(SOURCE).values())
    assert shape(text.replace("/*", '*/ #include "/etc/passwd"\n/*', 1)) != KNOWN
    assert shape(f'{text}\n#include "/etc/passwd"\n')["preproc_include"] > KNOWN["preproc_include"]
