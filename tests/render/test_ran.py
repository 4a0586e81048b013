# SPDX-License-Identifier: GPL-2.0-only
"""Modes in words, and the patch from which on a case shows its defect."""

import pytest

from kpatch_tools.model.perpatch import PatchRow
from kpatch_tools.model.report import CheckResult, Report
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.render.ran import NOTHING_RAN, First, Ran, what_ran

DEFAULT, OFF, OLD = "npt=1, tdp_mmu=1", "npt=0, tdp_mmu=1", "npt=1, tdp_mmu=0"
THREE = Ran(modes=(DEFAULT, OFF, OLD))
BUG, PASS, SKIP, FAIL = Verdict.KNOWN_BUG, Verdict.PASS, Verdict.SKIP, Verdict.FAIL


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ([DEFAULT, OLD], "in both modes with npt=1"),
        ([OLD, DEFAULT, OLD], "in both modes with npt=1"),
        ([DEFAULT, OFF], "in both modes with tdp_mmu=1"),
        ([OFF], "with npt=0"),
        ([OLD], "with tdp_mmu=0"),
        ([DEFAULT], "with npt=1 tdp_mmu=1"),
        ([OFF, OLD], "with npt=0 tdp_mmu=1 and with npt=1 tdp_mmu=0"),
        ([DEFAULT, OFF, OLD], ""),
        ([], ""),
        (["6.12.1, npt=9"], "with 6.12.1 npt=9"),
    ],
)
def test_modes_in_words(seen: list[str], words: str) -> None:
    assert THREE.where(seen) == words


def test_modes_of_four_and_of_none() -> None:
    four = Ran(modes=("a=1, b=1", "a=1, b=2", "a=1, b=3", "a=2, b=1"))
    assert four.where(four.modes[:3]) == "in all 3 modes with a=1"
    assert NOTHING_RAN.where(["a=1"]) == "with a=1"


def rows(*results: Verdict | None, key: str = "one_page", flaky: tuple[str, ...] = ()) -> Ran:
    """Rows from the base on; None has no result."""
    made = [
        PatchRow(number=at, subject="x", commit="c", cases={key: result} if result else {}, flaky=flaky)
        for at, result in enumerate(results)
    ]
    return Ran(rows=tuple(made))


@pytest.mark.parametrize(
    ("ran", "first"),
    [
        (rows(SKIP, SKIP, BUG, BUG), First(patch=2, before=SKIP)),
        (rows(PASS, BUG), First(patch=1, before=PASS)),
        (rows(BUG, FAIL, BUG), First(patch=2, before=FAIL)),
        (rows(PASS, None, BUG), First(patch=2)),
        (rows(BUG, BUG), First(patch=0)),
        (rows(SKIP, BUG, PASS), None),
        (rows(None, None), None),
        (rows(PASS, BUG, key="other"), None),
        (rows(PASS, BUG, flaky=("one_page",)), None),
        (rows(PASS, BUG, key="map: one_page (npt=1,tdp_mmu=1)"), First(patch=1, before=PASS)),
        (rows(PASS, BUG, key="map.one_page"), First(patch=1, before=PASS)),
        (NOTHING_RAN, None),
    ],
)
def test_the_patch_from_which_on_a_case_shows_it(ran: Ran, first: First | None) -> None:
    assert ran.first("one_page") == first


def test_a_row_of_several_modes_has_what_is_worst_there() -> None:
    cases = {"a (npt=1)": PASS, "a (npt=0)": SKIP}
    base = PatchRow(number=0, subject="", commit="c", cases=cases)
    last = PatchRow(number=1, subject="", commit="c", cases={"a (npt=1)": BUG, "a (npt=0)": PASS})
    assert Ran(rows=(base, last)).first("a") == First(patch=1, before=PASS)
    broken = PatchRow(number=0, subject="", commit="c", cases={"a (npt=1)": PASS, "a (npt=0)": FAIL})
    assert Ran(rows=(broken, last)).first("a") == First(patch=1, before=FAIL)


def test_a_patch_is_blamed_only_where_it_passes_without_it() -> None:
    assert First(patch=7, before=PASS).words(7) == "Brought by this patch: without it the test passes."
    assert First(patch=7, before=PASS).words(2) == "Brought by patch 7: without it the test passes."
    for first in (First(patch=7, before=SKIP), First(patch=7, before=FAIL), First(patch=7), First(patch=0)):
        assert not first.brought
        assert "rought" not in first.words(7)
    assert First(patch=6, before=SKIP).words(2).startswith("It shows from patch 6 on, the first where")
    assert First(patch=6, before=FAIL).words(6).endswith("before it the test fails in another way.")
    assert First(patch=6).words(6) == "Tested patch by patch, it shows from this patch on."
    assert First(patch=0).words(0) == "The kernel without the series shows it too."


def test_what_a_report_ran() -> None:
    tests = (TestResult(name="a", mode={"npt": "1", "x": "0"}), TestResult(name="b"))
    row = PatchRow(number=0, subject="", commit="c")
    checks = (CheckResult(check="tests", tests=tests), CheckResult(check="per-patch", patches=(row,)))
    assert what_ran(Report(tool="kvet 1", checks=checks)) == Ran(modes=("npt=1, x=0",), rows=(row,))
