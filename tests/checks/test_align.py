# SPDX-License-Identifier: GPL-2.0-only
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.checks import align as module
from kpatch_tools.checks.align import align, unified

LINES = st.lists(st.sampled_from(["a", "b", "c", "{", "}", ""]), max_size=40)


def check(old: list[str], new: list[str]) -> None:
    steps = align(old, new)
    assert [step[1] for step in steps] == [0, *(step[2] for step in steps[:-1])][: len(steps)]
    assert [step[3] for step in steps] == [0, *(step[4] for step in steps[:-1])][: len(steps)]
    assert (steps[-1][2], steps[-1][4]) == (len(old), len(new)) if steps else not old + new
    for what, a, b, c, d in steps:
        assert (old[a:b] == new[c:d]) == (what == "equal")


@given(LINES, LINES)
def test_the_steps_lead_from_old_to_new(old: list[str], new: list[str]) -> None:
    check(old, new)


@given(LINES, LINES)
def test_also_where_unique_lines_part_the_texts(old: list[str], new: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_SMALL", 0)
        check(old, new)


def test_long_texts_of_few_different_lines() -> None:
    source = random.Random(1)
    old = [f"call_{source.randrange(1000)}();" for _ in range(20_000)]
    new = [*old[:5000], "new();", *old[5000:12_000], *old[12_001:]]
    check(old, new)
    changes = [step for step in align(old, new) if step[0] != "equal"]
    assert changes == [("insert", 5000, 5000, 5000, 5001), ("delete", 12_000, 12_001, 12_001, 12_001)]


def test_unified_shows_three_lines_around_each_change() -> None:
    old = [str(number) for number in range(30)]
    new = [*old[:5], "x", *old[6:20], *old[21:]]
    assert list(unified(old, new)) == [
        "@@ -3,7 +3,7 @@", " 2", " 3", " 4", "-5", "+x", " 6", " 7", " 8",
        "@@ -18,7 +18,6 @@", " 17", " 18", " 19", "-20", " 21", " 22", " 23",
    ]  # fmt: skip
    assert list(unified(old, old)) == []
    assert list(unified([], ["a"])) == ["@@ -1,0 +1,1 @@", "+a"]
    near = [*old[:5], "x", *old[6:9], "y", *old[10:]]
    assert [line for line in unified(old, near) if line.startswith("@@")] == ["@@ -3,11 +3,11 @@"]
