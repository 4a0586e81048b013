# SPDX-License-Identifier: GPL-2.0-only
"""No text makes the linter raise: all rules, with and without a profile and the facts of a tree."""

from dataclasses import replace

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kpatch_tools.errors import UserError
from kpatch_tools.flow.docs import judged_of, profile_for
from kpatch_tools.flow.facts import facts_of
from kpatch_tools.model.report import CheckResult, Report
from kpatch_tools.parse.rst import decode
from kpatch_tools.render.text import render
from kpatch_tools.tools.files import data_dir
from tests.edits import SCRAPS, document
from tests.judging import check_all, check_change

PATH = "Documentation/virt/kvm/api.rst"
KVM = profile_for(PATH)
FACTS = facts_of(data_dir("docs-check") / "corpus" / "tree" / "small")
POOR = replace(FACTS, names=frozenset(), handled={}, structs={})

OF_DOCUMENT = st.sampled_from(document().split("\n"))
PIECES = st.one_of(
    st.sampled_from(SCRAPS),
    OF_DOCUMENT,
    st.builds(
        "".join, st.lists(st.sampled_from([*SCRAPS, " ", ":", "KVM_", "kvm_", "4.1", "0x6030"]), max_size=4)
    ),
    st.builds(lambda indent, text: " " * indent + text, st.integers(0, 9), OF_DOCUMENT),
)
TEXTS = st.lists(PIECES, max_size=40).map(lambda lines: "\n".join(lines) + "\n")
FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(TEXTS)
@example("4.1 KVM_X\n---------\n\n" + "=== ===\nEINVAL\n=== ===\n" * 3)
@example("\ufeff4.1 KVM_X\r\n---------\r\n\r\n:Type: `x`\r\n")
def test_every_rule_on_any_text(text):
    for profile, facts in ((None, None), (KVM, None), (None, FACTS), (KVM, FACTS), (KVM, POOR)):
        for finding in check_all(text, PATH, profile, facts):
            assert 0 <= finding.location.line <= text.count("\n") + 1
            assert finding.message
            assert "\n" not in finding.message


@FEW
@given(TEXTS, TEXTS)
def test_every_rule_on_any_change(before, after):
    check_change(before, after, PATH, KVM, facts=FACTS, facts_before=POOR)
    assert check_change(after, after, PATH, KVM, facts=FACTS, facts_before=FACTS) == ()
    check_change(before, after, PATH)


@FEW
@given(st.text(max_size=400), st.integers(0, 10_000))
def test_any_characters_in_the_middle_of_a_document(noise, place):
    text = document()
    at = place % len(text)
    check_change(text, text[:at] + noise + text[at:], PATH, KVM, facts=FACTS, facts_before=FACTS)


@FEW
@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_bytes_are_judged_or_refused(before, after):
    try:
        judged = judged_of(before, after, path=PATH, profile=KVM, facts=FACTS, facts_before=FACTS)
    except UserError as refused:
        error = refused
    else:
        decode(after, PATH)
        assert render(Report(tool="kvet", checks=(CheckResult(check="docs", findings=judged.findings),)))
        return
    assert error.message.startswith(PATH)
    assert error.cure
