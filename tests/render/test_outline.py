# SPDX-License-Identifier: GPL-2.0-only
"""What a report comes to: the sentence beside the verdict, what blocks, and the counts."""

from dataclasses import replace

import pytest

from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status
from kpatch_tools.model.test import TestResult, Verdict
from kpatch_tools.render import RENDERERS, outline, text

ERROR = Finding(
    rule="build/error", severity=Severity.ERROR, message="e", location=Location(path="a", patch=2)
)
WARNING = Finding(rule="docs/a", severity=Severity.WARNING, message="w", location=Location(path="a", patch=1))
NOTE = Finding(rule="docs/b", severity=Severity.NOTE, message="n")
PASSED = CheckResult(check="apply", status=Status.PASS)
SKIPPED = CheckResult(check="tests", status=Status.SKIP, reason="no kernel")
LOST = CheckResult(check="build", reason="no compiler")


SERIES = SeriesId(name="s", version=1, message_id="m", patches=2, subjects=((0, "cover"), (1, "KVM: A")))


def report(*checks: CheckResult) -> Report:
    return Report(tool="kvet", checks=checks, series=SERIES)


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
    found = outline.per_patch(report(docs(NOTE, ERROR, WARNING, WARNING)))
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


BUG = Finding(rule="test/known-bug", severity=Severity.ERROR, message="a: KNOWN-BUG: B1: x", cases=("a",))
SHOWS = TestResult(name="a", status=Verdict.KNOWN_BUG, reason="B1: x")


WORDS = ("block it", "blocks it", "what blocks")


def alone(*checks: CheckResult) -> Report:
    return replace(report(*checks), series=None)


def test_without_a_series_nothing_is_blocked():
    assert outline.why(alone(docs(ERROR, WARNING))) == "1 error (build); 1 warning to mend; the check ran"
    assert outline.title(alone(), Severity.ERROR) == "What is wrong"
    for name in ("text", "html", "markdown"):
        shown = RENDERERS[name](alone(docs(ERROR))).lower()
        assert "what is wrong" in shown
        assert not [words for words in WORDS if words in shown]
        assert "what blocks" in RENDERERS[name](report(docs(ERROR))).lower()


def test_a_kernel_has_its_known_bugs_by_name():
    tests = CheckResult(check="tests", status=Status.FAIL, tests=(SHOWS,), findings=(BUG,))
    assert outline.why(alone(tests)) == "this kernel has known bug B1; the check ran"
    two = replace(tests, tests=(SHOWS, replace(SHOWS, name="b", reason="A2: y")))
    two = replace(two, findings=(BUG, replace(BUG, severity=Severity.WARNING, cases=("b",)), ERROR))
    assert outline.why(alone(two)).startswith("this kernel has known bugs A2, B1; 1 error (build)")
    assert outline.why(report(tests)).startswith("1 error blocks it (test)")


def test_a_reason_that_findings_tell_case_by_case_is_not_told_again():
    failed = CheckResult(
        check="tests", status=Status.FAIL, reason="a: B1: x", tests=(SHOWS,), findings=(BUG,)
    )
    assert outline.came_to(report(failed), failed) == "1 known bug; 1 error"
    assert outline.untold_tests(report(failed)) == []
    untold = replace(failed, findings=())
    assert outline.came_to(report(untold), untold) == "1 known bug; a: B1: x"
    assert outline.untold_tests(report(untold)) == [SHOWS]
    assert "tests that did not pass" not in text.render(report(failed))
    assert "tests that did not pass" in text.render(report(untold))


def test_a_check_that_was_left_out_is_told_once_with_those_of_the_same_reason():
    shown = text.render(report(PASSED, SKIPPED, replace(SKIPPED, check="layout")))
    assert shown.count("no kernel") == 1
    assert "tests, layout skipped: no kernel" in shown


def test_logs_beside_a_page_are_those_that_somebody_has_to_look_at():
    passed, failed = replace(PASSED, logs=("/r/a.log",)), replace(LOST, logs=("/r/b.log",))
    assert "a.log" in text.render(report(passed, failed))
    beside = text.render(replace(report(passed, failed), folder="/r"))
    assert "a.log" not in beside
    assert "  b.log" in beside
