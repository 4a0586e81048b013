# SPDX-License-Identifier: GPL-2.0-only
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpatch_tools.checks.docs import RULES
from kpatch_tools.checks.docs_diff import unchanged_lines
from kpatch_tools.flow.docs import profile_for
from kpatch_tools.model.finding import Severity
from tests.judging import check_all, check_change

KVM = profile_for("Documentation/virt/kvm/api.rst")


def section(number: str, name: str, body: str = "") -> str:
    title = f"{number} {name}"
    return (
        f"{title}\n{'-' * len(title)}\n\n:Capability: basic\n:Architectures: all\n:Type: vm ioctl\n"
        f":Parameters: none\n:Returns: 0\n\n{body}\n\n"
    )


def chapter(*sections: str) -> str:
    return "4. API\n======\n\n" + "".join(sections)


def places(findings) -> list[tuple[str, int]]:
    return [(one.rule, one.location.line) for one in findings]


@pytest.mark.parametrize("name", RULES)
def test_every_rule_has_a_help_page(name):
    page = RULES[name].page
    for part in ("Bad:", "Good:", "Source:"):
        assert part in page
    assert RULES[name].summary
    assert "\n" not in RULES[name].summary
    assert RULES[name].check.__name__ == name.removeprefix("docs/").replace("-", "_")


def test_a_finding_names_the_section_the_value_and_what_is_right():
    (found,) = check_all(chapter(section("4.1", "KVM_ONE", "A `size`.")), "api.rst", KVM)
    assert found.message == "KVM_ONE: `size` in single backticks is not shown as code"
    assert found.hint == "write ``size``"
    assert str(found.location) == "api.rst:13:3"
    assert found.severity is Severity.WARNING


def test_a_short_underline_is_an_error_and_a_long_one_a_warning():
    found = check_all("Title\n====\n\nOther\n======\n", "x.rst")
    assert [(one.rule, one.severity) for one in found] == [
        ("docs/underline-length", Severity.ERROR),
        ("docs/underline-length", Severity.WARNING),
    ]
    assert found[0].hint == "lengthen it to 5: ====="
    assert found[1].hint == "shorten it to 5: ====="


def test_wide_characters_count_twice_in_a_title():
    assert check_all("\u6f22\u5b57\n====\n\ntext\n", "x.rst") == ()


def test_without_a_profile_there_are_no_rules_about_fields():
    text = chapter("4.1 KVM_ONE\n-----------\n\nArchitectures: x86\n\n:Type: nonsense\n")
    assert check_all(text, "other.rst") == ()
    assert {one.rule for one in check_all(text, "other.rst", KVM)} == {
        "docs/field-form",
        "docs/field-missing",
        "docs/field-value",
    }


def test_a_field_in_a_wrong_form_is_not_missing_as_well():
    text = "8. Others\n=========\n\n8.1 KVM_CAP_A\n-------------\n\n:Type vm\n:Architectures: x86\n"
    assert places(check_all(text, "x.rst", KVM)) == [("docs/field-form", 7)]


def test_commas_are_proposed():
    text = chapter(section("4.1", "KVM_ONE")).replace(": all", ": x86 arm64 s390")
    (found,) = check_all(text, "x.rst", KVM)
    assert found.hint == "write x86, arm64, s390"


def test_an_empty_architectures_field_is_found():
    text = chapter(section("4.1", "KVM_ONE")).replace(": all", ":")
    assert places(check_all(text, "x.rst", KVM)) == [("docs/field-value", 8)]


def test_the_table_hint_holds_every_cell():
    text = "====  ====\nTOOLONG x\nLONGEST-OF-ALL x\n====  ====\n"
    found = check_all(text, "x.rst")
    assert [one.message for one in found] == [
        "malformed table: 'TOOLONG' is 7 characters wide, column 1 only 4",
        "malformed table: 'LONGEST-OF-ALL' is 14 characters wide, column 1 only 4",
    ]
    assert {one.hint for one in found} == {"widen column 1 to 14 in every border line of the table"}


def test_a_text_that_the_parser_gives_up_on_does_not_pass():
    found = check_all("- " * 3000 + "deep\n", "x.rst")
    assert any(one.rule == "docs/markup" and one.severity is Severity.ERROR for one in found)


ONE, TWO, THREE = section("4.1", "KVM_ONE"), section("4.2", "KVM_TWO"), section("4.3", "KVM_THREE")


