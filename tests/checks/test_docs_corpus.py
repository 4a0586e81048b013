# SPDX-License-Identifier: GPL-2.0-only
"""Every file of docs-check/corpus says in its comments what the rules find in it; nothing else is found."""

import re
from collections import Counter
from pathlib import Path

import pytest

from kpatch_tools.checks.docs import RULES, check_all, check_change
from kpatch_tools.flow.docs import profiles
from kpatch_tools.tools.files import data_dir

CORPUS = data_dir("docs-check") / "corpus"
EXPECT = re.compile(r"^\.\. expect: (\S+) (\d+)(?::(\d+))?$", re.M)
PROFILE = re.compile(r"^\.\. profile: (\S+)$", re.M)
WHOLE = sorted(CORPUS.glob("*.rst"))
CHANGES = sorted((CORPUS / "change").glob("*.after.rst"))


def expected(text: str) -> Counter:
    return Counter((rule, int(line), int(column or 0)) for rule, line, column in EXPECT.findall(text))


def found(findings) -> Counter:
    return Counter((one.rule, one.location.line, one.location.column) for one in findings)


def profile_of(text: str):
    named = PROFILE.search(text)
    return next(profile for profile in profiles() if profile.name == named[1]) if named else None


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_whole_documents(path: Path):
    text = path.read_text()
    assert found(check_all(text, path.name, profile_of(text))) == expected(text)


@pytest.mark.parametrize("path", CHANGES, ids=lambda path: path.name.split(".")[0])
def test_changes(path: Path):
    before = path.with_name(path.name.replace(".after.", ".before.")).read_text()
    after = path.read_text()
    profile = profile_of(after)
    assert found(check_change(before, after, path.name, profile)) == expected(after)
    assert check_change(after, after, path.name, profile) == ()


def test_the_corpus_has_a_case_for_every_rule_and_clean_ones():
    texts = [path.read_text() for path in (*WHOLE, *CHANGES)]
    fired = {rule for text in texts for rule, _line, _column in EXPECT.findall(text)}
    assert fired == set(RULES)
    assert sum(not EXPECT.search(text) for text in texts) >= 3


def test_every_expectation_is_well_formed():
    for path in (*WHOLE, *CHANGES):
        text = path.read_text()
        assert text.count("expect:") == len(EXPECT.findall(text)), path.name
