# SPDX-License-Identifier: GPL-2.0-only
"""What becomes of a case that did not keep its clause; above all of one that names a known bug."""

from dataclasses import replace

import pytest

from kpatch_tools.checks.behaviour import KNOWN_BUG_RULE, RULE, behaviour, explained
from kpatch_tools.checks.evidence import evidence
from kpatch_tools.flow.generate import load_contract
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.parse.contract_places import Places

MERGED = load_contract("kvm_pre_fault_memory")
V2 = load_contract("kvm_map_memory")
FIX = 'commit 20a6cff3b283 ("KVM: x86/mmu: Check and free obsolete roots in kvm_mmu_reload()")'
SEEN = {"ret": -1, "errno": "EINTR", "advanced": 0, "left": 32768}


def known(name: str, reason: str) -> TestResult:
    return TestResult(name=name, status=Verdict.KNOWN_BUG, reason=reason, observed=SEEN)


def test_a_known_bug_with_a_fix_is_a_warning_that_names_the_commit() -> None:
    test = known("stale_root", "B2, fixed by 20a6cff3b283: the call looped until a signal ended it")
    (finding,) = behaviour(MERGED, (test,))

    assert (finding.rule, finding.severity) == (KNOWN_BUG_RULE, Severity.WARNING)
    assert "(known bug B2, case stale_root" in finding.message
    assert finding.detail.startswith("clause survives-slot-deletion: ")
    assert "until the vCPU has run" in finding.message
    assert finding.hint == f"this kernel lacks {FIX}, fixed in 6.15"
    assert "observed: ret=-1 errno=EINTR" in finding.detail


def test_a_known_bug_names_its_line_in_the_code_where_that_is_known() -> None:
    code = Location(path="arch/x86/kvm/x86.c", line=7)
    test = known("stale_root", "D5: expected success, observed EAGAIN")
    (finding,) = behaviour(V2, (test,), Places(path="c.toml", code={"D5": code}))
    (other,) = behaviour(V2, (test,), Places(path="c.toml", code={"D1": code}))

    assert finding.location == code
    assert other.location is None


def test_a_known_bug_without_a_fix_is_an_error() -> None:
    (finding,) = behaviour(V2, (known("stale_root", "D5: expected success, observed EAGAIN"),))

    assert (finding.rule, finding.severity) == (KNOWN_BUG_RULE, Severity.ERROR)
    assert "D5" in finding.message
    assert finding.hint == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("one_page", "B2: a bug of another case"),
        ("stale_root", "B9: a bug that the contract does not know"),
        ("stale_root", "no number at all"),
        ("stale_root", ""),
    ],
)
def test_a_bug_that_the_contract_does_not_have_there_is_a_failure(name: str, reason: str) -> None:
    (finding,) = behaviour(MERGED, (known(name, reason),))

    assert (finding.rule, finding.severity) == (RULE, Severity.ERROR)
    assert f"case {name} failed" in finding.message


def test_a_failure_by_another_symptom_says_so() -> None:
    test = TestResult(name="stale_root", status=Verdict.FAIL, reason="errno: expected success")
    (finding,) = behaviour(MERGED, (test,))

    assert finding.rule == RULE
    assert finding.hint.startswith("not the symptom of B2: ")
    assert finding.hint.endswith("; fixed by 20a6cff3b283")


def test_what_a_signal_had_to_end_proves_no_errno() -> None:
    looped = TestResult(
        name="stale_root", status=Verdict.KNOWN_BUG, reason="B2: x", observed={**SEEN, "looped": 1}
    )
    ended = known("stale_root", "B2: x")

    assert evidence(MERGED, (looped,)) == ()
    assert [item.errno for item in evidence(MERGED, (ended,))] == ["EINTR"]


def test_a_boot_s_finding_of_a_known_bug_is_explained() -> None:
    mended = Finding(
        rule="test/known-bug",
        severity=Severity.WARNING,
        message="stale_root: KNOWN-BUG: B2, fixed by 20a6cff3b283: it looped",
    )
    others = (
        replace(mended, message="one_page: KNOWN-BUG: B2: it looped"),
        replace(mended, message="stale_root: KNOWN-BUG: B7: it looped"),
        replace(mended, message="stale_root: FAIL: it looped"),
    )
    told, *rest = explained(MERGED, (mended, *others))

    assert told.hint.startswith("B2: once any memslot was deleted")
    assert told.hint.endswith(f"; this kernel lacks {FIX}, fixed in 6.15")
    assert tuple(rest) == others


def test_modes_that_saw_the_same_are_told_together() -> None:
    one = known("stale_root", "D5: expected success, observed EAGAIN")
    modes = [{"npt": "1", "tdp_mmu": value} for value in ("1", "0")]
    same = tuple(replace(one, mode=mode) for mode in modes)
    other = replace(same[1], observed={**SEEN, "left": 4096})
    failed = TestResult(name="stale_root", status=Verdict.FAIL, reason="wrong", mode={"npt": "0"})

    first, second = behaviour(V2, (*same, failed))
    assert "case stale_root: npt=1, tdp_mmu=1; npt=1, tdp_mmu=0)" in first.message
    assert first.detail.count("observed") == 1
    assert second.rule == RULE
    (differs,) = behaviour(V2, (same[0], other))
    assert "observed (npt=1, tdp_mmu=1): ret=-1 errno=EINTR advanced=0 left=32768" in differs.detail
    assert "observed (npt=1, tdp_mmu=0): ret=-1 errno=EINTR advanced=0 left=4096" in differs.detail
