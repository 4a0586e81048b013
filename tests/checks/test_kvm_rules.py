# SPDX-License-Identifier: GPL-2.0-only
import pytest

from tests.posted import SIGNED, diff, found, found_whole, names, patch

HEADER = "include/uapi/linux/kvm.h"
TESTS = "tools/testing/selftests/kvm/"
API = "Documentation/virt/kvm/api.rst"


def told(subject: str, *paths: str, rules: bool = True) -> list[str]:
    changes = "".join(diff(path, "int x;") for path in paths or ("arch/x86/kvm/x86.c",))
    return [
        one.message
        for one in found(patch(subject, changes=changes), rules=rules)
        if one.rule == "kvm/shortlog"
    ]


@pytest.mark.parametrize(
    "subject",
    [
        "KVM: x86/mmu: Add kvm_x()", "KVM: Document it", "KVM: nVMX: Do it", "KVM: arm64: vgic: Do it",
        "KVM: x86: kvm_x() must not sleep", 'Revert "kvm: x"', "KVM: guest_memfd: Do it",
    ],
)  # fmt: skip
def test_good_subjects(subject: str) -> None:
    assert told(subject) == []


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("kvm: vmx: Do it", 'begins with "kvm"'),
        ("x86/kvm: Do it", "prefix of guest code"),
        ("KVM: vmx: Do it", 'is written "VMX"'),
        ("KVM: x86/MMU: Do it", 'is written "x86/mmu"'),
        ("KVM: x86.c: Do it", "name of a file"),
        ("KVM: x86: do it", "small letter"),
        ("KVM: x86: Do it.", "full stop"),
        ("Do it", 'begins with "Do it"'),
    ],
)
def test_bad_subjects(subject: str, words: str) -> None:
    (message,) = told(subject)
    assert words in message


def test_other_subsystems_are_free() -> None:
    assert told("x86/cpu: do it", "arch/x86/kernel/cpu/amd.c") == []
    assert told("x86/cpu: Do it", "arch/x86/kernel/cpu/amd.c", "arch/x86/kvm/x86.c") == []
    assert told("x86/kvm: Do it", "arch/x86/kernel/kvm.c") == []
    assert told("kvm: vmx: do it", rules=False) == []
    assert told("RISC-V: KVM: Do it", "arch/riscv/kvm/main.c", "virt/kvm/kvm_main.c") == []


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("Call kvm_do_it before it.", True),
        ("Call kvm_do_it() before it.", False),
        ("Add struct kvm_do_it to it.", False),
        ("See kvm_do_it.c for it.", False),
        ("Rename the kvm_do_it flag.", False),
        ("    kvm_do_it indented", False),
        ("It is @kvm_do_it of kvm_other_name.", False),
    ],
)
def test_function_name(text: str, bad: bool) -> None:
    one = patch(body=f"{text}\n\n{SIGNED}\n", changes=diff("virt/kvm/x.c", "\treturn kvm_do_it(vcpu);"))
    assert ("kvm/function-name" in names(found(one))) is bad


def test_name_that_is_used_otherwise_too_is_free() -> None:
    changes = diff("virt/kvm/x.c", "\tkvm_do_it(vcpu);", "\tint kvm_do_it;")
    assert found(patch(body=f"Call kvm_do_it.\n\n{SIGNED}\n", changes=changes)) == ()


def test_base() -> None:
    assert names(found_whole(patch(), base="")) == {"kvm/base"}
    assert found_whole(patch()) == ()


def test_feature_without_test() -> None:
    new = patch(changes=diff(HEADER, "#define KVM_CAP_X 999"))
    assert "kvm/feature-test" in names(found_whole(new))
    test = patch(changes=diff(f"{TESTS}x_test.c", "\tx(KVM_CAP_X);"), number=2, total=2)
    assert "kvm/feature-test" not in names(found_whole(new, test))
    rfc = patch(changes=diff(HEADER, "#define KVM_CAP_X 999"), tags="RFC PATCH")
    assert "kvm/feature-test" not in names(found_whole(rfc))


def test_the_word_rfc_in_a_subject_is_no_tag() -> None:
    one = patch("KVM: Add RFC 1149", changes=diff(HEADER, "#define KVM_CAP_X 999"))
    assert "kvm/feature-test" in names(found_whole(one))


