# SPDX-License-Identifier: GPL-2.0-only
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.parse.cheader import Member, Request, parse_header

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


@given(st.text(max_size=300))
def test_no_text_makes_it_raise(text: str) -> None:
    parse_header(text)
