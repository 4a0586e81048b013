# SPDX-License-Identifier: GPL-2.0-only
from dataclasses import replace

import pytest

from kpatch_tools.checks.docs_code import (
    architectures_in_code,
    ioctl_type,
    parameters,
    returns_struct,
    titled,
)
from kpatch_tools.checks.docs_rule import Context
from kpatch_tools.flow.docs import profile_for
from kpatch_tools.model.kernelfacts import FactIoctl, Handler, KernelFacts, Level
from kpatch_tools.parse.rst import parse_document

KVM = profile_for("Documentation/virt/kvm/api.rst")
FIELDS = {
    "Capability": "basic",
    "Architectures": "x86",
    "Type": "vm ioctl",
    "Parameters": "struct kvm_x (in)",
    "Returns": "0",
}


def section(title: str = "KVM_X", **fields: str) -> str:
    listed = "\n".join(f":{name}: {value}" for name, value in (FIELDS | fields).items())
    return f"4. API\n======\n\n4.1 {title}\n{'-' * (len(title) + 4)}\n\n{listed}\n\nText.\n"


def number(name: str = "KVM_X", argument: str = "struct kvm_x", direction: str = "write") -> FactIoctl:
    return FactIoctl(name=name, number=1, direction=direction, argument=argument, path="kvm.h", line=7)


def handler(arch: str = "x86", level: Level = Level.VM) -> Handler:
    return Handler(arch=arch, level=level, path=f"arch/{arch}/kvm/a.c" if arch else "virt/kvm/a.c", line=9)


def facts(*handlers: Handler, ioctls: tuple[FactIoctl, ...] = (number(),)) -> KernelFacts:
    # A second ioctl tells which architectures there are.
    others = tuple(handler(arch) for arch in ("x86", "s390", "powerpc"))
    return KernelFacts(
        label="a tree",
        ioctls={ioctl.name: ioctl for ioctl in ioctls},
        handled={"KVM_X": handlers or (handler(),), "KVM_ELSEWHERE": others},
    )


def hits(rule, text: str, known: KernelFacts | None = None, **more):
    context = Context(document=parse_document(text), profile=KVM, facts=known or facts())
    return list(rule(replace(context, **more)))


def texts(rule, text: str, known: KernelFacts | None = None, **more) -> list[str]:
    return [hit.text for hit in hits(rule, text, known, **more)]


WRONG = section(Architectures="s390", Type="vcpu ioctl", Parameters="struct kvm_y", Returns="struct kvm_z")


@pytest.mark.parametrize("rule", [parameters, ioctl_type, architectures_in_code])
def test_nothing_is_said_without_facts_without_a_profile_and_of_what_is_right(rule):
    assert len(hits(rule, WRONG)) == 1
    assert hits(rule, WRONG, facts=None) == []
    assert hits(rule, WRONG, profile=None) == []
    assert hits(rule, section()) == []
    assert hits(rule, WRONG.replace("KVM_X", "KVM_CAP_X")) == []


def test_a_struct_of_another_ioctl():
    (hit,) = hits(parameters, section(Parameters="Pointer to struct kvm_y (in)"))
    assert hit.text == "':Parameters: struct kvm_y', but KVM_X takes struct kvm_x"
    assert hit.hint == "write struct kvm_x (kvm.h:7)"
    assert (hit.line, hit.column) == (10, 32)


@pytest.mark.parametrize("value", ["none", "None", "None."])
def test_no_parameter_where_the_number_has_one(value):
    assert texts(parameters, section(Parameters=value)) == [
        f"':Parameters: {value}', but KVM_X takes struct kvm_x"
    ]


@pytest.mark.parametrize("value", ["struct kvm_x", "args[0] is a number", "an opaque structure (in/out)"])
def test_parameters_that_are_right_or_in_words(value):
    assert texts(parameters, section(Parameters=value)) == []


@pytest.mark.parametrize("argument", ["", "__u64", "unsigned long", "char[128]"])
def test_a_number_without_a_struct_proves_nothing(argument):
    known = facts(ioctls=(number(argument=argument, direction="none"),))
    assert texts(parameters, section(Parameters="struct kvm_y (in)"), known) == []
    assert texts(parameters, section(Parameters="none"), known) == []


@pytest.mark.parametrize(
    ("value", "direction", "wrong"),
    [
        ("struct kvm_x (in)", "write", False),
        ("struct kvm_x (out)", "read", False),
        ("struct kvm_x (in/out)", "read-write", False),
        ("struct kvm_x (in and out)", "read-write", False),
        ("struct kvm_x", "read", False),
        ("struct kvm_x (in)", "read", True),
        ("struct kvm_x (in, out)", "write", True),
        ("struct kvm_x (out)", "none", True),
    ],
)
def test_the_direction_counts_for_an_added_ioctl_only(value, direction, wrong):
    text = section(Parameters=value)
    known = facts(ioctls=(number(direction=direction),))
    older, empty = parse_document(""), replace(known, ioctls={})
    assert texts(parameters, text, known) == []
    assert texts(parameters, text, known, before=older, facts_before=known) == []
    assert bool(texts(parameters, text, known, before=older, facts_before=empty)) is wrong


