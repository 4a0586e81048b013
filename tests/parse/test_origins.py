# SPDX-License-Identifier: GPL-2.0-only
"""Where a line of the tree comes from, on files that are really patched here."""

import difflib
import itertools
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.model.series import Patch
from kpatch_tools.parse.origins import Origin, Origins
from tests.posted import diff, patch

PATH = "virt/kvm/x.c"


def change(old: Sequence[str], new: Sequence[str], number: int) -> Patch:
    lines = list(difflib.unified_diff(old, new, f"a/{PATH}", f"b/{PATH}", n=3, lineterm=""))
    return patch(changes="\n".join([f"diff --git a/{PATH} b/{PATH}", *lines]) + "\n", number=number, total=9)


def text_at(one: Patch, origin: Origin | None) -> str:
    assert origin is not None
    assert origin.patch == one.number
    return one.diff.split("\n")[origin.index]


BASE = [f"line {number}" for number in range(1, 41)]
FIRST = [*BASE[:20], "one", "two", *BASE[20:]]
SECOND = ["top", *FIRST[:21], "between", *FIRST[21:30], *FIRST[33:]]


def test_the_patch_that_added_a_line_is_found_through_later_ones() -> None:
    first, second = change(BASE, FIRST, 1), change(FIRST, SECOND, 2)
    for files in ({}, {(1, PATH): FIRST, (2, PATH): SECOND}):
        origins = Origins([first, second], files)
        for number, line in enumerate(SECOND, 1):
            found = origins.of(PATH, number)
            if line in ("one", "two"):
                assert text_at(first, found) == f"+{line}"
            elif line in ("top", "between"):
                assert text_at(second, found) == f"+{line}"
            else:
                assert found is None


def test_a_patch_that_applies_elsewhere_than_it_says() -> None:
    """The tree has ten more lines on top than the one that the patch was made for."""
    one = change(BASE, FIRST, 1)
    there = [*(f"new {number}" for number in range(10)), *FIRST]
    line = there.index("two") + 1
    assert text_at(one, Origins([one], {(1, PATH): there}).of(PATH, line)) == "+two"
    assert Origins([one]).of(PATH, line) is None


def test_a_hunk_that_is_not_in_the_file_gives_no_place() -> None:
    """A three-way merge may have changed its context: a guess could be the wrong line."""
    one = change(BASE, FIRST, 1)
    there = [line if line != "line 19" else "merged" for line in FIRST]
    assert Origins([one], {(1, PATH): there}).of(PATH, there.index("one") + 1) is None


def test_a_line_after_an_earlier_patch() -> None:
    first, second = change(BASE, FIRST, 1), change(FIRST, SECOND, 2)
    origins = Origins([first, second], {(1, PATH): FIRST, (2, PATH): SECOND})
    line = FIRST.index("one") + 1
    assert text_at(first, origins.of(PATH, line, after=1)) == "+one"
    assert origins.of(PATH, line) is None


def test_a_file_that_a_later_patch_renames() -> None:
    first = change(BASE, FIRST, 1)
    moved = f"diff --git a/{PATH} b/y.c\nsimilarity index 100%\nrename from {PATH}\nrename to y.c\n"
    origins = Origins([first, patch(changes=moved, number=2, total=9)])
    assert text_at(first, origins.of("y.c", FIRST.index("two") + 1)) == "+two"


def test_a_new_file_and_one_that_nobody_touches() -> None:
    origins = Origins([patch(changes=diff("n.c", "a", "b", new=True))])
    assert origins.of("n.c", 2) == origins.posted(1, "n.c", 2)
    assert origins.of("n.c", 2) is not None
    assert origins.of("other.c", 1) is None
    assert origins.lines(7) == ()


def test_as_posted_an_added_line_comes_before_one_of_context() -> None:
    one = change(BASE, FIRST, 1)
    origins = Origins([one])
    assert text_at(one, origins.posted(1, PATH, 21)) == "+one"
    assert text_at(one, origins.posted(1, PATH, 18)) == " line 18"
    assert origins.posted(1, PATH, 2) is None
    assert origins.posted(2, PATH, 21) is None


def test_the_hunk_that_does_not_apply() -> None:
    one = change(BASE, FIRST, 1)
    origins = Origins([one])
    assert text_at(one, origins.hunk(1, PATH, 18)).startswith("@@ -18,")
    assert origins.hunk(1, PATH, 17) is None


@given(st.data())
def test_every_added_line_of_random_edits_is_found(data: st.DataObject) -> None:
    versions = [BASE]
    for step in range(3):
        old = versions[-1]
        cut = data.draw(st.integers(0, len(old) - 1))
        gone = data.draw(st.integers(0, 4))
        added = [f"added {step} {at}" for at in range(data.draw(st.integers(0, 4)))]
        versions.append([*old[:cut], *added, *old[cut + gone :]])
    top = [f"above {number}" for number in range(data.draw(st.integers(0, 5)))]
    patches = [change(old, new, at) for at, (old, new) in enumerate(itertools.pairwise(versions), 1)]
    patches = [one for one in patches if "@@" in one.diff]
    files = {(one.number, PATH): [*top, *versions[one.number]] for one in patches}
    origins = Origins(patches, files)
    by_number = {one.number: one for one in patches}
    for number, line in enumerate([*top, *versions[-1]], 1):
        found = origins.of(PATH, number)
        if line.startswith("added "):
            assert text_at(by_number[int(line.split()[1]) + 1], found) == f"+{line}"
        else:
            assert found is None
