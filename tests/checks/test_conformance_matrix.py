# SPDX-License-Identifier: GPL-2.0-only
"""The matrix: what each cell says, and that it says what the findings say."""

from dataclasses import replace

import pytest

from kpatch_tools.checks.conformance_matrix import conformance_matrix
from kpatch_tools.model.conformance import Condition, Conformance, Stand
from kpatch_tools.model.finding import Finding
from kpatch_tools.model.test import TestResult, Verdict
from tests.checks.test_conformance import (
    CONTRACT,
    HOLE_ROW,
    PATH,
    RIGHT,
    all_results,
    findings,
    line_of,
    of_rule,
    read,
    result,
    with_rows,
)

NPT = {"npt": "1"}
OFF = {"npt": "0"}


def matrix(text: str, *tests: TestResult) -> Conformance:
    section = read(text).section_named(CONTRACT.ioctl.name)
    return conformance_matrix(CONTRACT, section, tests, path=PATH)


def row(found: Conformance, clause: str) -> Condition:
    (one,) = [row for row in found.rows if row.clause == clause]
    return one


def test_what_agrees_in_one_mode_and_is_skipped_in_the_other():
    skipped = TestResult(name="hole_first", status=Verdict.SKIP, reason="needs npt", mode=OFF)
    found = matrix(RIGHT, result("hole_first", mode=NPT), skipped)
    assert found.modes == ("npt=1", "npt=0")
    assert found.section
    hole = row(found, "no-memslot")
    assert (hole.contract, hole.documented, hole.line) == ("EINVAL", ("EINVAL",), line_of(RIGHT, "  EINVAL"))
    seen, not_seen = hole.observed
    assert (seen.stand, seen.outcomes, seen.cases, seen.bad) == (
        Stand.AGREES,
        ("EINVAL",),
        ("hole_first",),
        (),
    )
    assert (not_seen.stand, not_seen.reason) == (Stand.SKIPPED, "needs npt")
    assert not hole.differs
    assert hole.reason == ""


def test_a_document_that_says_another_errno():
    text = with_rows(HOLE_ROW)
    hole = row(matrix(text, result("hole_first")), "no-memslot")
    assert hole.documented == ("EFAULT",)
    assert hole.observed[0].stand is Stand.NO_DOCUMENT
    assert hole.differs


def test_a_kernel_that_does_what_the_document_says_and_not_the_contract():
    text = with_rows(HOLE_ROW)
    broken = result("hole_first", errno="EFAULT", status=Verdict.FAIL, reason="errno: EFAULT")
    cell = row(matrix(text, broken), "no-memslot").observed[0]
    assert (cell.stand, cell.outcomes, cell.bad) == (Stand.NO_CONTRACT, ("EFAULT",), ("hole_first",))
    assert cell.reason == "errno: EFAULT"


def test_a_kernel_that_does_neither():
    text = with_rows(HOLE_ROW)
    broken = result("hole_first", errno="ENOENT", status=Verdict.FAIL)
    assert row(matrix(text, broken), "no-memslot").observed[0].stand is Stand.NEITHER


def test_a_known_bug_is_named():
    looped = result(
        "thp_unaligned", status=Verdict.KNOWN_BUG, reason="D1: size wraps", ret=-1, errno="EINVAL"
    )
    cell = row(matrix(RIGHT, looped), "clamps-to-range").observed[0]
    assert (cell.stand, cell.outcomes, cell.reason) == (Stand.BUG, ("EINVAL",), "D1")


def test_a_case_that_ran_and_proves_nothing_is_unsure():
    lost = TestResult(name="hole_first", status=Verdict.NO_VERDICT, reason="the guest ended")
    cell = row(matrix(RIGHT, lost), "no-memslot").observed[0]
    assert (cell.stand, cell.reason) == (Stand.UNSURE, "NO-VERDICT: the guest ended")
    assert row(matrix(RIGHT, lost), "no-memslot").reason == "NO-VERDICT: the guest ended"


def test_a_failed_control_is_no_agreement():
    failed = result("hole_first", control="EINVAL", status=Verdict.FAIL, reason="control: EINVAL")
    cell = row(matrix(RIGHT, failed), "no-memslot").observed[0]
    assert (cell.stand, cell.outcomes) == (Stand.NO_CONTRACT, ())


def test_what_no_case_provokes_says_why():
    memory = row(matrix(RIGHT, *all_results()), "no-memory")
    assert memory.reason.startswith("needs fault injection")
    assert {one.stand for one in memory.observed} == {Stand.NOT_RUN}


def test_a_row_that_the_contract_does_not_know():
    text = with_rows("  EBUSY      The moon is full.\n")
    unknown = next(row for row in matrix(text, result("hole_first")).rows if row.errno == "EBUSY")
    assert (unknown.contract, unknown.documented) == ("", ("EBUSY",))
    assert unknown.reason.startswith("the contract does not know it")
    assert row(matrix(text, result("hole_first")), "no-memslot").documented == ()


def test_without_a_section_and_without_results_there_are_still_the_conditions():
    found = conformance_matrix(CONTRACT, None, (), path=PATH)
    assert not found.section
    assert found.modes == ()
    assert {row.clause for row in found.rows} == {one.id for one in (*CONTRACT.error, *CONTRACT.effect)}
    assert all(row.reason for row in found.rows)


def test_rows_of_an_errno_stand_together_and_promises_come_last():
    rows = matrix(RIGHT, *all_results()).rows
    order = [row.errno for row in rows]
    assert order == [errno for name in dict.fromkeys(order) for errno in order if errno == name]
    assert [row.promise for row in rows] == sorted(row.promise for row in rows)


def contradicted(found: tuple[Finding, ...]) -> set[str]:
    """The clauses whose cases a finding says the document is wrong about."""
    clauses = {case.name: case.clause for case in CONTRACT.case}
    return {clauses[case] for one in of_rule(found, "errno-differs") for case in one.cases}


@pytest.mark.parametrize(
    "rows",
    [
        HOLE_ROW,
        "  EINVAL     ``flags`` is not zero.\n  EAGAIN     A signal is pending.\n",
        "  EFAULT     The range is not page aligned, or it overflows.\n",
    ],
)
def test_a_cell_differs_from_the_document_where_a_finding_says_so_and_nowhere_else(rows: str):
    text = with_rows(rows)
    tests = all_results()
    wrong = contradicted(findings(text, tests))
    assert wrong
    stands = {row.clause: row.observed[0].stand for row in matrix(text, *tests).rows if row.observed}
    assert {clause for clause, stand in stands.items() if stand is Stand.NO_DOCUMENT} == wrong


def test_a_right_document_and_kernel_differ_nowhere():
    assert not any(row.differs for row in matrix(RIGHT, *all_results()).rows)


def test_kernels_of_a_ledger_are_columns_of_their_own():
    both = [replace(result("hole_first", mode=NPT), kernel=kernel) for kernel in ("6.1", "6.12")]
    assert matrix(RIGHT, *both).modes == ("6.1 npt=1", "6.12 npt=1")
