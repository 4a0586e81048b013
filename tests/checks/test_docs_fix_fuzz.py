# SPDX-License-Identifier: GPL-2.0-only
"""For any small document: the fix is final, brings no finding, and leaves every line alone but its own."""

from collections import defaultdict

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpatch_tools.checks.docs_fix import mend
from kpatch_tools.checks.docs_fixers import STRUCTURE
from kpatch_tools.checks.docs_rule import Context
from kpatch_tools.flow.docs import profiles
from kpatch_tools.model.fix import Edit
from kpatch_tools.parse.rst import parse_document
from tests.judging import check_all

PATH = "Documentation/virt/kvm/api.rst"
KVM = next(profile for profile in profiles() if profile.name == "kvm-api")

WORDS = st.sampled_from(
    [
        "text",
        "`size`",
        "`a b`",
        "``gpa``",
        "`x",
        "*it*",
        "KVM_ONE",
        "end::",
        "a:",
        "- b",
        "\tc",
        "`q`_",
        "\u00e9",
    ]
)
LINES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
PARAGRAPHS = st.lists(
    st.tuples(st.sampled_from(["", "  ", "\t"]), LINES).map("".join), min_size=1, max_size=3
)
TITLES = st.builds(
    lambda number, name, mark, length: [f"4.{number} {name}", mark * length],
    st.integers(1, 12),
    st.sampled_from(["KVM_ONE", "KVM_LONGER_NAME", "KVM_X/KVM_Y"]),
    st.sampled_from("-^="),
    st.integers(1, 24),
)
FIELDS = st.lists(
    st.builds(
        lambda first, name, second, value: f"{first}{name}{second}{value}",
        st.sampled_from([":", ":", "", "  :"]),
        st.sampled_from(["Capability", "Architectures", "Architecture", "Type", "Parameters", "Returns"]),
        st.sampled_from([": ", ": ", " ", ":", " : "]),
        st.sampled_from(["basic", "x86 arm64", "x86, s390 arm64", "vm ioctl", "`size`", ""]),
    ),
    max_size=5,
)
CELLS = st.sampled_from(["a", "EINVAL", "EOPNOTSUPP", "`x`", "", "two words", "`name`"])
TABLES = st.builds(
    lambda indent, left, right, rows: [
        f"{indent}{line}"
        for border in [f"{'=' * left} {'=' * right}"]
        for line in [border, *(f"{one:<{left}} {gap}{two}" for one, gap, two in rows), border]
    ],
    st.sampled_from(["", "  "]),
    st.integers(2, 9),
    st.integers(2, 6),
    st.lists(st.tuples(CELLS, st.sampled_from(["", " ", "  "]), CELLS), min_size=1, max_size=4),
)
BLANKS = st.sampled_from([[""], [""], ["", ""], [], ["  "]])
DOCUMENTS = st.builds(
    lambda parts, end, last: end.join(line for block, gap in parts for line in (*block, *gap)) + last,
    st.lists(st.tuples(st.one_of(PARAGRAPHS, TITLES, FIELDS, TABLES), BLANKS), max_size=7),
    st.sampled_from(["\n", "\n", "\r\n"]),
    st.sampled_from(["", "\n", "\r\n"]),
)


def lines_of(text: str) -> list[str]:
    return text.split("\n")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS)
def test_a_fix_is_final_and_touches_its_own_lines_only(text):
    def check(version):
        return parse_document(version), check_all(version, PATH, KVM)

    def understand(document):
        return Context(document=document, profile=KVM)

    first = mend(text, PATH, check, understand)
    again = mend(first.after, PATH, check, understand)
    assert again.after == first.after
    assert again.mended == ()
    assert len(parse_document(first.after).titles) == len(parse_document(text).titles)
    before = check(text)[1]
    assert structural(first.left) <= structural(before) - structural(first.mended)
    known = {(one.rule, one.message) for one in before}
    assert all(one in first.uncovered for one in first.left if (one.rule, one.message) not in known)
    version = lines_of(text)
    for edits in first.rounds:
        version = expected(version, edits)
    assert version == lines_of(first.after)


def structural(findings) -> int:
    return sum(one.rule in STRUCTURE for one in findings)


def expected(lines: list[str], edits: tuple[Edit, ...]) -> list[str]:
    """The lines after the edits, made one at a time: those that no edit names are taken over as they are."""
    named: dict[int, list[Edit]] = defaultdict(list)
    for edit in edits:
        named[edit.line].append(edit)
    result: list[str] = []
    for number, line in enumerate(lines, 1):
        new = line
        for edit in sorted(named.get(number, []), reverse=True):
            at = edit.column - 1
            assert new[at : at + len(edit.old)] == edit.old
            end = "\r\n" if line.endswith("\r") else "\n"
            new = new[:at] + edit.new.replace("\n", end) + new[at + len(edit.old) :]
        result += new.split("\n")
    return result
