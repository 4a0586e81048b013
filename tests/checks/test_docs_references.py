# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.flow.docs import profile_for
from kpatch_tools.model.finding import Severity
from tests.judging import check_all, check_change

KVM = profile_for("Documentation/virt/kvm/api.rst")
TITLES = "8. Others\n=========\n\n8.1 KVM_CAP_A\n-------------\n\n8.2 KVM_CAP_B\n-------------\n\n"


def of_rule(findings, rule: str):
    return [one for one in findings if one.rule == f"docs/{rule}"]


@pytest.mark.parametrize(
    ("words", "right"),
    [
        ("KVM_CAP_A, see section 8.2.", "KVM_CAP_A is section 8.1"),
        ("KVM_CAP_A (described in\nsection 8.2)", "KVM_CAP_A is section 8.1"),
        ("``KVM_CAP_A`` is documented in 8.2", "KVM_CAP_A is section 8.1"),
        ('as in "8.1 KVM_CAP_B"', "KVM_CAP_B is section 8.2"),
        ("with the KVM_CAP_A capability (see section 8.2)", "KVM_CAP_A is section 8.1"),
        ("About KVM_CAP_A, see section 8.2\n--------------------------------", "KVM_CAP_A is section 8.1"),
        ("see section 8.9", ""),
        ("Sections 8.9 and 8.1", ""),
    ],
)
def test_wrong_references(words, right):
    (found,) = of_rule(check_all(TITLES + words + "\n", "x.rst"), "section-reference")
    assert found.hint == right
    assert found.severity is Severity.ERROR


@pytest.mark.parametrize(
    "words",
    [
        "KVM_CAP_A, see section 8.1.",
        "KVM_CAP_UNKNOWN, see section 8.1.",
        "KVM_CAP_A is there. See section 8.2.",
        "Linux 8.9, and in 8.9",
        "see section 8.9 of the SDM",
        "the Power ISA V3.00, Book III section 8.7.6.1",
        "section 8.9.1",
        "section 12.4",
        ":ref:`section 8.9 <label>`",
    ],
)
def test_right_references_and_those_of_other_works(words):
    assert of_rule(check_all(TITLES + words + "\n", "x.rst"), "section-reference") == []


def test_a_document_without_numbers_refers_to_another_work():
    assert check_all("Title\n=====\n\nSee section 8.1.\n", "x.rst") == ()


def test_long_runs_of_blanks_and_marks_cost_nothing():
    line = "see" + " " * 1900 + "section\n"
    text = TITLES + (line + ":" * 1900 + "\n") * 40 + "8.1\n"
    assert isinstance(check_all(text, "x.rst", KVM), tuple)


def test_a_number_in_added_text_should_be_a_label():
    before = TITLES + "See section 8.1.\n"
    after = before + "\nSee also section 8.1, and 8.2 KVM_CAP_B.\n"
    (found,) = of_rule(check_change(before, after, "x.rst", KVM), "prefer-ref")
    assert (found.location.line, found.location.column, found.severity) == (12, 18, Severity.NOTE)
    assert of_rule(check_all(after, "x.rst", KVM), "prefer-ref") == []


def test_an_added_label_is_looked_for_in_this_document():
    before = ".. _one-label:\n.. _`two labels`:\n\n" + TITLES
    after = before + ":ref:`one-label` :ref:`x <Two  Labels>` :ref:`on-label` :ref:`elsewhere`\n"
    found = of_rule(check_change(before, after, "x.rst", KVM), "unknown-label")
    assert [(one.severity, one.hint) for one in found] == [
        (Severity.WARNING, "perhaps :ref:`one-label`"),
        (Severity.NOTE, "look whether another document has it"),
    ]
    assert of_rule(check_change(before, after, "x.rst"), "unknown-label") == []


def test_one_subject_in_two_sections_is_named_once():
    text = TITLES.replace("8.2 KVM_CAP_B", "8.2 KVM_CAP_A")
    (found,) = of_rule(check_all(text, "x.rst", KVM), "same-subject")
    assert found.message == "KVM_CAP_A has a section already, 8.1"
    assert [place.line for place in found.related] == [4]
    assert of_rule(check_all(text, "x.rst"), "same-subject") == []


def test_only_with_a_profile_an_added_section_takes_the_next_number():
    before = TITLES
    after = TITLES + "8.9 KVM_CAP_C\n-------------\n"
    assert len(of_rule(check_change(before, after, "x.rst", KVM), "section-number")) == 1
    assert of_rule(check_change(before, after, "x.rst"), "section-number") == []
