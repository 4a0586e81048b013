# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.checks.patches import PATCH_RULES, SERIES_RULES
from kpatch_tools.model.finding import Severity
from tests.posted import SIGNED, diff, found, names, patch


def body(text: str) -> str:
    return f"{text}\n\n{SIGNED}\n"


def test_clean_patch() -> None:
    assert found(patch()) == ()


@pytest.mark.parametrize("name", [*PATCH_RULES, *SERIES_RULES])
def test_each_rule_has_a_help_page(name: str) -> None:
    page = (PATCH_RULES.get(name) or SERIES_RULES[name]).page
    for word in ("\nBad:", "\nGood:", "\nSource:"):
        assert word in page


@pytest.mark.parametrize(("length", "severity"), [(75, None), (76, "note"), (80, "note"), (81, "warning")])
def test_subject_length(length: int, severity: str | None) -> None:
    subject = "KVM: x86: Do " + "x" * (length - 13)
    told = [one for one in found(patch(subject)) if one.rule == "message/subject-length"]
    assert [one.severity.value for one in told] == ([severity] if severity else [])


@pytest.mark.parametrize(
    "subject",
    [
        "KVM: x86: Added a thing", "KVM: x86: Fixing a race", "KVM: x86: Removes dead code",
        "KVM: x86: Fixes the build", "KVM: x86: Dropped it", "KVM: x86: Modifies the loop",
        "KVM: x86: Made it work",
    ],
)  # fmt: skip
def test_subject_that_is_no_order(subject: str) -> None:
    assert "message/imperative" in names(found(patch(subject)))


@pytest.mark.parametrize(
    "subject",
    [
        "KVM: x86: Add a thing", "KVM: x86: Set the bit", "KVM: x86: Split the loop",
        "KVM: x86: Fixes for SMM",
        "KVM: x86: Process all", "KVM: x86: Checks", "KVM: nSVM: Nested things are handled",
        "KVM: x86: Address a bug",
    ],
)  # fmt: skip
def test_subject_that_is_an_order(subject: str) -> None:
    assert "message/imperative" not in names(found(patch(subject)))


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("This patch adds a loop.", True),
        ("In this commit we look.\nThis commit removes it.", True),
        ("Words first. This series fixes it.", True),
        ("A guest boots with\nThis patch applied.", False),
        ("A guest boots with this patch applied.", False),
        ("This patch depends on another one.", False),
        ("Without this patch a guest hangs.", False),
        ("Add a loop. This is needed for a guest.", False),
        ("    This patch adds a loop.", False),
    ],
)
def test_text_about_the_patch(text: str, bad: bool) -> None:
    assert ("message/imperative" in names(found(patch(body=body(text))))) is bad


@pytest.mark.parametrize(
    ("line", "bad"),
    [
        ("words " * 13, True),
        ("words " * 12, False),
        ("    " + "words " * 13, False),
        ("see https://example.org/" + "a" * 80, False),
        ("[   12.345678] " + "words " * 13, False),
        ('as commit 0123456789ab ("' + "words " * 12 + '")', False),
        ("x" * 90, False),
        ("> " + "words " * 13, False),
    ],
)
def test_width(line: str, bad: bool) -> None:
    assert ("message/body-width" in names(found(patch(body=body(line))))) is bad


def test_long_tag_is_free() -> None:
    text = f'Because.\n\nFixes: 0123456789ab ("{"words " * 15}")\n{SIGNED}\n'
    assert names(found(patch(body=text))) == set()


@pytest.mark.parametrize(("text", "bad"), [(f"{SIGNED}\n", True), ("", True), (body("x"), False)])
def test_no_description(text: str, bad: bool) -> None:
    assert ("message/empty" in names(found(patch(body=text)))) is bad


def test_sign_off_below_the_dashes_is_lost() -> None:
    one = patch(body="Because.\n", below=f"---\n{SIGNED}\n")
    cut = [item for item in found(one) if item.rule == "message/cut"]
    assert [item.severity for item in cut] == [Severity.ERROR]


def test_message_cut_by_a_quoted_diff() -> None:
    one = patch(body="It looked like this:\n", below=f"--- a/x\nand more words\n{SIGNED}\n---\n")
    assert "message/cut" in names(found(one))


def test_notes_below_the_dashes_are_no_cut() -> None:
    below = "---\nv2: signed\n\n virt/kvm/x.c | 1 +\n 1 file changed\n\n"
    assert found(patch(below=below, changes=diff("virt/kvm/x.c", "int y;"))) == ()
