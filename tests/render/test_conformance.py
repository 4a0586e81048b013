# SPDX-License-Identifier: GPL-2.0-only
"""The matrix on a terminal: its words, its width, and that a difference is told by more than colour."""

from dataclasses import replace

from kpatch_tools.model.conformance import Condition, Observed, Stand
from kpatch_tools.model.report import CheckResult, Report
from kpatch_tools.render import conformance, text
from tests.render.test_html import MATRIX

PROMISE = Condition(
    errno="success",
    clause="maps",
    condition="every page is mapped",
    contract="success",
    observed=(Observed(stand=Stand.AGREES, outcomes=("success",)), Observed(stand=Stand.SKIPPED)),
)
BROKEN = replace(
    PROMISE,
    clause="clamps",
    condition="the size is clamped",
    observed=(Observed(stand=Stand.NO_CONTRACT, outcomes=("EINVAL",), bad=("x",)), Observed()),
)
FULL = replace(MATRIX, rows=(*MATRIX.rows, PROMISE, BROKEN))


def shown(matrix=FULL) -> str:
    return "\n".join(conformance.lines(matrix, text.plain))


def test_the_counts_come_first():
    assert conformance.tally(FULL) == (
        "2 conditions: 0 agree, 1 differs, 1 not shown by any run; 2 promises: 1 agree, 1 differs"
    )
    assert shown().splitlines()[1].strip() == conformance.tally(FULL)


def test_a_row_says_document_contract_and_each_mode_in_words():
    words = " ".join(shown().split())
    assert "no slot EFAULT EINVAL EINVAL NOT AS EINVAL KNOWN" in words
    assert "not shown: needs fault injection" in words
    lines = shown().splitlines()
    (head,) = [line for line in lines if line.split()[:1] == ["condition"]]
    assert head.split() == ["condition", "document", "contract", "npt=1", "npt=0"]


def test_promises_that_are_kept_are_counted_only():
    assert "every page is mapped" not in shown()
    assert "the size is clamped" in shown()
    assert "NOT AS" in shown()


def test_what_a_document_says():
    rows = {
        "EFAULT": MATRIX.rows[0],
        "no row": MATRIX.rows[1],
        "needs none": replace(MATRIX.rows[1], common=True),
        "ENOMEM in general": replace(MATRIX.rows[1], general=True),
        "not read": PROMISE,
    }
    for words, row in rows.items():
        assert conformance.document(row, MATRIX) == words
    assert conformance.document(MATRIX.rows[0], replace(MATRIX, section=False)) == "no section"
    assert conformance.expected(replace(MATRIX.rows[0], contract="")) == "not in it"


def test_many_modes_are_several_tables_of_100_columns():
    modes = tuple(f"npt=1 tdp_mmu={at}" for at in range(7))
    rows = tuple(replace(row, observed=(row.observed[0],) * 7) for row in FULL.rows)
    lines = shown(replace(FULL, modes=modes, rows=rows)).splitlines()
    assert max(map(len, lines)) <= text.WIDTH
    assert sum(line.split()[:1] == ["condition"] for line in lines) == 3
    assert all(f"tdp_mmu={at}" in "\n".join(lines) for at in range(7))
    assert sum("not shown:" in line for line in lines) == 1


def test_it_stands_in_the_report():
    report = Report(tool="t", checks=(CheckResult(check="conformance", conformance=FULL),))
    assert "conformance of KVM_X with api.rst:" in text.render(report)
