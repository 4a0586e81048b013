# SPDX-License-Identifier: GPL-2.0-only
"""Fields and numbered titles: each fault by itself, and what looks like one and is none."""

import msgspec
import pytest

from kpatch_tools.checks.docs import RULES
from kpatch_tools.flow.docs import profile_for
from tests.judging import check_all, check_change

KVM = profile_for("Documentation/virt/kvm/api.rst")
LIST = ":Capability: basic\n:Architectures: all\n:Type: vm ioctl\n:Parameters: none\n:Returns: 0\n"


def section(fields: str = LIST, title: str = "4.1 KVM_ONE", body: str = "Text.") -> str:
    chapter = f"{title[0]}. Chapter\n==========\n\n"
    return f"{chapter}{title}\n{'-' * len(title)}\n\n{fields}\n{body}\n"


def rules(text: str, profile=KVM) -> list[tuple[str, int, int]]:
    found = check_all(text, "x.rst", profile)
    return [(one.rule.removeprefix("docs/"), one.location.line, one.location.column) for one in found]


def new(after: str, before: str = "4. Chapter\n==========\n") -> list[tuple[str, int, int]]:
    found = check_change(before, after, "x.rst", KVM)
    return [(one.rule.removeprefix("docs/"), one.location.line, one.location.column) for one in found]


def test_a_right_list_has_no_findings():
    assert rules(section()) == []
    assert new(section()) == []


@pytest.mark.parametrize(
    ("old", "wrong", "expected"),
    [
        (":Type: vm", "Type: vm", [("field-form", 9, 1)]),
        (":Capability: b", "Capability: b", [("field-form", 7, 1)]),
        (":Type: vm", ":Type vm", [("field-form", 9, 1)]),
        (":Type: vm", ":Type:vm", [("field-form", 9, 1)]),
        (":Type: vm", ":Type : vm", [("field-form", 9, 1)]),
        (":Type: vm", ":Types: vm", [("field-name", 9, 1)]),
        (":Architectures: all", ":Architecture: all", [("field-name", 8, 1)]),
        (":Returns: 0", ":returns: 0", [("field-name", 11, 1)]),
        (":Architectures: all\n", "", [("field-missing", 4, 1)]),
        (": all", ": x86 arm64", [("field-value", 8, 17)]),
        (": all", ": none", [("field-value", 8, 17)]),
        (": basic", ": none", [("field-value", 7, 14)]),
        (":Returns: 0\n", ":Returns: 0\n:Type: vm ioctl\n", [("field-twice", 12, 1)]),
        (":Type: vm ioctl\n", "\n:Type: vm ioctl\n", [("field-spacing", 9, 1)]),
        (LIST, "Glued.\n" + LIST, [("field-form", 8, 1)]),
        (LIST, LIST.replace(":", "", 1), [("field-form", 7, 1)]),
    ],
)
def test_one_wrong_line_is_one_finding_at_its_place(old, wrong, expected):
    assert rules(section().replace(old, wrong, 1)) == expected


def test_a_list_that_touches_the_underline():
    assert rules(section().replace("-\n\n:", "-\n:")) == [("field-spacing", 6, 1)]


def test_text_right_below_the_list_is_the_parsers_finding():
    assert rules(section().replace("Returns: 0\n", "Returns: 0\nand more\n")) == [("markup", 12, 0)]


@pytest.mark.parametrize(
    "fields",
    [
        LIST.replace("Type: vm ioctl", "Type: vm ioctl,\n       vcpu ioctl"),
        LIST + "\n" + LIST,
        LIST.replace(":Architectures", ":Extended by: KVM_CAP_X\n:Architectures"),
    ],
    ids=["two lines", "two capabilities", "extended by"],
)
def test_legal_lists(fields):
    assert rules(section(fields)) == []
    assert new(section(fields)) == []


@pytest.mark.parametrize(
    ("old", "wrong", "expected"),
    [
        (": all", ": arm64, ppc", [("field-synonym", 8, 24)]),
        (": all", ": any that has a clock (x86 only)", [("field-remark", 8, 17)]),
        (
            ":Type: vm ioctl\n:Parameters: none\n",
            ":Parameters: none\n:Type: vm ioctl\n",
            [("field-order", 9, 1)],
        ),
    ],
)
def test_what_counts_in_added_text_only(old, wrong, expected):
    after = section().replace(old, wrong, 1)
    assert rules(after) == []
    assert new(after) == expected
    assert new("A line above.\n\n" + after, after) == []
    name = f"docs/{expected[0][0]}"
    assert RULES[name].changes_only
    assert "hange only" in RULES[name].page


@pytest.mark.parametrize("chapter", ["6", "7", "8"])
def test_the_capability_field_is_for_chapter_4(chapter):
    fields = ":Capability: KVM_CAP_X\n:Architectures: x86\n:Parameters: none\n"
    after = section(fields, title=f"{chapter}.1 KVM_CAP_X")
    assert rules(after) == []
    assert new(after, f"{chapter}. Chapter\n==========\n") == [("field-obsolete", 7, 1)]


@pytest.mark.parametrize(
    ("title", "column"),
    [("4.1. KVM_ONE", 4), ("4.1  KVM_ONE", 4), ("4.1 KVM_ONE.", 12), ("4.1 KVM_ONE", 0)],
)
def test_the_form_of_a_title(title, column):
    found = check_all(section(title=title), "x.rst", KVM)
    assert [one.location.column for one in found if one.rule == "docs/title-form"] == [column] * bool(column)
    if column:
        assert found[0].hint == "write 4.1 KVM_ONE, with 11 - below"


def test_a_profile_that_asks_for_nothing_and_no_profile_at_all():
    text = section(":Architecture: none\n\nType: x\n", title="4.1. KVM_ONE")
    bare = msgspec.structs.replace(
        KVM, fields=(), chapters=(), vocabularies=(), dotted_numbers=(), wording=type(KVM.wording)()
    )
    assert rules(text, bare) == rules(text, None) == []
    assert rules(text) != []
