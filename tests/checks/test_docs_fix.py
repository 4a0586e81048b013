# SPDX-License-Identifier: GPL-2.0-only
"""Each fixer: what it mends, what it leaves alone, and that every other byte stays."""

import pytest

from kpatch_tools.checks.docs import RULES
from kpatch_tools.checks.docs_fix import apply_edits, mend
from kpatch_tools.checks.docs_fixers import FIXERS, TOGETHER
from kpatch_tools.checks.docs_rule import Context
from kpatch_tools.flow.docs import profiles
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.fix import Edit, Mended
from kpatch_tools.model.kernelfacts import FactIoctl, FactStruct, Handler, KernelFacts, Level
from kpatch_tools.parse.rst import parse_document
from tests.judging import check_all, check_change

PATH = "Documentation/virt/kvm/api.rst"
KVM = next(profile for profile in profiles() if profile.name == "kvm-api")
FIELDS = ":Capability: basic\n:Architectures: all\n:Type: vm ioctl\n:Parameters: none\n:Returns: 0\n"
HEAD = "4. API\n======\n\n"
HANDLED = {"KVM_ELSEWHERE": (Handler(arch="x86", level=Level.VM, path="x.c", line=1),)}
FACTS = KernelFacts(
    label="a tree",
    uapi=frozenset({"KVM_CAP_LONG_TABLE_NAME", "KVM_SET_COLOUR_OF", "KVM_ONE", "KVM_TWO"}),
    names=frozenset(
        {"KVM_CAP_LONG_TABLE_NAME", "KVM_SET_COLOUR_OF", "KVM_ONE", "KVM_TWO", "KVM_FAR_OFF_NAME"}
    ),
    structs={"kvm_colour_map": (FactStruct(name="kvm_colour_map", members=(), path="x.h", line=1),)},
    ioctls={
        "KVM_ONE": FactIoctl(name="KVM_ONE", number=1, direction="none", argument="", path="x.h", line=1)
    },
    handled=HANDLED,
)


def section(body: str = "Text.\n", title: str = "4.1 KVM_ONE", fields: str = FIELDS) -> str:
    return f"{title}\n{'-' * len(title)}\n\n{fields}\n{body}\n"


def mended(text: str, *, before: str | None = None, profile=KVM, facts=None, rules=None) -> Mended:
    old = None if before is None else parse_document(before)

    def check(version: str):
        document = parse_document(version)
        if before is None:
            return document, check_all(version, PATH, profile, facts)
        return document, check_change(before, version, PATH, profile, facts=facts, facts_before=facts)

    def understand(document):
        return Context(document=document, profile=profile, before=old, facts=facts, facts_before=facts)

    result = mend(text, PATH, check, understand, rules)
    again = mend(result.after, PATH, check, understand, rules)
    assert again.after == result.after
    assert again.mended == ()
    return result


def test_every_fixer_has_a_rule():
    assert set(FIXERS) <= set(RULES)
    assert set(RULES) >= TOGETHER


def only(before: str, after: str, text: str) -> str:
    """``text`` with its one ``before`` replaced: what a fix should give, and that it should give no more."""
    assert text.count(before) == 1
    return text.replace(before, after)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("4.1 KVM_ONE\n---------------\n", "4.1 KVM_ONE\n-----------\n"),
        ("4.1 KVM_ONE\n--------\n", "4.1 KVM_ONE\n-----------\n"),
        ("4.1 KVM_ONE\n-------------  \n", "4.1 KVM_ONE\n-----------  \n"),
    ],
)
def test_an_underline_gets_the_length_of_its_title(wrong, right):
    text = HEAD + only("4.1 KVM_ONE\n-----------\n", wrong, section())
    assert mended(text).after == only(wrong, right, text)


def test_an_overlined_title_and_a_line_of_colons_are_left_alone():
    text = "=======\nA long title\n=======\n\nA paragraph\n::\n\n  int x;\n\nText\n....\n"
    assert mended(text, profile=None).after.splitlines()[4:] == text.splitlines()[4:]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (":Type: vm ioctl", ":Type vm ioctl"),
        (":Type: vm ioctl", "Type: vm ioctl"),
        (":Returns: 0", "Returns : 0"),
        (":Returns: 0", ":Returns : 0"),
        (":Returns: 0", ":Returns 0"),
        (":Architectures: all", ":Architecture: all"),
        (":Architectures: x86, arm64, s390", ":Architectures: x86 arm64 s390"),
        (":Architectures: x86, arm64, s390", ":Architectures: x86, arm64 s390"),
    ],
)
def test_a_field_gets_its_form(right, wrong):
    good = only(":Architectures: all", right, section()) if right.startswith(":Arch") else section()
    text = HEAD + only(right, wrong, good)
    result = mended(text)
    assert result.after == HEAD + good
    assert result.left == ()


