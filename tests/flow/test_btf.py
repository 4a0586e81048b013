# SPDX-License-Identifier: GPL-2.0-only
"""The booted kernel's own struct against the contract."""

import gzip
import struct
from pathlib import Path

import pytest

from kpatch_tools.checks.btf import RULE
from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.flow.btf import NONE, check_btf, with_btf
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.tools.kernels import Kernel
from tests.machines import debian_kernel
from tests.parse.test_btf import STRUCT, Maker

CONTRACT = load_contract("kvm_map_memory")
HEADER = {CONTRACT.header: "#define A 1\nstruct kvm_memory_mapping {\n\t__u64 size;\n};\n"}
RIGHT = (("base_address", 0), ("size", 64), ("flags", 128))
PASSED = CheckResult(
    check="tests", status=Status.PASS, tests=(TestResult(name="one_page", status=Verdict.PASS),)
)


def btf_of(*members: tuple[str, int], size: int = 24, name: str = "kvm_memory_mapping") -> bytes:
    made = Maker()
    word = made.number("__u64", 8)
    body = b"".join(struct.pack("<III", made.string(one), word, offset) for one, offset in members)
    made.add(made.string(name), STRUCT, size, body, vlen=len(members))
    return made.raw()


def elf_of(content: bytes, name: str = ".BTF") -> bytes:
    """An ELF file with that one section and the names of sections."""
    names = b"\0" + name.encode() + b"\0"
    head = b"\x7fELF\x02\x01" + bytes(34) + struct.pack("<Q", 64) + bytes(10) + struct.pack("<HHH", 64, 2, 0)
    table = 64 + 2 * 64
    rows = struct.pack("<IIQQQQ", 0, 3, 0, 0, table, len(names)) + bytes(24)
    rows += struct.pack("<IIQQQQ", 1, 1, 0, 0, table + len(names), len(content)) + bytes(24)
    return head + rows + names + content


def kernel(folder: Path, content: bytes) -> Kernel:
    """An x86 image with that payload: one setup sector, the payload behind it."""
    payload = gzip.compress(content)
    head = bytearray(1024)
    head[0x1F1] = 1
    head[0x248:0x250] = struct.pack("<II", 0, len(payload))
    image = folder / "vmlinuz"
    image.write_bytes(bytes(head) + payload)
    return Kernel(image=image, release="6.1.7")


def check(folder: Path, content: bytes) -> CheckResult:
    return check_btf(CONTRACT, kernel(folder, content), HEADER.get)


def test_a_kernel_that_agrees(tmp_path: Path) -> None:
    result = check(tmp_path, elf_of(btf_of(*RIGHT)))

    assert (result.status, result.findings) == (Status.PASS, ())
    assert result.facts[0][1].endswith("size and 3 members as in the contract")


@pytest.mark.parametrize(
    ("raw", "messages"),
    [
        (
            btf_of(("base_address", 0), ("flags", 64), ("size", 128)),
            [
                "offsetof(struct kvm_memory_mapping, size) is 16 in the kernel, expected 8",
                "offsetof(struct kvm_memory_mapping, flags) is 8 in the kernel, expected 16",
            ],
        ),
        (
            btf_of(*RIGHT, size=32),
            ["sizeof(struct kvm_memory_mapping) is 32 in the kernel, expected 24"],
        ),
        (
            btf_of(("gpa", 0), *RIGHT[1:]),
            [
                "struct kvm_memory_mapping has no member base_address in the kernel",
                'struct kvm_memory_mapping has a member "gpa" at 0 that is not expected',
            ],
        ),
        (btf_of(*RIGHT, name="kvm_other"), ["the kernel has no struct kvm_memory_mapping"]),
    ],
)
def test_a_kernel_that_differs(tmp_path: Path, raw: bytes, messages: list[str]) -> None:
    result = check(tmp_path, elf_of(raw))

    assert result.status is Status.FAIL
    assert [one.message for one in result.findings] == [f"{text} (BTF of 6.1.7)" for text in messages]
    assert {one.rule for one in result.findings} == {RULE}
    assert {str(one.location) for one in result.findings} == {f"{CONTRACT.header}:2"}


def test_a_kernel_without_is_told_and_no_pass(tmp_path: Path) -> None:
    result = check(tmp_path, elf_of(b"x", ".text"))

    assert result.status is Status.SKIP
    assert result.reason == f"6.1.7: {NONE}"


def test_a_run_gets_a_fact_and_fails_with_a_difference(tmp_path: Path) -> None:
    def ran(content: bytes, result: CheckResult = PASSED) -> CheckResult:
        return with_btf(CONTRACT, result, kernel(tmp_path, content), HEADER.get)

    right, without = ran(elf_of(btf_of(*RIGHT))), ran(elf_of(b"x", ".text"))
    assert (right.status, right.findings) == (Status.PASS, ())
    assert (without.status, dict(without.facts)["btf"]) == (Status.PASS, NONE)
    wrong = ran(elf_of(btf_of(*RIGHT, size=32)))
    assert wrong.status is Status.FAIL
    assert len(wrong.findings) == 1
    damaged = ran(elf_of(b"no BTF at all, and long enough for a header"))
    assert damaged.status is Status.PASS
    assert "not compared: " in dict(damaged.facts)["btf"]
    skipped = CheckResult(
        check="tests", status=Status.SKIP, tests=(TestResult(name="one_page", status=Verdict.SKIP),)
    )
    lacking = ran(elf_of(btf_of(*RIGHT, name="kvm_other")), skipped)
    assert (lacking.status, lacking.findings) == (Status.SKIP, ())


def test_an_unknown_compression_is_told(tmp_path: Path) -> None:
    made = kernel(tmp_path, b"")
    raw = bytearray(made.image.read_bytes())
    raw[1024:1028] = b"BZh9"
    made.image.write_bytes(bytes(raw))
    with pytest.raises(EnvironmentFault, match="425a6839"):
        check_btf(CONTRACT, made, HEADER.get)


@pytest.mark.kernel
def test_debians_kernel_has_the_merged_struct() -> None:
    merged = load_contract("kvm_pre_fault_memory")
    result = check_btf(merged, debian_kernel("6.12"), {}.get)

    assert (result.status, result.findings) == (Status.PASS, ())
