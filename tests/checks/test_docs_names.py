# SPDX-License-Identifier: GPL-2.0-only
"""Unknown names: what is proposed, and whose findings they are; the corpus has where they stand."""

import pytest

from kpatch_tools.checks.docs_proposal import Names
from kpatch_tools.flow.docs import profile_for
from kpatch_tools.model.kernelfacts import FactIoctl, FactStruct, Handler, KernelFacts, Level
from tests.judging import check_all

PATH = "Documentation/virt/kvm/api.rst"
HANDLER = Handler(arch="x86", level=Level.VM, path="arch/x86/kvm/x86.c", line=1)

# Wrong names that api.rst had, and the right ones, among others that are like them.
RIGHT = {
    "KVM_CAP_STATS_BINARY_FD": "KVM_CAP_BINARY_STATS_FD",
    "KVM_CAP_PPC_MULTITCE": "KVM_CAP_SPAPR_MULTITCE",
    "KVM_CAP_IRQCHIP_SPLIT": "KVM_CAP_SPLIT_IRQCHIP",
    "KVM_ARM_SET_CNT_OFFSET": "KVM_ARM_SET_COUNTER_OFFSET",
    "KVM_PV_VM_SET_SEC_PARMS": "KVM_PV_SET_SEC_PARMS",
    "KVM_VM_S390_UNCONTROL": "KVM_VM_S390_UCONTROL",
    "KVM_EXIT_PAPR": "KVM_EXIT_PAPR_HCALL",
    "KVM_SYSTEM_EVENT": "KVM_EXIT_SYSTEM_EVENT",
    "KVM_SET_MSR": "KVM_SET_MSRS",
    "KVM_IRQ_LEVEL": "KVM_IRQ_LINE",
    "kvm_vcpu_event": "kvm_vcpu_events",
}
OTHERS = {
    "KVM_CAP_PPC_IRQ_LEVEL",
    "KVM_CAP_PPC_HTM",
    "KVM_SYSTEM_EVENT_CRASH",
    "KVM_SYSTEM_EVENT_RESET",
    "KVM_EXIT_EPR",
    "KVM_SET_FPU",
    "KVM_GET_MSRS",
    "KVM_IRQFD",
    "kvm_vcpu_init",
}


def facts(**more) -> KernelFacts:
    struct = FactStruct(name="kvm_one", members=(), path="kvm.h", line=3)
    ioctl = FactIoctl(
        name="KVM_ONE", number=1, direction="write", argument="struct kvm_one", path="kvm.h", line=1
    )
    known = {
        "uapi": frozenset({"KVM_ONE", "KVM_CAP_ONE", "kvm_one"}),
        "names": frozenset({"KVM_ONE", "KVM_CAP_ONE", "KVM_INSIDE", "kvm_one"}),
        "structs": {"kvm_one": (struct,)},
        "ioctls": {"KVM_ONE": ioctl},
        "handled": {"KVM_ONE": (HANDLER,)},
    }
    return KernelFacts(label="Linux 1.2.3", **{**known, **more})


def document(text: str, parameters: str = "struct kvm_one (in)") -> str:
    return (
        "4. API\n======\n\n4.1 KVM_ONE\n-----------\n\n:Capability: KVM_CAP_ONE\n:Architectures: all\n"
        f":Type: vm ioctl\n:Parameters: {parameters}\n:Returns: 0\n\n{text}\n"
    )


def found(text: str, known: KernelFacts | None, path: str = PATH) -> list[tuple[str, str]]:
    findings = check_all(text, path, profile_for(path), known)
    return [(one.rule, one.hint) for one in findings]


@pytest.mark.parametrize("wrong", RIGHT)
def test_the_right_name_is_proposed(wrong):
    assert Names({*RIGHT.values(), *OTHERS}).closest(wrong)[0] == RIGHT[wrong]


@pytest.mark.parametrize("wrong", ["KVM_IRQFDS", "KVM_IRQF", "KVM_IQRFD", "KVM_TRQFD"])
def test_a_slip_in_the_only_word_is_seen(wrong):
    assert Names({*RIGHT.values(), *OTHERS}).closest(wrong)[0] == "KVM_IRQFD"


def test_nothing_is_proposed_where_nothing_is_alike():
    assert Names({*RIGHT.values(), *OTHERS}).closest("KVM_WHATEVER_THIS_IS") == ("", 0.0)
    assert Names({"kvm_pre_fault_memory", "kvm_regs"}).closest("kvm_map_memory") == ("", 0.0)


def test_the_struct_of_the_sections_ioctl_is_proposed_when_no_name_is_like_it():
    ((rule, hint),) = found(document("See struct kvm_completely_other."), facts())
    assert rule == "docs/unknown-name"
    assert hint == "the ioctl of this section takes struct kvm_one"


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("KVM_INSIDER", "write KVM_INSIDE"),
        ("KVM_INXXDE", "the closest name is KVM_INSIDE"),
        ("KVM_TWO", "no known name is like it"),
    ],
)
def test_how_sure_a_proposal_is(wrong, hint):
    ((_rule, given),) = found(document(wrong), facts())
    assert given.startswith(hint)


def test_internal_names_are_good_but_not_as_capability_or_struct():
    internal = facts(names=frozenset({"KVM_ONE", "KVM_INSIDE", "KVM_CAP_IN", "KVM_CAP_ONE", "kvm_in"}))
    assert found(document("KVM_INSIDE"), internal) == []
    assert [rule for rule, _ in found(document("KVM_CAP_IN"), internal)] == ["docs/unknown-name"]
    assert [rule for rule, _ in found(document("struct kvm_in"), internal)] == ["docs/unknown-name"]


def test_without_the_sources_only_capabilities_and_structs_are_judged():
    headers = facts(handled={}, names=frozenset({"KVM_ONE", "KVM_CAP_ONE", "kvm_one"}))
    assert found(document("KVM_ANYTHING"), headers) == []
    assert [rule for rule, _ in found(document("KVM_CAP_TWO"), headers)] == ["docs/unknown-name"]


def test_one_fault_is_one_finding():
    wrong = document("text", parameters="struct kvm_ones (in)")
    assert [rule for rule, _ in found(wrong, facts())] == ["docs/parameters"]
    wrong = document("text").replace(": KVM_CAP_ONE", ": KVM_CAP_ONES")
    assert [rule for rule, _ in found(wrong, facts())] == ["docs/capability-unknown"]
    wrong = document("::\n\n  #define KVM_TWO 1")
    assert [rule for rule, _ in found(wrong, facts())] == ["docs/define-differs"]


def test_other_documents_and_no_facts_mean_no_findings():
    assert found(document("KVM_TWO"), None) == []
    assert found(document("KVM_TWO"), facts(), path="Documentation/other.rst") == []