def test_the_fields_of_one_list_are_mended_together_or_not_at_all():
    bare = (
        FIELDS.replace(":C", "C").replace(":A", "A").replace(":T", "T").replace(":P", "P").replace(":R", "R")
    )
    assert mended(HEAD + section(fields=bare)).after == HEAD + section()
    glued = bare + "Words at once.\n"
    result = mended(HEAD + section(fields=glued))
    assert result.after == HEAD + section(fields=glued)
    assert {one.finding.rule for one in result.refused} == {"docs/field-form"}
    assert all("would bring another finding" in one.reason for one in result.refused)
    assert {one.finding for one in result.refused} <= set(result.left)


def test_what_a_fault_has_hidden_comes_to_light_and_is_mended_or_said():
    text = HEAD + section(fields=FIELDS.replace(":Arch", "Arch").replace(": all", ": x86 arm64"))
    assert mended(text).after == HEAD + section(fields=FIELDS.replace(": all", ": x86, arm64"))
    text = HEAD + section(fields=FIELDS.replace(":Arch", "Arch").replace(": all", ": a moon"))
    result = mended(text)
    assert result.after == HEAD + section(fields=FIELDS.replace(": all", ": a moon"))
    assert [one.rule for one in result.uncovered] == ["docs/field-value"]
    assert result.left == result.uncovered
    old = section(title="4.2 KVM_TWO", fields=FIELDS.replace(": all", ": a moon"))
    result = mended(text + old)
    assert len(result.left) == 2
    assert len(result.uncovered) == 1
    table = "====== ====\nEOPNOTSUPP  `size`\n====== ====\n"
    assert mended(table, profile=None).after == "========== ====\nEOPNOTSUPP ``size``\n========== ====\n"


def test_a_word_that_is_no_value_gets_no_comma():
    text = HEAD + section(fields=FIELDS.replace(": all", ": x86 with a moon"))
    assert mended(text).after == text


def test_a_field_list_is_parted_from_what_stands_above():
    glued = section().replace("-\n\n:Cap", "-\n:Cap")
    assert mended(HEAD + glued).after == HEAD + section()
    glued = section("Words above.\n:Returns: 0\n")
    assert mended(HEAD + glued).after == HEAD + section("Words above.\n\n:Returns: 0\n")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("when `size` is", "when ``size`` is"),
        ("(`gpa`), `size`.", "(``gpa``), ``size``."),
        ("`data[0]` `a.b->c` `f()`", "``data[0]`` ``a.b->c`` ``f()``"),
        ("`struct kvm_one`", "``struct kvm_one``"),
        ("`a title` by `size`", "`a title` by ``size``"),
        ("`size\nof` it", "`size\nof` it"),
        (":ref:`size` and `size`", ":ref:`size` and ``size``"),
    ],
)
def test_a_c_name_gets_double_backticks(wrong, right):
    assert mended(f"Words {wrong} words.\n", profile=None).after == f"Words {right} words.\n"


TABLE = """\
  ======== ====
  `ab`     some words
  `abcdef` some words
  EINVAL   `x`
           more `words`
  ======== ====
"""


def test_in_a_table_the_other_cells_do_not_move():
    result = mended(TABLE, profile=None).after.splitlines()
    assert result[1] == "  ``ab``   some words"
    assert result[2] == "  `abcdef` some words"
    assert result[3] == "  EINVAL   ``x``"
    assert result[4] == "           more ``words``"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("The code::\n  int x;\n\nText.\n", "The code::\n\n  int x;\n\nText.\n"),
        ("The\ncode::\n  int x;\n\nText.\n", "The\ncode::\n\n  int x;\n\nText.\n"),
        ("Of two\nlines:\n  - one\n  - two\n\nText.\n", "Of two\nlines:\n\n  - one\n  - two\n\nText.\n"),
        (
            "Of two\nlines:\n  ==== ===\n  a    b\n  ==== ===\n\nText.\n",
            "Of two\nlines:\n\n  ==== ===\n  a    b\n  ==== ===\n\nText.\n",
        ),
        ("The flags:\n- one\n- two\n  lines\n\nText.\n", "The flags:\n\n- one\n- two\n  lines\n\nText.\n"),
        ("Of two\nlines\n  and one set in.\n\nText.\n", None),
        ("The code::\n\n  int x;\nText.\n", None),
    ],
)
def test_a_blank_line_where_a_block_begins(wrong, right):
    assert mended(wrong, profile=None).after == (right or wrong)


def test_a_column_is_widened_in_its_table_only():
    text = """\
Text.

====== ================
EINVAL a   first
       second
EPFNOSUPPORT   one
         two
         three

EIO
====== ================

Text   with  blanks.
"""
    after = """\
Text.

============ ================
EINVAL       a   first
             second
EPFNOSUPPORT one
             two
             three

EIO
============ ================

Text   with  blanks.
"""
    assert mended(text, profile=None).after == after


def test_two_columns_are_widened_one_after_the_other():
    text = "=== ===\nabcde  x\na   bc\n=== ===\n".replace("=== ===", "=== === ===").replace(
        "bc\n", "bcdef  z\n"
    )
    result = mended(text, profile=None)
    assert parse_document(result.after).table_faults == ()
    assert result.after == "===== ===== ===\nabcde x\na     bcdef z\n===== ===== ===\n"


