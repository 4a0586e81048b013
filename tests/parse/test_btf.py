# SPDX-License-Identifier: GPL-2.0-only
"""BTF: bytes made here by the format's description, what gcc makes, and bytes that lie."""

import shutil
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpatch_tools.errors import UserError
from kpatch_tools.model.btf import BtfMember
from kpatch_tools.model.run import Command
from kpatch_tools.parse.btf import find_struct, parse_btf
from kpatch_tools.parse.elf import section
from kpatch_tools.tools import process

INT, PTR, ARRAY, STRUCT, TYPEDEF, CONST = 1, 2, 3, 4, 8, 10
SOURCE = """\
typedef unsigned long long __u64;
struct inner { char c; __u64 wide; };
struct sample {
	__u64 first;
	const struct inner *pointer;
	struct inner held[3];
	unsigned low : 3;
	unsigned high : 5;
	union { int a; short b; };
	unsigned char tail[7];
};
struct sample one;
"""


class Maker:
    """Types and strings in the order in which they are added."""

    def __init__(self, *, strings: int = 0, types: int = 0) -> None:
        self.types, self.strings = b"", b"\0"
        self.string_base, self.next = strings, types + 1
        if strings:
            self.strings = b""

    def string(self, text: str) -> int:
        at = self.string_base + len(self.strings)
        self.strings += text.encode() + b"\0"
        return at

    def add(
        self, name: int, kind: int, size: int, extra: bytes = b"", *, vlen: int = 0, flag: int = 0
    ) -> int:
        self.types += struct.pack("<III", name, flag << 31 | kind << 24 | vlen, size) + extra
        self.next += 1
        return self.next - 1

    def number(self, name: str, size: int) -> int:
        return self.add(self.string(name), INT, size, struct.pack("<I", size * 8))

    def raw(self) -> bytes:
        head = struct.pack(
            "<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(self.types), len(self.types), len(self.strings)
        )
        return head + self.types + self.strings


def one_struct() -> Maker:
    made = Maker()
    word = made.number("__u64", 8)
    count = made.number("int", 4)
    array = made.add(0, ARRAY, 0, struct.pack("<III", word, count, 5))
    named = made.add(made.string("u64"), TYPEDEF, word)
    const = made.add(0, CONST, named)
    members = b"".join(
        struct.pack("<III", made.string(name), kind, offset)
        for name, kind, offset in (("gpa", const, 0), ("padding", array, 64))
    )
    made.add(made.string("sample"), STRUCT, 48, members, vlen=2)
    return made


def test_a_struct_with_its_members() -> None:
    found = find_struct(parse_btf(one_struct().raw(), name="x"), "sample")

    assert found is not None
    assert found.size == 48
    assert found.members == (
        BtfMember(name="gpa", bit_offset=0, size=8),
        BtfMember(name="padding", bit_offset=64, size=40),
    )
    assert find_struct(parse_btf(one_struct().raw(), name="x"), "other") is None
    # The name of an int is no struct.
    assert find_struct(parse_btf(one_struct().raw(), name="x"), "int") is None


def test_a_module_builds_upon_its_base() -> None:
    base = Maker()
    word = base.number("__u64", 8)
    shared = base.string("gpa")
    under = parse_btf(base.raw(), name="vmlinux")
    module = Maker(strings=len(base.strings), types=1)
    pointer = module.add(0, PTR, word)
    members = struct.pack("<III", shared, word, 0) + struct.pack("<III", module.string("next"), pointer, 64)
    module.add(module.string("sample"), STRUCT, 16, members, vlen=2)
    over = parse_btf(module.raw(), name="kvm", base=under)
    found = find_struct(over, "sample")

    assert (under.count, over.count) == (1, 3)
    assert found is not None
    assert [(one.name, one.bit_offset, one.size) for one in found.members] == [("gpa", 0, 8), ("next", 64, 8)]
    assert find_struct(under, "sample") is None


def test_a_chain_that_does_not_end_has_no_size() -> None:
    made = Maker()
    made.add(0, CONST, 2)
    made.add(0, TYPEDEF, 1)
    made.add(made.string("sample"), STRUCT, 8, struct.pack("<III", made.string("loop"), 1, 0), vlen=1)
    found = find_struct(parse_btf(made.raw(), name="x"), "sample")

    assert found is not None
    assert found.members[0].size == 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda raw: b"", "shorter than its header"),
        (lambda raw: b"\0\0" + raw[2:], "magic"),
        (lambda raw: raw[:2] + b"\2" + raw[3:], "version"),
        (lambda raw: raw[::-1], "magic"),
        (lambda raw: raw[:-4], "cut off"),
        (lambda raw: raw[:12] + struct.pack("<I", 30) + raw[16:], "cut off"),
        (lambda raw: raw[:31] + b"\x1f" + raw[32:], "unknown kind 31"),
        (lambda raw: raw[:31] + b"\x00" + raw[32:], "unknown kind 0"),
    ],
)
def test_what_is_none_is_told(change, why: str) -> None:
    with pytest.raises(UserError, match=why):
        parse_btf(change(one_struct().raw()), name="kvm")


@given(st.binary(max_size=64), st.integers(0, 400), st.integers(0, 8))
def test_whatever_the_bytes_are_it_ends(noise: bytes, at: int, cut: int) -> None:
    raw = one_struct().raw()
    raw = (raw[:at] + noise + raw[at + len(noise) :])[: len(raw) - cut]
    try:
        found = parse_btf(raw, name="x")
    except UserError:
        return
    find_struct(found, "sample")


@pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")
def test_it_reads_what_gcc_wrote(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text(SOURCE)
    command = Command(argv=("gcc", "-gbtf", "-c", "a.c", "-o", "a.o"), cwd=tmp_path, timeout=60)
    if not process.run(command).ok:
        pytest.skip("this gcc writes no BTF")
    raw = section((tmp_path / "a.o").read_bytes(), ".BTF")
    assert raw is not None
    found = find_struct(parse_btf(raw, name="a.o"), "sample")
    assert found is not None
    assert found.size == 80
    assert [(one.name, one.bit_offset // 8, one.size) for one in found.members] == [
        ("first", 0, 8),
        ("pointer", 8, 8),
        ("held", 16, 48),
        ("low", 64, 4),
        ("high", 64, 4),
        ("", 68, 4),
        ("tail", 72, 7),
    ]
    assert [(one.bit_offset, one.bits) for one in found.members[3:5]] == [(512, 3), (515, 5)]


def test_no_elf_has_no_section(tmp_path: Path) -> None:
    assert section(b"", ".BTF") is None
    assert section(b"\x7fELF\x01\x01" + bytes(100), ".BTF") is None
    # A header that points behind the end of the file.
    lying = (
        b"\x7fELF\x02\x01"
        + bytes(34)
        + struct.pack("<Q", 1 << 40)
        + bytes(10)
        + struct.pack("<HHH", 64, 9, 1)
    )
    assert section(lying, ".BTF") is None
    assert section(b"\x7fELF\x02\x01" + bytes(58), ".BTF") is None


@given(st.binary(max_size=300))
def test_any_elf_header_is_survived(noise: bytes) -> None:
    section(b"\x7fELF\x02\x01" + noise, ".BTF")


def test_types_without_end() -> None:
    types = struct.pack("<III", 0, CONST << 24, 0) * 4_000_001
    header = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), 0)
    with pytest.raises(UserError, match="more than 4000000 types"):
        parse_btf(header + types, name="x")
