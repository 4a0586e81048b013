# SPDX-License-Identifier: GPL-2.0-only
"""The wrong names in api.rst of Linux 6.1 and 6.12, from the trees in the cache where there are some.

Which there are is in tests/faults/api.txt.
"""

import os
from pathlib import Path

import pytest

from kpatch_tools.flow.docs import profile_for
from kpatch_tools.parse.kernelfacts import parse_facts
from kpatch_tools.tools.kernelfacts import list_folder, read_folder
from tests.judging import check_all

PATH = "Documentation/virt/kvm/api.rst"
# Read while the module is loaded: the tests themselves run with an empty home.
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kvet" / "trees"
NAME_RULES = {"docs/unknown-name", "docs/capability-unknown"}

# Reported by the rules that hold structs and fields against the headers, each once.
ELSEWHERE = {
    "6.1": {
        "KVM_STATE_NESTED_VMX_SMM_GUEST_MODE",
        "KVM_STATE_NESTED_VMX_SMM_VMXON",
        "KVM_RUN_BUS_LOCK",
        "kvm_vcpu_event",
        "kvm_arm_device_address",
    },
    "6.12": {
        "KVM_STATE_NESTED_VMX_SMM_GUEST_MODE",
        "KVM_STATE_NESTED_VMX_SMM_VMXON",
        "kvm_arm_device_address",
    },
}


@pytest.fixture(scope="module", params=["6.1", "6.12"])
def checked(request):
    trees = sorted(_CACHE.glob(f"debian-{request.param}-*"))
    if not trees:
        pytest.skip(f"no Debian {request.param} tree in the cache; kvet tree get debian:{request.param}")
    facts = parse_facts(read_folder(trees[-1], list_folder(trees[-1])))
    text = (trees[-1] / PATH).read_text()
    return request.param, facts, check_all(text, PATH, profile_for(PATH), facts)


def test_a_name_that_another_rule_reports_is_not_reported_twice(checked):
    version, _facts, findings = checked
    others = " ".join(
        one.message for one in findings if one.rule in {"docs/define-differs", "docs/parameters"}
    )
    assert {name for name in ELSEWHERE[version] if name in others} == ELSEWHERE[version]
    lines = [(one.location.line, one.location.column) for one in findings if one.rule in NAME_RULES]
    told = {(one.location.line, one.location.column) for one in findings if one.rule not in NAME_RULES}
    assert not told & set(lines)
    assert len(lines) == len(set(lines))


def test_what_the_code_says(checked):
    _version, facts, _findings = checked
    known = {name for name in facts.ioctls if not name.startswith("__")}
    assert len(known) >= 140
    assert len(known & facts.handled.keys()) / len(known) > 0.9
    levels = {one.level.value for one in facts.handled["KVM_SET_DEVICE_ATTR"]}
    assert levels >= {"vm ioctl", "vcpu ioctl", "device ioctl"}
    archs = {one.arch for one in facts.handled["KVM_INTERRUPT"]}
    assert archs >= {"mips", "powerpc", "riscv", "x86"}
    assert facts.ioctls["KVM_REGISTER_COALESCED_MMIO"].argument == "struct kvm_coalesced_mmio_zone"
