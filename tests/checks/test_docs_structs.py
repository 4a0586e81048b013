# SPDX-License-Identifier: GPL-2.0-only
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpatch_tools.checks.docs_rule import Context
from kpatch_tools.checks.docs_structs import define_differs, struct_differs
from kpatch_tools.flow.docs import profile_for
from kpatch_tools.model.kernelfacts import KernelFacts
from kpatch_tools.parse.kernelfacts import parse_facts
from kpatch_tools.parse.rst import parse_document
from tests.judging import check_change

PATH = "Documentation/virt/kvm/api.rst"
KVM = profile_for(PATH)


def facts(shared: str = "", **architectures: str) -> KernelFacts:
    files = [("include/uapi/linux/kvm.h", shared)]
    files += [(f"arch/{arch}/include/uapi/asm/kvm.h", text) for arch, text in architectures.items()]
    found = parse_facts(files, "a tree")
    assert found is not None
    return found


def document(code: str) -> str:
    body = "\n".join(f"  {line}" for line in code.split("\n"))
    return (
        "4. API\n======\n\n4.1 KVM_X\n---------\n\n:Capability: basic\n:Architectures: all\n:Type: vm ioctl\n"
        f":Parameters: none\n:Returns: 0\n\n::\n\n{body}\n"
    )


def hits(rule, code: str, known: KernelFacts | None, profile=KVM):
    return list(rule(Context(document=parse_document(document(code)), profile=profile, facts=known)))


def texts(rule, code: str, known: KernelFacts) -> list[str]:
    return [hit.text for hit in hits(rule, code, known)]


def test_without_facts_or_profile_nothing_is_said():
    code = "struct kvm_a {\n\t__u8 b;\n};\n#define KVM_B 2"
    known = facts("struct kvm_a { __u64 c; };\n#define KVM_B 1")
    for rule in (struct_differs, define_differs):
        assert hits(rule, code, None) == []
        assert hits(rule, code, known, profile=None) == []
        assert len(hits(rule, code, known)) == 1


@pytest.mark.parametrize(
    ("shown", "actual"),
    [
        ("__u64 a[0];", "__u64 a[];"),
        ("__u64 a[];", "__DECLARE_FLEX_ARRAY(__u64, a);"),
        ("__u8 pad[4 * 2];", "__u8 pad[8];"),
        ("__u8 pad[KVM_MAX];", "__u8 pad[16];"),
        ("__u64 a, b;", "__u64 a;\n__u64 b;"),
        ("void __user *p;", "void *p;"),
        ("union {\n#ifdef __KVM_HAVE_A\n__u8 a;\n#endif\n} u;", "union { __u8 a; /* what */ } u;"),
        ("__u8 a;\n#define KVM_INSIDE 1\n__u8 b;", "__u8 a;\n__u8 b;"),
        ("unsigned   long a;", "unsigned long a;"),
    ],
)
def test_two_ways_to_write_the_same_struct(shown, actual):
    known = facts(f"#define KVM_MAX 0x10\nstruct kvm_a {{\n{actual}\n}};\n#define KVM_INSIDE 1")
    assert texts(struct_differs, f"struct kvm_a {{\n{shown}\n}};", known) == []


@pytest.mark.parametrize(
    ("shown", "actual", "text"),
    [
        ("__u8 a;", "__u8 a; __u8 b;", "struct kvm_a: '__u8 b;' of the header is missing"),
        ("__u8 b;", "__u8 a; __u8 b;", "struct kvm_a: '__u8 a;' of the header is missing"),
        ("__u8 a; __u8 b;", "__u8 b;", "struct kvm_a: the header has no '__u8 a;'"),
        ("__u8 a;", "__u16 a;", "struct kvm_a: '__u8 a;' is '__u16 a;' in the header"),
        ("__u8 a[2];", "__u8 a[3];", "struct kvm_a: '__u8 a[2];' is '__u8 a[3];' in the header"),
        ("__u8 a;", "__u8 *a;", "struct kvm_a: '__u8 a;' is '__u8 *a;' in the header"),
        (
            "union { struct { __u8 a; } b; } u;",
            "union { struct { __u8 c; } b; } u;",
            "struct kvm_a, u.b: '__u8 a;' is '__u8 c;' in the header",
        ),
        (
            "__u8 a; __u8 b;",
            "union { __u8 a; __u8 b; };",
            "struct kvm_a: '__u8 a; __u8 b;' is 'union { __u8 a; __u8 b; };' in the header",
        ),
    ],
)
def test_each_kind_of_difference(shown, actual, text):
    assert texts(struct_differs, f"struct kvm_a {{ {shown} }};", facts(f"struct kvm_a {{ {actual} }};")) == [
        text
    ]


def test_the_hint_has_the_right_member_and_where_it_stands():
    (hit,) = hits(
        struct_differs, "struct kvm_a {\n\t__u8 a;\n};", facts("\nstruct kvm_a { __u8 a; __u8 b; };")
    )
    assert (hit.line, hit.column) == (16, 9)
    assert hit.hint == "add __u8 b; behind a (include/uapi/linux/kvm.h:2)"
    (hit,) = hits(struct_differs, "struct kvm_a {\n\t__u8 a;\n};", facts("struct kvm_a { __u8 b; __u8 a; };"))
    assert (hit.line, hit.column) == (15, 10)
    assert hit.hint == "add __u8 b; as the first (include/uapi/linux/kvm.h:1)"


