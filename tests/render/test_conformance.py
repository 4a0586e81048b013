# SPDX-License-Identifier: GPL-2.0-only
"""The matrix on a terminal: its words, its width, and that a difference is told by more than colour."""

from dataclasses import replace

from kpatch_tools.model.conformance import Condition, Observed, Stand
from kpatch_tools.model.report import CheckResult, Report
from kpatch_tools.render import conformance, text, text_matrix
from kpatch_tools.render.columns import WIDTH
from kpatch_tools.render.plain import plain
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


def shown(matrix=FULL, room=WIDTH, **options) -> str:
    return "\n".join(text_matrix.lines(matrix, plain, room, **options))


def test_the_counts_come_first():
    assert conformance.tally(FULL) == (
        "2 error conditions: 1 differs, 1 not shown; 2 effects of success: 1 agrees, 1 differs"
    )
    assert shown().splitlines()[1].strip() == conformance.tally(FULL)


def test_a_row_says_document_contract_and_each_mode_in_words():
    words = " ".join(shown().split())
    assert "no slot EFAULT EINVAL EINVAL NOT AS EINVAL KNOWN" in words
    assert "1 error condition not shown: needs fault injection (ENOMEM: no memory)" in words
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
        "not listed": MATRIX.rows[1],
        "not needed": replace(MATRIX.rows[1], common=True),
        "ENOMEM, not named": replace(MATRIX.rows[1], general=True),
        "not compared": PROMISE,
    }
    for words, row in rows.items():
        assert conformance.document(row, MATRIX) == words
    assert conformance.document(MATRIX.rows[0], replace(MATRIX, section=False)) == "no section"
    assert conformance.expected(replace(MATRIX.rows[0], contract="")) == "not listed"


def test_many_modes_are_several_tables_of_100_columns():
    modes = tuple(f"npt=1 tdp_mmu={at}" for at in range(7))
    rows = tuple(replace(row, observed=(row.observed[0],) * 7) for row in FULL.rows)
    lines = shown(replace(FULL, modes=modes, rows=rows)).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert sum(line.split()[:1] == ["condition"] for line in lines) == 3
    assert all(f"tdp_mmu={at}" in "\n".join(lines) for at in range(7))
    assert sum("not shown:" in line for line in lines) == 1


AGREES = replace(
    MATRIX.rows[0],
    documented=("EINVAL",),
    condition="it agrees",
    observed=(Observed(stand=Stand.AGREES, outcomes=("EINVAL",)), Observed(stand=Stand.SKIPPED)),
)
BUG = replace(
    PROMISE,
    condition="told with its bug",
    observed=(
        Observed(stand=Stand.BUG, outcomes=("EINVAL",), bad=("x",), reason="D1"),
        Observed(stand=Stand.SKIPPED),
    ),
)


def test_the_legend_has_the_words_that_occur_and_no_others():
    legend = dict(conformance.legend(FULL, FULL.rows, (0, 1)))
    assert set(legend) == {
        *("not listed", "not compared", "DIFFERS", "NOT AS DOCUMENTED", "NOT AS CONTRACTED"),
        *("KNOWN BUG", "skipped", "not run"),
    }
    assert set(dict(conformance.legend(FULL, (AGREES,), (0,)))) == set()
    assert set(dict(conformance.legend(FULL, (AGREES,), (0, 1)))) == {"skipped"}
    assert "DIFFERS: document and contract name different errnos" in " ".join(shown().split())


def test_each_word_of_a_cell_is_in_the_legend():
    """But that something agrees, which needs no telling."""
    for stand in Stand:
        row = replace(AGREES, observed=(Observed(stand=stand),))
        word = conformance.stand(row.observed[0])
        assert [known for known, _meaning in conformance.legend(FULL, (row,), (0,))] == (
            [] if stand is Stand.AGREES else [word]
        )


def test_a_known_bug_is_explained_below_the_table():
    told = shown(replace(FULL, bugs=(("D1", "the size wraps"),)))
    assert "    D1: the size wraps" in told.splitlines()
    only = shown(replace(MATRIX, rows=(AGREES, BUG), bugs=(("D1", "the size " + "wraps " * 40),)))
    assert "told with its bug" not in only
    (line,) = [line for line in only.splitlines() if "D1:" in line]
    assert line.endswith("wraps ...")
    assert len(line) <= WIDTH


def test_rows_that_agree_are_named_and_beside_a_page_only_counted_unless_all_do():
    some, every = replace(MATRIX, rows=(*MATRIX.rows, AGREES)), replace(MATRIX, rows=(AGREES,))
    assert "EINVAL: it agrees" in shown(some)
    assert "it agrees" not in shown(some, whole=False)
    assert "EINVAL: it agrees" in shown(every, whole=False)


def test_a_mode_without_any_result_is_no_column():
    row = replace(AGREES, observed=(MATRIX.rows[0].observed[0], Observed(stand=Stand.SKIPPED)))
    told = shown(replace(MATRIX, rows=(row,)))
    assert "npt=0: nothing was observed there" in told
    (head,) = [line for line in told.splitlines() if line.split()[:1] == ["condition"]]
    assert head.split() == ["condition", "document", "contract", "npt=1"]


def test_what_no_kernel_was_booted_for_is_one_line():
    rows = tuple(
        replace(MATRIX.rows[1], condition=f"c{at}", observed=(), reason=f"no case {at}") for at in range(18)
    )
    told = shown(replace(MATRIX, modes=(), rows=rows)).splitlines()
    assert told[1:] == [
        "  18 error conditions: 18 not tested",
        "  18 error conditions not tested: no kernel was booted",
    ]


def test_a_narrow_terminal_has_a_line_for_each_cell():
    lines = shown(room=50).splitlines()
    assert max(map(len, lines)) <= 50
    assert "    npt=1: EINVAL NOT AS DOCUMENTED" in lines
    assert "    document EFAULT, contract EINVAL DIFFERS" in lines


def test_it_stands_in_the_report():
    report = Report(tool="t", checks=(CheckResult(check="conformance", conformance=FULL),))
    assert "conformance of KVM_X with api.rst:" in text.render(report)
