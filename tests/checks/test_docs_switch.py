# SPDX-License-Identifier: GPL-2.0-only
from kpatch_tools.checks.docs_switch import switches
from kpatch_tools.flow.docs import check_document, profile_for
from kpatch_tools.parse.rst import parse_document
from tests.judging import judge_all, judge_change

KVM = profile_for("Documentation/virt/kvm/api.rst")
TICK = "docs/single-backtick"
OFF = f".. kvet: off {TICK}\n\n"
ON = f".. kvet: on {TICK}\n\n"
BAD = "A `size`.\n\n"


def places(judged) -> list[tuple[str, int]]:
    return [(one.rule, one.location.line) for one in judged.findings]


def title(text: str, mark: str = "-") -> str:
    return f"{text}\n{mark * len(text)}\n\n"


def test_a_switch_holds_for_its_section_from_the_title_on():
    text = title("First") + BAD + OFF + BAD + title("Second") + BAD
    judged = judge_all(text, "x.rst")
    assert places(judged) == [(TICK, 13)]
    assert judged.switched_off == 2


def test_a_switch_holds_for_the_deeper_sections_too():
    text = title("First", "=") + OFF + title("Deeper") + BAD + title("Next", "=") + BAD
    judged = judge_all(text, "x.rst")
    assert places(judged) == [(TICK, 14)]
    assert judged.switched_off == 1


def test_on_ends_it_and_then_only_the_lines_between_are_covered():
    text = title("First") + BAD + OFF + BAD + ON + BAD
    judged = judge_all(text, "x.rst")
    assert [line for _rule, line in places(judged)] == [4, 12]
    assert judged.switched_off == 1


def test_above_the_first_title_it_holds_for_the_whole_document():
    judged = judge_all(OFF + title("First") + BAD + title("Second") + BAD, "x.rst")
    assert judged.findings == ()
    assert judged.switched_off == 2


def test_a_title_can_be_covered_and_the_family_may_be_left_out():
    text = "First\n=======\n\n.. kvet: off underline-length, repeated-word\n\nIt is the the end.\n"
    judged = judge_all(text, "x.rst")
    assert judged.findings == ()
    assert judged.switched_off == 2


def test_an_idle_switch_is_a_finding_with_its_column_and_only_for_a_whole_document():
    text = title("First") + OFF + "Nothing.\n"
    (found,) = judge_all(text, "x.rst").findings
    assert (found.rule, found.location.line, found.location.column) == ("docs/off-switch", 4, 14)
    assert found.hint == "remove the switch"
    assert judge_change("Other\n", text, "x.rst").findings == ()


def test_a_switch_of_a_rule_that_could_not_run_is_not_called_idle():
    for rule in ("docs/struct-differs", "docs/prefer-ref"):
        assert judge_all(title("First") + f".. kvet: off {rule}\n", "x.rst", KVM).findings == ()


def test_an_unknown_rule_is_a_finding_of_the_change_that_writes_it():
    before = title("First") + "Nothing.\n"
    after = before + "\n.. kvet: off docs/single-backticks\n"
    (found,) = judge_change(before, after, "x.rst").findings
    assert found.message == "First: there is no rule docs/single-backticks"
    assert found.hint == f"write {TICK}"
    assert judge_change(after, after + "\nMore.\n", "x.rst").findings == ()


def test_what_is_no_longer_switched_off_is_new():
    before = title("First") + OFF + BAD
    after = before.replace(OFF, "")
    assert places(judge_change(before, after, "x.rst")) == [(TICK, 4)]


def test_what_stays_switched_off_is_not_counted_again():
    before = title("First") + OFF + BAD
    assert judge_change(before, before + "More.\n", "x.rst").switched_off == 0
    assert judge_change(before, before + "Another `flag`.\n", "x.rst").switched_off == 1


def test_the_switch_cannot_switch_itself_off():
    text = title("First") + ".. kvet: off docs/off-switch docs/nonsense\n"
    assert [rule for rule, _line in places(judge_all(text, "x.rst"))] == ["docs/off-switch"] * 2


def test_in_a_literal_block_it_is_an_example():
    text = (
        title("First")
        + "::\n\n  .. kvet: off docs/markup\n\n.. code-block:: rst\n\n   .. kvet: off nonsense\n"
    )
    assert switches(parse_document(text)) == ()
    assert judge_all(text, "x.rst").findings == ()


def test_the_check_says_how_many():
    after = (title("First") + OFF + BAD).encode()
    result = check_document(None, after, path="x.rst")
    assert result.findings == ()
    assert result.facts == (("x.rst", "general rules, what the series adds, 1 finding switched off"),)