@pytest.mark.parametrize(
    "rows",
    ["abcde\tx\n", "abcd\u00e9f  x\n", "a bcde f\n", "abcdef  x\n--- ---\n", "abc  x\n"],
)
def test_a_table_that_is_not_plain_is_left_alone(rows):
    text = f"=== ===\n{rows}=== ===\n"
    assert mended(text, profile=None).after == text


def test_a_name_with_one_near_neighbour_is_replaced_and_its_underline_follows():
    title = "8.1 KVM_CAP_LONG_TABEL_NAMES"
    body = "Use KVM_SET_COLOR_OF with ``struct kvm_color_map``.\n"
    text = f"8. Other\n========\n\n{section(body, title, ':Architectures: all' + chr(10))}"
    result = mended(text, facts=FACTS)
    right = "8.1 KVM_CAP_LONG_TABLE_NAME"
    body = "Use KVM_SET_COLOUR_OF with ``struct kvm_colour_map``.\n"
    assert result.after == f"8. Other\n========\n\n{section(body, right, ':Architectures: all' + chr(10))}"


@pytest.mark.parametrize("name", ["KVM_FAR_NAME", "KVM_NOWHERE", "KVM_ONE"])
def test_a_name_that_could_be_another_is_left_alone(name):
    text = HEAD + section(f"Use {name}.\n")
    assert mended(text, facts=FACTS).after == text


def test_of_two_near_names_none_is_taken():
    facts = KernelFacts(label="x", uapi=frozenset({"KVM_SET_COLOUR_A", "KVM_SET_COLOUR_B"}), handled=HANDLED)
    text = HEAD + section("Use KVM_SET_COLOUR_C.\n")
    result = mended(text, facts=facts, rules=frozenset({"docs/unknown-name"}))
    assert result.after == text


def test_only_an_added_section_gets_the_next_number():
    before = HEAD + section() + section(title="4.2 KVM_TWO") + section(title="4.2 KVM_TOO")
    added = section(title="4.2 KVM_NEW") + section(title="4.9 KVM_NEWER")
    result = mended(before + added, before=before)
    assert result.after == before + section(title="4.3 KVM_NEW") + section(title="4.4 KVM_NEWER")
    assert mended(before).after == before


def test_a_longer_number_takes_the_underline_along():
    nine = "".join(section(title=f"4.{number} KVM_N{number}") for number in range(1, 10))
    result = mended(HEAD + nine + section(title="4.9 KVM_NEW"), before=HEAD + nine)
    assert result.after == HEAD + nine + section(title="4.10 KVM_NEW")


def test_a_change_leaves_old_faults_alone():
    before = HEAD + section("An `old` one.\n")
    text = before + section("A `new` one.\n", "4.2 KVM_TWO")
    result = mended(text, before=before)
    assert result.after == only("`new`", "``new``", text)
    assert [one.rule for one in result.mended] == ["docs/single-backtick"]


def test_rules_limit_it():
    text = HEAD + section("A `name`.\n").replace(": all", ": x86 arm64")
    result = mended(text, rules=frozenset({"docs/field-value"}))
    assert result.after == only("x86 arm64", "x86, arm64", text)
    assert [one.rule for one in result.left] == ["docs/single-backtick"]


def test_a_fix_that_changes_the_titles_or_does_not_help_is_taken_back():
    def check(text: str):
        place = Location(path=PATH, line=1, column=3)
        fault = Finding(
            rule="docs/single-backtick", severity=Severity.ERROR, message="stubborn", location=place
        )
        return parse_document(text), (fault,)

    def understand(document):
        return Context(document=document)

    text = "A `name`.\n"
    result = mend(text, PATH, check, understand)
    assert (result.after, result.changed) == (text, False)
    assert [one.reason for one in result.refused] == ["it would not mend it"]


def test_line_ends_tabs_and_blanks_at_the_end_stay():
    text = "\ufeffA `one`\there. \r\n\r\nThe code::\r\n  int\tx; \r\n\r\nA `two`.\nNo end"
    after = "\ufeffA ``one``\there. \r\n\r\nThe code::\r\n\r\n  int\tx; \r\n\r\nA ``two``.\nNo end"
    assert mended(text, profile=None).after == after


def test_edits_are_exact():
    text = "\ufeffabc\r\ndef"
    edits = [Edit(line=1, column=2, old="b", new="BB"), Edit(line=2, column=1, old="", new="\n")]
    assert apply_edits(text, [*edits, edits[0]]) == "\ufeffaBBc\r\n\ndef"
    assert apply_edits(text, [Edit(line=1, column=4, old="", new="\n")]) == "\ufeffabc\r\n\r\ndef"
    with pytest.raises(ValueError, match="not there"):
        apply_edits(text, [Edit(line=1, column=1, old="b", new="")])
    with pytest.raises(ValueError, match="two edits"):
        apply_edits(text, [Edit(line=1, column=1, old="ab", new=""), Edit(line=1, column=2, old="b", new="")])
