# SPDX-License-Identifier: GPL-2.0-only
import pytest

from kpatch_tools.checks.contract_header import contract_header
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.finding import Severity
from kpatch_tools.parse.cheader import parse_header

CONTRACT = load_contract("kvm_map_memory")
PATH = "include/uapi/linux/kvm.h"
HEADER = """\
#define KVM_CAP_MAP_MEMORY 236
#define KVM_MAP_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_memory_mapping)
struct kvm_memory_mapping {
	__u64 base_address;
	__u64 size;
	__u64 flags;
};
"""


def test_a_header_that_agrees_gives_nothing() -> None:
    assert contract_header(CONTRACT, parse_header(HEADER), path=PATH) == ()


@pytest.mark.parametrize(
    ("old", "new", "rule", "line", "words"),
    [
        (
            "0xd5",
            "0xd6",
            "ioctl",
            2,
            "is _IOWR(KVMIO, 0xd6, struct kvm_memory_mapping), expected _IOWR",
        ),
        ("_IOWR", "_IOW", "ioctl", 2, "is _IOW(KVMIO"),
        ("KVMIO", "OTHER", "ioctl", 2, "expected"),
        ("struct kvm_memory_mapping)", "struct kvm_x)", "ioctl", 2, "expected"),
        ("_IOWR(KVMIO, 0xd5, struct kvm_memory_mapping)", "17", "ioctl", 2, "KVM_MAP_MEMORY is 17"),
        ("236", "237", "cap", 1, "KVM_CAP_MAP_MEMORY is 237, expected 236"),
        ("#define KVM_CAP_MAP_MEMORY 236", "/* */", "cap", 2, "but not KVM_CAP_MAP_MEMORY"),
        ("struct kvm_memory_mapping {", "struct kvm_y {", "struct", 2, "does not declare struct"),
        ("__u64 size", "__u32 size", "struct", 5, 'member 2 is "__u32 size"'),
        ("\t__u64 flags;\n", "", "struct", 3, 'member 3 "__u64 flags" is missing'),
    ],
)
def test_each_difference_is_one_finding(old: str, new: str, rule: str, line: int, words: str) -> None:
    (finding,) = contract_header(CONTRACT, parse_header(HEADER.replace(old, new)), path=PATH)

    assert finding.rule == f"contract/header-{rule}"
    assert finding.severity is Severity.ERROR
    assert words in finding.message
    assert str(finding.location) == f"{PATH}:{line}"


def test_a_header_without_the_ioctl_is_one_finding_with_a_way_on() -> None:
    (finding,) = contract_header(CONTRACT, parse_header("#define KVM_RUN _IO(KVMIO, 0x80)\n"), path=PATH)

    assert finding.message == "the header does not define KVM_MAP_MEMORY"
    assert finding.hint.startswith("apply the series first")


def test_who_has_the_number_instead_is_named() -> None:
    header = "#define KVM_PRE _IOWR(KVMIO, 0xd5, struct kvm_pre)\n"
    (finding,) = contract_header(CONTRACT, parse_header(header), path=PATH)

    assert finding.hint == "number 0xd5 is KVM_PRE here (line 1)"
