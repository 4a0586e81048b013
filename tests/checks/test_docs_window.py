# SPDX-License-Identifier: GPL-2.0-only
"""A change that is judged by its sections brings the findings that the whole document would."""

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from kpatch_tools.checks.docs import RULES, judge_versions
from kpatch_tools.checks.docs_rule import Context
from kpatch_tools.checks.docs_window import part_of, window_of
from kpatch_tools.flow.docs import profile_for
from kpatch_tools.flow.facts import facts_of
from kpatch_tools.model.kernelfacts import KernelFacts
from kpatch_tools.parse.rst import document_of, parse_document, read
from kpatch_tools.parse.rst_change import read_versions
from kpatch_tools.parse.rst_lines import source_lines
from kpatch_tools.tools.files import data_dir
from kpatch_tools.tools.git import Repository
from tests.checks.test_docs_corpus import WHOLE, profile_of
from tests.checks.test_docs_corpus import facts_of as corpus_facts
from tests.edits import document, edited

PATH = "Documentation/virt/kvm/api.rst"
KVM = profile_for(PATH)
# Read while the module is loaded: the tests themselves run with an empty home.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kvet" / "trees"
_TREES = sorted(path for path in _CACHE.glob("debian-6.*") if (path / PATH).is_file())


def agree(text: str, rng: random.Random, edits: int, facts: KernelFacts | None) -> tuple[int, int]:
    """Compare both ways; how many edits were judged by their sections, and how many had findings."""
    lines = source_lines(text)
    reading = read(lines)
    before = document_of(lines, reading)
    by_section = found = 0
    for _ in range(edits):
        new = "\n".join(edited(lines, rng)) + "\n"
        versions, _before, _after = read_versions(text, new, reading)
        whole = replace(versions, before=before, after=parse_document(new), first=0)
        for profile in (KVM, None):
            quick = judge_versions(versions, PATH, profile, facts=facts, facts_before=facts)
            assert quick == judge_versions(whole, PATH, profile, facts=facts, facts_before=facts)
            found += bool(quick.findings)
        by_section += window_of(versions) is not None
    return by_section, found


@pytest.mark.parametrize("seed", range(2))
def test_random_edits(seed):
    facts = facts_of(data_dir("docs-check") / "corpus" / "tree" / "small")
    by_section, found = agree(document(), random.Random(seed), 20, facts)
    assert by_section > 5
    assert found > 10


@pytest.mark.kernel
@pytest.mark.parametrize("tree", _TREES or [None], ids=lambda path: path.name if path else "none")
def test_random_edits_of_a_real_document(tree):
    if tree is None:
        pytest.skip("no Debian tree in the cache; kvet tree get debian:6.12 brings one")
    text = (tree / PATH).read_text()
    by_section, found = agree(text, random.Random(1), 25, facts_of(Repository.open(tree)))
    assert by_section > 10
    assert found > 10


def test_the_window_holds_whole_sections():
    text = document()
    new = text.replace("Details\n^^^^^^^\n", "Details\n^^^^^^^\n\nMore.\n", 1)
    window = window_of(read_versions(text, new)[0])
    assert [section.title.name for section in window.after.sections] == ["KVM_SET_A3"]
    assert [title.text for title in window.before.titles] == ["4.3 KVM_SET_A3", "Details"]
    assert len(window.after.lines) == len(source_lines(new))


def test_a_title_that_takes_a_section_in_widens_the_window():
    # The unnumbered title below the change becomes a part of the numbered section above it.
    text = "1. One\n======\n\n1.1 A\n-----\n\ntext\n\nPlain\n-----\n\nx\n\nOther\n=====\n\ny\n" * 2
    new = text.replace("text", "text\n\n1.2 B\n-----\n\nmore", 1)
    versions, _before, _after = read_versions(text, new)
    assert versions.first
    window = window_of(versions)
    assert {section.title.name for section in window.after.sections} >= {"A", "B"}


def test_switches_and_unknown_changes_have_no_window():
    text = document()
    off = text + "\n.. kvet: off single-backtick\n"
    new = "The call 2 took"
    assert window_of(read_versions(text, text.replace("The call 2 takes", new, 1))[0]) is not None
    assert window_of(read_versions(off, off.replace("The call 2 takes", new, 1))[0]) is None
    assert window_of(read_versions(text, text)[0]) is None
    assert window_of(read_versions(text, "x\n" + text)[0]) is None


def test_other_facts_are_judged_on_the_whole():
    text = document()
    versions, _before, _after = read_versions(text, text.replace("The call 2 takes", "The call took", 1))
    facts = KernelFacts(
        label="a tree", uapi=frozenset({"KVM_CAP_A"}), names=frozenset({"KVM_CAP_A", "KVM_A_X"})
    )
    poorer = replace(facts, names=frozenset())
    found = judge_versions(versions, PATH, KVM, facts=poorer, facts_before=facts).findings
    # The names are unknown now in sections that nobody touched.
    assert len({finding.location.line for finding in found if finding.rule == "docs/define-differs"}) > 4


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_a_rule_sees_in_a_section_what_it_sees_in_the_document(path):
    text = path.read_text()
    context = Context(document=parse_document(text), profile=profile_of(text), facts=corpus_facts(text))
    for section in context.document.sections:
        first, last = section.title.line, section.end_line
        alone = replace(context, document=part_of(context.document, first, last))
        for name, rule in RULES.items():
            if not rule.across:
                whole = [hit for hit in rule.check(context) if first <= hit.line <= last]
                assert [hit for hit in rule.check(alone) if first <= hit.line <= last] == whole, name


def test_what_compares_sections_is_marked():
    assert {name for name, rule in RULES.items() if rule.across} >= {
        "docs/coverage",
        "docs/same-subject",
        "docs/section-number",
        "docs/section-reference",
        "docs/unknown-label",
    }
