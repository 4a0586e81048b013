# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.flow.docs import profile_for
from tests.judging import check_all

KVM = profile_for("Documentation/virt/kvm/api.rst")


def rules(text: str, profile=None) -> list[tuple[str, int, int]]:
    found = check_all("Title\n=====\n\n" + text + "\n", "x.rst", profile)
    return [(one.rule, one.location.line, one.location.column) for one in found]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("It is the the end.", 4, 11),
        ("It is the\nthe end.", 5, 1),
        ("- An item of\n  of two lines", 5, 3),
        ("\tA quote with with a tab.", 4, 15),
        ('He said "to to" me.', 4, 13),
    ],
)
def test_a_word_twice(text, line, column):
    assert rules(text) == [("docs/repeated-word", line, column)]


@pytest.mark.parametrize(
    "text",
    [
        "A long long has a vector vector, and we know that that is very very fine.",
        "Its ``the`` the parser leaves alone, and ``the the`` as well.",
        "The the; Ends with a. a begins; run run-time; a-the the-b",
        "columns  columns of text",
        "::\n\n  the the",
        "unknown\nunknown",
    ],
)
def test_what_is_meant(text):
    assert rules(text) == []


def test_quotations_are_meant_and_markup_is_not():
    assert rules("He wrote::\n\n> well\n> done") == []
    assert rules("A shell::\n\n$ ls") == []
    assert rules("Values::\n\n``0`` is one") == [("docs/quoted-literal", 6, 1)]
    assert rules("- values::\n\n  - one") == [("docs/quoted-literal", 6, 3)]


def test_colons_stuck_to_a_paragraph_are_asked_of_kvm_only():
    assert rules("Words\n::\n\n  code", KVM) == [("docs/literal-glued", 5, 1)]
    assert rules("Words\n::\n\n  code") == []
    assert rules("Words::\n\n  code\n\n::\n\n  code", KVM) == []
