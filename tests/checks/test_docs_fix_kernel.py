# SPDX-License-Identifier: GPL-2.0-only
"""Mending Linux' own api.rst, taken from the base trees in the cache where there are any."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from kpatch_tools.checks.docs import judge_document
from kpatch_tools.checks.docs_fix import mend
from kpatch_tools.checks.docs_rule import Context
from kpatch_tools.flow.docs import profile_for
from kpatch_tools.model.fix import Mended
from kpatch_tools.parse.rst import parse_document
from tests.judging import check_all

PATH = "Documentation/virt/kvm/api.rst"
# Read while the module is loaded: the tests themselves run with an empty home.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kvet" / "trees"
PROFILE = profile_for(PATH)


def text_of(version: str) -> str:
    found = sorted(_CACHE.glob(f"debian-{version}-*/{PATH}"))
    if not found:
        pytest.skip(f"no Debian {version} tree in the cache; kvet tree get debian:{version} brings one")
    return found[-1].read_text()


def mended(text: str) -> Mended:
    def check(version: str):
        document = parse_document(version)
        return document, judge_document(document, PATH, PROFILE).findings

    def understand(document):
        return Context(document=document, profile=PROFILE)

    return mend(text, PATH, check, understand)


@pytest.mark.parametrize(
    ("version", "least"),
    [
        ("6.1", {"docs/single-backtick": 24, "docs/field-form": 5, "docs/underline-length": 4}),
        ("6.12", {"docs/single-backtick": 32, "docs/underline-length": 7, "docs/table": 1}),
    ],
)
def test_it_mends_most_of_what_is_decided_and_brings_nothing(version, least):
    text = text_of(version)
    result = mended(text)
    count = Counter(one.rule for one in result.mended)
    assert all(count[rule] >= number for rule, number in least.items())
    before, after = check_all(text, PATH, PROFILE), check_all(result.after, PATH, PROFILE)
    assert len(after) <= len(before) - len(result.mended) + len(result.uncovered)
    # Of a line that stays the blanks stay, and only titles' underlines, colons, commas and marks differ.
    letters = re.compile(r"[^A-Za-z0-9]")
    assert letters.sub("", result.after) == letters.sub("", text)


def test_line_ends_make_no_difference():
    text = text_of("6.12")
    part = text[: text.index("\n4.20 ")]
    assert mended(part.replace("\n", "\r\n")).after == mended(part).after.replace("\n", "\r\n")