@pytest.mark.parametrize(
    ("makefile", "ignore", "count"),
    [
        ("TEST_GEN_PROGS_x86_64 += x86_64/x_test\n", "/x86_64/x_test\n", 0),
        ("TEST_GEN_PROGS_x86 = x86_64/x_test x86_64/y\n", "*\n!/**/\n!*.c\n", 0),
        ("TEST_GEN_PROGS_x86_64 += x86_64/xx_test\n", "/x86_64/x_test\n", 1),
        ("TEST_GEN_PROGS_x86_64 += x86_64/x_test\n", "*\n!x_test\n", 1),
        ("", "", 2),
    ],
)
def test_selftest_registered(makefile: str, ignore: str, count: int) -> None:
    one = patch(changes=diff(f"{TESTS}x86_64/x_test.c", "int main(void)", "{", "}", new=True))
    files = {f"{TESTS}Makefile": makefile, f"{TESTS}.gitignore": ignore}
    messages = [item for item in found_whole(one, files=files) if item.rule == "kvm/selftest-registered"]
    assert len(messages) == count


def test_library_and_header_are_no_tests() -> None:
    one = patch(changes=diff(f"{TESTS}lib/x.c", "int main(void)", new=True))
    helper = patch(changes=diff(f"{TESTS}x.c", "int f(void)", new=True))
    assert found_whole(one) == ()
    assert found_whole(helper) == ()


def test_documented() -> None:
    added = ("#define KVM_DO_X _IOW(KVMIO, 0xd9, struct x)", "#define KVM_CAP_X 999", "#define KVM_EXIT_X 99")
    one = patch(changes=diff(HEADER, *added))
    messages = [item for item in found_whole(one) if item.rule == "kvm/uapi-documented"]
    assert [item.message.split()[2] for item in messages] == ["KVM_DO_X", "KVM_CAP_X", "KVM_EXIT_X"]
    assert messages[0].location is not None
    assert messages[0].location.line == 10
    text = {API: "KVM_DO_X KVM_CAP_X, KVM_EXIT_X"}
    assert "kvm/uapi-documented" not in names(found_whole(one, files=text))


def test_moved_define_is_not_new() -> None:
    changes = diff(HEADER, "#define KVM_CAP_X 999").replace(
        "@@ -9,1 +9,2 @@\n", "@@ -9,2 +9,2 @@\n-#define KVM_CAP_X 998\n"
    )
    assert found_whole(patch(changes=changes)) == ()


@pytest.mark.parametrize(
    ("hunk", "bad"),
    [
        ("int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)", False),
        ("", False),
        ("static int kvm_vm_ioctl_enable_cap(struct kvm *kvm)", True),
    ],
)
def test_discoverable(hunk: str, bad: bool) -> None:
    new = patch(
        changes=diff(HEADER, "#define KVM_CAP_X 999")
        + diff("arch/x86/kvm/x86.c", "case KVM_CAP_X:", hunk=hunk)
    )
    assert ("kvm/uapi-discoverable" in names(found_whole(new))) is bad


def test_ioctl_without_capability() -> None:
    new = patch(changes=diff(HEADER, "#define KVM_DO_X _IO(KVMIO, 0xd9)"))
    assert "kvm/uapi-discoverable" in names(found_whole(new))


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (("__u32 a;", "__u32 pad;", "__u64 b;", "__u8 c[8];"), ""),
        (("struct other a;", "__u64 b;"), ""),
        (("unsigned long a;",), "depends on the architecture"),
        (("__u64 *a;",), "depends on the architecture"),
        (("__u32 a;", "__u64 b;"), "4 bytes of unnamed padding before b"),
        (("__u64 a;", "__u32 b;"), "its size 12 is no multiple of 8"),
    ],
)
def test_layout(members: tuple[str, ...], words: str) -> None:
    lines = ("struct x {", *(f"\t{member}" for member in members), "};")
    one = patch(changes=diff(HEADER, *lines))
    told = [
        item.message
        for item in found_whole(one, files={HEADER: "\n".join(lines)})
        if item.rule == "kvm/uapi-layout"
    ]
    assert len(told) == bool(words)
    assert all(words in message for message in told)
