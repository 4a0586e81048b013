# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.checks.docs_parts import part_changes, section_diff
from kpatch_tools.model.preview import Fate
from kpatch_tools.parse.rst import parse_document

ONE = "4.1 KVM_ONE\n-----------\n\nThe words of one.\n\n"
TWO = "4.2 KVM_TWO\n-----------\n\nThe words of two, and\nsome more `x`.\n\n"
THREE = "4.3 KVM_THREE\n-------------\n\nA third text.\n\n"
TOP = "4. API\n======\n\n"


def changes(before: str, after: str):
    found = part_changes(parse_document(before), parse_document(after))
    return [(one.name, one.fate) for one in found if one.fate is not Fate.SAME]


def diff(before: str, after: str):
    old, new = parse_document(before), parse_document(after)
    (change,) = [one for one in part_changes(old, new) if one.fate is not Fate.SAME]
    return section_diff(old, new, change)


def side(pieces):
    return "".join(f"[{one.text}]" if one.fresh else one.text for one in pieces)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (TOP + ONE + TWO, TOP + ONE + TWO, []),
        (TOP + ONE + TWO, TOP + "\n" + ONE + "\n" + TWO, []),
        (TOP + ONE + TWO, TOP + ONE.replace("words", "sense") + TWO, [("4.1 KVM_ONE", Fate.CHANGED)]),
        (TOP + ONE + TWO, TOP + ONE + TWO + THREE, [("4.3 KVM_THREE", Fate.ADDED)]),
        (TOP + ONE + TWO + THREE, TOP + ONE + THREE, [("4.2 KVM_TWO", Fate.REMOVED)]),
        (TOP + ONE + TWO, TOP + ONE + TWO.replace("4.2", "4.9"), [("4.9 KVM_TWO", Fate.CHANGED)]),
        (TOP + ONE + TWO, TOP + ONE + TWO.replace("KVM_TWO", "KVM_ZWO"), [("4.2 KVM_ZWO", Fate.CHANGED)]),
        (TOP + ONE + TWO, TOP + TWO + ONE, []),
        ("Words.\n", "Other words.\n", [("(above the first title)", Fate.CHANGED)]),
        (TOP + ONE, TOP.replace("API", "The API") + ONE, [("4. The API", Fate.CHANGED)]),
    ],
)
def test_what_became_of_each_part(before, after, expected):
    assert changes(before, after) == expected


def test_a_new_section_between_equal_names_does_not_take_their_place():
    again = ONE.replace("4.1", "4.5").replace("words of one", "other")
    assert changes(TOP + ONE + again, TOP + ONE + TWO + again) == [("4.2 KVM_TWO", Fate.ADDED)]


def test_words_are_marked_on_both_sides():
    shown = diff(TOP + TWO, TOP + TWO.replace("some more", "a bit more"))
    (row,) = [row for row in shown.rows if row.fate is not Fate.SAME]
    assert (row.fate, row.kind, row.old_line, row.new_line) == (Fate.CHANGED, "text", 7, 7)
    assert side(row.old) == "The words of two, and [some] more x."
    assert side(row.new) == "The words of two, and [a bit] more x."


def test_a_text_wrapped_anew_has_no_different_row():
    shown = diff(TOP + TWO, TOP + TWO.replace("two, and\nsome", "two,\nand some"))
    assert {row.fate for row in shown.rows} == {Fate.SAME}


def test_another_markup_of_the_same_word_is_a_difference():
    shown = diff(TOP + TWO, TOP + TWO.replace("`x`", "``x``"))
    (row,) = [row for row in shown.rows if row.fate is Fate.CHANGED]
    assert side(row.old).endswith("more [x].")
    assert side(row.new).endswith("more [x].")


def test_an_added_line_of_a_struct_is_one_row():
    old = TOP + ONE + "::\n\n  struct a {\n\tint b;\n  };\n"
    shown = diff(old, old.replace("int b;", "int b;\n\tint c;"))
    (row,) = [row for row in shown.rows if row.fate is not Fate.SAME]
    assert (row.fate, row.kind, side(row.new).strip()) == (Fate.ADDED, "literal", "int c;")


def test_paragraphs_that_have_nothing_in_common_do_not_stand_beside_each_other():
    shown = diff(
        TOP + ONE, TOP + ONE.replace("The words of one.", "Entirely different prose here, with nothing.")
    )
    assert [row.fate for row in shown.rows if row.fate is not Fate.SAME] == [Fate.ADDED, Fate.REMOVED]


def test_all_of_a_new_and_of_a_removed_section():
    assert {row.fate for row in diff(TOP + ONE, TOP + ONE + THREE).rows} == {Fate.ADDED}
    assert {row.fate for row in diff(TOP + ONE + THREE, TOP + ONE).rows} == {Fate.REMOVED}


def test_a_huge_paragraph_is_told_as_replaced():
    shown = diff(TOP + ONE + "a b\n" * 3000, TOP + ONE + "c d\n" * 3000)
    assert shown.rows[-1].fate is not Fate.SAME
