# SPDX-License-Identifier: GPL-2.0-only
"""Our own series' documentation patch: every fault it was posted with, each at its line and column."""

import re

import pytest

from kpatch_tools.flow.docs import profile_for
from kpatch_tools.tools.files import data_dir
from tests.judging import check_change

PATH = "Documentation/virt/kvm/api.rst"
HEAD = "4. API description\n==================\n\n4.137 KVM_BEFORE\n----------------\n\n"
FIELDS = ":Capability: basic\n:Architectures: all\n:Type: vm ioctl\n:Parameters: none\n:Returns: 0\n\n"


# What reviewers of the proposal asked for in words, and the start of the line that had it.
REVIEW = {
    "docs/partial-success": r":Returns: (?=0 on success, < 0 on error)",
    "docs/partial-error": r"  (?=EAGAIN |EINTR )",
    "docs/architecture-contradiction": r"             (?=every other architecture lacks)",
    "docs/member-name": r"\t__u64 (?=base_address;)",
    "docs/vendor-word": r"from here.  For (?=TDX )",
}


def asked_in_the_review(line: str) -> set[tuple[str, int]]:
    matches = {rule: re.match(pattern, line) for rule, pattern in REVIEW.items()}
    return {(rule, match.end() + 1) for rule, match in matches.items() if match}


@pytest.fixture(scope="module")
def versions():
    """The document before and after, made of the patch's only hunk below a title for its first lines."""
    folder = data_dir("patches") / "kvm-map-memory" / "v2"
    (patch,) = folder.glob("0001-*.patch")
    _mail, _at, hunk = patch.read_text().partition("\n@@ ")
    lines = hunk.partition("\n-- \n")[0].split("\n")[1:]
    assert lines
    before = [line[1:] for line in lines if line[:1] in {" ", "-", ""}]
    after = [line[1:] for line in lines if line[:1] in {" ", "+", ""}]
    start = HEAD + FIELDS
    return start + "\n".join(before) + "\n", start + "\n".join(after) + "\n"


def test_every_fault_of_the_patch_is_found_and_nothing_else(versions):
    before, after = versions
    expected = set()
    for number, line in enumerate(after.split("\n"), 1):
        if re.fullmatch(r"4\.138 KVM_MAP_MEMORY", line):
            expected.add(("docs/underline-length", number + 1, len(line) + 1))
        if line == ":Architectures: none":
            expected.add(("docs/field-value", number, line.index("none") + 1))
        expected |= {(rule, number, column) for rule, column in asked_in_the_review(line)}
        for match in re.finditer(r"(?<!`)`[^`]+`(?!`)", line):
            expected.add(("docs/single-backtick", number, match.start() + 1))
    assert {rule for rule, _line, _column in expected} == {
        "docs/underline-length",
        "docs/field-value",
        "docs/single-backtick",
        *REVIEW,
    }
    found = check_change(before, after, PATH, profile_for(PATH))
    assert {(one.rule, one.location.line, one.location.column) for one in found} == expected
    assert len(found) == len(expected)


def test_one_past_the_last_number_is_right_and_any_other_is_not(versions):
    before, after = versions
    wrong = after.replace("4.138 KVM_MAP", "4.139 KVM_MAP")
    found = check_change(before, wrong, PATH, profile_for(PATH))
    (number,) = [one for one in found if one.rule == "docs/section-number"]
    assert number.hint == "the next free number is 4.138"
