# SPDX-License-Identifier: GPL-2.0-only
"""What the compiler says about wrong headers, with a real gcc and headers written for the test."""

from pathlib import Path

import pytest

from kpatch_tools.checks.abi import abi_findings
from kpatch_tools.errors import ToolFailed
from kpatch_tools.flow.abi import ask
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.abi import assertions, placed
from kpatch_tools.model.finding import Finding, Severity
from kpatch_tools.parse.cheader import parse_header

CONTRACT = load_contract("kvm_pre_fault_memory")
RIGHT = """\
#ifndef TEST_KVM_H
#define TEST_KVM_H
#define KVMIO 0xAE
struct kvm_pre_fault_memory {
	__u64 gpa;
	__u64 size;
	__u64 flags;
	__u64 padding[5];
};
#define KVM_CAP_PRE_FAULT_MEMORY 236
#define KVM_PRE_FAULT_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_pre_fault_memory)
#endif
"""
TYPES = """\
#ifndef TEST_TYPES_H
#define TEST_TYPES_H
typedef unsigned long long __u64;
typedef long long __s64;
typedef unsigned int __u32;
typedef __u64 __aligned_u64 __attribute__((aligned(8)));
#endif
"""
IOCTL = """\
#define _IOWR(type, nr, argument) \\
	(3U << 30 | sizeof(argument) << 16 | (type) << 8 | (nr))
#define _IOW(type, nr, argument) \\
	(1U << 30 | sizeof(argument) << 16 | (type) << 8 | (nr))
"""


@pytest.fixture
def include(tmp_path: Path) -> Path:
    folder = tmp_path / "include" / "linux"
    folder.mkdir(parents=True)
    (folder / "types.h").write_text(TYPES)
    (folder / "ioctl.h").write_text(IOCTL)
    return folder.parent


def found(include: Path, header: str) -> tuple[Finding, ...]:
    (include / "linux" / "kvm.h").write_text(header)
    answers = ask(assertions(CONTRACT), include)
    return abi_findings(CONTRACT, answers, parse_header(header), path="kvm.h")


def told(findings: tuple[Finding, ...]) -> dict[str, int]:
    return {item.message: item.location.line if item.location else 0 for item in findings}


def test_a_header_that_agrees_gives_nothing(include: Path) -> None:
    assert found(include, RIGHT) == ()


def test_another_name_of_the_same_type_is_the_same(include: Path) -> None:
    assert found(include, RIGHT.replace("__u64 size", "__aligned_u64 size")) == ()


def test_every_member_has_its_offset() -> None:
    assert [(one.field.name, one.offset, one.size) for one in placed(CONTRACT)] == [
        ("gpa", 0, 8),
        ("size", 8, 8),
        ("flags", 16, 8),
        ("padding", 24, 40),
    ]


def test_swapped_members_have_each_others_offsets(include: Path) -> None:
    swapped = RIGHT.replace("\t__u64 gpa;\n\t__u64 size;\n", "\t__u64 size;\n\t__u64 gpa;\n")
    findings = found(include, swapped)

    assert told(findings) == {
        "offsetof(struct kvm_pre_fault_memory, gpa) is 8 in the header, expected 0": 6,
        "offsetof(struct kvm_pre_fault_memory, size) is 0 in the header, expected 8": 5,
    }
    assert {item.rule for item in findings} == {"contract/abi-struct"}
    assert {item.severity for item in findings} == {Severity.ERROR}
    assert "__u64 gpa;\n\t__u64 size;" in findings[0].hint


def test_a_narrow_member_is_told_with_what_it_moves(include: Path) -> None:
    findings = told(found(include, RIGHT.replace("__u64 flags", "__u32 flags")))

    # The next member is aligned to 8 as before, so that nothing else moves.
    assert findings == {
        "the width of struct kvm_pre_fault_memory.flags is 4 in the header, expected 8": 7,
    }


def test_the_same_width_with_a_sign_is_another_type(include: Path) -> None:
    findings = told(found(include, RIGHT.replace("__u64 gpa", "__s64 gpa")))

    assert list(findings) == [
        ("not so in the header: struct kvm_pre_fault_memory.gpa is __u64; it has __s64 there")
    ]


def test_a_shorter_array_changes_size_and_number(include: Path) -> None:
    findings = told(found(include, RIGHT.replace("padding[5]", "padding[4]")))

    assert findings == {
        "sizeof(struct kvm_pre_fault_memory) is 56 in the header, expected 64": 4,
        "the width of struct kvm_pre_fault_memory.padding is 32 in the header, expected 40": 8,
        "KVM_PRE_FAULT_MEMORY is 0xc038aed5 in the header, expected 0xc040aed5": 11,
    }


def test_a_renamed_member_is_told_once_in_the_compilers_words(include: Path) -> None:
    (message,) = told(found(include, RIGHT.replace("__u64 gpa", "__u64 start")))

    assert message.startswith(
        "offsetof(struct kvm_pre_fault_memory, gpa) cannot be computed from the header: "
    )
    assert "gpa" in message.rpartition(":")[2]


def test_a_struct_that_is_not_there_is_told_once(include: Path) -> None:
    (message,) = told(found(include, RIGHT.replace("struct kvm_pre_fault_memory {", "struct kvm_other {")))

    assert message.startswith("sizeof(struct kvm_pre_fault_memory) cannot be computed")


@pytest.mark.parametrize(
    ("right", "wrong", "rule", "values"),
    [
        ("236", "237", "contract/abi-cap", "237 in the header, expected 236"),
        ("0xd5", "0xd6", "contract/abi-ioctl", "0xc040aed6 in the header, expected 0xc040aed5"),
        ("_IOWR", "_IOW", "contract/abi-ioctl", "0x4040aed5 in the header, expected 0xc040aed5"),
        ("236", "(200 + 37)", "contract/abi-cap", "237 in the header, expected 236"),
    ],
)
def test_a_number_that_differs(include: Path, right: str, wrong: str, rule: str, values: str) -> None:
    (finding,) = found(include, RIGHT.replace(right, wrong))

    assert finding.rule == rule
    assert values in finding.message


def test_headers_that_are_no_c_prove_nothing(include: Path) -> None:
    with pytest.raises(ToolFailed, match="do not compile"):
        found(include, RIGHT + "struct {\n")
    with pytest.raises(ToolFailed, match="do not compile"):
        found(include, '#include "not_there.h"\n' + RIGHT)
