# SPDX-License-Identifier: GPL-2.0-only
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.parse.cheader import Define, StructDecl
from kpatch_tools.parse.rst import parse_document
from kpatch_tools.parse.rst_c import shown


def document(body: str):
    return parse_document(f"4. API\n======\n\n4.1 KVM_X\n---------\n\n{body}\n").sections[1]


def test_a_struct_goes_on_over_blocks_and_keeps_its_lines():
    section = document(
        "::\n\n  struct a {\n\tint b;\n\nText.\n\n::\n\n\tint c;\n  };\n\nMore::\n\n  #define D 4\n"
    )
    struct, define = shown(section)
    assert isinstance(struct, StructDecl)
    assert [(member.name, member.line) for member in struct.members] == [("b", 10), ("c", 16)]
    assert struct.whole
    assert define == Define(name="D", value="4", line=21)


def test_a_struct_that_is_never_closed_takes_nothing_else_with_it():
    section = document("::\n\n  struct a {\n\tint b;\n\nText::\n\n  struct c {\n\tint d;\n  };\n")
    (good,) = [one for one in shown(section) if one.whole]
    assert (good.name, good.whole, good.members[0].line) == ("c", True, 15)


def test_braces_in_comments_and_blocks_of_other_text_do_not_count():
    section = document(
        "::\n\n  struct a {\n\tint b; /* { */\n  };\n\nText::\n\n  $ ls {\n\nMore::\n\n  #define D 1\n"
    )
    assert [one.name for one in shown(section)] == ["a", "D"]


def test_members_of_nested_structs_are_in_the_lines_of_the_document():
    section = document("::\n\n  struct a {\n\tunion {\n\t\tint b;\n\t} u;\n  };\n")
    (struct,) = shown(section)
    assert [(one.name, one.line) for one in struct.members[0].members] == [("b", 11)]


@given(
    st.lists(st.sampled_from(["::", "", "  struct a {", "  int b;", "  };", "x", "  #define A \\", "  }}"]))
)
def test_no_document_makes_it_raise(lines):
    for section in parse_document("1. T\n====\n\n" + "\n".join(lines)).sections:
        list(shown(section))
