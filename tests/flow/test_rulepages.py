# SPDX-License-Identifier: GPL-2.0-only
"""The registry of rules against the sources: what a check emits has a page, and what has one is emitted."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from kpatch_tools.checks.patches import PATCH_RULES, SERIES_RULES
from kpatch_tools.checks.vm_findings import _QUIET
from kpatch_tools.errors import UserError
from kpatch_tools.flow.rulepages import find_page, kinds, mended_by, rule_pages, rules_of
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.rulepage import RulePage, page
from kpatch_tools.model.series import ApplyState
from kpatch_tools.model.test import Verdict
from kpatch_tools.parse.kernellog import KINDS
from kpatch_tools.render.rules import listing
from kpatch_tools.render.rules import page as shown

PACKAGE = Path(__file__).parents[2] / "kpatch_tools"
# What an expression that the source does not spell out can become, by module and expression.
DYNAMIC = {
    # The tables of rules name these.
    ("checks.docs", "one.rule"): frozenset(RULE for RULE in rule_pages() if RULE.startswith("docs/"))
    - {"docs/sphinx"},
    ("checks.patches", "rule"): frozenset({*PATCH_RULES, *SERIES_RULES}),
    # Values of a closed set.
    ("flow.prepare", "f'apply/{applied.state.value}'"): frozenset(
        f"apply/{one.value}" for one in ApplyState if not one.good
    ),
    ("checks.vm_findings", "f'splat/{splat.kind}'"): frozenset(f"splat/{kind}" for kind in KINDS),
    ("checks.vm_findings", "f'test/{test.status.value.lower()}'"): frozenset(
        f"test/{one.value.lower()}" for one in Verdict if one not in _QUIET
    ),
    ("checks.abi", "_RULES[answer.assertion.kind]"): frozenset(
        {"contract/abi-struct", "contract/abi-ioctl", "contract/abi-cap"}
    ),
    ("checks.conformance", "f'conformance/{rule}'"): frozenset(
        {"conformance/capability", "conformance/type", "conformance/parameters"}
    ),
    # Words of another program: what its patterns in parse.gcc let through.
    ("flow.checkpatch", "f'checkpatch/{one.type}'"): frozenset({"checkpatch/"}),
    ("parse.gcc", "draft.rule"): frozenset(
        {
            "gcc/",
            "gcc/error",
            "gcc/warning",
            "objtool/warning",
            "objtool/error",
            "modpost/warning",
            "modpost/error",
            "ld/error",
            "kconfig/warning",
            "kconfig/error",
        }
    ),
    # A finding that was told before, read back or handed on.
    ("render.json_v1", "finding.rule"): frozenset(),
    ("parse.report_json", "finding.rule"): frozenset(),
    # A page, not a finding: that of a family under the name of a member.
    ("flow.rulepages", "name"): frozenset(),
}
# What makes a finding, or gives one another rule.
MAKERS = {"Finding", "replace"}


def emitted(source: str, module: str, names: dict[str, object]) -> dict[str, set[str]]:
    """The rules that the calls of a source give to findings, each with the levels that are spelled there."""
    found: dict[str, set[str]] = {}
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or _name(call) not in MAKERS:
            continue
        given = {one.arg: one.value for one in call.keywords if one.arg}
        if "rule" in given:
            levels = set(re.findall(r"Severity\.([A-Z]+)", ast.unparse(given.get("severity", call.func))))
            for rule in _rules(given["rule"], module, names):
                found.setdefault(rule, set()).update(levels or {"?"})
    return found


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _rules(node: ast.expr, module: str, names: dict[str, object]) -> frozenset[str]:
    if isinstance(node, ast.Constant):
        return frozenset({str(node.value)})
    if isinstance(node, ast.IfExp):
        return _rules(node.body, module, names) | _rules(node.orelse, module, names)
    key = (module, ast.unparse(node))
    if key in DYNAMIC:
        return DYNAMIC[key]
    if isinstance(node, ast.Name) and isinstance(names.get(node.id), str):
        return frozenset({str(names[node.id])})
    raise AssertionError(f"{module}: which rules can {ast.unparse(node)!r} be? add it to DYNAMIC")


@pytest.fixture(scope="module")
def every() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        source = path.read_text(encoding="utf-8")
        if "rule=" not in source:
            continue
        names = vars(importlib.import_module(f"kpatch_tools.{module}"))
        for rule, levels in emitted(source, module, names).items():
            found.setdefault(rule, set()).update(levels)
    return found


def test_every_rule_that_a_check_emits_has_a_page(every) -> None:
    assert len(every) > 100
    assert sorted(set(every) - set(rule_pages())) == []


def test_every_page_is_of_a_rule_that_a_check_emits(every) -> None:
    assert sorted(set(rule_pages()) - set(every)) == []


def test_what_is_read_from_a_build_log_is_all_known() -> None:
    source = ast.parse((PACKAGE / "parse" / "gcc.py").read_text(encoding="utf-8"))
    texts = [one.value for one in ast.walk(source) if isinstance(one, ast.Constant)]
    written = {text.partition("/")[0] for text in texts if re.fullmatch(r"[a-z]+/[\w-]*", str(text))}
    known = DYNAMIC["parse.gcc", "draft.rule"]
    assert written == {rule.partition("/")[0] for rule in known}


def test_the_level_of_a_page_is_one_that_the_check_gives(every) -> None:
    wrong = {
        rule: (page.severity.name, levels)
        for rule, page in rule_pages().items()
        if (levels := every[rule]) and "?" not in levels and page.severity.name not in levels
    }
    assert wrong == {}


def test_the_walk_sees_a_rule_without_a_page_and_one_that_it_cannot_read() -> None:
    source = 'Finding(rule="docs/no-such", severity=Severity.NOTE if a else Severity.ERROR)'
    assert emitted(source, "x", {}) == {"docs/no-such": {"NOTE", "ERROR"}}
    assert set(emitted(source, "x", {})) - set(rule_pages())
    with pytest.raises(AssertionError, match="which rules can 'name' be"):
        emitted("replace(found, rule=name)", "x", {})
    assert emitted("Finding(rule=RULE)", "x", {"RULE": "docs/table"}) == {"docs/table": {"?"}}


@pytest.mark.parametrize("name", rule_pages())
def test_a_page_says_what_why_and_how_to_mend_it(name: str) -> None:
    one = rule_pages()[name]
    assert len(one.summary) < 160, one.summary
    assert not one.summary.endswith(".")
    text = "\n".join(line for _example, line in one.blocks)
    if name.startswith(("docs/", "message/", "kvm/", "build-file/")) and name != "docs/sphinx":
        return
    assert "\nJudged: " in text
    assert "\nMend: " in text
    if name.startswith(("conformance/", "contract/", "series/")):
        assert [block.splitlines()[0][:4] for example, block in one.blocks if example] == ["Bad:"]
    for _example, block in one.blocks:
        assert not block.startswith(" "), block


def test_the_pages_keep_no_list_that_the_tables_have() -> None:
    names = [one.rule for one in rules_of()]
    assert len(names) == len(set(names))
    assert set(kinds()) >= {"docs", "conformance", "contract", "series", "splat", "test", "kvm", "message"}
    assert {one.rule for one in rules_of("message")} == {
        one for one in {*PATCH_RULES, *SERIES_RULES} if one.startswith("message/")
    }


def test_a_name_is_found_as_a_report_has_it() -> None:
    assert find_page("conformance/errno-differs").rule == "conformance/errno-differs"
    assert find_page("[conformance/known-bug, patch 1]").rule == "conformance/known-bug"
    assert find_page("docs/table, patch 3").rule == "docs/table"
    assert find_page("errno-differs").rule == "conformance/errno-differs"
    assert find_page("table", kind="docs").rule == "docs/table"
    assert find_page("checkpatch/LONG_LINE").rule == "checkpatch/LONG_LINE"
    assert find_page("gcc/-Wunused-variable").text == rule_pages()["gcc/"].text
    assert find_page("gcc/*").shown == "gcc/*"


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("docs/tabel", "did you mean docs/table"),
        ("errno-difers", "did you mean conformance/errno-differs"),
        ("table", "did you mean conformance/table or docs/table?"),
        ("checkpatch/long", "kvet rules lists them all"),
        ("splat/nope", "did you mean splat/oops"),
        ("kvm", "kvet rules --kind kvm"),
        ("", "kvet rules lists them all"),
        ("]", "kvet rules lists them all"),
        ("x" * 500, "kvet rules lists them all"),
    ],
)
def test_an_unknown_name_gets_the_nearest_ones(name: str, cure: str) -> None:
    with pytest.raises(UserError, match="there is no rule") as caught:
        find_page(name)
    assert cure in caught.value.cure


def test_an_unknown_kind_gets_the_nearest_one() -> None:
    with pytest.raises(UserError) as caught:
        rules_of("conf")
    assert "did you mean conformance" in caught.value.cure
    with pytest.raises(UserError) as caught:
        rules_of("xyzzy")
    assert "one of apply, " in caught.value.cure


def test_the_list_and_the_pages_fit_a_terminal() -> None:
    lines = listing(rules_of()).splitlines()
    assert max(map(len, lines)) <= 100
    assert sum(not line.startswith(" ") for line in lines) == len(rules_of())
    for one in rules_of():
        assert max(map(len, shown(one).splitlines())) <= 100, one.rule


def test_examples_keep_their_lines_and_text_does_not() -> None:
    one = page("docs/x", Severity.NOTE, "Some\nwords.\n\nBad:  a\n      b\nGood: c\nSource: two\nlines.")
    assert one.blocks == (
        (False, "Some words."),
        (True, "Bad:  a\nb\nGood: c"),
        (False, "Source: two lines."),
    )
    assert shown(one, mended="kvet docs fix --rule x").endswith("\n\nMended by: kvet docs fix --rule x\n")


def test_a_hostile_name_is_harmless() -> None:
    one = RulePage(rule="gcc/-W\x1b[31m", severity=Severity.NOTE, text="x")
    assert "\x1b" not in shown(one)


def test_what_a_command_mends_says_so() -> None:
    assert mended_by(find_page("docs/underline-length")) == "kvet docs fix --rule underline-length"
    assert mended_by(find_page("conformance/table")) == ""
