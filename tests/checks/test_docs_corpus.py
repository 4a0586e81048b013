# SPDX-License-Identifier: GPL-2.0-only
"""Every file of docs-check/corpus says in its comments what the rules find in it; nothing else is found.

`.. profile: NAME` names a profile, `.. tree: NAME` a small kernel tree in docs-check/corpus/tree; in a change
the before and the after file name their trees each.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from kpatch_tools.checks.docs import RULES
from kpatch_tools.flow.docs import profiles
from kpatch_tools.parse.kernelfacts import parse_facts
from kpatch_tools.tools.files import data_dir
from kpatch_tools.tools.kernelfacts import list_folder, read_folder
from tests.judging import check_all, check_change

CORPUS = data_dir("docs-check") / "corpus"
# The place is LINE, LINE:COLUMN, or PATH:LINE for one outside of the document.
EXPECT = re.compile(r"^\.\. expect: (\S+) (?:(\S+):)??(\d+)(?::(\d+))?$", re.M)
PROFILE = re.compile(r"^\.\. profile: (\S+)$", re.M)
TREE = re.compile(r"^\.\. tree: (\S+)$", re.M)
WHOLE = sorted(CORPUS.glob("*.rst"))
CHANGES = sorted((CORPUS / "change").glob("*.after.rst"))


def expected(text: str) -> Counter:
    return Counter(
        (rule, path, int(line), int(column or 0)) for rule, path, line, column in EXPECT.findall(text)
    )


def found(findings, document: str) -> Counter:
    places = [(one.rule, one.location) for one in findings]
    return Counter((rule, at.path if at.path != document else "", at.line, at.column) for rule, at in places)


def profile_of(text: str):
    named = PROFILE.search(text)
    return next(profile for profile in profiles() if profile.name == named[1]) if named else None


def facts_of(text: str):
    named = TREE.search(text)
    if not named:
        return None
    folder = CORPUS / "tree" / named[1]
    facts = parse_facts(read_folder(folder, list_folder(folder)))
    assert facts is not None, f"no KVM header in {folder}"
    return facts


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_whole_documents(path: Path):
    text = path.read_text()
    assert found(check_all(text, path.name, profile_of(text), facts_of(text)), path.name) == expected(text)


@pytest.mark.parametrize("path", CHANGES, ids=lambda path: path.name.split(".")[0])
def test_changes(path: Path):
    before = path.with_name(path.name.replace(".after.", ".before.")).read_text()
    after = path.read_text()
    profile = profile_of(after)
    facts = facts_of(after)
    changed = check_change(before, after, path.name, profile, facts=facts, facts_before=facts_of(before))
    assert found(changed, path.name) == expected(after)
    assert check_change(after, after, path.name, profile, facts=facts, facts_before=facts) == ()


def test_the_corpus_has_a_case_for_every_rule_and_clean_ones():
    texts = [path.read_text() for path in (*WHOLE, *CHANGES)]
    fired = {rule for text in texts for rule, *_place in EXPECT.findall(text)}
    assert fired == set(RULES)
    assert sum(not EXPECT.search(text) for text in texts) >= 3


def test_every_expectation_is_well_formed():
    for path in (*WHOLE, *CHANGES):
        text = path.read_text()
        assert text.count("expect:") == len(EXPECT.findall(text)), path.name