def test_the_direction_tells_both_ways_out():
    known = facts(ioctls=(number(direction="read"),))
    more = {"before": parse_document(""), "facts_before": replace(known, ioctls={})}
    (hit,) = hits(parameters, section(), known, **more)
    assert hit.text == "'(in)', but KVM_X is an _IOR number"
    assert hit.hint == "write (out), or make it _IOW (kvm.h:7)"


@pytest.mark.parametrize(
    ("value", "levels", "text", "right"),
    [
        ("vm ioctl", [Level.VCPU], "the code has it as vcpu ioctl", "vcpu ioctl"),
        ("system", [Level.VM], "the code has it as vm ioctl", "vm ioctl"),
        (
            "vm ioctl, vcpu ioctl",
            [Level.VCPU, Level.VM, Level.SYSTEM],
            "the code has it as system ioctl, too",
            "vm ioctl, vcpu ioctl, system ioctl",
        ),
        ("device ioctl, vm ioctl", [Level.VM], "no code has it as device ioctl", "vm ioctl"),
    ],
)
def test_the_descriptor_is_another(value, levels, text, right):
    known = facts(*(handler(level=level) for level in levels))
    (hit,) = hits(ioctl_type, section(Type=value), known)
    assert hit.text == f"':Type: {value}', but {text}"
    assert hit.hint == f"write :Type: {right} (arch/x86/kvm/a.c:9)"
    assert (hit.line, hit.column) == (9, 8)


@pytest.mark.parametrize("value", ["vm ioctl / vcpu ioctl", "vcpu ioctl, vm ioctl", "VM and vcpu ioctl"])
def test_descriptors_in_any_order_and_form(value):
    known = facts(handler(level=Level.VM), handler(level=Level.VCPU))
    assert texts(ioctl_type, section(Type=value), known) == []


def test_a_word_that_is_no_descriptor_is_for_another_rule():
    assert texts(ioctl_type, section(Type="none")) == []
    assert texts(ioctl_type, section(Type="")) == []


def test_two_field_lists_in_one_section_count_together():
    text = section().replace(":Returns: 0\n", ":Returns: 0\n\n:Type: vcpu ioctl\n")
    assert texts(ioctl_type, text, facts(handler(level=Level.VM), handler(level=Level.VCPU))) == []
    assert len(texts(ioctl_type, text)) == 1


@pytest.mark.parametrize(
    ("value", "text", "right"),
    [
        ("x86", "arch/s390/kvm handles it, too", "s390, x86"),
        ("x86, s390, powerpc", "nothing below arch/powerpc/kvm handles it", "s390, x86"),
        ("all", "nothing below arch/powerpc/kvm handles it", "all except powerpc"),
        ("x86, ppc", "arch/s390/kvm handles it and nothing below arch/powerpc/kvm does", "s390, x86"),
        (
            "all except x86",
            "arch/x86/kvm handles it and nothing below arch/powerpc/kvm does",
            "all except powerpc",
        ),
    ],
)
def test_other_architectures_than_in_the_code(value, text, right):
    (hit,) = hits(architectures_in_code, section(Architectures=value), facts(handler("x86"), handler("s390")))
    assert hit.text == f"':Architectures: {value}', but {text}"
    assert hit.hint.startswith(f"write {right} (arch/")
    assert (hit.line, hit.column) == (8, 17)


@pytest.mark.parametrize("value", ["x86, powerpc", "ppc x86", "all except s390"])
def test_the_same_architectures_in_other_words(value):
    assert (
        texts(architectures_in_code, section(Architectures=value), facts(handler("x86"), handler("powerpc")))
        == []
    )


def test_what_the_shared_code_handles_or_is_no_architecture_is_not_compared():
    assert (
        texts(architectures_in_code, section(Architectures="s390"), facts(handler(""), handler("x86"))) == []
    )
    assert texts(architectures_in_code, section(Architectures="none")) == []
    assert texts(architectures_in_code, section(Architectures="x86 with SEV")) == []


def test_a_struct_in_the_returns_that_is_no_parameter():
    (hit,) = hits(returns_struct, section(Returns="0,\n          or\n          -EFAULT for struct kvm_y"))
    assert hit.text == "struct kvm_y in :Returns: is not in :Parameters:"
    assert hit.hint == "write struct kvm_x"
    assert (hit.line, hit.column) == (13, 30)


def test_structs_in_the_returns_that_are_right():
    assert texts(returns_struct, section(Returns="0, and struct kvm_x is filled")) == []
    assert texts(returns_struct, section(Parameters="none", Returns="a struct kvm_y")) == []
    assert hits(returns_struct, WRONG, profile=None) == []


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("KVM_A/KVM_B", ("KVM_A", "KVM_B")),
        ("KVM_(UN)DO_X", ("KVM_UNDO_X", "KVM_DO_X")),
        ("KVM_A (vm ioctl)", ("KVM_A",)),
        ("Nothing", ()),
    ],
)
def test_the_names_in_a_title(title, names):
    assert titled(parse_document(section(title)).sections[1]) == names
