# SPDX-License-Identifier: GPL-2.0-only
"""Our ten patches on Debian's 6.1, each built and booted: minutes where the kernels are not in the cache."""

from pathlib import Path

import pytest

from kpatch_tools.flow.base import apply_to
from kpatch_tools.flow.per_patch import Wanted, check_series
from kpatch_tools.flow.prepare import load
from kpatch_tools.flow.review_run import contracts_of
from kpatch_tools.model.event import silent
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.perpatch import KernelState, ProgramState
from kpatch_tools.model.report import CheckResult
from kpatch_tools.model.test import Verdict
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.kept import store_for

pytestmark = [pytest.mark.kernel, pytest.mark.vm, pytest.mark.timeout(2400)]

DOCUMENTED, DEFINED, IMPLEMENTED, TESTED = 1, 2, 6, 10


@pytest.fixture(scope="module")
def logs(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def result(logs) -> CheckResult:
    series, found = load("kvm-map-memory/v2", "debian:6.1", silent)
    store = store_for(found.path)
    applied, _base = apply_to(series, tree=found.path, objects=store)
    return check_series(
        series,
        applied,
        Repository.open(store),
        tree=found.path,
        wanted=Wanted(contracts=contracts_of(series)),
        logs=logs,
    )


def test_every_patch_builds_and_no_kernel_is_made_twice(result):
    rows = result.patches
    assert [row.number for row in rows] == list(range(11))
    assert all(row.kernel.good for row in rows)
    same = {row.number: row.same_as for row in rows if row.kernel is KernelState.SAME}
    assert (same[DOCUMENTED], same[TESTED]) == (0, 9)
    assert DEFINED not in same
    assert IMPLEMENTED not in same


def test_the_base_skips_and_the_patch_that_implements_the_call_settles_most_cases(result):
    base, *patches = result.patches
    assert base.boot is Verdict.SKIP
    assert set(base.cases.values()) == {Verdict.SKIP}
    before, after = result.patches[IMPLEMENTED - 1], result.patches[IMPLEMENTED]
    # From patch 2 on the call is there and refuses; the capability is not offered before patch 6.
    assert all(row.not_yet for row in result.patches[: IMPLEMENTED - 1] if row.cases)
    assert before.not_yet
    assert before.count(Verdict.PASS) == before.count(Verdict.FAIL) == 0
    assert not after.not_yet
    assert after.count(Verdict.PASS) > 30
    assert after.settled == max(row.settled for row in patches)
    assert "on the base: not there yet" in result.reason


def test_a_capability_that_is_offered_too_early_is_told(result):
    (early,) = [one for one in result.findings if one.rule == "series/early"]
    assert early.severity is Severity.WARNING
    assert "patch 6 offers what does not work before patch 7" in early.message
    assert {"smm_as0_only", "smm_as1_only", "l2_nested_npt"} <= set(early.message.replace(",", " ").split())


def test_nothing_is_said_against_the_order_of_the_patches(result):
    told = [
        one for one in result.findings if one.rule.startswith("series/") and one.severity is Severity.ERROR
    ]
    assert told == []


def test_the_document_of_patch_1_is_mended_by_patch_2(result):
    row = result.patches[DOCUMENTED]
    assert 0 < row.docs_mended < row.docs_new
    notes = [one for one in result.findings if one.rule.startswith("docs/")]
    assert {one.severity for one in notes} == {Severity.NOTE}
    assert any("struct kvm_memory_mapping" in one.message and "patch 2" in one.hint for one in notes)


def test_the_own_test_of_the_series_compiles_where_it_comes(result):
    states = [row.programs for row in result.patches]
    assert states == [*[ProgramState.NONE] * TESTED, ProgramState.COMPILE]


def test_the_logs_of_each_boot_are_kept(result, logs):
    consoles = list(logs.glob("per-patch/*/*/console.log"))
    booted = [row for row in result.patches if row.kernel is not KernelState.SAME]
    assert len(consoles) >= len(booted)
