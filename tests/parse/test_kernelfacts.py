# SPDX-License-Identifier: GPL-2.0-only
"""Facts out of texts; what the small trees of docs-check/corpus/tree hold is known by heart here."""

import pytest

from kpatch_tools.model.kernelfacts import FactMember, Level
from kpatch_tools.parse.cheader import parse_header
from kpatch_tools.parse.ctext import without_comments
from kpatch_tools.parse.kernelfacts import fact_struct, parse_facts
from kpatch_tools.parse.kernelfacts_code import answers, level_of
from kpatch_tools.parse.kernelfacts_paths import arch_of, concerns, is_code, is_uapi
from kpatch_tools.tools.files import data_dir
from kpatch_tools.tools.kernelfacts import list_folder, read_folder

SMALL = data_dir("docs-check") / "corpus" / "tree" / "small"
UAPI = "include/uapi/linux/kvm.h"


@pytest.fixture(scope="module")
def facts():
    return parse_facts(read_folder(SMALL, list_folder(SMALL)))


def places(facts, name, table="handled"):
    return [(one.arch, one.level, one.path, one.line) for one in getattr(facts, table).get(name, ())]


def test_names_come_from_headers_and_sources_but_not_from_comments_and_strings(facts):
    assert {"KVM_SET_SPEED", "KVM_ZONE_RING", "kvm_speed", "KVM_X86_BIG"} <= facts.uapi
    assert "KVM_X86_INSIDE" in facts.names - facts.uapi
    assert not {"KVM_FIRST_COMMENT", "KVM_SET_NOTHING"} & facts.names
    assert facts.errnos >= {"EINVAL", "EOPNOTSUPP"}
    assert facts.label == "Linux 9.1.0"


def test_numbers_also_when_the_macro_goes_on_in_the_next_line(facts):
    zone = facts.ioctls["KVM_REGISTER_SHARED_ZONE"]
    assert (zone.number, zone.direction, zone.argument) == (0x42, "write", "struct kvm_zone")
    assert (zone.path, zone.line) == facts.defined["KVM_REGISTER_SHARED_ZONE"] == (UAPI, 9)
    assert facts.ioctls["KVM_S390_PULSE"].argument == ""
    assert facts.ioctls["KVM_SET_PAIR"].direction == "read-write"
    assert "KVMIO" not in facts.ioctls


def test_values_are_those_of_macros_and_of_enumerators_that_have_one(facts):
    assert facts.values["KVM_SPEED_SLOW"] == "(1 << 1)"
    assert facts.values["KVM_ZONE_RING"] == "4"
    assert "KVM_ZONE_PLAIN" not in facts.values


def test_structs_as_user_space_sees_them(facts):
    (speed,) = facts.structs["kvm_speed"]
    assert speed.members[-1] == FactMember(name="reserved", type="__u64", count="2")
    assert (speed.path, speed.line, speed.arch) == (UAPI, 34, "")
    (pair,) = facts.structs["kvm_pair"]
    assert pair.members[-1] == FactMember(name="entries", type="__u64", count="")
    assert pair.members[0].count is None
    assert facts.structs["kvm_clock"][0].arch == "x86"


def test_an_array_of_no_length_is_a_flexible_one():
    header = parse_header("struct s { int n; char a[0]; };")
    assert [one.count for one in fact_struct(header.structs["s"]).members] == [None, ""]


def test_who_handles_an_ioctl(facts):
    x86, s390, virt = "arch/x86/kvm/x86.c", "arch/s390/kvm/kvm-s390.c", "virt/kvm/kvm_main.c"
    assert places(facts, "KVM_GET_SPEED") == [("x86", Level.VCPU, x86, 7)]
    assert places(facts, "KVM_SET_PAIR") == [("x86", Level.VM, x86, 18)]
    assert places(facts, "KVM_S390_PULSE") == [("s390", Level.VCPU, s390, 4)]
    assert places(facts, "KVM_CREATE_VM") == [("", Level.SYSTEM, virt, 25)]
    assert places(facts, "KVM_SET_DEVICE_ATTR") == [("", Level.DEVICE, virt, 5)]
    assert "KVM_SET_NOTHING" not in facts.handled


def test_who_answers_for_a_capability(facts):
    assert [place[0] for place in places(facts, "KVM_CAP_SPEED", "checked")] == ["x86"]
    assert [place[0] for place in places(facts, "KVM_CAP_SHARED_ZONE", "checked")] == [""]
    # A case in kvm_vm_ioctl_enable_cap() enables; answering for a capability does not.
    assert [name for name in facts.handled if name.startswith("KVM_CAP_")] == ["KVM_CAP_SHARED_ZONE"]


@pytest.mark.parametrize(
    ("function", "level"),
    [
        ("kvm_dev_ioctl", Level.SYSTEM),
        ("kvm_arch_dev_ioctl", Level.SYSTEM),
        ("kvm_device_ioctl", Level.DEVICE),
        ("kvm_device_ioctl_attr", Level.DEVICE),
        ("kvm_vm_ioctl", Level.VM),
        ("kvm_vm_ioctl_create_vcpu", Level.VM),
        ("kvm_arch_vcpu_async_ioctl", Level.VCPU),
        ("sev_mem_enc_ioctl", None),
        ("kvm_ioctl", None),
    ],
)
def test_the_level_is_in_the_functions_name(function, level):
    assert level_of(function) is level


def test_cases_outside_of_such_functions_do_not_count():
    code = "int kvm_set(int n)\n{\n\tswitch (n) {\n\tcase KVM_ONE:\n\t}\n}\nint other_ioctl(void);\n"
    assert list(answers(code, "virt/kvm/x.c")) == []


def test_comments_go_and_line_breaks_stay():
    text = 'a /* KVM_ONE\n two */ b // three\n"/* no comment */" \'"\' c /* open\nend'
    assert without_comments(text) == 'a \n b  \n"" 0 c \n'


def test_paths_that_count():
    assert is_uapi("arch/x86/include/uapi/asm/kvm_para.h")
    assert not is_uapi("tools/include/uapi/linux/kvm.h")
    assert is_code("arch/arm64/kvm/vgic/vgic.c")
    assert not is_code("arch/x86/kvm/Kconfig")
    assert not concerns("include/uapi/linux/fs.h")
    assert arch_of("arch/riscv/kvm/vm.c") == "riscv"
    assert arch_of("virt/kvm/kvm_main.c") == ""


def test_without_a_kvm_header_there_are_no_facts():
    assert parse_facts([("Makefile", "VERSION = 6\n"), ("virt/kvm/kvm_main.c", "")]) is None


def test_a_struct_of_two_architectures_is_there_twice():
    text = "struct kvm_regs { __u64 a; };"
    both = [(f"arch/{arch}/include/uapi/asm/kvm.h", text) for arch in ("s390", "x86")]
    assert [one.arch for one in parse_facts(both).structs["kvm_regs"]] == ["s390", "x86"]


@pytest.mark.parametrize(
    "text",
    ["struct kvm_x {", "enum {", "#define", "#define KVM_A \\", "\0\0", "/*", '"', "{" * 5000, "}" * 5000],
)
def test_damaged_headers_raise_nothing(text):
    assert parse_facts([(UAPI, text), ("virt/kvm/a.c", f"int kvm_vm_ioctl()\n{text}")]).label
