# SPDX-License-Identifier: GPL-2.0-only
"""A contract against a tree: header, document, results."""

import pytest

from kpatch_tools.flow.contract import check_behaviour, check_document, check_static, code_places
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.finding import Location, Severity
from kpatch_tools.model.report import Status
from kpatch_tools.model.test import TestResult, Verdict

CONTRACT = load_contract("kvm_map_memory")
HEADER = b"""\
#define KVM_CAP_MAP_MEMORY 236
#define KVM_MAP_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_memory_mapping)
struct kvm_memory_mapping {
	__u64 base_address;
	__u64 size;
	__u64 flags;
};
"""
DOCUMENT = b"""\
4.138 KVM_MAP_MEMORY
--------------------

:Capability: KVM_CAP_MAP_MEMORY
:Architectures: x86
:Type: vcpu ioctl
:Parameters: struct kvm_memory_mapping (in/out)
:Returns: 0 on success

  ====== ===========================
  EINVAL Something is wrong.
  EFAULT No memory slot is there.
  ====== ===========================
"""
TREE = {CONTRACT.header: HEADER, CONTRACT.document: DOCUMENT}
HOLE = TestResult(
    name="hole_first",
    status=Verdict.PASS,
    clause="no-memslot",
    observed={"ret": -1, "errno": "EINVAL", "control": "ok"},
)


def test_a_header_that_agrees_passes() -> None:
    result = check_static(CONTRACT, TREE.get)

    assert (result.check, result.status, result.findings) == ("contract", Status.PASS, ())
    told = f"kvm_map_memory: {len(CONTRACT.case)} cases, {len(CONTRACT.error)} conditions"
    assert ("contract", told) in result.facts


def test_a_header_that_differs_fails() -> None:
    result = check_static(CONTRACT, {CONTRACT.header: HEADER.replace(b"236", b"9")}.get)

    assert result.status is Status.FAIL
    assert [finding.rule for finding in result.findings] == ["contract/header-cap"]


@pytest.mark.parametrize("check", [check_static, check_document])
def test_without_the_file_nothing_ran(check) -> None:
    result = check(CONTRACT, {}.get)

    assert result.status is Status.DID_NOT_RUN
    assert result.reason.endswith("is not in the tree")
    assert check_behaviour(CONTRACT, {}.get, (HOLE,)).status is Status.DID_NOT_RUN


def test_a_document_without_a_run() -> None:
    result = check_document(CONTRACT, TREE.get)

    assert result.status is Status.FAIL
    assert [finding.rule for finding in result.findings] == ["contract/document-errno", "conformance/table"]
    assert result.findings[0].location is not None
    assert result.findings[0].location.line == 12
    assert check_document(CONTRACT, TREE.get, fail_on=Severity.ERROR).status is Status.PASS


def test_a_document_against_what_was_observed() -> None:
    result = check_behaviour(CONTRACT, TREE.get, (HOLE,))

    assert result.status is Status.FAIL
    assert result.reason == ""
    assert "conformance/errno-differs" in {finding.rule for finding in result.findings}
    assert ("evidence", "1 of 1 results of kvm_map_memory pass") in result.facts


def test_results_that_prove_nothing_never_pass() -> None:
    skipped = TestResult(name="hole_first", status=Verdict.SKIP, reason="no KVM")
    result = check_behaviour(CONTRACT, TREE.get, (skipped,))

    assert result.status is Status.DID_NOT_RUN
    assert result.reason == "all 1 cases of kvm_map_memory were skipped (no KVM)"
    assert result.facts == ()


def test_a_failure_without_evidence_is_still_a_failure() -> None:
    hung = TestResult(name="hole_first", status=Verdict.HANG)
    result = check_behaviour(CONTRACT, TREE.get, (hung,))

    assert result.status is Status.FAIL
    assert "no" in result.reason


SOURCE = b"int vcpu_map_gpa(struct kvm_vcpu *vcpu)\n{\n\tkvm_mmu_reload(vcpu);\n}\n"


def test_known_bugs_are_found_in_the_code_that_has_them() -> None:
    path = "arch/x86/kvm/x86.c"
    found = code_places(CONTRACT, {path: SOURCE}.get)

    assert found == {"D5": Location(path=path, line=3)}
    assert code_places(CONTRACT, {path: SOURCE.replace(b"reload", b"load")}.get) == {}
    assert code_places(CONTRACT, {}.get) == {}


def test_a_known_bug_is_told_where_the_code_is() -> None:
    path = "arch/x86/kvm/x86.c"
    stale = TestResult(
        name="stale_root",
        status=Verdict.KNOWN_BUG,
        reason="D5: expected success, observed EAGAIN",
        observed={"ret": -1, "errno": "EAGAIN"},
    )
    result = check_behaviour(CONTRACT, {**TREE, path: SOURCE}.get, (HOLE, stale))
    (bug,) = [one for one in result.findings if one.rule == "conformance/known-bug"]
    assert bug.location == Location(path=path, line=3)