@pytest.mark.parametrize(
    ("after", "said", "right"),
    [
        (chapter(ONE, TWO, THREE, section("4.4", "KVM_NEW")), "", ""),
        (chapter(ONE, TWO, THREE, section("4.5", "KVM_NEW")), "does not have the next number", "4.4"),
        (
            chapter(ONE, TWO, THREE, section("4.4", "KVM_NEW"), section("4.6", "KVM_NEWER")),
            "'4.6 KVM_NEWER' does not have the next number",
            "4.5",
        ),
        (
            chapter(ONE, TWO, section("4.3", "KVM_NEW"), THREE),
            "4.3 is the number of both 'KVM_THREE' and 'KVM_NEW'",
            "4.4",
        ),
        (
            chapter(ONE, section("4.4", "KVM_NEW"), TWO, THREE),
            "'4.4 KVM_NEW' stands before '4.2 KVM_TWO'",
            "4.4",
        ),
        (
            chapter(ONE, TWO, THREE, section("4.0", "KVM_NEW")),
            "'4.0 KVM_NEW' stands after '4.3 KVM_THREE'",
            "4.4",
        ),
        (chapter(ONE, section("4.2", "KVM_RENAMED"), THREE), "", ""),
        (chapter(ONE, THREE), "", ""),
        ("9. Before\n=========\n\n" + chapter(ONE, TWO, THREE), "", ""),
    ],
)
def test_the_number_of_an_added_section(after, said, right):
    before = chapter(ONE, TWO, THREE)
    if after.startswith("9."):
        before = "9. Before\n=========\n\n" + before
    found = check_change(before, after, "x.rst", KVM)
    if not said:
        assert found == ()
        return
    (only,) = found
    assert only.rule == "docs/section-number"
    assert said in only.message
    assert only.hint == f"the next free number is {right}"


def test_the_added_one_of_two_equal_numbers_is_the_one_reported():
    after = chapter(section("4.1", "KVM_NEW"), ONE, TWO)
    (found,) = check_change(chapter(ONE, TWO), after, "x.rst", KVM)
    assert found.location.line == 4
    assert [place.line for place in found.related] == [15]


def test_the_second_of_two_equal_findings_is_the_added_one_wherever_it_stands():
    before = chapter(section("4.1", "KVM_ONE", "The `size` is here."))
    above = before.replace("The `size` is here.", "A new `size` is above.\n\nThe `size` is here.")
    below = before.replace("The `size` is here.", "The `size` is here.\n\nA new `size` is below.")
    assert [one.location.line for one in check_change(before, above, "x.rst", KVM)] == [13]
    assert [one.location.line for one in check_change(before, below, "x.rst", KVM)] == [15]


def test_old_faults_stay_silent_when_all_lines_move():
    before = chapter(ONE, section("4.2", "KVM_TWO", "The `size`."), "4.2 KVM_AGAIN\n-----------\n\ntext\n")
    assert check_all(before, "x.rst", KVM)
    assert check_change(before, "A new introduction.\n\nOf two paragraphs.\n\n" + before, "x.rst", KVM) == ()


def test_a_fault_that_a_change_brings_to_an_unchanged_line_is_new():
    # The list is what is at fault, and its first line is the old one.
    before = chapter(section("4.1", "KVM_ONE")).replace(":Type: vm ioctl\n", "")
    after = before.replace(":Returns: 0\n", "")
    (found,) = check_change(before, after, "x.rst", KVM)
    assert found.message == "KVM_ONE: the field :Returns: is missing"
    assert found.location.line == 4


def test_a_mended_document_has_no_new_findings():
    before = chapter(section("4.1", "KVM_ONE", "The `size`."))
    assert check_change(before, before.replace("`", "``"), "x.rst", KVM) == ()


LINES = st.lists(st.sampled_from(["", "a", "b", "`x`", "c d", "e"]), max_size=30)


@given(LINES, LINES)
def test_unchanged_lines_are_equal_and_in_order(before, after):
    same = unchanged_lines(tuple(before), tuple(after))
    pairs = sorted(same.items())
    assert all(after[new - 1] == before[old - 1] for new, old in pairs)
    assert [old for _new, old in pairs] == sorted({old for _new, old in pairs})


@settings(max_examples=150, deadline=None)
@given(LINES, LINES)
def test_a_change_never_has_more_findings_than_the_document(before, after):
    text = "\n".join(after) + "\n"
    whole = check_all(text, "x.rst", KVM)
    new = check_change("\n".join(before) + "\n", text, "x.rst", KVM)
    assert set(places(new)) <= set(places(whole))
    assert check_change(text, text, "x.rst", KVM) == ()
    assert len(check_change("", text, "x.rst", KVM)) == len(whole)
