# SPDX-License-Identifier: GPL-2.0-only
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.parse.cheader import Member, Request, declarations, parse_header, written

HEADER = """\
#ifndef _X_H
#define _X_H
#define KVM_CAP_X 236
#define KVM_CAP_LONG 0x10UL
#define KVM_X\t_IOWR(KVMIO, 0xd5, struct kvm_x)
#define KVM_BOTH \\
\t_IOW(KVMIO, 7, \\
\t     struct kvm_y)
#define KVM_PLAIN _IO(KVMIO, 0x80)
#define KVM_ODD _IOR(KVMIO, NR, int)
#define F(x) (x)

struct kvm_x {
\t/* in/out */
\t__u64 gpa;	/* a comment */
\t__u64 size, rest;
#ifdef __KERNEL__
\t__u8 hidden;
#endif
\t__u64 padding[5];
};

struct kvm_y {
\tunion {
\t\tvoid *p;
\t\t__u64 q;
\t} u;
\tunsigned long long n;
\tstruct kvm_x *next;
\t__u8 grid[2][3];
\tchar tail[];
};
struct kvm_x;
#endif
"""


def test_structs_with_the_lines_of_their_members() -> None:
    x = parse_header(HEADER).structs["kvm_x"]

    assert x.line == 13
    assert [(member.name, member.line) for member in x.members][:3] == [
        ("gpa", 15),
        ("size", 16),
        ("rest", 16),
    ]
    assert x.members[-1] == Member(name="padding", type="__u64", count="5", line=20)


def test_pointers_arrays_and_nested_types() -> None:
    y = parse_header(HEADER).structs["kvm_y"]

    assert [(member.name, member.type, member.count) for member in y.members] == [
        ("u", "union { void *p; __u64 q; }", ""),
        ("n", "unsigned long long", ""),
        ("next", "struct kvm_x *", ""),
        ("grid", "__u8", "2][3"),
        ("tail", "char", "0"),
    ]


def test_defines_as_numbers_and_requests() -> None:
    defines = parse_header(HEADER).defines

    assert defines["KVM_CAP_X"].number == 236
    assert defines["KVM_CAP_X"].line == 3
    assert defines["KVM_CAP_LONG"].number == 16
    assert defines["KVM_X"].number is None
    assert defines["KVM_X"].request == Request(magic="KVMIO", nr=0xD5, dir="read-write", type="struct kvm_x")
    assert defines["KVM_BOTH"].request == Request(magic="KVMIO", nr=7, dir="write", type="struct kvm_y")
    assert defines["KVM_PLAIN"].request == Request(magic="KVMIO", nr=0x80, dir="none", type="")
    assert defines["KVM_ODD"].request is None
    assert "F" not in defines


def test_what_it_cannot_read_is_left_out() -> None:
    header = parse_header(
        "struct a { __u64 b; }; struct broken { }} ((( \nstruct c { __u8 d; };\n" + "{" * 50_000
    )

    assert "a" in header.structs


def test_a_struct_out_of_a_document() -> None:
    found = parse_header("  struct kvm_z {\n\t__u64 gpa;\n  };").structs["kvm_z"]

    assert [member.name for member in found.members] == ["gpa"]
    assert found.members[0].line == 2


def test_user_space_sees_the_other_side_of_a_kernel_condition() -> None:
    found = parse_header(
        "struct a {\n#ifdef __KERNEL__\n\t__u8 in;\n#else\n\t__DECLARE_FLEX_ARRAY(char, out);\n#endif\n"
        "#ifndef __KERNEL__\n\t__u8 last;\n#else\n\t__u8 never;\n#endif\n"
        "#ifdef __HAVE_X\n\t__u8 maybe;\n#endif\n};"
    ).structs["a"]

    assert [(member.name, member.count, member.line) for member in found.members] == [
        ("out", "0", 5),
        ("last", "", 8),
        ("maybe", "", 13),
    ]
    assert found.whole


def test_a_nested_union_has_members_and_a_text_without_comments() -> None:
    (union,) = (
        parse_header(
            "struct a {\n\tunion { /* what */\n\t\tvoid __user *p;\n#define ONE 1\n\t\t__u8 b[4];\n\t} u;\n};"
        )
        .structs["a"]
        .members
    )

    assert union.type == "union { void *p; __u8 b[4]; }"
    assert [(member.name, member.line) for member in union.members] == [("p", 3), ("b", 5)]
    assert written(union) == "union { void *p; __u8 b[4]; } u"


def test_doubles_are_all_given_and_a_gap_is_told() -> None:
    found = list(declarations("struct a { int b; };\nstruct a { int c; ... };\n#define X 1\n#define X 2\n"))

    assert [one.name for one in found] == ["a", "a", "X", "X"]
    assert [one.whole for one in found[:2]] == [True, False]


def test_many_names_on_many_levels_do_not_multiply() -> None:
    text = "int z;"
    for _ in range(14):
        text = f"struct {{ {text} }} a, b, c, d, e, f;"
    (struct,) = declarations(f"struct x {{ {text} }};")

    assert len(struct.members) == 6
    assert all(len(member.type) < 20_000 for member in struct.members)


@given(st.text(max_size=300))
def test_no_text_makes_it_raise(text: str) -> None:
    parse_header(text)
