# SPDX-License-Identifier: GPL-2.0-only
"""What structs, macros and fields of Linux 6.1's and 6.12's api.rst differ from their trees.

Each fault below was read in the document and in the header or the code; nothing else may be found. The trees
are those in the cache, where there are some.
"""

import os
from pathlib import Path

import pytest

from kpatch_tools.checks.docs_code import (
    architectures_in_code,
    ioctl_type,
    parameters,
    returns_struct,
)
from kpatch_tools.checks.docs_rule import Context
from kpatch_tools.checks.docs_structs import define_differs, struct_differs
from kpatch_tools.flow.docs import profile_for
from kpatch_tools.flow.facts import facts_of
from kpatch_tools.parse.rst import parse_document

PATH = "Documentation/virt/kvm/api.rst"
# Read while the module is loaded: the tests themselves run with an empty home.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kvet" / "trees"
_TREES = {name: sorted(_CACHE.glob(f"debian-{name}-*/{PATH}")) for name in ("6.1", "6.12")}

BOTH = {
    "struct_differs": [
        ("kvm_dirty_log", "padding1"),
        ("kvm_dirty_log", "padding2"),
        ("kvm_vcpu_events", "triple_fault"),
        ("kvm_ppc_smmu_info", "data_keys"),
        ("kvm_cpuid2", "padding"),
        ("kvm_vmx_nested_state_hdr", "pad"),
        ("kvm_clear_dirty_log", "padding2"),
        ("kvm_s390_pv_info", "union"),
        ("kvm_s390_pv_dmp", "reserved[4]"),
        ("kvm_xen_vcpu_attr", "pad[8]"),
    ],
    "define_differs": [
        ("KVM_STATE_NESTED_VMX_SMM_GUEST_MODE", "KVM_STATE_NESTED_SMM_GUEST_MODE"),
        ("KVM_STATE_NESTED_VMX_SMM_VMXON", "KVM_STATE_NESTED_SMM_VMXON"),
    ],
    "parameters": [
        ("KVM_PPC_GET_SMMU_INFO", "kvm_ppc_smmu_info"),
        ("KVM_ARM_SET_DEVICE_ADDR", "kvm_arm_device_addr"),
        ("KVM_S390_PV_CPU_COMMAND", "kvm_pv_cmd"),
    ],
    "ioctl_type": [
        ("vm ioctl", ":Type: vcpu ioctl (arch/x86"),
        ("vm ioctl", ":Type: vcpu ioctl (arch/x86"),
        ("device ioctl, vm ioctl, vcpu ioctl", "system ioctl"),
        ("device ioctl, vm ioctl, vcpu ioctl", "system ioctl"),
        ("system", ":Type: vm ioctl"),
        ("system", ":Type: vm ioctl"),
    ],
    # KVM_SET_ONE_REG and KVM_GET_ONE_REG: x86 has neither in these versions.
    "architectures_in_code": [("all", "all except x86"), ("all", "all except x86")],
    "returns_struct": [
        ("kvm_reinject_control", "kvm_ppc_resize_hpt"),
        ("kvm_reinject_control", "kvm_ppc_resize_hpt"),
    ],
}
ONLY = {
    "6.1": {
        "define_differs": [("KVM_RUN_BUS_LOCK", "KVM_RUN_X86_BUS_LOCK")],
        "parameters": [
            ("KVM_GET_VCPU_EVENTS", "kvm_vcpu_events"),
            ("KVM_SET_VCPU_EVENTS", "kvm_vcpu_events"),
        ],
    },
    "6.12": {"struct_differs": [("kvm_regs", "__u64 gpr[32]; __u64 pc;")]},
}
RULES = (
    struct_differs,
    define_differs,
    parameters,
    ioctl_type,
    architectures_in_code,
    returns_struct,
)


@pytest.fixture(scope="module", params=["6.1", "6.12"])
def version(request) -> str:
    if not _TREES[request.param]:
        pytest.skip(f"no Debian {request.param} tree in the cache; kvet tree get brings one")
    return request.param


@pytest.fixture(scope="module")
def context(version) -> Context:
    document = _TREES[version][-1]
    tree = document.parents[3]
    return Context(
        document=parse_document(document.read_text()), profile=profile_for(PATH), facts=facts_of(tree)
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_what_is_found_is_what_was_read(rule, version, context):
    wanted = [*BOTH[rule.__name__], *ONLY[version].get(rule.__name__, [])]
    found = list(rule(context))
    for name, right in wanted:
        hit = next((hit for hit in found if name in hit.text and right in hit.hint), None)
        assert hit, (name, right)
        found.remove(hit)
    assert found == []


def test_every_column_is_that_of_a_word(context):
    for rule in RULES:
        for hit in rule(context):
            here = context.document.source(hit.line)[hit.column - 1 :]
            assert here
            assert here.split()[0].strip(";,*[]0123456789") in hit.text + hit.hint
