# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.generate.cexpr import WIDTH, call, comment, expression
from kpatch_tools.model.place import place


@pytest.mark.parametrize(
    ("text", "c"),
    [
        ("0", "0"),
        ("1p", "PAGE_SIZE"),
        ("16p", "16 * PAGE_SIZE"),
        ("base", "TEST_GPA"),
        ("base+3p", "TEST_GPA + 3 * PAGE_SIZE"),
        ("base+1", "TEST_GPA + 1"),
        ("1p+1", "PAGE_SIZE + 1"),
        ("top-1p", "-PAGE_SIZE"),
        ("top-base+1p", "-TEST_GPA + PAGE_SIZE"),
        ("top", "0"),
        ("bit63", "BIT_ULL(63)"),
        ("512", "512"),
    ],
)
def test_a_place_in_c(text: str, c: str) -> None:
    assert expression(place(text)) == c


def test_a_comment_fits_into_the_width() -> None:
    assert comment("Short.") == "/* Short. */"
    block = comment("A sentence of many words " * 8 + "end.")
    assert block.splitlines()[0] == "/*"
    assert block.splitlines()[-1] == " */"
    assert all(len(line) <= WIDTH for line in block.splitlines())


def test_a_call_breaks_at_its_bracket_with_tabs_first() -> None:
    assert call(1, "warm_up", "s") == "\twarm_up(s);"
    assert call(1, "nothing") == "\tnothing();"
    broken = call(1, "check_guest_reads", "s", "TEST_GPA + 100 * PAGE_SIZE", "a" * 30, "bb")
    first, second = broken.splitlines()
    assert first == "\tcheck_guest_reads(s, TEST_GPA + 100 * PAGE_SIZE,"
    assert second == "\t\t\t  " + "a" * 30 + ", bb);"
