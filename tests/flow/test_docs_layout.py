# SPDX-License-Identifier: GPL-2.0-only
import shutil
from dataclasses import replace

import pytest

from kpatch_tools.flow.docs import profile_for
from kpatch_tools.flow.docs_layout import with_layout
from kpatch_tools.model.run import Ended, RunResult
from kpatch_tools.parse.kernelfacts import parse_facts
from kpatch_tools.parse.rst import parse_document
from tests.judging import check_all

PATH = "Documentation/virt/kvm/api.rst"
KVM = profile_for(PATH)
HEADER = """\
#define KVM_MANY 3
struct kvm_inner { __u32 a; __u32 b; };
struct kvm_a { __u32 one; __u64 two; struct kvm_inner three[KVM_MANY]; };
"""

needs_gcc = pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")


def document(*bodies: str) -> str:
    text = "4. API\n======\n\n"
    for number, body in enumerate(bodies, 1):
        text += (
            f"4.{number} KVM_X{number}\n----------\n\n:Capability: basic\n:Architectures: all\n"
            f":Type: vm ioctl\n:Parameters: none\n:Returns: 0\n\n::\n\n  struct kvm_a {{\n\t{body}\n  }};\n\n"
        )
    return text


def details(*bodies: str, header: str = HEADER, run=None) -> list[str]:
    text = document(*bodies)
    facts = parse_facts([("include/uapi/linux/kvm.h", header)], "a tree")
    found = [one for one in check_all(text, PATH, KVM, facts) if one.rule == "docs/struct-differs"]
    told = with_layout(tuple(found), parse_document(text), facts, KVM, **({"run": run} if run else {}))
    assert [replace(one, detail="") for one in told] == [replace(one, detail="") for one in found]
    return [one.detail for one in told]


@needs_gcc
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "__u32 one; __u64 other; struct kvm_inner three[3];",
            "gcc makes it 40 bytes, as that of the header",
        ),
        ("__u32 one; __u64 two; struct kvm_inner three[2];", "gcc makes it 32 bytes, that of the header 40"),
        (
            "__u32 one; __u32 two; struct kvm_inner three[3];",
            "gcc makes it 32 bytes, that of the header 40; two at byte 4, in that of the header at 8",
        ),
        (
            "__u32 one; union { __u64 two; void *p; }; struct { __u32 a; __u32 b; } three[3];",
            "gcc makes it 40 bytes, as that of the header",
        ),
        ("__u32 one; __u64 two; char three[];", "gcc makes it 16 bytes, that of the header 40"),
    ],
)
def test_sizes_are_the_compilers_word(body, said):
    assert set(details(body)) == {said}


@needs_gcc
def test_each_struct_has_its_own_and_one_in_a_strange_type_none():
    wrong = "__u32 one; __u64 two; struct kvm_inner three[2];"
    assert details(wrong, "struct kvm_nowhere one; __u64 two; struct kvm_inner three[3];", wrong) == [
        "gcc makes it 32 bytes, that of the header 40",
        "",
        "gcc makes it 32 bytes, that of the header 40",
    ]


@pytest.mark.parametrize(
    "body",
    ["__u8 one[9999999999];", "__u8 one[KVM_UNKNOWN];", "struct kvm_a one;", "odd_t one;", "__u8 one[-1];"],
)
def test_what_cannot_be_resolved_is_not_compiled(body):
    def run(command):
        raise AssertionError(command)

    header = "struct kvm_a { struct kvm_a me; };" if "kvm_a" in body else HEADER
    assert set(details(f"{body} __u8 more;", header=header, run=run)) == {""}


@pytest.mark.parametrize(
    ("ended", "code", "out"),
    [
        (Ended.NOT_FOUND, 127, b""),
        (Ended.TIMED_OUT, -9, b""),
        (Ended.EXITED, 1, b"\t.quad\t9\n"),
        (Ended.EXITED, 0, b"\t.quad\t9\n\t.quad\t5\n"),
        (Ended.EXITED, 0, b"\t.long\t5\n"),
        (Ended.EXITED, 0, b"\t.quad\t5\n" * 9),
    ],
)
def test_without_a_word_of_the_compiler_nothing_is_said(ended, code, out):
    def run(command):
        return RunResult(command=command, ended=ended, returncode=code, stdout=out)

    assert details("__u32 one;", run=run) == [""]


def test_no_name_of_the_document_reaches_the_compiler():
    seen = []

    def run(command):
        seen.append(command.stdin.decode())
        return RunResult(command=command, ended=Ended.EXITED, returncode=1)

    details("__u32 one; __u64 secret; struct kvm_inner three[KVM_MANY];", run=run)
    assert "struct d0 { unsigned int m0; unsigned long long m1;" in seen[0]
    assert "secret" not in seen[0]


def test_other_findings_and_a_document_without_facts_stay():
    found = check_all(document("__u32 one;") + "A `size`.\n", PATH, KVM)
    assert with_layout(found, parse_document(""), None, KVM) == found
