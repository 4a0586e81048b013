# SPDX-License-Identifier: GPL-2.0-only
"""Unmet configuration lines: each kind of cause is named, with what to add."""

import pytest

from kpatch_tools.checks.kconfig import explain
from kpatch_tools.model.finding import Finding
from kpatch_tools.parse.kconfig import Unmet
from kpatch_tools.parse.kconfig_tree import parse_kconfig

TOP = """\
mainmenu "x"
config EXPERT
\tbool "Expert"
menu "Devices"
\tdepends on BUS
source "sub/$(SRCARCH)/Kconfig"
endmenu
config BUS
\tbool "Bus" if EXPERT
config QUIET
\tbool
config LOUD
\tbool "Loud"
\tselect QUIET
choice
\tprompt "Flavour"
config SWEET
\tbool "Sweet"
config SOUR
\tbool "Sour"
endchoice
config SIZE
\tint "Size"
\trange 1 9
config PLAIN
\tbool "Plain"
\tdepends on !LOUD && (SWEET || SOUR)
config ASKS
\tbool "Asks"
\tdepends on $(cc-option,-fnew)
"""
SUB = """\
config CARD
\ttristate "Card"
\thelp
\t  depends on NOTHING

\t  config FALSE
"""
FILES = {"Kconfig": TOP, "sub/x86/Kconfig": SUB}


def told(symbol: str, wanted: str = "y", got: str = "n", **values: str) -> Finding:
    tree = parse_kconfig(FILES.get, variables={"SRCARCH": "x86"})
    item = Unmet(symbol=f"CONFIG_{symbol}", wanted=wanted, got=got)
    return explain(item, tree, {f"CONFIG_{name}": value for name, value in values.items()})


def test_the_chain_of_absent_dependencies() -> None:
    finding = told("CARD")
    assert finding.rule == "kconfig/unmet"
    assert finding.message.endswith("CONFIG_CARD: wanted y, got n: BUS is off")
    assert finding.hint == "add CONFIG_EXPERT=y, CONFIG_BUS=y"
    assert str(finding.location) == "sub/x86/Kconfig:1"


def test_a_prompt_that_is_not_shown() -> None:
    finding = told("BUS")
    assert "EXPERT is off" in finding.message
    assert finding.hint == "add CONFIG_EXPERT=y"


@pytest.mark.parametrize(
    ("symbol", "wanted", "values", "message", "hint"),
    [
        ("NOTHING", "y", {}, "no such symbol", "renamed or removed"),
        ("CARDS", "y", {}, "no such symbol", "did you mean CONFIG_CARD?"),
        ("QUIET", "y", {}, "no prompt; LOUD selects it", "add one of CONFIG_LOUD=y"),
        ("QUIET", "n", {"LOUD": "y", "QUIET": "y"}, "LOUD selects it", "take out CONFIG_LOUD"),
        ("SWEET", "y", {"SOUR": "y"}, "SOUR is set in the choice at Kconfig:15", "one member"),
        ("SIZE", "10", {"SIZE": "9"}, "out of its range", "Kconfig:22"),
        ("PLAIN", "y", {"LOUD": "y", "SOUR": "y"}, "LOUD is on", "add # CONFIG_LOUD is not set"),
        ("PLAIN", "y", {}, "none of SWEET, SOUR is on", "add CONFIG_SWEET=y"),
        ("CARD", "m", {"BUS": "y", "EXPERT": "y"}, "modules are off", "write CONFIG_CARD=y"),
        ("ASKS", "y", {}, "a macro of the tree", "the compiler can do"),
    ],
)
def test_causes(symbol: str, wanted: str, values: dict[str, str], message: str, hint: str) -> None:
    finding = told(symbol, wanted, **values)
    assert message in finding.message
    assert hint in finding.hint


def test_a_help_text_defines_nothing() -> None:
    tree = parse_kconfig(FILES.get, variables={"SRCARCH": "x86"})
    assert "FALSE" not in tree.symbols
    assert [str(expr) for expr in tree.symbols["CARD"][0].depends] == ["BUS"]
