# SPDX-License-Identifier: GPL-2.0-only
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.parse.cfunction import function_line

TEXT = """\
int map(struct vcpu *v);

/* map() { is no definition } */
static int caller(void)
{
	return map(NULL);
}

static int __weak map(struct vcpu *v,
			u64 size)
{
	size -= done;
	while (size) {
		size -= done;
	}
}

int after(void)
{
	last(1);
}
"""


@pytest.mark.parametrize(
    ("name", "words", "line"),
    [
        ("map", "", 9),
        ("map", "size -= done", 12),
        ("map", "while", 13),
        ("map", "last(1)", 0),
        ("after", "last(1)", 20),
        ("caller", "return map", 6),
        ("last", "", 0),
        ("nowhere", "", 0),
        ("ap", "", 0),
    ],
)
def test_a_definition_and_a_line_of_it(name: str, words: str, line: int) -> None:
    assert function_line(TEXT, name, words) == line


def test_a_declaration_alone_is_no_definition() -> None:
    assert function_line("int map(void);\n\nint other(void)\n{\n}\n", "map") == 0
    assert function_line("int map(void)\n{\n\tx;", "map", "x;") == 3


@given(st.lists(st.sampled_from(["map(", ")", "\n{", "\n}", ";", "int ", "\n", " ", "x"]), max_size=60))
def test_any_text_is_read(parts: list[str]) -> None:
    text = "".join(parts)
    assert 0 <= function_line(text, "map", "x") <= text.count("\n") + 1
