# SPDX-License-Identifier: GPL-2.0-only
"""Text cut to columns: never too wide, never less than it was."""

from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.render.columns import fold, table, width, wrap

WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60)
ROOM = st.integers(8, 40)


def test_wide_characters_take_two_columns():
    assert width("ab") == 2
    assert width("\u4e2d\u6587") == 4
    assert width("\u00e9") == 1


@given(WORDS, ROOM)
def test_fold_fits_and_keeps_all_but_blanks(text: str, room: int):
    lines = list(fold(text, room, "  "))
    assert all(width(line) <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(WORDS, ROOM)
def test_wrap_fits_and_keeps_the_words(text: str, room: int):
    lines = list(wrap(text, room, first="> ", rest="  "))
    assert all(width(line) <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(f"> {text}".split())


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=3))
def test_a_table_fits(rows: list[tuple[str, str]]):
    assert all(width(line) <= 2 + 10 + 2 + 12 for line in table(rows, (10, 12)))


def test_a_line_is_cut_at_a_blank_near_its_end():
    assert list(fold("one two three four", 10, "  ")) == ["one two", "  three", "  four"]
    assert list(fold("x" * 14, 10, "  ")) == ["x" * 10, "  xxxx"]
