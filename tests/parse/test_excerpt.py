# SPDX-License-Identifier: GPL-2.0-only
"""Lines cut out of texts: the right ones, few, and none long."""

from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.model.excerpt import Source
from kpatch_tools.parse.excerpt import (
    AFTER,
    BEFORE,
    LONGEST_LINE,
    MOST_LINES,
    around,
    contract_case,
    output_case,
    program_case,
)

CONTRACT = """\
[[case]]
name = "one"
setup = [
  { do = "slot" },
]

# About the next one.
[[case]]
name = "two"
"""
PROGRAM = """\
static int helper(void)
{
}

/*
 * Half of the range.
 */
static void test_one(struct scene *s)
{
	if (x) {
	}
}

static void test_one_more(struct scene *s)
{
}
"""
OUTPUT = """\
TAP version 13
# observed zero ret=0
ok 1 zero
# struct is ours
# observed one ret=-1 errno=EINVAL
not ok 2 kvm.one # KNOWN-BUG D1
ok 3 one_more
"""


def test_around_marks_the_line_and_stops_at_the_ends():
    lines = [f"line {at}" for at in range(1, 21)]
    found = around(lines, 10, source=Source.TREE, path="a.c")
    assert found is not None
    assert (found.line, found.mark, len(found.lines)) == (10 - BEFORE, 10, BEFORE + 1 + AFTER)
    assert found.lines[found.mark - found.line] == "line 10"
    first = around(lines, 1, source=Source.TREE, path="a.c")
    last = around(lines, 20, source=Source.TREE, path="a.c")
    assert first is not None
    assert last is not None
    assert (first.line, first.lines[0]) == (1, "line 1")
    assert last.lines[-1] == "line 20"
    assert around(lines, 0, source=Source.TREE, path="a.c") is None
    assert around(lines, 21, source=Source.TREE, path="a.c") is None


def test_a_case_of_a_contract_ends_before_the_next_and_its_comment():
    found = contract_case(CONTRACT, 1, case="one", path="c.toml")
    assert found is not None
    assert found.lines == tuple(CONTRACT.split("\n")[:5])
    last = contract_case(CONTRACT, 8, case="two", path="c.toml")
    assert last is not None
    assert (last.line, last.lines) == (8, ("[[case]]", 'name = "two"'))
    assert contract_case(CONTRACT, 0, case="none", path="c.toml") is None


def test_the_function_of_a_case_with_its_comment_and_not_that_of_a_longer_name():
    found = program_case(PROGRAM, case="one", path="t.c")
    assert found is not None
    assert (found.line, found.mark, found.lines[-1]) == (5, 8, "}")
    assert "one_more" not in " ".join(found.lines)
    assert program_case(PROGRAM, case="other", path="t.c") is None
    assert program_case(PROGRAM, case="o.e", path="t.c") is None


def test_what_a_case_printed_is_its_result_with_what_stands_before_it():
    found = output_case(OUTPUT, case="one", path="output.log", mode="npt=0")
    assert found is not None
    assert (found.line, found.mark, found.mode) == (4, 6, "npt=0")
    assert found.lines[-1].endswith("KNOWN-BUG D1")
    assert output_case(OUTPUT, case="on", path="output.log", mode="") is None


@given(st.text(), st.integers(-5, 200))
def test_whatever_the_text_it_is_bounded(text: str, line: int):
    lines = text.split("\n")
    for found in (
        around(lines, line, source=Source.CONSOLE, path="x", before=10**6, after=10**6),
        contract_case(text, line, case="x", path="x"),
        program_case(f"static void test_x(\n{text}", case="x", path="x"),
        output_case(f"{text}\nok 1 x", case="x", path="x", mode=""),
    ):
        if found is not None:
            assert 0 < len(found.lines) <= MOST_LINES
            assert all(len(one) <= LONGEST_LINE and "\n" not in one for one in found.lines)
            assert found.line <= found.mark < found.line + len(found.lines)


def test_a_text_of_many_long_lines_is_cut_around_the_mark():
    lines = ["x" * 10_000] * 1_000
    found = around(lines, 500, source=Source.CONSOLE, path="x", before=400, after=400)
    assert found is not None
    assert len(found.lines) == MOST_LINES
    assert found.line <= 500 < found.line + MOST_LINES
    assert all(len(one) == LONGEST_LINE and one.endswith(" ...") for one in found.lines)
