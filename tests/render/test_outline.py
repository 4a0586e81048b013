# SPDX-License-Identifier: GPL-2.0-only
"""What a report comes to: the sentence beside the verdict, what blocks, and the counts."""

from dataclasses import replace

import pytest

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.render import outline, text

ERROR = Finding(
    rule="build/error", severity=Severity.ERROR, message="e", location=Location(path="a", patch=2)
)
WARNING = Finding(rule="docs/a", severity=Severity.WARNING, message="w", location=Location(path="a", patch=1))
NOTE = Finding(rule="docs/b", severity=Severity.NOTE, message="n")
PASSED = CheckResult(check="apply", status=Status.PASS)
SKIPPED = CheckResult(check="tests", status=Status.SKIP, reason="no kernel")
LOST = CheckResult(check="build", reason="no compiler")


def report(*checks: CheckResult) -> Report:
    return Report(tool="kvet", checks=checks)


def docs(*findings: Finding, status: Status = Status.FAIL) -> CheckResult:
    return CheckResult(check="docs", status=status, findings=findings)


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ((), "nothing was checked"),
        ((PASSED,), "nothing to mend; the check ran"),
        ((PASSED, docs(NOTE, status=Status.PASS)), "nothing to mend, 1 note; all 2 checks ran"),
        ((docs(ERROR, WARNING),), "1 error blocks it (build); 1 warning to mend; the check ran"),
        ((docs(ERROR, ERROR, replace(ERROR, rule="tests/x")),), "3 errors block it (build 2, tests 1)"),
        ((docs(WARNING),), "1 warning to mend (docs); the check ran"),
        ((PASSED, LOST), "nothing to mend; did not run: build"),
        ((PASSED, SKIPPED), "nothing to mend; skipped: tests"),
        ((replace(LOST, status=Status.FAIL),), "build failed; the check ran"),
    ],
)
def test_the_sentence(checks, said):
    assert outline.why(report(*checks)).startswith(said)


def test_what_did_not_run_is_in_the_sentence_of_every_verdict():
    for severity in (ERROR, WARNING, NOTE):
        assert "did not run: build" in outline.why(report(docs(severity), LOST))


def test_a_check_that_failed_is_silent_only_when_no_finding_tells_why():
    failed = CheckResult(
        check="tests", status=Status.FAIL, tests=(TestResult(name="p.one", status=Verdict.FAIL),)
    )
    assert outline.silent(report(failed)) == (failed,)
    told = docs(replace(ERROR, cases=("one",)))
    assert outline.silent(report(failed, told)) == ()
    two = replace(failed, tests=(*failed.tests, TestResult(name="two", status=Verdict.CRASH)))
    assert outline.silent(report(two, told)) == (two,)


def test_counts_by_patch_in_order_and_the_series_last():
    series = SeriesId(name="s", version=1, message_id="m", patches=2, subjects=((0, "cover"), (1, "KVM: A")))
    found = outline.per_patch(replace(report(docs(NOTE, ERROR, WARNING, WARNING)), series=series))
    assert [(one.key, one.name) for one in found] == [
        ("patch-1", "patch 1: KVM: A"),
        ("patch-2", "patch 2"),
        ("patch-0", "the series as a whole"),
    ]
    assert list(found[0].numbers.values()) == [0, 2, 0]


def test_counts_by_kind_put_errors_first():
    found = outline.per_kind(report(docs(NOTE, WARNING, ERROR)))
    assert [(one.key, one.name, list(one.numbers.values())) for one in found] == [
        ("kind-0", "build", [1, 0, 0]),
        ("kind-1", "docs", [0, 1, 1]),
    ]


def test_debts_are_added_up_and_are_no_finding():
    old = (("warnings of the compiler", 4), ("warnings of sparse", 0))
    shown = report(replace(PASSED, debts=old), replace(SKIPPED, debts=old[:1]))
    assert outline.debts(shown) == "8 warnings of the compiler"
    assert outline.debts(report(PASSED)) == ""
    assert "old debts, not of this series: 8 warnings of the compiler" in text.render(shown)
    assert "4" not in outline.why(shown)


def test_the_terminal_has_the_order():
    lines = text.render(report(PASSED, docs(NOTE, WARNING, ERROR), LOST, SKIPPED)).splitlines()
    order = (
        "FAIL: 1 error",
        "what blocks:",
        "  build did not run: no compiler",
        "a: error: e [build/error, patch 2]",
        "what should be mended:",
        "a: warning:",
        "nice to have:",
        "note: n",
        "tests skipped: no kernel",
        "findings ",
        "verdict: FAIL",
    )
    places = [next(at for at, line in enumerate(lines) if line.startswith(start)) for start in order]
    assert places == sorted(places)
