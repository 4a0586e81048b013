# SPDX-License-Identifier: GPL-2.0-only
"""Text cut to columns: never too wide, never less than it was."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.render.columns import cut, fold, table, width, wrap

WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60)
ROOM = st.integers(8, 40)


def words(text: str) -> list[str]:
    """What stands between blanks: str.split() knows more of them."""
    return [word for word in text.split(" ") if word]


def test_wide_characters_take_two_columns():
    assert width("ab") == 2
    assert width("\u4e2d\u6587") == 4
    assert width("\u00e9") == 1


@given(WORDS, ROOM)
def test_fold_fits_and_keeps_all_but_blanks(text: str, room: int):
    lines = list(fold(text, room, "  "))
    assert all(width(line) <= room or len(words(line)) == 1 for line in lines)
    assert [word for line in lines for word in line.split()] == text.split(), "no word is broken"


@given(WORDS, ROOM)
def test_wrap_fits_and_keeps_the_words(text: str, room: int):
    lines = list(wrap(text, room, first="> ", rest="  "))
    assert all(width(line) <= room or len(line.split()) == 1 for line in lines)
    assert " ".join(lines).split() == f"> {text}".split(), "no word is broken"


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=3))
def test_a_table_fits(rows: list[tuple[str, str]]):
    assert all(width(line) <= 2 + 10 + 2 + 12 or len(line.split()) == 1 for line in table(rows, (10, 12)))


def test_lines_are_broken_at_blanks_only():
    assert list(fold("one two three four", 10, "  ")) == ["one two", "  three", "  four"]
    assert list(fold("x" * 14, 10, "  ")) == ["x" * 14]
    assert list(fold("    indented words", 12, "      ")) == ["    indented", "      words"]
    assert list(fold("a  b   c", 10, "")) == ["a  b   c"]


def test_what_has_to_be_copied_stands_whole_on_its_own_line():
    for whole in (
        "/a/path/of/some-length.txt",
        "https://example.org/x?y=z",
        "--an-option=value",
        "KVM_CAP_X_Y_Z",
    ):
        assert whole in [line.strip() for line in wrap(f"see {whole} for it", 12, rest="  ")]
        assert whole in [line.strip() for line in fold(f"    see {whole} for it", 12, "  ")]


def test_a_row_with_a_word_that_is_wider_than_its_column_is_a_line_for_each_cell():
    assert list(table([["x" * 14, "some words here"]], (6, 9))) == ["  " + "x" * 14, "  some words here"]


@given(WORDS, ROOM)
def test_cut_fits_and_says_that_it_cut(text: str, room: int):
    shown = cut(text, room)
    assert width(shown) <= room
    assert shown == text or (shown.endswith("...") and text.startswith(shown[:-3]))


@pytest.mark.parametrize("room", [3, 2, 0, -40])
def test_a_cut_ends_where_there_is_no_room_at_all(room):
    assert cut("a long text", room) == "..."
    assert cut("\u4e00" * 50, room) == "..."


def test_a_cut_takes_what_fits():
    assert cut("a long text", 9) == "a long..."
    assert cut("\u4e00\u4e00\u4e00\u4e00", 7) == "\u4e00\u4e00..."


def test_a_line_of_megabytes_is_broken_once():
    start = time.process_time()
    assert sum(1 for _ in fold("word " * 400_000, 80, "  ")) > 20_000
    assert sum(1 for _ in fold("x" + " " * 2_000_000 + "y" * 2_000_000, 80, "  ")) == 2
    assert time.process_time() - start < 5.0
