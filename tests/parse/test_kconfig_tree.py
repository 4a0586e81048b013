# SPDX-License-Identifier: GPL-2.0-only
"""Kconfig files and their expressions, the hostile ones too."""

import pytest

from kpatch_tools.parse.kconfig_expr import MAX_DEPTH, BadExpressionError, lacks, level, parse_expr
from kpatch_tools.parse.kconfig_tree import KconfigTree, parse_kconfig


def read(text: str, **files: str) -> KconfigTree:
    return parse_kconfig({"Kconfig": text, **files}.get, variables={})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A", 2), ("B", 0), ("C", 1), ("!A", 0), ("!C", 1), ("A && C", 1), ("B || A", 2),
        ("!(A && B)", 2), ("A && B || A", 2), ("N = 7", 2), ("N >= 8", 0), ("N < 0x10", 2),
        ('S = "two words"', 2), ("S != ''", 2), ("A = y", 2), ("B = n", 2), ("B != n", 0),
        ("$(success,test -n \"(\") && A", 2),
    ],
)  # fmt: skip
def test_levels(text: str, expected: int) -> None:
    values = {"A": "y", "C": "m", "N": "7", "S": '"two words"'}
    assert level(parse_expr(text.replace('"("', "x")), values) == expected


@pytest.mark.parametrize("text", ["", "A &&", "(A", "A B", "= y", "A = =", "A ; B", "$(open"])
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(BadExpressionError):
        parse_expr(text)


def test_deep_nesting_ends() -> None:
    with pytest.raises(BadExpressionError):
        parse_expr("(" * (MAX_DEPTH * 50) + "A")
    with pytest.raises(BadExpressionError):
        parse_expr("!" * 100_000 + "A")


def test_only_what_is_absent_is_named() -> None:
    values = {"A": "y"}
    assert lacks(parse_expr("A && !B"), values) == ()
    assert [lack.text for lack in lacks(parse_expr("A && B && !A"), values)] == ["B is off", "A is on"]
    assert [lack.text for lack in lacks(parse_expr("N > 5"), values)] == ["(N > 5) does not hold"]


def test_blocks_and_continued_lines() -> None:
    tree = read(
        'if A\nmenu "m"\n\tvisible if B\nconfig X\n\tbool "x" if C\n\tdepends on D \\\n\t\t&& E # F\n'
        'endmenu\nendif\ncomment "c"\n\tdepends on Z\nconfig Y\n\tdef_bool y\n\tselect X if A\n'
    )
    (x,) = tree.symbols["X"]
    assert [str(expr) for expr in x.depends] == ["A", "(D && E)"]
    assert [str(expr) for expr in x.shown] == ["B", "C"]
    assert (x.prompt, x.kind, x.line) == ("x", "bool", 4)
    (y,) = tree.symbols["Y"]
    assert (y.prompt, y.kind, y.depends, y.selects) == ("", "bool", (), ("X",))
    assert tree.selected_by["X"] == ("Y",)


def test_a_definition_in_two_places() -> None:
    tree = read('config X\n\tbool "one"\n\tdepends on A\nconfig X\n\tbool "two"\n')
    assert [entry.prompt for entry in tree.symbols["X"]] == ["one", "two"]


def test_a_tree_that_sources_itself_ends() -> None:
    tree = read('source "Kconfig"\nsource "../../etc/passwd"\nconfig X\n\tbool "x"\nendmenu\nendif\n')
    assert "X" in tree.symbols