def test_of_several_architectures_the_named_one_counts_else_the_closest():
    known = facts(x86="struct kvm_r { __u64 a; __u64 b; __u64 c; };", mips="struct kvm_r { __u32 x; };")
    assert texts(struct_differs, "struct kvm_r {\n__u32 x;\n};", known) == []
    assert texts(struct_differs, "struct kvm_r {\n__u64 a;\n__u64 b;\n};", known) == [
        "struct kvm_r: '__u64 c;' of the header is missing"
    ]
    assert texts(struct_differs, "/* x86 */\nstruct kvm_r {\n__u32 x;\n};", known) == [
        "struct kvm_r: '__u32 x;' is '__u64 a; __u64 b; __u64 c;' in the header"
    ]
    # A comment that names none of them, or code of another kind, decides nothing.
    assert texts(struct_differs, "/* new */\nstruct kvm_r {\n__u32 x;\n};", known) == []


def test_what_is_shown_in_part_or_is_nobodys_is_passed_over():
    known = facts("struct kvm_a { __u8 a; __u8 b; };\nstruct kvm_run { __u8 a; __u8 b; };")
    assert texts(struct_differs, "struct kvm_a {\n__u8 a;\n...\n};", known) == []
    assert texts(struct_differs, "struct kvm_a {\n__u8 a;", known) == []
    assert texts(struct_differs, "struct kvm_run {\n__u8 a;\n};", known) == []
    assert texts(struct_differs, "struct kvm_other {\n__u8 a;\n};", known) == []


def test_a_member_that_a_series_adds_to_the_header_only_is_new():
    text = document("struct kvm_a {\n\t__u8 a;\n};")
    before, after = facts("struct kvm_a { __u8 a; };"), facts("struct kvm_a { __u8 a; __u8 b; };")
    (found,) = check_change(text, text, PATH, KVM, facts=after, facts_before=before)
    assert found.rule == "docs/struct-differs"
    assert check_change(text, text, PATH, KVM, facts=after, facts_before=after) == ()
    assert check_change(text, text + "\nMore.\n", PATH, KVM, facts=after, facts_before=after) == ()


@pytest.mark.parametrize("value", ["(1 << 4)", "BIT(4)", "0x10", "16UL", "KVM_SIXTEEN", "(KVM_SIXTEEN)"])
def test_one_value_is_written_in_many_ways(value):
    known = facts("#define KVM_SIXTEEN 16\n#define KVM_A (1UL << 4) /* four */")
    assert texts(define_differs, f"#define KVM_A {value}", known) == []


def test_other_values_and_names():
    known = facts(
        "#define KVM_A (1 << 4)\n#define KVM_B _IO(KVMIO, 1)\n#define KVM_C sizeof(int)\nenum { KVM_E };"
    )
    assert texts(define_differs, "#define KVM_A (1 << 3)", known) == [
        "#define KVM_A: '(1 << 3)' is '(1 << 4)' in the header"
    ]
    assert texts(define_differs, "#define KVM_B _IO(KVMIO,2)", known) == [
        "#define KVM_B: '_IO(KVMIO,2)' is '_IO(KVMIO, 1)' in the header"
    ]
    # What only one side can be computed of is not proven, and an enumerator has no text.
    assert (
        texts(define_differs, "#define KVM_C 4\n#define KVM_E 3\n#define KVM_A\n#define OTHER 7", known) == []
    )
    (hit,) = hits(define_differs, "#define KVM_LONG_NAMES 3", facts("#define KVM_LONG_NAME 3"))
    assert hit.text == "#define KVM_LONG_NAMES: no header has this name"
    assert hit.hint == "write KVM_LONG_NAME, which has this value"
    assert hits(define_differs, "#define KVM_LONG_NAMES 4", facts("#define KVM_LONG_NAME 3"))[0].hint == (
        "the closest name is KVM_LONG_NAME"
    )
    assert hits(define_differs, "#define KVM_Q 4", facts("#define KVM_LONG_NAME 3"))[0].hint.startswith(
        "no known"
    )
    assert (hit.line, hit.column) == (15, 11)


MEMBERS = st.recursive(
    st.sampled_from(
        ["__u8 a;", "__u64 b[4];", "char c[];", "void *d;", "__u32 e, f;", "#define KVM_G 1", "..."]
    ),
    lambda inner: st.lists(inner, max_size=4).map(lambda some: "\n".join(["union {", *some, "} u;"])),
    max_leaves=12,
)
STRUCTS = st.lists(MEMBERS, max_size=5).map(lambda some: "\n".join(["struct kvm_a {", *some, "};"]))


@settings(max_examples=60, deadline=None)
@given(STRUCTS, STRUCTS, st.text(alphabet="struc kvm_a{}[];#define\n/*", max_size=80))
def test_a_header_never_differs_from_itself_and_nothing_makes_it_raise(one, other, noise):
    known = facts(one)
    assert texts(struct_differs, one, known) == []
    for rule in (struct_differs, define_differs):
        hits(rule, f"{other}\n{noise}", known)
        hits(rule, noise, facts(noise))
